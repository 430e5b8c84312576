package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

// File is a backup to read, and what is needed to read it.
type File struct {
	Open       func() (io.ReadCloser, error) // it is read from the beginning, twice for a restore
	Identities []age.Identity                // for an encrypted one
	Ring       *seal.Ring                    // of the database it was made of
	Known      map[string]int                // collections of this program and their versions
	Progress   func(documents int, bytes int64)
}

// Report is what Verify found.
type Report struct {
	Header   Header
	Manifest Manifest
	Opened   int // data keys of people that were tried, all opened by the ring
}

// samples is how many data keys are tried.
const samples = 200

// Verify reads a backup to its end: decryption, hashes, counts, the end of the audit trail, that this
// program knows its schema, and that the key ring is the one it was sealed with and opens people's
// keys. It writes nothing.
func Verify(ctx context.Context, f File) (Report, error) {
	var r Report
	bound := false
	m, err := f.read(ctx, handler{
		header: func(h Header) error {
			r.Header = h
			return f.known(h)
		},
		documents: func(docs []docstore.Change) error {
			for _, d := range docs {
				switch {
				case d.Deleted:
				case d.Collection == "meta" && d.ID == seal.BindingID:
					bound = true
					if err := f.Ring.CheckBinding(d.Body); err != nil {
						return err
					}
				case d.Collection == "keys" && r.Opened < samples:
					tried, err := f.Ring.CheckKey(d.Body)
					if err != nil {
						return err
					}
					if tried {
						r.Opened++
					}
				}
			}
			return nil
		},
	})
	r.Manifest = m
	if err == nil && !bound {
		err = damaged("it does not say which key ring it belongs to", nil)
	}
	if err != nil {
		return r, fmt.Errorf("check the backup: %w", err)
	}
	return r, nil
}

// known refuses collections of a newer version than this program's.
func (f File) known(h Header) error {
	for _, name := range slices.Sorted(maps.Keys(h.Schema)) {
		if has, ok := f.Known[name]; ok && h.Schema[name] > has {
			return fmt.Errorf("%w: %s has version %d and this program knows %d; use the program that made it, %s, or a later one", ErrNewer, name, h.Schema[name], has, h.Program)
		}
	}
	return nil
}

func (f File) read(ctx context.Context, h handler) (Manifest, error) {
	in, err := f.Open()
	if err != nil {
		return Manifest{}, err
	}
	defer in.Close()
	documents, done, bytes := h.documents, 0, int64(0)
	h.documents = func(docs []docstore.Change) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, d := range docs {
			bytes += int64(len(d.Body))
		}
		done += len(docs)
		if f.Progress != nil {
			f.Progress(done, bytes)
		}
		return documents(docs)
	}
	return read(in, f.Identities, f.Ring, h)
}

// marker says in the database that a restore is under way. Whoever opens the database refuses it
// until Finish took the marker away.
type marker struct {
	docstore.Meta `bson:",inline"`
	Backup        time.Time `bson:"backup"` // when the backup was made
}

const (
	markerCollection = "meta"
	markerID         = "restore"
)

// Unfinished returns ErrUnfinished where a restore began and did not end.
func Unfinished(ctx context.Context, d docstore.Driver) error {
	_, err := d.Get(ctx, markerCollection, markerID)
	switch {
	case errors.Is(err, docstore.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("look for a restore under way: %w", err)
	}
	return fmt.Errorf("%w: it holds a part of a backup only; remove the database and run muster restore again", ErrUnfinished)
}

// Restore fills an empty database from a file that Verify has found in order, r, so that a file that
// is refused leaves nothing. Documents keep their id, revision and stamp; the change feed begins
// anew. Afterwards the database is still marked: call Finish when it may be used.
func Restore(ctx context.Context, f File, r Report, d docstore.Driver, wall func() time.Time) error {
	if err := empty(ctx, d); err != nil {
		return err
	}
	body, err := bson.Marshal(marker{docstore.Meta{ID: markerID, Rev: 1, Changed: wall().UTC()}, r.Header.Created})
	if err != nil {
		return err
	}
	if err := d.Write(ctx, []docstore.Op{{Kind: docstore.Insert, Collection: markerCollection, ID: markerID, Body: body}}); err != nil {
		return fmt.Errorf("begin the restore: %w", err)
	}
	again, err := f.read(ctx, handler{
		header: func(Header) error { return nil },
		documents: func(docs []docstore.Change) error {
			// The changes of a database that was restored itself may say that its marker went.
			return d.Load(ctx, slices.DeleteFunc(docs, func(c docstore.Change) bool { return c.Collection == markerCollection && c.ID == markerID }))
		},
	})
	if err == nil && !same(again, r.Manifest) {
		err = damaged("it changed while it was read", nil)
	}
	if err == nil {
		err = compare(ctx, d, r.Manifest)
	}
	if err != nil {
		return fmt.Errorf("restore: the database holds a part only, remove it before you try again: %w", err)
	}
	return nil
}

func same(a, b Manifest) bool {
	return a.Header == b.Header && a.Changes == b.Changes && maps.Equal(a.Collections, b.Collections)
}

// compare counts what arrived. Where changes followed, they may have added and removed.
func compare(ctx context.Context, d docstore.Driver, m Manifest) error {
	if m.Changes.Documents > 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(m.Collections)) {
		n, err := d.Count(ctx, name, docstore.Query{})
		if err != nil {
			return fmt.Errorf("count %s: %w", name, err)
		}
		want := m.Collections[name].Documents
		if name == markerCollection {
			want++
		}
		if n != want {
			return fmt.Errorf("%s has %d documents after the restore, the backup has %d", name, n, want)
		}
	}
	return nil
}

// empty refuses a database that holds anything.
func empty(ctx context.Context, d docstore.Driver) error {
	if err := Unfinished(ctx, d); err != nil {
		return err
	}
	s, err := d.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	names, err := s.Collections(ctx)
	if err != nil {
		return err
	}
	var full []string
	for _, name := range names {
		for _, err := range s.Documents(ctx, name) {
			if err != nil {
				return err
			}
			full = append(full, name)
			break
		}
	}
	if len(full) > 0 {
		return fmt.Errorf("%w: it has documents in %s; name another with --store or --data-dir, a restore never mixes", ErrNotEmpty, strings.Join(full, ", "))
	}
	return nil
}

// Finish takes the marker away: the database may be used.
func Finish(ctx context.Context, d docstore.Driver) error {
	err := d.Write(ctx, []docstore.Op{{Kind: docstore.Delete, Collection: markerCollection, ID: markerID, Rev: 1}})
	if err != nil {
		return fmt.Errorf("end the restore: %w", err)
	}
	return nil
}
