package sound

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
)

// tone is samples of a square wave.
func tone(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		v := int16(9000)
		if i/10%2 == 0 {
			v = -v
		}
		binary.Write(&b, binary.LittleEndian, v)
	}
	return b.Bytes()
}

// mp3 is n frames of MPEG 1 layer III at 128 kbit/s and 44.1 kHz: 417 bytes, 26 ms each.
func mp3(n int) []byte {
	f := append([]byte{0xFF, 0xFB, 0x90, 0x00}, make([]byte, 413)...)
	return bytes.Repeat(f, n)
}

func chunk(id string, data []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(data)))
	out = append(out, data...)
	if len(data)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

// riff puts chunks after the format of a wave.
func riff(chunks ...[]byte) []byte {
	return append([]byte("RIFF\x00\x00\x00\x00WAVE"), bytes.Join(chunks, nil)...)
}

func format(kind, channels uint16, rate uint32, bits uint16) []byte {
	var b bytes.Buffer
	block := channels * bits / 8
	for _, v := range []any{kind, channels, rate, rate * uint32(block), block, bits} {
		binary.Write(&b, binary.LittleEndian, v)
	}
	return chunk("fmt ", b.Bytes())
}

func TestRead(t *testing.T) {
	second := chunk("data", tone(8000))
	noise := bytes.Repeat([]byte{0x10, 0xF0}, 4000)
	for name, x := range map[string]struct {
		file  string
		data  []byte
		kind  string
		lasts time.Duration
	}{
		"PCM":                {"a.wav", riff(format(pcm, 1, 8000, 16), second), WAV, time.Second},
		"PCM without a name": {"", riff(format(pcm, 1, 8000, 16), second), WAV, time.Second},
		"8 bits":             {"a.WAV", riff(format(pcm, 1, 8000, 8), chunk("data", noise)), WAV, time.Second},
		"two channels":       {"a.wave", riff(format(pcm, 2, 16000, 16), chunk("data", tone(32000))), WAV, time.Second},
		"mu-law":             {"a.wav", riff(format(muLaw, 1, 8000, 8), chunk("data", noise)), WAV, time.Second},
		"A-law":              {"a.wav", riff(format(aLaw, 1, 8000, 8), chunk("data", noise[:7999])), WAV, 999875 * time.Microsecond},
		"MP3":                {"a.mp3", mp3(40), MP3, 40 * 1152 * time.Second / 44100},
		"MP3 with tags":      {"a.mp3", append(append([]byte("ID3\x04\x00\x00\x00\x00\x00\x05Maria"), mp3(40)...), append([]byte("TAG"), make([]byte, 125)...)...), MP3, 40 * 1152 * time.Second / 44100},
		"MP3 with a cut end": {"a.mp3", mp3(41)[:40*417+100], MP3, 40 * 1152 * time.Second / 44100},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Read(x.file, x.data)
			if err != nil {
				t.Fatal(err)
			}
			if c.Type != x.kind || c.Lasts != x.lasts {
				t.Errorf("%s of %s, want %s of %s", c.Type, c.Lasts, x.kind, x.lasts)
			}
			again, err := Read("", c.Data)
			if err != nil || !bytes.Equal(again.Data, c.Data) || again.Lasts != c.Lasts {
				t.Errorf("what is kept reads as %s of %s, %v", again.Type, again.Lasts, err)
			}
		})
	}
}

