// Package sheet reads and writes tables that people keep in a spreadsheet, as CSV.
package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Column is something a reader of a sheet wants to know.
type Column struct {
	Name     string   // what Row.Get calls it
	Headers  []string // spellings it goes by, besides its name; case, spaces and _ - . do not count
	Required bool     // a sheet without it is refused
}

// Sheet is a table with its header read. Rows can be read once.
type Sheet struct {
	Delimiter rune     // ',', ';' or tab, as found
	Unused    []string // headers no Column asked for

	in     *csv.Reader
	width  int            // cells in the header
	at     map[string]int // column name to cell
	inside int            // line breaks inside cells so far
}

// Row is one row under the header.
type Row struct {
	N     int // as a spreadsheet counts: the header is row 1 unless lines stand before it
	cells []string
	at    map[string]int
}

// Get returns a cell without space around it; empty if the sheet has no such column.
func (r Row) Get(column string) string {
	i, ok := r.at[column]
	if !ok || i >= len(r.cells) {
		return ""
	}
	return r.cells[i]
}

// RowError is a row that could not be read. Reading goes on behind it. It names the row and
// never repeats what was in it.
type RowError struct {
	N   int
	Err error
}

func (e *RowError) Error() string { return fmt.Sprintf("row %d: %v", e.N, e.Err) }

// Unwrap returns what was wrong.
func (e *RowError) Unwrap() error { return e.Err }

// Read reads the header of a CSV sheet in UTF-8, with or without a byte order mark, finding out
// the delimiter. headers maps column names to the header to use, for sheets whose headers no
// Column foresees; it may be nil. The error lists everything that is wrong with the header:
// columns that are missing, and columns that several headers could be.
func Read(r io.Reader, columns []Column, headers map[string]string) (*Sheet, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	head, err := in.Peek(1 << 16)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("read sheet: %w", err)
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return nil, fmt.Errorf("the file is UTF-16: %w", errEncoding)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, errors.New("the file is an Excel workbook: save it as CSV UTF-8")
	case bytes.HasPrefix(head, []byte("\ufeff")):
		if _, err := in.Discard(len("\ufeff")); err != nil {
			return nil, fmt.Errorf("read sheet: %w", err)
		}
		head = head[len("\ufeff"):]
	}
	s := &Sheet{Delimiter: delimiter(head), in: csv.NewReader(in), at: map[string]int{}}
	s.in.Comma = s.Delimiter
	s.in.FieldsPerRecord = -1
	cells, err := s.in.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the sheet is empty")
	case err != nil:
		return nil, &RowError{1, plain(err)}
	case !valid(cells):
		return nil, &RowError{1, errEncoding}
	}
	s.width = len(cells)
	s.count(cells)
	if err := s.match(cells, columns, headers); err != nil {
		return nil, err
	}
	return s, nil
}

// match finds the cell of every column.
func (s *Sheet) match(cells []string, columns []Column, headers map[string]string) error {
	var problems []error
	used := make([]bool, len(cells))
	known := map[string]bool{}
	for _, c := range columns {
		known[c.Name] = true
		spellings := append([]string{c.Name}, c.Headers...)
		if header, ok := headers[c.Name]; ok {
			spellings = []string{header}
		}
		var found []int
		for i, cell := range cells {
			if slices.ContainsFunc(spellings, func(h string) bool { return fold(h) == fold(cell) }) && fold(cell) != "" {
				found, used[i] = append(found, i), true
			}
		}
		_, mapped := headers[c.Name]
		switch {
		case len(found) == 1:
			s.at[c.Name] = found[0]
		case len(found) > 1:
			var names []string
			for _, i := range found {
				names = append(names, fmt.Sprintf("%q in column %d", strings.TrimSpace(cells[i]), i+1))
			}
			problems = append(problems, fmt.Errorf("%s could be %s", c.Name, strings.Join(names, " or ")))
		case mapped:
			problems = append(problems, fmt.Errorf("there is no header %q for %s", headers[c.Name], c.Name))
		case c.Required:
			problems = append(problems, fmt.Errorf("there is no header for %s; it may be called %s", c.Name, strings.Join(spellings, ", ")))
		}
	}
	for name := range headers {
		if !known[name] {
			problems = append(problems, fmt.Errorf("%s is not a column", name))
		}
	}
	for i, cell := range cells {
		if name := strings.TrimSpace(cell); !used[i] && name != "" {
			s.Unused = append(s.Unused, name)
		}
	}
	return errors.Join(problems...)
}

// Rows yields the rows under the header. A row that cannot be read yields a *RowError and the
// next follows; any other error is the stream's own and the last thing yielded. Empty rows are
// counted and left out.
func (s *Sheet) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for {
			before := s.inside
			cells, err := s.in.Read()
			var bad *csv.ParseError
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &bad):
				s.inside += bad.Line - bad.StartLine
				if !yield(Row{}, &RowError{bad.StartLine - before, plain(err)}) {
					return
				}
				continue
			case err != nil:
				yield(Row{}, fmt.Errorf("read sheet: %w", err))
				return
			}
			line, _ := s.in.FieldPos(0)
			s.count(cells)
			row := Row{N: line - before, at: s.at}
			row.cells, err = s.clean(cells)
			switch {
			case err != nil:
				if !yield(Row{}, &RowError{row.N, err}) {
					return
				}
			case len(row.cells) > 0:
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// clean returns the cells of a row without space and guards, none if all are empty.
func (s *Sheet) clean(cells []string) ([]string, error) {
	if !valid(cells) {
		return nil, errEncoding
	}
	empty := true
	for i, cell := range cells {
		cells[i] = strings.TrimSpace(unguard(cell))
		empty = empty && cells[i] == ""
	}
	if empty {
		return nil, nil
	}
	for len(cells) > s.width && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) != s.width {
		return nil, fmt.Errorf("has %d cells, the header has %d", len(cells), s.width)
	}
	return cells, nil
}

// count keeps track of line breaks inside cells, which make lines but no rows.
func (s *Sheet) count(cells []string) {
	for _, cell := range cells {
		s.inside += strings.Count(cell, "\n")
	}
}

var errEncoding = errors.New("not UTF-8: save the file as CSV UTF-8")

func valid(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return !utf8.ValidString(c) })
}

func plain(err error) error {
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		return errors.New(`a " stands in a cell that does not begin with one`)
	case errors.Is(err, csv.ErrQuote):
		return errors.New(`a cell begins with " and does not end with one`)
	}
	return errors.New("not CSV")
}

// fold makes spellings of a header equal.
func fold(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("_-.", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, header)
}

// delimiter returns what stands most often in the header outside quotes; a comma if nothing.
func delimiter(head []byte) rune {
	counts := map[rune]int{}
	quoted, begun := false, false
	for _, r := range string(head) {
		if r == '"' {
			quoted = !quoted
		}
		if (r == '\n' || r == '\r') && !quoted && begun {
			break
		}
		begun = begun || !unicode.IsSpace(r)
		if !quoted {
			counts[r]++
		}
	}
	best := ','
	for _, d := range []rune{';', '\t'} {
		if counts[d] > counts[best] {
			best = d
		}
	}
	return best
}
