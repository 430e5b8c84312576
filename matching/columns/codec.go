package columns

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
)

// codec goes through a table in one order, to write it or to read it.
type codec struct {
	w   *bufio.Writer // nil: reads
	r   *bufio.Reader
	err error
	raw [blockRows / 8]byte
}

// row is bits in a row, no more than a block has.
func (c *codec) row(words []uint64) {
	raw := c.raw[:8*len(words)]
	if c.w != nil {
		for i, x := range words {
			binary.LittleEndian.PutUint64(raw[i*8:], x)
		}
		c.write(raw)
		return
	}
	if c.read(raw) {
		for i := range words {
			words[i] = binary.LittleEndian.Uint64(raw[i*8:])
		}
	}
}

// number is any whole number.
func number[T ~int | ~int64 | ~uint32](c *codec, v *T) {
	var raw [8]byte
	if c.w != nil {
		binary.LittleEndian.PutUint64(raw[:], uint64(int64(*v)))
		c.write(raw[:])
	} else if c.read(raw[:]) {
		*v = T(int64(binary.LittleEndian.Uint64(raw[:])))
	}
}

func words[T ~uint32](c *codec, v *[]T) {
	n := len(*v)
	number(c, &n)
	raw := make([]byte, 4*c.length(n, 4))
	if c.w != nil {
		for i, x := range *v {
			binary.LittleEndian.PutUint32(raw[4*i:], uint32(x))
		}
		c.write(raw)
		return
	}
	if c.read(raw) {
		*v = make([]T, len(raw)/4)
		for i := range *v {
			(*v)[i] = T(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	}
}

func halves(c *codec, v *[]uint16) {
	n := len(*v)
	number(c, &n)
	raw := make([]byte, 2*c.length(n, 2))
	if c.w != nil {
		for i, x := range *v {
			binary.LittleEndian.PutUint16(raw[2*i:], x)
		}
		c.write(raw)
		return
	}
	if c.read(raw) {
		*v = make([]uint16, len(raw)/2)
		for i := range *v {
			(*v)[i] = binary.LittleEndian.Uint16(raw[2*i:])
		}
	}
}

func (c *codec) bytes(v *[]byte) {
	n := len(*v)
	number(c, &n)
	if c.w != nil {
		c.write(*v)
		return
	}
	raw := make([]byte, c.length(n, 1))
	if c.read(raw) {
		*v = raw
	}
}

func (c *codec) text(v *string) {
	raw := []byte(*v)
	c.bytes(&raw)
	*v = string(raw)
}

func texts(c *codec, v *[]string) { c.json(v) }

func (c *codec) json(v any) {
	var raw []byte
	if c.w != nil {
		raw, c.err = json.Marshal(v)
	}
	c.bytes(&raw)
	if c.w == nil && c.err == nil {
		c.err = json.Unmarshal(raw, v)
	}
}

func (c *codec) plain(v any) {
	if c.err != nil {
		return
	}
	if c.w != nil {
		c.err = binary.Write(c.w, binary.LittleEndian, v)
	} else {
		c.err = binary.Read(c.r, binary.LittleEndian, v)
	}
}

// each goes through a map in the order of its keys.
func each[K ~string, V any](c *codec, m map[K]*V, f func(K, *V)) {
	keys := slices.Sorted(maps.Keys(m))
	n := len(keys)
	number(c, &n)
	for i := 0; i < n && c.err == nil; i++ {
		var key string
		if c.w != nil {
			key = string(keys[i])
		}
		c.text(&key)
		v := m[K(key)]
		if v == nil {
			v = new(V)
			m[K(key)] = v
		}
		f(K(key), v)
	}
}

// length refuses a count no snapshot has.
func (c *codec) length(n, size int) int {
	const most = 1 << 34 // bytes
	if c.err != nil || n < 0 || n > most/size {
		c.fail()
		return 0
	}
	return n
}

func (c *codec) fail() {
	if c.err == nil {
		c.err = errors.New("it is damaged")
	}
}

func (c *codec) write(raw []byte) {
	if c.err == nil {
		_, c.err = c.w.Write(raw)
	}
}

func (c *codec) read(raw []byte) bool {
	if c.err == nil {
		_, c.err = io.ReadFull(c.r, raw)
	}
	return c.err == nil
}

func compare[T ~string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
