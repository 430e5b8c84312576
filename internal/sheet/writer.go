package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Writer writes a sheet that a spreadsheet opens as text: no cell can act as a formula.
type Writer struct {
	out *csv.Writer
}

// NewWriter returns a Writer. With bom the sheet begins with a byte order mark, without which
// Excel takes UTF-8 for something else. Call Flush at the end.
func NewWriter(w io.Writer, bom bool) (*Writer, error) {
	if bom {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return nil, fmt.Errorf("write sheet: %w", err)
		}
	}
	return &Writer{csv.NewWriter(w)}, nil
}

// Write writes one row.
func (w *Writer) Write(cells ...string) error {
	safe := make([]string, len(cells))
	for i, cell := range cells {
		safe[i] = guard(cell)
	}
	if err := w.out.Write(safe); err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	return nil
}

// Flush writes what is still held back and returns the first error there was.
func (w *Writer) Flush() error {
	w.out.Flush()
	if err := w.out.Error(); err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	return nil
}

// formula holds what makes a spreadsheet take a cell for a formula, or drop the character and
// look at the next. Source: OWASP, CSV Injection.
const formula = "=+-@\t\r\n＝＋－＠"

// guard puts a ' before a cell that could be a formula, or that would be taken for guarded.
func guard(cell string) string {
	if risky(strings.TrimLeft(cell, "'")) {
		return "'" + cell
	}
	return cell
}

// unguard undoes guard, so that a sheet of ours reads back as it was.
func unguard(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && risky(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return cell
}

func risky(cell string) bool {
	first, _ := utf8.DecodeRuneInString(cell)
	return cell != "" && strings.ContainsRune(formula, first)
}
