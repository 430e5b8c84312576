package geo

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
)

//go:generate go run ./gen

//go:embed places.bin.gz
var packed []byte

// table is the data in memory, about a megabyte: rows by rising ZIP, strings once each.
type table struct {
	rows                  []row
	cities, states, zones []string
}

type row struct {
	zip         uint32
	lat, lon    int32
	city        uint16
	state, zone uint8
}

// load unpacks the embedded data. It is part of the program, so damage to it is a panic.
func load() *table {
	t, err := unpack(packed)
	if err != nil {
		panic(fmt.Sprintf("geo: embedded places are damaged: %v", err))
	}
	return t
}

// unpack reads what gen's encode wrote.
func unpack(data []byte) (*table, error) {
	gz, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(gz)
	if err != nil {
		return nil, err
	}
	r := &reader{raw: raw}
	t := &table{cities: r.strings(), states: r.strings(), zones: r.strings()}
	t.rows = make([]row, r.uvarint())
	r.column(t.rows, func(row *row, v int64) { row.zip = uint32(v) })
	r.column(t.rows, func(row *row, v int64) { row.city = uint16(v) })
	r.column(t.rows, func(row *row, v int64) { row.state = uint8(v) })
	r.column(t.rows, func(row *row, v int64) { row.zone = uint8(v) })
	r.column(t.rows, func(row *row, v int64) { row.lat = int32(v) })
	r.column(t.rows, func(row *row, v int64) { row.lon = int32(v) })
	if r.bad || len(r.raw) != 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return t, nil
}

// reader takes values off the front of raw; bad is set when they run out.
type reader struct {
	raw []byte
	bad bool
}

// uvarint reads a length, which can never be more than the bytes that are left.
func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.raw)
	if n <= 0 || v > uint64(len(r.raw)-n) {
		r.bad, r.raw = true, nil
		return 0
	}
	r.raw = r.raw[n:]
	return v
}

func (r *reader) strings() []string {
	all := make([]string, r.uvarint())
	for i := range all {
		n := r.uvarint()
		all[i], r.raw = string(r.raw[:n]), r.raw[n:]
	}
	return all
}

func (r *reader) column(rows []row, set func(*row, int64)) {
	value := int64(0)
	for i := range rows {
		d, n := binary.Varint(r.raw)
		if n <= 0 {
			r.bad = true
			return
		}
		r.raw = r.raw[n:]
		value += d
		set(&rows[i], value)
	}
}
