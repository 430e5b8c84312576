// Package fhir reads the parts of FHIR R4 that say who a patient is and what is known about
// them: Patient, Condition, MedicationRequest, Observation and AllergyIntolerance, one resource
// a line (NDJSON). It turns them into plain values and decides nothing about eligibility.
package fhir

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// MaxLine is the longest line that is read, in bytes. Bulk exports carry scanned documents in
// a line now and then; one longer than this is reported and skipped.
const MaxLine = 16 << 20

// Line is one resource. Raw is the whole JSON and stays valid.
type Line struct {
	N    int    // line number, from 1
	Type string // "Patient", "Condition", …
	Raw  []byte
}

// LineError is a line that could not be used. Reading goes on behind it. It names the line,
// never what was in it.
type LineError struct {
	N   int
	Err error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.N, e.Err) }

// Unwrap returns what was wrong with the line.
func (e *LineError) Unwrap() error { return e.Err }

// Read yields the resources of an NDJSON stream, unpacking it first if it is gzip. A line that
// is no resource yields a *LineError and the next line follows. Any other error is the
// stream's own and the last thing yielded. Blank lines count but yield nothing.
func Read(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		in := bufio.NewReaderSize(r, 1<<16)
		if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
			gz, err := gzip.NewReader(in)
			if err != nil {
				yield(Line{}, fmt.Errorf("unpack: %w", err))
				return
			}
			in = bufio.NewReaderSize(gz, 1<<16)
		}
		for n := 1; ; n++ {
			raw, err := readLine(in)
			if err != nil && !errors.Is(err, errLong) && !errors.Is(err, io.EOF) {
				yield(Line{N: n}, fmt.Errorf("read line %d: %w", n, err))
				return
			}
			if n == 1 {
				raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
			}
			if raw = bytes.TrimSpace(raw); len(raw) > 0 || errors.Is(err, errLong) {
				if !yield(parse(n, raw, err)) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
		}
	}
}

func parse(n int, raw []byte, err error) (Line, error) {
	line := Line{N: n, Raw: raw}
	if errors.Is(err, errLong) {
		return line, &LineError{n, err}
	}
	var head struct {
		ResourceType string `json:"resourceType"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return line, &LineError{n, plain(err)}
	}
	if head.ResourceType == "" {
		return line, &LineError{n, errors.New("no resourceType")}
	}
	line.Type = head.ResourceType
	return line, nil
}

var errLong = fmt.Errorf("longer than %d MB", MaxLine>>20)

// readLine returns the next line without a limit of the buffer's size. A line over MaxLine is
// read to its end and dropped: errLong. The last line comes with io.EOF.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(line)+len(part) > MaxLine; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case long && err == nil:
			return nil, errLong
		default: // a long last line ends the stream; what follows it is nothing
			return line, err
		}
	}
}

// plain keeps JSON errors short and free of values: a record may be anybody's.
func plain(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) && kind.Field != "" {
		// "value." is our own embedded struct, not part of the resource.
		return fmt.Errorf("%s has the wrong type", strings.ReplaceAll(kind.Field, "value.", ""))
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON at byte %d", syntax.Offset)
	}
	return errors.New("not a FHIR resource")
}
