package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// ErrLedger: a line of the erasure ledger was not written with this ring.
var ErrLedger = errors.New("erasure ledger was changed")

// Erasure is one line of the erasure ledger: whose key was destroyed, and when.
type Erasure struct {
	Person    string    // a random id, no personal data
	At        time.Time // business time, to the second
	KeepStudy bool      // what a study they took part in has collected stays
}

// Ledger lists who was erased, in a file beside the key ring, where restoring a backup of the
// database does not reach it. It is only appended to, and each line carries a MAC of the ring.
type Ledger struct {
	ring *Ring
	path string
}

// Ledger is the erasure ledger of this ring.
func (r *Ring) Ledger() *Ledger { return &Ledger{r, r.path + ".erasures"} }

// Path is where the ledger lies.
func (l *Ledger) Path() string { return l.path }

// Add appends an erasure and returns once it is on disk. Call it before the erasure is committed.
func (l *Ledger) Add(e Erasure) error {
	said := e.line()
	mac, err := l.ring.MAC([]byte(said))
	if err != nil {
		return fmt.Errorf("erasure ledger: %w", err)
	}
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("erasure ledger: %w", err)
	}
	line := said + " " + base64.RawURLEncoding.EncodeToString(mac) + "\n"
	last := make([]byte, 1)
	if end, err := f.Seek(0, 2); err == nil && end > 0 {
		if _, err := f.ReadAt(last, end-1); err == nil && last[0] != '\n' {
			line = "\n" + line // behind a line that was cut short by a crash
		}
	}
	_, err = f.WriteString(line)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("erasure ledger: %w", err)
	}
	return nil
}

func (e Erasure) line() string {
	what := "all"
	if e.KeepStudy {
		what = "profile"
	}
	return strings.Join([]string{e.Person, e.At.UTC().Format(time.RFC3339), what}, " ")
}

// Read returns all erasures in the order they were added. A line cut short by a crash is passed
// over: its erasure was never committed. ErrLedger names a line that is whole and not ours.
func (l *Ledger) Read() ([]Erasure, error) {
	data, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("erasure ledger: %w", err)
	}
	var out []Erasure
	for i, line := range bytes.Split(data, []byte("\n")) {
		parts := strings.Fields(string(line))
		if len(parts) != 4 {
			continue
		}
		mac, err := base64.RawURLEncoding.DecodeString(parts[3])
		if err != nil || len(mac) < macLength {
			continue
		}
		e := Erasure{Person: parts[0], KeepStudy: parts[2] == "profile"}
		e.At, err = time.Parse(time.RFC3339, parts[1])
		if err != nil || !l.ring.CheckMAC(mac, []byte(e.line())) {
			return nil, fmt.Errorf("%w: line %d of %s was not written with this key ring; put your copy of it back", ErrLedger, i+1, l.path)
		}
		out = append(out, e)
	}
	return out, nil
}

// macLength is that of Ring.MAC: Tink's five bytes and 256 bits.
const macLength = 5 + 32
