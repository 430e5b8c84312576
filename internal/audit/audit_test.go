package audit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/seal"
)

type visit struct {
	docstore.Meta `bson:",inline"`
	State         string   `bson:"state"`
	Tags          []string `bson:"tags,omitempty"`
	Note          string   `bson:"note,omitempty"` // sealed
	Place         *place   `bson:"place,omitempty"`
}

type place struct {
	Room string `bson:"room"`
}

type visits = docstore.Collection[visit, *visit]

type world struct {
	driver docstore.Driver
	store  *docstore.Store
	ring   *seal.Ring
	keys   *seal.Keys
	clock  *clock.Clock
	log    *audit.Log
	visits *visits
	plain  *docstore.Collection[visit, *visit] // "sessions", which needs no entries
}

var (
	maria = audit.Actor{Kind: audit.Staff, ID: "stf_maria", Role: "coordinator"}
	quiet = slog.New(slog.NewTextHandler(io.Discard, nil))
	start = time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC)
)

func newWorld(t testing.TB) *world {
	t.Helper()
	d, err := sqlitedoc.Open(t.Context(), sqlitedoc.Memory, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return openWorld(t, d, audit.Options{Logger: quiet})
}

func openWorld(t testing.TB, d docstore.Driver, opts audit.Options) *world {
	t.Helper()
	w := &world{driver: d, clock: clock.Manual(start)}
	w.store = docstore.New(d, w.clock.Wall, docstore.Require(audit.Guard()))
	var err error
	check := func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w.ring, err = seal.Open(filepath.Join(t.TempDir(), "ring"), true)
	check()
	w.keys, err = seal.OpenKeys(t.Context(), w.store, w.ring)
	check()
	w.log, err = audit.Open(t.Context(), w.store, w.ring, w.clock, opts)
	check()
	w.visits, err = docstore.Open[visit](t.Context(), w.store, docstore.Spec{Name: "visits", Version: 1, Codec: w.keys.Fields("visits", seal.ByField("_id"), "note")})
	check()
	w.plain, err = docstore.Open[visit](t.Context(), w.store, docstore.Spec{Name: "sessions", Version: 1})
	check()
	return w
}

// book makes a visit, audited.
func (w *world) book(t testing.TB, id string) {
	t.Helper()
	b := w.store.Batch()
	w.visits.Insert(b, &visit{Meta: docstore.Meta{ID: id}, State: "planned", Note: "bring reading glasses"})
	w.log.Record(b, audit.Entry{Actor: maria, Action: "visit.plan", Person: "per_1"})
	if err := w.store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// set changes a visit's state, audited.
func (w *world) set(t testing.TB, id, state string) {
	t.Helper()
	_, err := w.visits.Update(t.Context(), id, func(v *visit, b *docstore.Batch) error {
		v.State = state
		w.log.Record(b, audit.Entry{Actor: maria, Action: "visit." + state, Person: "per_1"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) remove(t testing.TB, id string) {
	t.Helper()
	v, err := w.visits.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	b := w.store.Batch()
	w.visits.Delete(b, &v)
	w.log.Record(b, audit.Entry{Actor: maria, Action: "visit.delete"})
	if err := w.store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func (w *world) entries(t testing.TB) []audit.Entry {
	t.Helper()
	var out []audit.Entry
	for e, err := range w.log.Find(t.Context(), docstore.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func (w *world) verify(t testing.TB, tokens ...string) audit.Report {
	t.Helper()
	r, err := audit.Verify(t.Context(), w.store, w.ring, audit.VerifyOptions{Tokens: tokens})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) intact(t testing.TB) {
	t.Helper()
	for _, p := range w.verify(t).Problems {
		t.Errorf("verify: %s", p)
	}
}

func TestRecordSaysWhatChanged(t *testing.T) {
	w := newWorld(t)
	w.book(t, "vis_1")
	w.clock.Advance(time.Hour)
	_, err := w.visits.Update(t.Context(), "vis_1", func(v *visit, b *docstore.Batch) error {
		v.State, v.Tags, v.Place, v.Note = "booked", []string{"early"}, &place{"B 12"}, "bring both glasses"
		w.log.Record(b, audit.Entry{Actor: maria, OnBehalf: "per_1", Action: "visit.book", Reason: "she asked", Request: "req_1", Person: "per_1", Study: "STEADY"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all := w.entries(t)
	if len(all) != 2 {
		t.Fatalf("%d entries, want 2", len(all))
	}
	got := all[1]
	want := audit.Entry{Seq: 2, At: start.Add(time.Hour), Wall: start.Add(time.Hour), Actor: maria, OnBehalf: "per_1", Action: "visit.book",
		Reason: "she asked", Request: "req_1", Person: "per_1", Study: "STEADY", Prev: all[0].MAC,
		Objects: []audit.Object{{Collection: "visits", ID: "vis_1", Rev: 2, Op: "replace"}}}
	opts := []cmp.Option{cmpopts.IgnoreFields(audit.Entry{}, "Meta", "Lane", "MAC"), cmpopts.IgnoreFields(audit.Object{}, "Hash", "Changes")}
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	var changed []string
	for _, c := range got.Objects[0].Changes {
		if c.Path == "note" { // stays sealed, and can be opened by who has the key
			if subtype, _, ok := c.New.BinaryOK(); !ok || subtype != 0x80 {
				t.Errorf("note stands in the trail as %s", c.New)
			}
			o, err1 := w.keys.Reveal(t.Context(), "vis_1", "visits", "vis_1", c.Path, c.Old)
			n, err2 := w.keys.Reveal(t.Context(), "vis_1", "visits", "vis_1", c.Path, c.New)
			if err := errors.Join(err1, err2); err != nil {
				t.Error(err)
			}
			c.Old, c.New = o, n
		}
		changed = append(changed, fmt.Sprintf("%s: %s -> %s", c.Path, c.Old, c.New))
	}
	wantChanges := []string{`state: "planned" -> "booked"`, `note: "bring reading glasses" -> "bring both glasses"`, `tags:  -> ["early"]`, `place:  -> {"room": "B 12"}`}
	if diff := cmp.Diff(wantChanges, changed); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	w.intact(t)
}

func TestRecordKinds(t *testing.T) {
	w := newWorld(t)
	w.book(t, "vis_1")
	w.book(t, "vis_2")
	one, _ := w.visits.Get(t.Context(), "vis_1")
	two, _ := w.visits.Get(t.Context(), "vis_2")
	b := w.store.Batch()
	one.State = "kept"
	w.visits.Replace(b, &one) // nobody told the batch what it replaces
	w.visits.Delete(b, &two)
	w.visits.Ensure(b, &visit{Meta: docstore.Meta{ID: "vis_1"}, State: "other"}) // is there: does nothing
	w.visits.Ensure(b, &visit{Meta: docstore.Meta{ID: "vis_3"}, State: "planned"})
	w.visits.Check(b, "vis_9", 0)
	w.plain.Insert(b, &visit{Meta: docstore.Meta{ID: "ses_1"}, State: "open"})
	w.log.Record(b, audit.Entry{Actor: maria, Action: "many"})
	if err := w.store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	all := w.entries(t)
	got := all[len(all)-1].Objects
	var lines []string
	for _, o := range got {
		lines = append(lines, fmt.Sprintf("%s %s %s rev %d, hash of %d, %d changes", o.Op, o.Collection, o.ID, o.Rev, len(o.Hash), len(o.Changes)))
	}
	want := []string{
		"replace visits vis_1 rev 2, hash of 32, 2 changes", // the state, and the note sealed anew
		"delete visits vis_2 rev 2, hash of 0, 0 changes",
		"ensure visits vis_1 rev 1, hash of 32, 0 changes",
		"ensure visits vis_3 rev 1, hash of 32, 0 changes",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	w.intact(t)
}

func TestRecordRefuses(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct {
		name string
		do   func(b *docstore.Batch)
		is   error
	}{
		{"no actor", func(b *docstore.Batch) { w.log.Record(b, audit.Entry{Action: "x"}) }, audit.ErrActor},
		{"an actor without id", func(b *docstore.Batch) {
			w.log.Record(b, audit.Entry{Actor: audit.Actor{Kind: audit.Staff}, Action: "x"})
		}, audit.ErrActor},
		{"an unknown kind", func(b *docstore.Batch) {
			w.log.Record(b, audit.Entry{Actor: audit.Actor{Kind: "robot", ID: "r"}, Action: "x"})
		}, audit.ErrActor},
		{"no action", func(b *docstore.Batch) { w.log.Record(b, audit.Entry{Actor: maria}) }, audit.ErrActor},
		{"a second entry", func(b *docstore.Batch) {
			w.log.Record(b, audit.Entry{Actor: maria, Action: "x"})
			w.log.Record(b, audit.Entry{Actor: maria, Action: "y"})
		}, audit.ErrTwice},
		{"no entry at all", func(*docstore.Batch) {}, audit.ErrUnrecorded},
		{"a change added behind the entry's back", func(b *docstore.Batch) {
			w.log.Record(b, audit.Entry{Actor: maria, Action: "x"})
			b.BeforeCommit(func(_ context.Context, b *docstore.Batch) (func(error), error) {
				body, err := bson.Marshal(visit{Meta: docstore.Meta{ID: "vis_late", Rev: 1}})
				b.AddRaw(docstore.Op{Kind: docstore.Insert, Collection: "visits", ID: "vis_late", Body: body})
				return nil, err
			})
		}, audit.ErrUnrecorded},
		{"a change of the trail", func(b *docstore.Batch) {
			w.log.Record(b, audit.Entry{Actor: maria, Action: "x"})
			b.AddRaw(docstore.Op{Kind: docstore.Delete, Collection: audit.Collection, ID: "lane_x/000000001", Rev: 1})
		}, audit.ErrUnrecorded},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := w.store.Batch()
			w.visits.Insert(b, &visit{Meta: docstore.Meta{ID: "vis_1"}, State: "planned"})
			tc.do(b)
			if err := w.store.Commit(t.Context(), b); !errors.Is(err, tc.is) {
				t.Errorf("commit: %v, want %v", err, tc.is)
			}
			if _, err := w.visits.Get(t.Context(), "vis_1"); !errors.Is(err, docstore.ErrNotFound) {
				t.Errorf("the change was made all the same (%v)", err)
			}
		})
	}
	w.book(t, "vis_1") // and the lanes go on without a gap
	w.intact(t)
}

func TestUnauditedNeedsNoEntry(t *testing.T) {
	w := newWorld(t)
	b := w.store.Batch()
	w.plain.Insert(b, &visit{Meta: docstore.Meta{ID: "ses_1"}})
	if err := w.store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if n := len(w.entries(t)); n != 0 {
		t.Errorf("%d entries", n)
	}
	w.intact(t)
}

func TestRead(t *testing.T) {
	w := newWorld(t)
	w.book(t, "vis_1")
	err := w.log.Read(t.Context(), audit.Entry{Actor: maria, Action: "person.reveal", Person: "per_1", Reason: "to call",
		Objects: []audit.Object{{Collection: "visits", ID: "vis_1", Rev: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	q := docstore.Query{Eq: []docstore.Field{docstore.E("person", "per_1")}, Order: "at"}
	for e, err := range w.log.Find(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		actions = append(actions, e.Action)
	}
	if diff := cmp.Diff([]string{"visit.plan", "person.reveal"}, actions); diff != "" {
		t.Errorf("what concerns the person (-want +got):\n%s", diff)
	}
	if err := w.log.Read(t.Context(), audit.Entry{Action: "x"}); !errors.Is(err, audit.ErrActor) {
		t.Errorf("reading without an actor: %v", err)
	}
	w.intact(t)
}

func TestClockSetBackIsFlagged(t *testing.T) {
	d, err := sqlitedoc.Open(t.Context(), sqlitedoc.Memory, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	w := openWorld(t, d, audit.Options{Logger: quiet})
	now := start
	log, err := audit.Open(t.Context(), w.store, w.ring, clockFunc(func() time.Time { return now }), audit.Options{Logger: quiet, Lanes: 1})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := log.Read(t.Context(), audit.Entry{Actor: maria, Action: "look"}); err != nil {
			t.Fatal(err)
		}
		now = start.Add(-time.Hour)
	}
	all := w.entries(t)
	if all[0].ClockBack || !all[1].ClockBack {
		t.Errorf("flags %v %v, want the second only", all[0].ClockBack, all[1].ClockBack)
	}
	if r := w.verify(t); !r.Intact() || r.ClocksBack != 1 {
		t.Errorf("report %+v", r)
	}
}

type clockFunc func() time.Time

func (f clockFunc) Now() time.Time  { return f() }
func (f clockFunc) Wall() time.Time { return f() }

// Eight goroutines record at once, over few lanes, some of their commits failing.
func TestRecordFromManyGoroutines(t *testing.T) {
	for _, lanes := range []int{1, 4, 16} {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			d, err := sqlitedoc.Open(t.Context(), filepath.Join(t.TempDir(), "db"), sqlitedoc.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.Close() })
			w := openWorld(t, d, audit.Options{Logger: quiet, Lanes: lanes})
			w.book(t, "vis_shared")
			var wg sync.WaitGroup
			var done atomic.Int64
			for g := range 8 {
				wg.Go(func() {
					for i := range 20 {
						switch i % 4 {
						case 0: // in everybody's way: conflicts and starts again
							w.set(t, "vis_shared", fmt.Sprintf("s%d-%d", g, i))
						case 1: // fails for good
							b := w.store.Batch()
							w.visits.Insert(b, &visit{Meta: docstore.Meta{ID: "vis_shared"}})
							w.log.Record(b, audit.Entry{Actor: maria, Action: "visit.plan"})
							if err := w.store.Commit(t.Context(), b); !errors.Is(err, docstore.ErrExists) {
								t.Errorf("insert twice: %v", err)
							}
							continue
						case 2:
							if err := w.log.Read(t.Context(), audit.Entry{Actor: maria, Action: "look"}); err != nil {
								t.Error(err)
							}
						default:
							w.book(t, fmt.Sprintf("vis_%d_%d", g, i))
						}
						done.Add(1)
						if i == 10 {
							if err := w.log.Checkpoint(t.Context()); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			wg.Wait()
			if err := w.log.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			r := w.verify(t)
			for _, p := range r.Problems {
				t.Error(p)
			}
			if want := int(done.Load()) + 1; r.Entries != want {
				t.Errorf("%d entries, want one for each change, %d", r.Entries, want)
			}
			if r.Lanes > lanes {
				t.Errorf("%d lanes in use, at most %d asked for", r.Lanes, lanes)
			}
		})
	}
}

func BenchmarkRecord(b *testing.B) {
	w := newWorld(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := w.log.Read(context.Background(), audit.Entry{Actor: maria, Action: "look"}); err != nil {
				b.Error(err)
			}
		}
	})
}
