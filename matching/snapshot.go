package matching

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/muster-health/muster/matching/columns"
)

// Sealer keeps a snapshot unreadable to whoever has no key; *seal.Ring is one.
type Sealer interface {
	SealBytes(plain []byte, context string) ([]byte, error)
	OpenBytes(sealed []byte, context string) ([]byte, error)
}

// Snapshot is a sealed file of the columns, so that a start need not read everybody. It is worth
// nothing without the database, and may be deleted at any time.
type Snapshot struct {
	Path    string
	Sealer  Sealer
	Version string        // of the program: another one reads everybody
	Every   time.Duration // at most so often it is written anew
}

// sealedChunk is how much is sealed at a time.
const sealedChunk = 1 << 20

// save writes the table as it is, and how far the feed was read.
func (s *Snapshot) save(t *columns.Table, token []byte) error {
	note := binary.AppendUvarint(nil, uint64(len(s.Version)))
	note = append(append(note, s.Version...), token...)
	var plain bytes.Buffer
	if err := t.Write(&plain, note); err != nil {
		return fmt.Errorf("write the index's snapshot: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(s.Path), filepath.Base(s.Path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("write the index's snapshot: %w", err)
	}
	defer os.Remove(f.Name())
	err = errors.Join(s.seal(f, plain.Bytes()), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.Path)
	}
	if err != nil {
		return fmt.Errorf("write the index's snapshot: %w", err)
	}
	return nil
}

func (s *Snapshot) seal(w io.Writer, plain []byte) error {
	for i := 0; ; i++ {
		n := min(len(plain), sealedChunk)
		sealed, err := s.Sealer.SealBytes(plain[:n], pieceAt(i, n == len(plain)))
		if err != nil {
			return err
		}
		if _, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(sealed))), sealed...)); err != nil {
			return err
		}
		if plain = plain[n:]; len(plain) == 0 {
			return nil
		}
	}
}

// pieceAt is where in the file a sealed piece belongs, so that none can be moved or left out.
func pieceAt(i int, last bool) string { return fmt.Sprintf("matching snapshot %d %t", i, last) }

// load reads the file. columns.ErrSnapshot for none, or one of another program, key or form.
func (s *Snapshot) load() (*columns.Table, []byte, error) {
	f, err := os.Open(s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, columns.ErrSnapshot
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the index's snapshot: %w", err)
	}
	defer f.Close()
	r, w := io.Pipe()
	go func() { w.CloseWithError(s.open(w, f)) }()
	t, note, err := columns.Read(r)
	r.Close()
	if err != nil {
		return nil, nil, fmt.Errorf("read the index's snapshot: %w", err)
	}
	n, size := binary.Uvarint(note)
	if size <= 0 || n != uint64(len(s.Version)) || !bytes.HasPrefix(note[size:], []byte(s.Version)) {
		return nil, nil, columns.ErrSnapshot
	}
	return t, note[size+len(s.Version):], nil
}

func (s *Snapshot) open(w io.Writer, r io.Reader) error {
	var size [4]byte
	for i := 0; ; i++ {
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return columns.ErrSnapshot
		}
		n := binary.BigEndian.Uint32(size[:])
		if n > 2*sealedChunk {
			return columns.ErrSnapshot
		}
		sealed := make([]byte, n)
		if _, err := io.ReadFull(r, sealed); err != nil {
			return columns.ErrSnapshot
		}
		plain, err := s.Sealer.OpenBytes(sealed, pieceAt(i, false))
		last := err != nil
		if last {
			if plain, err = s.Sealer.OpenBytes(sealed, pieceAt(i, true)); err != nil {
				return columns.ErrSnapshot
			}
		}
		if _, err := w.Write(plain); err != nil || last {
			return err
		}
	}
}

// forget deletes the file: somebody in it was erased.
func (s *Snapshot) forget() error {
	if err := os.Remove(s.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete the index's snapshot: %w", err)
	}
	return nil
}
