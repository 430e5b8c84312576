package rig

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"math"
)

// Tone is a file with a sound of half a second, WAV as a telephone has it: another one for each seed.
func Tone(seed string) []byte {
	const rate = 8000
	h := fnv.New32a()
	h.Write([]byte(seed))
	pitch := 200 + float64(h.Sum32()%200_000)/100
	samples := make([]int16, rate/2)
	for i := range samples {
		samples[i] = int16(12000 * math.Sin(2*math.Pi*pitch*float64(i)/rate))
	}
	var b bytes.Buffer
	for _, v := range []any{[]byte("RIFF"), uint32(36 + 2*len(samples)), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16), []byte("data"), uint32(2 * len(samples)), samples} {
		binary.Write(&b, binary.LittleEndian, v)
	}
	return b.Bytes()
}
