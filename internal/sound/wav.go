package sound

import (
	"bytes"
	"encoding/binary"
	"time"
)

// The formats of samples in a WAV file that are taken.
const (
	pcm        = 1
	aLaw       = 6
	muLaw      = 7
	extensible = 0xFFFE // the format stands further on
)

// quiet is the loudest sample of what nobody would hear: a hundredth of full scale.
const quiet = 1 << 15 / 100

// readWAV keeps the samples and what says how to play them.
func readWAV(file []byte) (Clip, error) {
	var format, samples []byte
	for rest := file[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:8]))
		rest = rest[8:]
		if size > int64(len(rest)) {
			if id == "data" {
				return Clip{}, unusable("it is cut short: save or copy it again")
			}
			return Clip{}, unusable("it is damaged: save it again")
		}
		switch id {
		case "fmt ":
			format = rest[:size]
		case "data":
			if samples == nil {
				samples = rest[:size]
			}
		}
		rest = rest[min(size+size%2, int64(len(rest))):]
	}
	if len(format) < 16 || samples == nil {
		return Clip{}, unusable("it holds no sound: save it again as WAV or MP3")
	}
	kind := binary.LittleEndian.Uint16(format)
	channels, rate := int(binary.LittleEndian.Uint16(format[2:])), int(binary.LittleEndian.Uint32(format[4:]))
	block, bits := int(binary.LittleEndian.Uint16(format[12:])), int(binary.LittleEndian.Uint16(format[14:]))
	if kind == extensible && len(format) >= 26 {
		kind = binary.LittleEndian.Uint16(format[24:])
	}
	switch {
	case kind != pcm && kind != aLaw && kind != muLaw, bits != 8 && (bits != 16 || kind != pcm):
		return Clip{}, unusable("its samples are of a kind that phones do not play: save it as 16-bit PCM")
	case channels < 1 || channels > 2:
		return Clip{}, unusable("it has %d channels: save it as mono", channels)
	case rate < 8000 || rate > 48000:
		return Clip{}, unusable("it has %d samples a second: save it with 8000 to 48000", rate)
	case block != channels*bits/8:
		return Clip{}, unusable("it is damaged: save it again")
	}
	samples = samples[:len(samples)/block*block]
	if kind == pcm && silent(samples, bits) {
		return Clip{}, unusable("nothing is heard in it: was the microphone on? Record it again")
	}
	return Clip{Type: WAV, Data: wave(kind, channels, rate, bits, samples), Lasts: time.Duration(len(samples)/block) * time.Second / time.Duration(rate)}, nil
}

func silent(samples []byte, bits int) bool {
	for i := 0; i+bits/8 <= len(samples); i += bits / 8 {
		v := (int(samples[i]) - 128) << 8
		if bits == 16 {
			v = int(int16(binary.LittleEndian.Uint16(samples[i:])))
		}
		if v > quiet || v < -quiet {
			return false
		}
	}
	return true
}

// wave is a WAV file of the samples alone. What is no PCM also says how many there are.
func wave(kind uint16, channels, rate, bits int, samples []byte) []byte {
	block := channels * bits / 8
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			if s, ok := v.(string); ok {
				b.WriteString(s)
				continue
			}
			_ = binary.Write(&b, binary.LittleEndian, v) // a buffer takes everything
		}
	}
	put("RIFF", uint32(0), "WAVE", "fmt ", uint32(16), kind, uint16(channels), uint32(rate), uint32(rate*block), uint16(block), uint16(bits))
	if kind != pcm {
		b.Reset()
		put("RIFF", uint32(0), "WAVE", "fmt ", uint32(18), kind, uint16(channels), uint32(rate), uint32(rate*block), uint16(block), uint16(bits), uint16(0),
			"fact", uint32(4), uint32(len(samples)/block))
	}
	put("data", uint32(len(samples)))
	b.Write(samples)
	if len(samples)%2 == 1 {
		b.WriteByte(0)
	}
	out := b.Bytes()
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}
