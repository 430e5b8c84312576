package backup

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// Source is what to write.
type Source struct {
	Snapshot   docstore.Snapshot
	Program    string    // version of this program
	Store      string    // "sqlite" or "mongodb"
	Created    time.Time // real time
	Ring       Ring
	Recipients []age.Recipient                  // none: not encrypted
	Progress   func(documents int, bytes int64) // after each member; nil: nobody looks
}

// first are the collections that come before the others: what a restore looks at before it writes.
var first = []string{docstore.SchemaCollection, "meta", "keys"}

// Write writes a backup to w and returns its manifest. It holds about a member in memory, and one
// hash for each collection.
func Write(ctx context.Context, w io.Writer, src Source) (Manifest, error) {
	m, err := write(ctx, w, src)
	if err != nil {
		return m, fmt.Errorf("back up: %w", err)
	}
	return m, nil
}

func write(ctx context.Context, w io.Writer, src Source) (m Manifest, err error) {
	outer := []io.Closer{}
	defer func() {
		for _, c := range slices.Backward(outer) {
			err = errors.Join(err, c.Close())
		}
	}()
	if len(src.Recipients) > 0 {
		sealed, err := age.Encrypt(w, src.Recipients...)
		if err != nil {
			return m, err
		}
		w, outer = sealed, append(outer, sealed)
	}
	packed, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true))
	if err != nil {
		return m, err
	}
	outer = append(outer, packed)
	t := &writer{tar: tar.NewWriter(packed), src: src}
	outer = append(outer, t.tar)
	return t.all(ctx)
}

// writer makes the members.
type writer struct {
	tar   *tar.Writer
	src   Source
	buf   bytes.Buffer
	n     int // members of the present part
	done  int // documents and bytes so far
	bytes int64
	lanes heads
}

func (w *writer) all(ctx context.Context) (m Manifest, err error) {
	names, err := w.src.Snapshot.Collections(ctx)
	if err != nil {
		return m, err
	}
	names = inOrder(names)
	schema, err := schemaOf(ctx, w.src.Snapshot)
	if err != nil {
		return m, err
	}
	header, err := w.json(headerName, Header{Kind: kind, Format: format, Program: w.src.Program, Created: w.src.Created.UTC().Truncate(time.Second),
		Store: w.src.Store, Exact: w.src.Snapshot.Exact(), Ring: w.src.Ring.ID(), Schema: schema})
	if err != nil {
		return m, err
	}
	m = Manifest{Header: hashOf(header), Collections: map[string]Part{}}
	w.lanes = heads{}
	for _, name := range names {
		if m.Collections[name], err = w.collection(ctx, name); err != nil {
			return m, err
		}
	}
	if m.Changes, err = w.changes(ctx); err != nil {
		return m, err
	}
	m.Lanes = slices.SortedFunc(maps.Values(w.lanes), func(a, b Lane) int { return cmp.Compare(a.Lane, b.Lane) })
	manifest, err := w.json(manifestName, m)
	if err != nil {
		return m, err
	}
	mac, err := w.src.Ring.MAC(manifest)
	if err != nil {
		return m, err
	}
	return m, w.member(macName, []byte(hex.EncodeToString(mac)+"\n"))
}

func inOrder(names []string) []string {
	rank := func(name string) int {
		if i := slices.Index(first, name); i >= 0 {
			return i
		}
		return len(first)
	}
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return names
}

// schemaOf reads the stored versions.
func schemaOf(ctx context.Context, s docstore.Snapshot) (map[string]int, error) {
	out := map[string]int{}
	for raw, err := range s.Documents(ctx, docstore.SchemaCollection) {
		if err != nil {
			return nil, err
		}
		var v docstore.SchemaVersion
		if err := bson.Unmarshal(raw, &v); err != nil {
			return nil, fmt.Errorf("version of a collection: %w", err)
		}
		out[v.ID] = max(v.Version, v.To) // some documents are that far when a migration is under way
	}
	return out, nil
}

func (w *writer) collection(ctx context.Context, name string) (Part, error) {
	t, dir := newTally(), documentsDir+name+"/"
	for raw, err := range w.src.Snapshot.Documents(ctx, name) {
		if err != nil {
			return Part{}, err
		}
		w.lanes.see(name, raw)
		if err := w.put(dir, t, raw); err != nil {
			return Part{}, err
		}
	}
	return t.part(), w.flush(dir)
}

// change is one element of changes: the document as it is now, or none when it is gone.
type change struct {
	Collection string   `bson:"c"`
	ID         string   `bson:"id"`
	Document   bson.Raw `bson:"document,omitempty"`
}

func (w *writer) changes(ctx context.Context) (Part, error) {
	t := newTally()
	for c, err := range w.src.Snapshot.Later(ctx) {
		if err != nil {
			return Part{}, err
		}
		w.lanes.see(c.Collection, c.Body)
		raw, err := bson.Marshal(change{c.Collection, c.ID, c.Body})
		if err != nil {
			return Part{}, err
		}
		if err := w.put(changesDir, t, raw); err != nil {
			return Part{}, err
		}
	}
	return t.part(), w.flush(changesDir)
}

func (w *writer) put(dir string, t *tally, raw bson.Raw) error {
	t.add(raw)
	w.done++
	w.bytes += int64(len(raw))
	w.buf.Write(raw)
	if w.buf.Len() < chunkSize {
		return nil
	}
	return w.next(dir)
}

// flush ends a part.
func (w *writer) flush(dir string) error {
	if w.buf.Len() > 0 {
		if err := w.next(dir); err != nil {
			return err
		}
	}
	w.n = 0
	return nil
}

func (w *writer) next(dir string) error {
	w.n++
	err := w.member(fmt.Sprintf("%s%06d.bson", dir, w.n), w.buf.Bytes())
	w.buf.Reset()
	if w.src.Progress != nil {
		w.src.Progress(w.done, w.bytes)
	}
	return err
}

func (w *writer) json(name string, v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	return data, w.member(name, data)
}

func (w *writer) member(name string, data []byte) error {
	h := &tar.Header{Name: name, Mode: 0o600, Size: int64(len(data)), ModTime: w.src.Created.UTC().Truncate(time.Second)}
	if err := w.tar.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.tar.Write(data)
	return err
}