// Who spoke, on which machine and when stands in chunks and tags beside the sound: none of it is kept.
func TestOnlySoundIsKept(t *testing.T) {
	list := chunk("LIST", []byte("INFOIART\x0a\x00\x00\x00Maria Lake"))
	for name, file := range map[string][]byte{
		"WAV": riff(list, format(pcm, 1, 8000, 16), chunk("data", tone(8000)), list),
		"MP3": append(append([]byte("ID3\x03\x00\x00\x00\x00\x00\x0aMaria Lake"), mp3(40)...), []byte("APETAGEXMaria Lake")...),
	} {
		c, err := Read("", file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if bytes.Contains(c.Data, []byte("Maria")) {
			t.Errorf("%s: the name in it was kept", name)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	good := riff(format(pcm, 1, 8000, 16), chunk("data", tone(8000)))
	for name, x := range map[string]struct {
		file string
		data []byte
		mend string
	}{
		"empty":            {"a.wav", nil, "choose a WAV or MP3 file"},
		"too large":        {"a.wav", make([]byte, MostBytes+1), "more than 2 MB"},
		"words":            {"a.wav", []byte("Hello, this is a text"), "no sound: save it as WAV or MP3"},
		"a page":           {"a.mp3", []byte("<html>"), "no sound"},
		"Ogg":              {"a.wav", []byte("OggS\x00\x02"), "it is Ogg: save it"},
		"M4A":              {"a.mp3", []byte("\x00\x00\x00\x20ftypM4A \x00"), "it is M4A"},
		"RIFF of pictures": {"a.wav", []byte("RIFF\x00\x00\x00\x00WEBPVP8 "), "it is no WAV"},
		"WAV called MP3":   {"a.mp3", good, "rename it to end in .wav"},
		"MP3 called WAV":   {"a.wav", mp3(40), "rename it to end in .mp3"},
		"cut short":        {"a.wav", good[:len(good)-1000], "cut short"},
		"no samples":       {"a.wav", riff(format(pcm, 1, 8000, 16)), "holds no sound"},
		"no format":        {"a.wav", riff(chunk("data", tone(8000))), "holds no sound"},
		"24 bits":          {"a.wav", riff(format(pcm, 1, 8000, 24), chunk("data", tone(8000))), "16-bit PCM"},
		"compressed":       {"a.wav", riff(format(0x55, 1, 8000, 16), chunk("data", tone(8000))), "16-bit PCM"},
		"six channels":     {"a.wav", riff(format(pcm, 6, 8000, 16), chunk("data", tone(8000))), "save it as mono"},
		"no rate":          {"a.wav", riff(format(pcm, 1, 0, 16), chunk("data", tone(8000))), "0 samples a second"},
		"silence":          {"a.wav", riff(format(pcm, 1, 8000, 16), chunk("data", make([]byte, 16000))), "nothing is heard"},
		"a click":          {"a.wav", riff(format(pcm, 1, 8000, 16), chunk("data", tone(800))), "too short"},
		"long":             {"a.wav", riff(format(muLaw, 1, 8000, 8), chunk("data", bytes.Repeat([]byte{1}, 61*8000))), "it lasts 61 seconds: 60 at most"},
		"two MP3 frames":   {"a.mp3", mp3(2), "no sound"},
		"broken MP3":       {"a.mp3", append(append(mp3(20), "broken here"...), mp3(20)...), "damaged"},
		"bare ID3":         {"a.mp3", []byte("ID3\x03\x00\x00\x7f\x7f\x7f\x7f"), "no sound"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(x.file, x.data)
			if !errors.Is(err, ErrUnusable) || !strings.Contains(err.Error(), x.mend) {
				t.Errorf("%v, want %q", err, x.mend)
			}
		})
	}
}

// Whatever is uploaded, it is refused or kept within its bounds; nothing panics.
func FuzzRead(f *testing.F) {
	f.Add("a.wav", riff(format(pcm, 1, 8000, 16), chunk("data", tone(4000))))
	f.Add("a.mp3", mp3(20))
	f.Add("", []byte("ID3\x03\x00\x00\x00\x00\x00\x00"))
	f.Add("", riff(format(extensible, 1, 8000, 16)))
	f.Fuzz(func(t *testing.T, name string, file []byte) {
		c, err := Read(name, file)
		if err != nil {
			if !errors.Is(err, ErrUnusable) {
				t.Fatal(err)
			}
			return
		}
		if len(c.Data) > len(file)+64 || c.Lasts < Shortest || c.Lasts > Longest {
			t.Fatalf("%d bytes of %d, %s", len(c.Data), len(file), c.Lasts)
		}
		if _, err := Read("", c.Data); err != nil {
			t.Fatalf("what is kept cannot be read: %v", err)
		}
	})
}
