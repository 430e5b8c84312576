package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/seal"
)

// forge rewrites the database below every guard, as somebody with access to it could.
type forge struct {
	*world
	t *testing.T
}

func (f forge) get(collection, id string) bson.Raw {
	f.t.Helper()
	raw, err := f.driver.Get(f.t.Context(), collection, id)
	if err != nil {
		f.t.Fatal(err)
	}
	return raw
}

func (f forge) write(ops ...docstore.Op) {
	f.t.Helper()
	if err := f.driver.Write(f.t.Context(), ops); err != nil {
		f.t.Fatal(err)
	}
}

func (f forge) drop(collection, id string) {
	f.t.Helper()
	rev := f.get(collection, id).Lookup("rev").Int64()
	f.write(docstore.Op{Kind: docstore.Delete, Collection: collection, ID: id, Rev: rev})
}

// put stores body as it is, in place of what is there.
func (f forge) put(collection, id string, body bson.Raw) {
	f.t.Helper()
	if _, err := f.driver.Get(f.t.Context(), collection, id); err == nil {
		f.drop(collection, id)
	}
	f.write(docstore.Op{Kind: docstore.Insert, Collection: collection, ID: id, Body: body})
}

// with returns raw with one top-level field set.
func (f forge) with(raw bson.Raw, key string, value any) bson.Raw {
	f.t.Helper()
	var d bson.D
	if err := bson.Unmarshal(raw, &d); err != nil {
		f.t.Fatal(err)
	}
	for i := range d {
		if d[i].Key == key {
			d[i].Value = value
		}
	}
	out, err := bson.Marshal(d)
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

func (f forge) lane() string { return f.entries(f.t)[0].Lane }

func (f forge) id(seq int) string { return fmt.Sprintf("%s/%09d", f.lane(), seq) }

// TestVerifyFindsTampering: five visits are planned (entries 1 to 5) and one booked (6), with
// checkpoints after 3 and 6; then somebody meddles.
func TestVerifyFindsTampering(t *testing.T) {
	for _, tc := range []struct {
		name   string
		meddle func(f forge)
		kind   audit.Kind
		seq    int64  // of the first problem; 0: it names no entry
		id     string // of the document, for problems with one
	}{
		{"nothing", func(f forge) {}, "", 0, ""},
		{"a byte flipped", func(f forge) {
			raw := bytes.Clone(f.get(audit.Collection, f.id(3)))
			at := bytes.Index(raw, []byte("stf_maria"))
			raw[at+4] ^= 1
			f.put(audit.Collection, f.id(3), raw)
		}, audit.EntryChanged, 3, ""},
		{"a byte of a MAC flipped", func(f forge) {
			raw := bytes.Clone(f.get(audit.Collection, f.id(2)))
			raw[len(raw)-2] ^= 1
			f.put(audit.Collection, f.id(2), raw)
		}, audit.EntryChanged, 2, ""},
		{"a field changed", func(f forge) {
			f.put(audit.Collection, f.id(4), f.with(f.get(audit.Collection, f.id(4)), "action", "visit.view"))
		}, audit.EntryChanged, 4, ""},
		{"the MAC taken off", func(f forge) {
			f.put(audit.Collection, f.id(4), f.with(f.get(audit.Collection, f.id(4)), "mac", "none"))
		}, audit.EntryChanged, 4, ""},
		{"an entry dropped", func(f forge) { f.drop(audit.Collection, f.id(2)) }, audit.EntriesMissing, 2, ""},
		{"the first entries dropped", func(f forge) {
			f.drop(audit.Collection, f.id(1))
			f.drop(audit.Collection, f.id(2))
		}, audit.EntriesMissing, 1, ""},
		{"two entries swapped", func(f forge) {
			two, four := f.get(audit.Collection, f.id(2)), f.get(audit.Collection, f.id(4))
			f.put(audit.Collection, f.id(2), f.with(four, "_id", f.id(2)))
			f.put(audit.Collection, f.id(4), f.with(two, "_id", f.id(4)))
		}, audit.EntryChanged, 2, ""},
		{"an entry inserted", func(f forge) {
			f.put(audit.Collection, f.id(7), f.with(f.get(audit.Collection, f.id(6)), "_id", f.id(7)))
		}, audit.EntryChanged, 7, ""},
		{"an entry of no lane", func(f forge) {
			f.put(audit.Collection, "nowhere", f.with(f.get(audit.Collection, f.id(1)), "_id", "nowhere"))
		}, audit.EntryChanged, 1, ""},
		{"the tail cut off", func(f forge) {
			f.drop(audit.Collection, f.id(5))
			f.drop(audit.Collection, f.id(6))
		}, audit.EntriesMissing, 5, ""},
		{"a whole lane dropped", func(f forge) {
			lane := f.lane()
			for seq := range 6 {
				f.drop(audit.Collection, fmt.Sprintf("%s/%09d", lane, seq+1))
			}
		}, audit.EntriesMissing, 1, ""},
		{"the whole chain rewritten with another key", func(f forge) { f.rewrite() }, audit.EntryChanged, 1, ""},
		{"a checkpoint dropped", func(f forge) { f.drop("checkpoints", f.checkpoint(1)) }, audit.CheckpointMissing, 0, ""},
		{"a checkpoint changed", func(f forge) {
			raw := bytes.Clone(f.get("checkpoints", f.checkpoint(2)))
			raw[bytes.Index(raw, []byte("lane_"))+6] ^= 1
			f.put("checkpoints", f.checkpoint(2), raw)
		}, audit.CheckpointChanged, 0, ""},
		{"the tail and its checkpoint cut off, the log kept", func(f forge) {
			f.drop(audit.Collection, f.id(6))
			f.drop("checkpoints", f.checkpoint(2))
		}, audit.EntriesMissing, 6, ""},
		{"a document changed in place", func(f forge) {
			f.put("visits", "vis_2", f.with(f.get("visits", "vis_2"), "state", "kept"))
		}, audit.DocumentChanged, 2, "vis_2"},
		{"a document changed as a program would", func(f forge) {
			raw := f.with(f.with(f.get("visits", "vis_2"), "state", "kept"), "rev", int64(2))
			f.write(docstore.Op{Kind: docstore.Replace, Collection: "visits", ID: "vis_2", Rev: 1, Body: raw})
		}, audit.DocumentChanged, 2, "vis_2"},
		{"a document put back to its first revision", func(f forge) {
			f.put("visits", "vis_1", f.with(f.with(f.get("visits", "vis_1"), "state", "planned"), "rev", int64(1)))
		}, audit.DocumentChanged, 6, "vis_1"}, // its time stamp differs from the first one's, so it is no true copy
		{"a document deleted", func(f forge) { f.drop("visits", "vis_3") }, audit.DocumentMissing, 3, "vis_3"},
		{"a document slipped in", func(f forge) {
			f.put("visits", "vis_9", f.with(f.get("visits", "vis_2"), "_id", "vis_9"))
		}, audit.DocumentUnknown, 0, "vis_9"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, err := sqlitedoc.Open(t.Context(), sqlitedoc.Memory, sqlitedoc.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.Close() })
			var logged bytes.Buffer
			w := openWorld(t, d, audit.Options{Lanes: 1, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
			for i := range 5 {
				w.book(t, fmt.Sprintf("vis_%d", i+1))
				if i == 2 {
					mustCheckpoint(t, w)
				}
			}
			w.clock.Advance(1e9)
			w.set(t, "vis_1", "booked")
			mustCheckpoint(t, w)
			var tokens []string
			for _, m := range regexp.MustCompile(`token=(\S+)`).FindAllStringSubmatch(logged.String(), -1) {
				tokens = append(tokens, m[1])
			}
			if len(tokens) != 2 {
				t.Fatalf("%d checkpoints in the log, want 2:\n%s", len(tokens), &logged)
			}

			f := forge{w, t}
			tc.meddle(f)
			r := w.verify(t, tokens...)
			if tc.kind == "" {
				for _, p := range r.Problems {
					t.Error(p)
				}
				if r.Entries != 6 || r.Lanes != 1 || r.Checkpoints != 2 || r.Documents != 5 {
					t.Errorf("report %+v", r)
				}
				return
			}
			if r.Intact() {
				t.Fatal("verify found nothing")
			}
			if p := r.Problems[0]; p.Kind != tc.kind || p.Seq != tc.seq || tc.id != "" && p.ID != tc.id {
				t.Errorf("first problem %q (%+v), want %q at %d %s; all: %v", p, p, tc.kind, tc.seq, tc.id, r.Problems)
			}
		})
	}
}

func mustCheckpoint(t *testing.T, w *world) {
	t.Helper()
	if err := w.log.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (f forge) checkpoint(n int) string {
	f.t.Helper()
	for raw, err := range f.driver.Find(f.t.Context(), "checkpoints", docstore.Query{}) {
		if err != nil {
			f.t.Fatal(err)
		}
		if id := raw.Lookup("_id").StringValue(); strings.HasSuffix(id, fmt.Sprintf("/%09d", n)) {
			return id
		}
	}
	f.t.Fatalf("no checkpoint %d", n)
	return ""
}

// rewrite makes a consistent chain and consistent checkpoints, with a key ring of the forger's own.
func (f forge) rewrite() {
	ring, err := seal.Open(filepath.Join(f.t.TempDir(), "ring"), true)
	if err != nil {
		f.t.Fatal(err)
	}
	var ids []string
	for _, e := range f.entries(f.t) {
		ids = append(ids, e.ID)
	}
	for _, id := range ids {
		f.drop(audit.Collection, id)
	}
	log, err := audit.Open(f.t.Context(), f.store, ring, f.clock, audit.Options{Lanes: 1, Logger: quiet,
		NewID: func(string) string { return strings.TrimSuffix(ids[0], "/000000001") }})
	if err != nil {
		f.t.Fatal(err)
	}
	for range ids {
		if err := log.Read(f.t.Context(), audit.Entry{Actor: maria, Action: "nothing to see"}); err != nil {
			f.t.Fatal(err)
		}
	}
	r, err := audit.Verify(f.t.Context(), f.store, ring, audit.VerifyOptions{})
	if err != nil || len(r.Problems) > 0 && r.Problems[0].Kind == audit.EntryChanged && r.Problems[0].Detail == "" {
		f.t.Fatalf("the forged chain is not consistent in itself: %v %v", r.Problems, err)
	}
}

// An exact copy of an older revision is recognised as such.
func TestVerifyFindsADocumentPutBack(t *testing.T) {
	w := newWorld(t)
	f := forge{w, t}
	w.book(t, "vis_1")
	first := bytes.Clone(f.get("visits", "vis_1"))
	w.set(t, "vis_1", "booked")
	f.put("visits", "vis_1", first)
	r := w.verify(t)
	if len(r.Problems) != 1 || r.Problems[0].Kind != audit.DocumentOld || r.Problems[0].Seq != 2 {
		t.Errorf("problems %v", r.Problems)
	}
}

func TestVerifyAfterDeletion(t *testing.T) {
	w := newWorld(t)
	f := forge{w, t}
	w.book(t, "vis_1")
	w.set(t, "vis_1", "booked")
	last := bytes.Clone(f.get("visits", "vis_1"))
	w.clock.Advance(1e9)
	w.remove(t, "vis_1")
	w.intact(t)

	w.clock.Advance(1e9)
	w.book(t, "vis_1") // made again: revisions start over
	w.intact(t)
	w.clock.Advance(1e9)
	w.remove(t, "vis_1")
	w.intact(t)

	first := f.with(last, "rev", int64(1)) // the driver takes new documents at revision 1 only
	f.put("visits", "vis_1", first)
	if r := w.verify(t); len(r.Problems) != 1 || r.Problems[0].Kind != audit.DocumentReturned {
		t.Errorf("problems %v", r.Problems)
	}
}

// Verify may run while a server works: what changes meanwhile is no problem.
func TestVerifyBesideWriters(t *testing.T) {
	w := newWorld(t)
	w.book(t, "vis_1")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ctx.Err() == nil; i++ {
			w.set(t, "vis_1", fmt.Sprint("s", i))
			w.book(t, fmt.Sprint("vis_x", i))
			w.remove(t, fmt.Sprint("vis_x", i))
			if err := w.log.Checkpoint(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}()
	for range 5 {
		w.intact(t)
	}
	stop()
	<-done
	w.intact(t)
}

// lossy is a driver whose writes can lose their answer, or themselves, when told.
type lossy struct {
	docstore.Driver
	next func(ctx context.Context, ops []docstore.Op) error
}

func (l *lossy) Write(ctx context.Context, ops []docstore.Op) error {
	if f := l.next; f != nil {
		l.next = nil
		return f(ctx, ops)
	}
	return l.Driver.Write(ctx, ops)
}

// Whatever becomes of a write, the chain stays whole: no fork, no gap.
func TestChainSurvivesUnknownOutcomes(t *testing.T) {
	lost := errors.New("connection lost")
	for _, tc := range []struct {
		name  string
		fate  func(d docstore.Driver, later *[]docstore.Op) func(context.Context, []docstore.Op) error
		lanes int
	}{
		{"written, the answer lost", func(d docstore.Driver, _ *[]docstore.Op) func(context.Context, []docstore.Op) error {
			return func(ctx context.Context, ops []docstore.Op) error { return errors.Join(d.Write(ctx, ops), lost) }
		}, 1},
		{"never written", func(docstore.Driver, *[]docstore.Op) func(context.Context, []docstore.Op) error {
			return func(context.Context, []docstore.Op) error { return lost }
		}, 2},
		{"written after the answer was given up", func(_ docstore.Driver, later *[]docstore.Op) func(context.Context, []docstore.Op) error {
			return func(_ context.Context, ops []docstore.Op) error { *later = ops; return context.Canceled }
		}, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, err := sqlitedoc.Open(t.Context(), sqlitedoc.Memory, sqlitedoc.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.Close() })
			l := &lossy{Driver: d}
			w := openWorld(t, l, audit.Options{Lanes: 1, Logger: quiet})
			w.book(t, "vis_1")
			var later []docstore.Op
			l.next = tc.fate(d, &later)
			b := w.store.Batch()
			w.visits.Insert(b, &visit{Meta: docstore.Meta{ID: "vis_2"}})
			w.log.Record(b, audit.Entry{Actor: maria, Action: "visit.plan"})
			if err := w.store.Commit(t.Context(), b); err == nil {
				t.Fatal("the lost answer went unnoticed")
			}
			w.book(t, "vis_3")
			if later != nil {
				if err := d.Write(t.Context(), later); err != nil {
					t.Fatal(err)
				}
			}
			w.book(t, "vis_4")
			mustCheckpoint(t, w)
			r := w.verify(t)
			for _, p := range r.Problems {
				t.Error(p)
			}
			if r.Lanes != tc.lanes {
				t.Errorf("%d lanes, want %d", r.Lanes, tc.lanes)
			}
		})
	}
}

func TestCheckpoint(t *testing.T) {
	w := newWorld(t)
	count := func() int { return w.verify(t).Checkpoints }
	mustCheckpoint(t, w)
	if count() != 0 {
		t.Error("a checkpoint of nothing")
	}
	w.book(t, "vis_1")
	mustCheckpoint(t, w)
	mustCheckpoint(t, w)
	if n := count(); n != 1 {
		t.Errorf("%d checkpoints, want 1: nothing moved since", n)
	}
	if r, err := audit.Verify(t.Context(), w.store, w.ring, audit.VerifyOptions{Tokens: []string{"???"}}); err == nil {
		t.Errorf("a token that is none: %+v", r)
	}
}
