package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/outbox"
)

func TestASendLeavesItsTrace(t *testing.T) {
	w := newWorld(t, nil)
	m := text("msg_1")
	m.Vars = map[string]string{"visit": "Tuesday"}
	w.put(t, m)
	w.tick(t)
	got := w.get(t, "msg_1")
	want := m
	want.Created, want.Due, want.State, want.SID = w.clock.now, w.clock.now, outbox.Accepted, "SM001"
	want.Attempts = []outbox.Attempt{{N: 1, Process: "prc_1", Started: w.clock.wall, Ended: w.clock.wall, Outcome: "accepted"}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(outbox.Message{}, "Meta", "Twin"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"msg_1 accepted"}, w.heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	w.clock.pass(time.Hour)
	w.tick(t)
	if w.provider.calls != 1 {
		t.Errorf("%d calls, want 1", w.provider.calls)
	}
}

func TestPutTwiceSendsOnce(t *testing.T) {
	w := newWorld(t, nil)
	id := outbox.ID("visit", "vis_1", "24h")
	if again := outbox.ID("visit", "vis_1", "24h"); again != id || outbox.ID("visit", "vis_12", "4h") == id {
		t.Fatalf("ids %s and %s", id, again)
	}
	w.put(t, text(id))
	w.tick(t)
	w.put(t, text(id))
	w.tick(t)
	if n := w.provider.count(id); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

func TestPutRefuses(t *testing.T) {
	w := newWorld(t, nil)
	for name, spoil := range map[string]func(*outbox.Message){
		"no id":        func(m *outbox.Message) { m.ID = "" },
		"no address":   func(m *outbox.Message) { m.To = "" },
		"another kind": func(m *outbox.Message) { m.Kind = "pigeon" },
	} {
		m := text("msg_1")
		spoil(&m)
		b := w.store.Batch()
		w.box.Put(b, m)
		if err := w.store.Commit(t.Context(), b); !errors.Is(err, docstore.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
}

func TestOrder(t *testing.T) {
	w := newWorld(t, nil)
	bulk, reminder, alert, later, second := text("msg_bulk"), text("msg_reminder"), text("msg_alert"), text("msg_later"), text("msg_second")
	bulk.Priority, alert.Priority = outbox.Bulk, outbox.Urgent
	later.Due = w.clock.now.Add(time.Hour)
	second.Due = w.clock.now.Add(time.Second)
	w.put(t, later, bulk, second, reminder, alert)
	if n, err := w.box.Waiting(t.Context(), w.clock.now); err != nil || n != 3 {
		t.Errorf("%d waiting, %v; want 3", n, err)
	}
	w.clock.pass(time.Minute)
	w.tick(t)
	if diff := cmp.Diff([]string{"msg_alert", "msg_reminder", "msg_second", "msg_bulk"}, w.sentIDs()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if next, err := w.box.Next(t.Context()); err != nil || !next.Equal(later.Due) {
		t.Errorf("next %v, %v; want %v", next, err, later.Due)
	}
	w.clock.pass(time.Hour)
	w.tick(t)
	if _, err := w.box.Next(t.Context()); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("next with none waiting: %v", err)
	}
}

func TestTheGateIsAskedAgain(t *testing.T) {
	morning := newClock().now.Add(10 * time.Hour)
	night := func(notAfter time.Time) (gate, func(*outbox.Message)) {
		return func(_ context.Context, _ outbox.Message, now time.Time) (outbox.Decision, error) {
			return outbox.Decision{OK: !now.Before(morning), NotBefore: morning, Reason: "quiet hours"}, nil
		}, func(m *outbox.Message) { m.NotAfter = notAfter }
	}
	t.Run("put off", func(t *testing.T) {
		g, _ := night(time.Time{})
		w := newWorld(t, g)
		w.put(t, text("msg_1"))
		w.tick(t)
		m := w.state(t, "msg_1", outbox.Due)
		if !m.Due.Equal(morning) || m.Reason != "quiet hours" || len(m.Attempts) != 0 {
			t.Errorf("due %v for %q after %d attempts", m.Due, m.Reason, len(m.Attempts))
		}
		w.clock.pass(10 * time.Hour)
		w.tick(t)
		w.state(t, "msg_1", outbox.Accepted)
	})
	t.Run("put off for too long", func(t *testing.T) {
		g, late := night(morning.Add(-time.Hour))
		w := newWorld(t, g)
		m := text("msg_1")
		late(&m)
		w.put(t, m)
		w.tick(t)
		w.state(t, "msg_1", outbox.Expired)
	})
	t.Run("refused", func(t *testing.T) {
		w := newWorld(t, func(context.Context, outbox.Message, time.Time) (outbox.Decision, error) {
			return outbox.Decision{Reason: "stopped texts on 2 March"}, nil
		})
		w.put(t, text("msg_1"))
		w.tick(t)
		if m := w.state(t, "msg_1", outbox.Cancelled); m.Reason != "stopped texts on 2 March" {
			t.Errorf("reason %q", m.Reason)
		}
		if diff := cmp.Diff([]string{"msg_1 cancelled"}, w.heard); diff != "" {
			t.Errorf("heard (-want +got):\n%s", diff)
		}
	})
	t.Run("cannot say", func(t *testing.T) {
		broken := errors.New("store away")
		var fail error = broken
		w := newWorld(t, func(context.Context, outbox.Message, time.Time) (outbox.Decision, error) {
			return outbox.Decision{OK: true}, fail
		})
		w.put(t, text("msg_1"))
		if _, err := w.box.Deliver(t.Context(), w.clock.now); !errors.Is(err, broken) {
			t.Errorf("deliver: %v", err)
		}
		w.state(t, "msg_1", outbox.Due)
		fail = nil
		w.tick(t)
		if w.provider.calls != 0 {
			t.Error("asked again without a pause")
		}
		w.clock.pass(time.Minute)
		w.tick(t)
		w.state(t, "msg_1", outbox.Accepted)
	})
}

func TestExpired(t *testing.T) {
	w := newWorld(t, nil)
	m := text("msg_1")
	m.NotAfter = w.clock.now.Add(time.Minute)
	w.put(t, m)
	w.clock.pass(2 * time.Minute)
	w.tick(t)
	w.state(t, "msg_1", outbox.Expired)
	if w.provider.calls != 0 {
		t.Error("sent after its time")
	}
}

func TestRefusedByTheProvider(t *testing.T) {
	w := newWorld(t, nil)
	w.provider.fates = []fate{refusedFate}
	w.put(t, text("msg_1"))
	w.tick(t)
	w.clock.pass(time.Hour)
	w.tick(t)
	if m := w.state(t, "msg_1", outbox.Refused); m.Code != "21211" || w.provider.calls != 1 {
		t.Errorf("code %q after %d calls", m.Code, w.provider.calls)
	}
}

// A provider that asks for seven seconds gets them, from every message of that kind, and a
// person's texts stay in order.
func TestTooManyRequests(t *testing.T) {
	w := newWorld(t, nil)
	w.provider.fates = []fate{busy}
	a1, a2, b := text("msg_1"), text("msg_2"), text("msg_3")
	a2.Person = a1.Person
	a2.Due, b.Due = w.clock.now.Add(time.Millisecond), w.clock.now.Add(2*time.Millisecond)
	w.put(t, a1, a2, b)
	w.clock.pass(time.Second)
	w.tick(t)
	w.clock.pass(6 * time.Second)
	w.tick(t)
	if w.provider.calls != 1 {
		t.Errorf("%d calls within seven seconds, want 1", w.provider.calls)
	}
	w.clock.pass(2 * time.Second)
	w.tick(t)
	if diff := cmp.Diff([]string{"msg_1", "msg_2", "msg_3"}, w.sentIDs()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if m := w.get(t, "msg_1"); len(m.Attempts) != 2 || m.Attempts[0].Outcome != "retry" || m.Attempts[0].Code != "20429" {
		t.Errorf("attempts %+v", m.Attempts)
	}
}

// A mailbox that is full waits alone: its later messages too, and nobody else's.
func TestRetryAlone(t *testing.T) {
	w := newWorld(t, nil)
	w.provider.fates = []fate{full}
	a1, a2, b := text("msg_1"), text("msg_2"), text("msg_3")
	a2.Person = a1.Person
	a2.Due, b.Due = w.clock.now.Add(time.Millisecond), w.clock.now.Add(2*time.Millisecond)
	w.put(t, a1, a2, b)
	w.clock.pass(time.Second)
	w.tick(t)
	w.tick(t)
	if diff := cmp.Diff([]string{"msg_3"}, w.sentIDs()); diff != "" {
		t.Errorf("sent meanwhile (-want +got):\n%s", diff)
	}
	w.clock.pass(time.Minute)
	w.tick(t)
	if diff := cmp.Diff([]string{"msg_3", "msg_1", "msg_2"}, w.sentIDs()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func TestCancel(t *testing.T) {
	w := newWorld(t, nil)
	cancel := func(f func(b *docstore.Batch) error) {
		t.Helper()
		if err := w.store.Do(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	one, other, visit, email := text("msg_1"), text("msg_2"), text("msg_3"), text("msg_4")
	one.Person, visit.Person, email.Person = "per_1", "per_1", "per_1"
	visit.Visit, email.Kind, email.Purpose = "vis_1", outbox.Email, "recruitment"
	w.put(t, one, other, visit, email)
	cancel(func(b *docstore.Batch) error {
		return w.box.CancelFor(t.Context(), b, outbox.About{Person: "per_1", Kind: outbox.SMS}, "stopped texts")
	})
	cancel(func(b *docstore.Batch) error { return w.box.Cancel(t.Context(), b, "msg_2", "by hand") })
	cancel(func(b *docstore.Batch) error { return w.box.Cancel(t.Context(), b, "msg_2", "by hand again") })
	cancel(func(b *docstore.Batch) error {
		return w.box.CancelFor(t.Context(), b, outbox.About{Visit: "vis_none"}, "none")
	})
	w.tick(t)
	if diff := cmp.Diff([]string{"msg_4"}, w.sentIDs()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if m := w.state(t, "msg_2", outbox.Cancelled); m.Reason != "by hand" {
		t.Errorf("reason %q", m.Reason)
	}
	cancel(func(b *docstore.Batch) error {
		return w.box.CancelFor(t.Context(), b, outbox.About{Study: "STEADY"}, "closed")
	})
	w.state(t, "msg_4", outbox.Accepted) // the provider has it
	if err := w.box.CancelFor(t.Context(), w.store.Batch(), outbox.About{Purpose: "study"}, "x"); !errors.Is(err, docstore.ErrQuery) {
		t.Errorf("cancelling about nothing: %v", err)
	}
}

// Cancelled while the provider is being called: it cannot be stopped, but if it turns out not to
// have arrived it is not sent again.
func TestCancelInFlight(t *testing.T) {
	for _, tc := range []struct {
		fate fate
		want outbox.State
	}{{taken, outbox.Accepted}, {busy, outbox.Cancelled}, {lostBefore, outbox.Cancelled}, {takenUnheard, outbox.Accepted}} {
		t.Run(fmt.Sprint(tc.fate), func(t *testing.T) {
			w := newWorld(t, nil)
			w.put(t, text("msg_1"))
			w.provider.fates = []fate{tc.fate}
			w.provider.called = func(m outbox.Message) {
				if err := w.store.Do(t.Context(), func(b *docstore.Batch) error { return w.box.Cancel(t.Context(), b, m.ID, "visit moved") }); err != nil {
					t.Error(err)
				}
			}
			for range 4 {
				w.tick(t)
				w.clock.pass(61 * time.Second)
			}
			w.state(t, "msg_1", tc.want)
			if w.provider.calls != 1 {
				t.Errorf("%d calls", w.provider.calls)
			}
		})
	}
}

func TestSeveralProcessesSendOnce(t *testing.T) {
	w := newWorld(t, nil)
	var boxes []*outbox.Box
	for i := range 4 {
		store := docstore.New(w.driver, w.clock.Wall)
		keys := openKeys(t, store, w.ring)
		box, err := outbox.Open(t.Context(), store, w.clock, keys, gate(nil), outbox.Options{
			Senders: map[outbox.Kind]outbox.Sender{outbox.SMS: w.provider}, Process: fmt.Sprint("prc_", i), Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		boxes = append(boxes, box)
	}
	var ids []string
	for i := range 60 {
		id := fmt.Sprintf("msg_%02d", i)
		ids = append(ids, id)
		w.put(t, text(id))
	}
	var wg sync.WaitGroup
	for _, box := range boxes {
		wg.Go(func() {
			for range 3 {
				if _, err := box.Deliver(t.Context(), w.clock.Now()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		if n := w.provider.count(id); n != 1 {
			t.Errorf("%s sent %d times", id, n)
		}
	}
}

// A process that stood still for most of its lease calls nobody: another may be looking after the row.
func TestLateProcessDoesNotCall(t *testing.T) {
	var w *world
	stood := 51 * time.Second
	w = newWorld(t, func(context.Context, outbox.Message, time.Time) (outbox.Decision, error) {
		w.clock.pass(stood)
		stood = 0
		return outbox.Decision{OK: true}, nil
	})
	w.put(t, text("msg_1"))
	w.tick(t)
	m := w.state(t, "msg_1", outbox.Due)
	if w.provider.calls != 0 || len(m.Attempts) != 1 || m.Attempts[0].Outcome != "not called" {
		t.Errorf("%d calls, attempts %+v", w.provider.calls, m.Attempts)
	}
	w.tick(t)
	w.state(t, "msg_1", outbox.Accepted)
	if w.provider.calls != 1 {
		t.Errorf("%d calls, want 1", w.provider.calls)
	}
}

// What becomes urgent while a slow provider is given a hundred texts goes before the rest of them.
func TestUrgentOvertakesASlowBacklog(t *testing.T) {
	w := newWorld(t, nil)
	for i := range 60 {
		m := text(fmt.Sprintf("msg_%02d", i))
		m.Priority = outbox.Bulk
		w.put(t, m)
	}
	var once sync.Once
	w.provider.called = func(outbox.Message) {
		w.clock.pass(500 * time.Millisecond)
		once.Do(func() {
			alert := text("msg_alert")
			alert.Priority = outbox.Urgent
			w.put(t, alert)
		})
	}
	for range 60 {
		w.tick(t)
	}
	sent := w.sentIDs()
	if len(sent) != 61 {
		t.Fatalf("%d sent, want 61", len(sent))
	}
	// Four are called at once, each takes half a second, and a turn lasts two.
	if i := slices.Index(sent, "msg_alert"); i < 0 || i > 12 {
		t.Errorf("the alert went as number %d", i+1)
	}
}

// A server that stops hands back what it has not called about.
func TestStopping(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	w := newWorld(t, func(context.Context, outbox.Message, time.Time) (outbox.Decision, error) {
		stop()
		return outbox.Decision{OK: true}, nil
	})
	w.put(t, text("msg_1"))
	if _, err := w.box.Deliver(ctx, w.clock.now); err != nil {
		t.Errorf("deliver: %v", err)
	}
	m := w.state(t, "msg_1", outbox.Due)
	if w.provider.calls != 0 || len(m.Attempts) != 1 || m.Attempts[0].Outcome != "not called" {
		t.Errorf("%d calls, attempts %+v", w.provider.calls, m.Attempts)
	}
	w.tick(t)
	w.state(t, "msg_1", outbox.Accepted)
}

// One row that cannot be opened does not hold up the others.
func TestABrokenRowIsAlone(t *testing.T) {
	w := newWorld(t, nil)
	w.put(t, text("msg_1"), text("msg_2"))
	one, err := w.driver.Get(t.Context(), "outbox", "msg_1")
	if err != nil {
		t.Fatal(err)
	}
	_, secret := one.Lookup("to").Binary()
	broken := bytes.Clone(one)
	broken[bytes.Index(broken, secret)+5] ^= 1
	err = w.driver.Write(t.Context(), []docstore.Op{{Kind: docstore.Delete, Collection: "outbox", ID: "msg_1", Rev: 1}, {Kind: docstore.Insert, Collection: "outbox", ID: "msg_1", Body: broken}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.box.Deliver(t.Context(), w.clock.now); err == nil {
		t.Error("the broken row went unnoticed")
	}
	w.state(t, "msg_2", outbox.Accepted)
}

func TestMessagesAreSealedInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	d, err := sqlitedoc.Open(t.Context(), path, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	c := newClock()
	w := &world{driver: d, ring: newRing(t), clock: c, provider: &provider{clock: c}}
	w.store, w.box = w.process(t, d, "prc_1", nil)
	m := text("msg_1")
	m.Body, m.Vars = "Hola Rosalinda", map[string]string{"where": "Tulip Wing"}
	w.put(t, m)
	w.tick(t)
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		found += bytes.Count(data, []byte("msg_1"))
		for _, s := range []string{"5550101", "Rosalinda", "Tulip"} {
			if bytes.Contains(data, []byte(s)) {
				t.Errorf("%s contains %q", filepath.Base(f), s)
			}
		}
	}
	if found == 0 {
		t.Error("the files do not hold the message's id either: searched in the wrong place")
	}
}
