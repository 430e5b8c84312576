package criteria

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// shape compares a JSON text with the struct it is to be read into, more strictly than
// encoding/json: keys the struct does not have, keys given twice and, as FHIR forbids them,
// null and what is empty are problems with their paths.
type shape struct {
	decoder  *json.Decoder
	problems Problems
	unfit    bool // it cannot be decoded into the struct
}

// decodeStrictly reads data into v, a pointer to a struct. fit is false if nothing useful was read.
func decodeStrictly(data []byte, v any) (problems Problems, fit bool) {
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		p := Problem{Text: "not JSON: " + err.Error()}
		if at := (*json.SyntaxError)(nil); errors.As(err, &at) && at.Offset <= int64(len(data)) {
			p.Line = 1 + bytes.Count(data[:at.Offset], []byte("\n"))
		}
		return Problems{p}, false
	}
	if !utf8.Valid(data) {
		return Problems{{Text: "is not UTF-8"}}, false
	}
	s := &shape{decoder: json.NewDecoder(bytes.NewReader(data))}
	s.decoder.UseNumber()
	s.value(reflect.TypeOf(v).Elem(), "")
	if s.unfit {
		return s.problems, false
	}
	if err := json.Unmarshal(data, v); err != nil {
		return append(s.problems, Problem{Text: err.Error()}), false
	}
	return s.problems, true
}

func (s *shape) wrong(path, text string) {
	s.problems = append(s.problems, Problem{Path: path, Text: text})
}

// value reads one value that is to fit t; nil fits all.
func (s *shape) value(t reflect.Type, path string) {
	token, _ := s.decoder.Token() // the text is known to be JSON
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			s.object(s.fit(t, reflect.Struct, path, "an object"), path)
		} else {
			s.array(s.fit(t, reflect.Slice, path, "a list"), path)
		}
	case bool:
		s.fit(t, reflect.Bool, path, "true or false")
	case json.Number:
		if t != reflect.TypeFor[json.Number]() {
			s.fit(t, reflect.Invalid, path, "a number")
		}
	case string:
		if t == reflect.TypeFor[json.Number]() {
			t = reflect.TypeFor[bool]() // a number in quotes is none
		}
		if s.fit(t, reflect.String, path, "a text") != nil && token == "" {
			s.wrong(path, "is empty; leave it out")
		}
	default:
		if t != nil {
			s.wrong(path, "is null; leave it out")
			s.unfit = true
		}
	}
}

// fit returns t if a value of that kind can be read into it, else nil.
func (s *shape) fit(t reflect.Type, k reflect.Kind, path, is string) reflect.Type {
	if t == nil || t.Kind() == k {
		return t
	}
	s.wrong(path, "cannot be "+is)
	s.unfit = true
	return nil
}

func (s *shape) object(t reflect.Type, path string) {
	fields := map[string]reflect.Type{}
	if t != nil {
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			fields[name] = t.Field(i).Type
		}
	}
	seen := map[string]bool{}
	for s.decoder.More() {
		token, _ := s.decoder.Token()
		key, _ := token.(string)
		at := path + "." + key
		if path == "" {
			at = key
		}
		switch {
		case t == nil:
		case seen[key]:
			s.wrong(at, "is there twice")
		case fields[key] == nil:
			s.wrong(at, "not known here")
		}
		if seen[key] {
			s.value(nil, at)
		} else {
			s.value(fields[key], at)
		}
		seen[key] = true
	}
	s.decoder.Token()
	if t != nil && len(seen) == 0 {
		s.wrong(path, "is empty; leave it out")
	}
}

func (s *shape) array(t reflect.Type, path string) {
	n := 0
	for ; s.decoder.More(); n++ {
		var under reflect.Type
		if t != nil {
			under = t.Elem()
		}
		s.value(under, path+"["+strconv.Itoa(n)+"]")
	}
	s.decoder.Token()
	if t != nil && n == 0 {
		s.wrong(path, "is empty; leave it out")
	}
}
