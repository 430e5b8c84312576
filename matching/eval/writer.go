package eval

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// writer puts words together in one piece of memory: a page tells of fifty people by twenty criteria
// each.
type writer struct {
	say Lookup
	b   []byte
}

func newWriter(say Lookup) writer { return writer{say, make([]byte, 0, 128)} }

func (w *writer) add(s string) { w.b = append(w.b, s...) }

func (w *writer) whole(n int) { w.b = strconv.AppendInt(w.b, int64(n), 10) }

// number writes v to so many places; -1: as many as it has.
func (w *writer) number(v float64, places int) {
	if n := int64(v); places <= 0 && float64(n) == v && n != 0 {
		w.b = strconv.AppendInt(w.b, n, 10)
		return
	}
	w.b = strconv.AppendFloat(w.b, v, 'f', places, 64)
}

// text is the text for a key in two parts.
func (w *writer) text(kind, what string) *text {
	var room [64]byte
	return w.say[string(append(append(room[:0], kind...), what...))]
}

// fill writes a text; value writes what belongs where a name stands. What is no name stays.
func (w *writer) fill(t *text, value func(name string) bool) {
	if t == nil {
		return
	}
	for i := range t.parts {
		p := &t.parts[i]
		w.add(p.words)
		if !value(p.name) {
			w.add("{")
			w.add(p.name)
			w.add("}")
		}
	}
	w.add(t.rest)
}

// once writes what was written before, or else writes it and keeps it.
func (w *writer) once(kept *string, write func()) {
	if *kept != "" {
		w.add(*kept)
		return
	}
	from := len(w.b)
	write()
	*kept = string(w.b[from:])
}

// trim takes the spaces around what was written since from.
func (w *writer) trim(from int) {
	trimmed := bytes.TrimSpace(w.b[from:])
	w.b = append(w.b[:from], trimmed...)
}

// capital makes what was written since from begin with a capital letter.
func (w *writer) capital(from int) {
	r, n := utf8.DecodeRune(w.b[from:])
	up := unicode.ToUpper(r)
	if up == r && r != utf8.RuneError {
		return
	}
	var room [utf8.UTFMax]byte
	first := utf8.AppendRune(room[:0], up)
	if len(first) == n {
		copy(w.b[from:], first)
		return
	}
	rest := string(w.b[from+n:])
	w.b = append(append(w.b[:from], first...), rest...)
}
