package sound

import (
	"bytes"
	"time"
)

// frame is the header of one frame of an MP3 file. Source: ISO/IEC 11172-3 2.4.1.3, 13818-3 2.4.2.3;
// MPEG 2.5 halves the rates of MPEG 2 once more.
type frame struct {
	version byte // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
	rate    int  // samples a second
	samples int
	size    int // bytes, with the header
}

// bitRates of layer III, in thousands of bits a second.
var bitRates = map[bool][15]int{
	true:  {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}, // MPEG 1
	false: {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}

// frameAt reads the header that data begins with, nil where there is none.
func frameAt(data []byte) *frame {
	if len(data) < 4 || data[0] != 0xFF || data[1]&0xE0 != 0xE0 || data[1]>>1&3 != 1 {
		return nil
	}
	f := frame{version: data[1] >> 3 & 3, samples: 1152}
	bits, rate, padding := int(data[2]>>4), int(data[2]>>2&3), int(data[2]>>1&1)
	if f.version == 1 || bits == 0 || bits == 15 || rate == 3 {
		return nil
	}
	f.rate = [3]int{44100, 48000, 32000}[rate]
	if f.version != 3 {
		f.samples, f.rate = 576, f.rate/2
	}
	if f.version == 0 {
		f.rate /= 2
	}
	f.size = f.samples/8*bitRates[f.version == 3][bits]*1000/f.rate + padding
	return &f
}

// fewestFrames is what tells an MP3 file from bytes that happen to look like a header.
const fewestFrames = 3

// readMP3 keeps the frames. Tags before and after them are dropped, and a last frame that is not whole.
func readMP3(file []byte) (Clip, error) {
	rest := file
	for bytes.HasPrefix(rest, []byte("ID3")) && len(rest) > 10 {
		size := 10
		for i, b := range rest[6:10] {
			size += int(b&0x7F) << (7 * (3 - i))
		}
		if rest[5]&0x10 != 0 {
			size += 10
		}
		rest = rest[min(size, len(rest)):]
	}
	var kept []byte
	var first *frame
	samples, n := 0, 0
	for len(rest) > 0 {
		f := frameAt(rest)
		if f == nil {
			break
		}
		if first == nil {
			first = f
		}
		if f.version != first.version || f.rate != first.rate || f.size > len(rest) {
			break
		}
		kept, rest = append(kept, rest[:f.size]...), rest[f.size:]
		samples, n = samples+f.samples, n+1
	}
	switch {
	case n < fewestFrames:
		return Clip{}, unusable("it is %s: save it as WAV or MP3", "no sound")
	case !ends(rest, first):
		return Clip{}, unusable("it is damaged: save it again")
	}
	return Clip{Type: MP3, Data: kept, Lasts: time.Duration(samples) * time.Second / time.Duration(first.rate)}, nil
}

// ends says whether what follows the frames is no part of the sound: nothing, padding, a tag, or a
// frame that is not whole.
func ends(rest []byte, of *frame) bool {
	for _, tag := range []string{"TAG", "APETAGEX", "LYRICSBEGIN", "3DI", "ID3"} {
		if bytes.HasPrefix(rest, []byte(tag)) {
			return true
		}
	}
	f := frameAt(rest)
	return len(bytes.Trim(rest, "\x00")) == 0 || f != nil && f.version == of.version && f.rate == of.rate && f.size > len(rest)
}
