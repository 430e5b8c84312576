package mongodoc_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/docstoretest"
	"github.com/muster-health/muster/internal/docstore/mongodoc"
	"github.com/muster-health/muster/internal/mongotest/txproxy"
)

// Some compatible servers take the fields of a transaction and do nothing about them; a server
// alone, outside of a replica set, refuses them. Neither is used by mistake.
func TestOpenRefusesServersWithoutTransactions(t *testing.T) {
	server := docstoretest.StartFerretDB(t)
	for _, test := range []struct {
		name string
		mode txproxy.Mode
		why  string
	}{
		{"ignored", txproxy.Ignore, "what an aborted one wrote is there"},
		{"refused", txproxy.Refuse, "Transaction numbers are only allowed on a replica set member or mongos"},
	} {
		t.Run(test.name, func(t *testing.T) {
			uri, _ := docstoretest.WithTransactions(t, docstoretest.Database(server, "mustertest_"+rand.Text()), txproxy.Options{Mode: test.mode})
			d, err := mongodoc.Open(t.Context(), uri, mongodoc.Options{Log: slog.New(slog.DiscardHandler)})
			if err == nil {
				d.Close()
				t.Fatal("opened a server without transactions")
			}
			for _, part := range []string{test.why, "use a replica set", "musterAllowNoTransactions=true", "a crash", "two processes"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error does not say %q: %v", part, err)
				}
			}

			for range 2 { // it says so at every start
				var log bytes.Buffer
				d, err := mongodoc.Open(t.Context(), uri+"&musterAllowNoTransactions=true", mongodoc.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
				if err != nil {
					t.Fatal(err)
				}
				for _, part := range []string{"level=WARN", test.why, "a crash", "two processes"} {
					if !strings.Contains(log.String(), part) {
						t.Errorf("the log does not say %q: %s", part, log.String())
					}
				}
				if n := count(t, d, "_state"); n != 1 { // the cursor key
					t.Errorf("%d documents in _state, want 1: a probe was left", n)
				}
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func count(t *testing.T, d docstore.Driver, collection string) (n int) {
	t.Helper()
	for _, err := range d.Find(t.Context(), collection, docstore.Query{Scan: true}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// ledger is what the tests of bad days write: each action changes one counter, inserts an entry
// and ensures a record.
type ledger struct {
	store                    *docstore.Store
	total, entries, recorded *docstore.Collection[line, *line]
}

type line struct {
	docstore.Meta `bson:",inline"`
	N             int `bson:"n"`
}

func openLedger(t *testing.T, d docstore.Driver) *ledger {
	t.Helper()
	l := &ledger{store: docstore.New(d, time.Now)}
	for name, c := range map[string]**docstore.Collection[line, *line]{"total": &l.total, "entries": &l.entries, "recorded": &l.recorded} {
		var err error
		if *c, err = docstore.Open[line](t.Context(), l.store, docstore.Spec{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	b := l.store.Batch()
	l.total.Ensure(b, &line{Meta: docstore.Meta{ID: "total"}})
	if err := l.store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *ledger) act(ctx context.Context, id string) error {
	_, err := l.total.Update(ctx, "total", func(v *line, b *docstore.Batch) error {
		v.N++
		l.entries.Insert(b, &line{Meta: docstore.Meta{ID: id}, N: v.N})
		l.recorded.Ensure(b, &line{Meta: docstore.Meta{ID: "record-" + id}, N: v.N})
		return nil
	})
	return err
}

// check wants every action to have happened, once and whole.
func (l *ledger) check(t *testing.T, actions int) {
	t.Helper()
	total, err := l.total.Get(t.Context(), "total")
	if err != nil {
		t.Fatal(err)
	}
	if total.N != actions || total.Rev != int64(actions)+1 {
		t.Errorf("counter %d at revision %d, want %d at %d", total.N, total.Rev, actions, actions+1)
	}
	for _, c := range []*docstore.Collection[line, *line]{l.entries, l.recorded} {
		lines, err := c.List(t.Context(), docstore.Query{})
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, e := range lines {
			sum += e.N
		}
		if len(lines) != actions || sum != actions*(actions+1)/2 {
			t.Errorf("%s: %d with sum %d, want %d with sum %d", c.Name(), len(lines), sum, actions, actions*(actions+1)/2)
		}
	}
}

func TestBadDaysHaveOneEffect(t *testing.T) {
	server := docstoretest.StartFerretDB(t)
	lost := func(kind txproxy.FaultKind, times int) txproxy.Fault { return txproxy.Fault{Kind: kind, Times: times} }
	for _, test := range []struct {
		name              string
		writers, writes   int
		statement, commit func(int) txproxy.Fault
		want              []txproxy.FaultKind
	}{
		{"conflicts", 5, 8,
			txproxy.Often(3, txproxy.Fault{Kind: txproxy.Conflict}, txproxy.Fault{Kind: txproxy.Conflict, At: 1}, txproxy.Fault{Kind: txproxy.Conflict, At: 3}),
			txproxy.Often(3, txproxy.Fault{Kind: txproxy.ConflictCommit}),
			[]txproxy.FaultKind{txproxy.Conflict, txproxy.ConflictCommit}},
		{"several conflicts for each batch", 1, 10, func(n int) txproxy.Fault {
			if n%4 == 3 {
				return txproxy.Fault{}
			}
			return txproxy.Fault{Kind: txproxy.Conflict, At: n % 4}
		}, nil, []txproxy.FaultKind{txproxy.Conflict}},
		{"statements without an answer", 3, 5,
			txproxy.Often(4, txproxy.Fault{Kind: txproxy.Cut}, txproxy.Fault{Kind: txproxy.Cut, At: 1}, txproxy.Fault{Kind: txproxy.Cut, At: 4}), nil,
			[]txproxy.FaultKind{txproxy.Cut}},
		{"commit lost once", 3, 5, nil,
			txproxy.Often(2, lost(txproxy.LoseBefore, 1), lost(txproxy.LoseAfter, 1), lost(txproxy.LoseDuring, 1)),
			[]txproxy.FaultKind{txproxy.LoseBefore, txproxy.LoseAfter, txproxy.LoseDuring}},
		{"commit lost and never answered", 3, 3, nil,
			func(n int) txproxy.Fault { // the first three
				return append([]txproxy.Fault{lost(txproxy.LoseBefore, txproxy.Always), lost(txproxy.LoseAfter, txproxy.Always),
					lost(txproxy.LoseDuring, txproxy.Always)}, make([]txproxy.Fault, n+1)...)[n]
			},
			[]txproxy.FaultKind{txproxy.LoseBefore, txproxy.LoseAfter, txproxy.LoseDuring}},
		{"a server that hangs", 1, 2, txproxy.Often(4, txproxy.Fault{Kind: txproxy.Hang, At: 1}), nil, []txproxy.FaultKind{txproxy.Hang}},
	} {
		t.Run(test.name, func(t *testing.T) {
			uri, proxy := docstoretest.WithTransactions(t, docstoretest.Database(server, "mustertest_"+rand.Text()), txproxy.Options{Statement: test.statement, Commit: test.commit})
			d := open(t, uri)
			l := openLedger(t, d)
			var wg sync.WaitGroup
			for w := range test.writers {
				wg.Go(func() {
					for i := range test.writes {
						if err := l.act(t.Context(), fmt.Sprintf("w%d-%d", w, i)); err != nil {
							t.Errorf("writer %d, write %d: %v", w, i, err)
						}
					}
				})
			}
			wg.Wait()
			l.check(t, test.writers*test.writes)
			s := proxy.Stats()
			for _, kind := range test.want {
				if s.Faults[kind] == 0 {
					t.Errorf("fault %d did not happen: %+v", kind, s)
				}
			}
			// Each commit has its marker. Where a lost commit was looked for and had not happened,
			// the look has left one.
			markers := s.Committed
			if test.name == "commit lost and never answered" {
				markers += s.Faults[txproxy.LoseBefore]
			}
			if n := count(t, d, "_batches"); n != markers {
				t.Errorf("%d markers, want %d: %+v", n, markers, s)
			}
		})
	}
}

// Two processes: two drivers that share nothing but the server.
func TestTwoProcessesLoseNothing(t *testing.T) {
	const writes = 15
	uri, _ := docstoretest.WithTransactions(t, docstoretest.StartFerretDB(t), txproxy.Options{})
	uri = docstoretest.Database(uri, "mustertest_"+rand.Text())
	type process struct {
		*ledger
		driver docstore.Driver
		seen   map[string]int64
		token  []byte
	}
	follow := func(p *process) {
		for item, err := range p.driver.Changes(t.Context(), p.token) {
			if err != nil {
				t.Errorf("changes: %v", err)
				return
			}
			p.token = item.Token
			p.seen[item.Collection+"/"+item.ID] = item.Rev
		}
	}
	var both []*process
	for range 2 {
		d := open(t, uri)
		both = append(both, &process{openLedger(t, d), d, map[string]int64{}, nil})
	}
	var wg sync.WaitGroup
	for i, p := range both {
		for lane := range 2 {
			wg.Go(func() {
				for n := range writes {
					if err := p.act(t.Context(), fmt.Sprintf("p%d-%d-%d", i, lane, n)); err != nil {
						t.Errorf("process %d: %v", i, err)
					}
				}
			})
		}
		wg.Go(func() { // reads the feed while both write
			for range 5 {
				follow(p)
			}
		})
	}
	wg.Wait()
	const actions = 2 * 2 * writes
	both[0].check(t, actions)
	for i, p := range both {
		follow(p)
		other := 0
		for id := range p.seen {
			if strings.HasPrefix(id, fmt.Sprintf("entries/p%d-", 1-i)) {
				other++
			}
		}
		if other != actions/2 || p.seen["total/total"] != actions+1 {
			t.Errorf("process %d saw %d changes of the other's %d, and the counter at revision %d of %d", i, other, actions/2, p.seen["total/total"], actions+1)
		}
	}
	// One deletes, both see it.
	b := both[0].store.Batch()
	both[0].entries.Delete(b, &line{Meta: docstore.Meta{ID: "p0-0-0", Rev: 1}})
	if err := both[0].store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	for i, p := range both {
		deleted := false
		for item, err := range p.driver.Changes(t.Context(), p.token) {
			if err != nil {
				t.Fatal(err)
			}
			deleted = deleted || item.Deleted && item.ID == "p0-0-0"
		}
		if !deleted {
			t.Errorf("process %d did not see the deletion", i)
		}
	}
	if _, err := both[1].entries.Get(t.Context(), "p0-0-0"); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("the other process reads what was deleted: %v", err)
	}
}
