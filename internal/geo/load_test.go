package geo

import "testing"

func TestDamagedDataIsAnError(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty":     nil,
		"not gzip":  []byte("places"),
		"truncated": packed[:len(packed)/2],
		"flipped":   flip(packed),
	} {
		if _, err := unpack(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func flip(data []byte) []byte {
	out := append([]byte(nil), data...)
	out[len(out)/2] ^= 0x40
	return out
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if len(load().rows) == 0 {
			b.Fatal("no rows")
		}
	}
	b.ReportMetric(float64(len(packed)), "file-bytes")
}

func BenchmarkFind(b *testing.B) {
	for b.Loop() {
		if _, ok := Find("15213"); !ok {
			b.Fatal("15213 unknown")
		}
	}
}
