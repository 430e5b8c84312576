package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/seal"
)

func openKeys(t testing.TB, store *docstore.Store, ring *seal.Ring) *seal.Keys {
	t.Helper()
	keys, err := seal.OpenKeys(t.Context(), store, ring)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestUnknownIsSettledByAsking(t *testing.T) {
	for _, tc := range []struct {
		name     string
		fate     fate
		outcomes []string // of the attempts
		after    time.Duration
	}{
		{"it has the message", takenUnheard, []string{"ambiguous"}, time.Minute},
		{"it answered without an id", takenNoID, []string{"ambiguous"}, time.Minute},
		{"it never heard of it", lostBefore, []string{"ambiguous", "accepted"}, 2 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.provider.fates = []fate{tc.fate}
			w.put(t, text("msg_1"))
			w.tick(t)
			w.state(t, "msg_1", outbox.Unknown)
			for passed := time.Duration(0); passed < tc.after-time.Second; passed += 20 * time.Second {
				w.tick(t)
				w.state(t, "msg_1", outbox.Unknown) // too early to say
				w.clock.pass(20 * time.Second)
			}
			w.tick(t)
			m := w.state(t, "msg_1", outbox.Accepted)
			var outcomes []string
			for _, a := range m.Attempts {
				outcomes = append(outcomes, a.Outcome)
			}
			if diff := cmp.Diff(tc.outcomes, outcomes); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if n := w.provider.count("msg_1"); n != 1 {
				t.Errorf("the provider has it %d times", n)
			}
		})
	}
}

// Where the provider cannot be listed, nothing is sent twice: staff are asked, once.
func TestUnlistableGoesToStaff(t *testing.T) {
	w := newWorld(t, nil)
	w.provider.fates = []fate{takenUnheard}
	m := text("msg_1")
	m.Kind = outbox.Email
	w.put(t, m)
	for range 20 {
		w.tick(t)
		w.clock.pass(time.Hour)
	}
	w.state(t, "msg_1", outbox.Unknown)
	if diff := cmp.Diff([]string{"msg_1"}, w.stuck); diff != "" || w.provider.calls != 1 {
		t.Errorf("%d calls; stuck (-want +got):\n%s", w.provider.calls, diff)
	}
	if err := w.store.Do(t.Context(), func(b *docstore.Batch) error { return w.box.Cancel(t.Context(), b, "msg_1", "she has it") }); err != nil {
		t.Fatal(err)
	}
	w.state(t, "msg_1", outbox.Cancelled)
}

// A provider that cannot be listed just now is asked again, ever less often; after ten failures
// staff hear of it, and a later answer still settles the row.
func TestListingFails(t *testing.T) {
	w := newWorld(t, nil)
	w.provider.fates, w.provider.blind = []fate{takenUnheard}, errors.New("503")
	w.put(t, text("msg_1"))
	for range 12 {
		w.tick(t)
		w.clock.pass(70 * time.Minute)
	}
	w.state(t, "msg_1", outbox.Unknown)
	if len(w.stuck) != 1 || w.provider.calls != 1 {
		t.Errorf("%d calls, stuck %v", w.provider.calls, w.stuck)
	}
	w.provider.blind = nil
	w.tick(t)
	w.state(t, "msg_1", outbox.Accepted)
}

// Two messages alike: what the provider has is counted against our rows.
func TestTwins(t *testing.T) {
	twin := func(id string) outbox.Message {
		m := text(id)
		m.Body = "the same words"
		return m
	}
	t.Run("one arrived, one did not", func(t *testing.T) {
		w := newWorld(t, nil)
		w.provider.fates = []fate{lostBefore, takenUnheard}
		w.put(t, twin("msg_1"), twin("msg_2"))
		for range 5 {
			w.tick(t)
			w.clock.pass(61 * time.Second)
		}
		one, two := w.state(t, "msg_1", outbox.Accepted), w.state(t, "msg_2", outbox.Accepted)
		if one.SID == two.SID || len(w.provider.has) != 2 {
			t.Errorf("ids %s and %s, the provider has %d", one.SID, two.SID, len(w.provider.has))
		}
	})
	t.Run("the other is being sent this moment", func(t *testing.T) {
		w := newWorld(t, nil)
		w.provider.lag = 0
		w.provider.fates = []fate{lostBefore}
		w.put(t, twin("msg_1"))
		w.tick(t)
		w.clock.pass(59 * time.Second) // not yet to be settled by this process
		w.put(t, twin("msg_2"))
		// Another process looks after msg_1 while this one has given msg_2 away and not yet heard.
		_, other := w.process(t, w.driver, "prc_2", nil)
		w.provider.after = func(h held) {
			w.provider.after = nil
			w.clock.pass(2 * time.Second) // now msg_1 may be looked after
			w.provider.mu.Unlock()
			defer w.provider.mu.Lock()
			if _, err := other.Deliver(t.Context(), w.clock.Now().Add(-time.Hour)); err != nil {
				t.Error(err)
			}
			w.state(t, "msg_1", outbox.Unknown) // not taken for msg_2's
		}
		w.tick(t)
		for range 4 {
			w.clock.pass(61 * time.Second)
			w.tick(t)
		}
		one, two := w.state(t, "msg_1", outbox.Accepted), w.state(t, "msg_2", outbox.Accepted)
		if one.SID == two.SID || len(w.provider.has) != 2 {
			t.Errorf("ids %s and %s, the provider has %d", one.SID, two.SID, len(w.provider.has))
		}
	})
}

// Looks run side by side, those of messages alike one after the other; each finds its own.
func TestManyAreSettledAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	keys := openKeys(t, w.store, w.ring)
	box, err := outbox.Open(t.Context(), w.store, w.clock, keys, gate(nil), outbox.Options{
		Senders: map[outbox.Kind]outbox.Sender{outbox.SMS: w.provider}, Finders: map[outbox.Kind]outbox.Finder{outbox.SMS: w.provider}, Parallel: 4, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	w.provider.lag = 0
	const n = 40
	for i := range n {
		m := text(fmt.Sprintf("msg_%02d", i))
		m.Body = fmt.Sprint("text ", i/2)
		w.put(t, m)
		w.provider.fates = append(w.provider.fates, []fate{takenUnheard, lostBefore, takenNoID, takenUnheard}[i%4])
	}
	for range 4 {
		for {
			moved, err := box.Deliver(t.Context(), w.clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			if moved == 0 {
				break
			}
		}
		w.clock.pass(61 * time.Second)
	}
	owners, given := map[string]string{}, map[string]int{}
	for i := range n {
		m := w.state(t, fmt.Sprintf("msg_%02d", i), outbox.Accepted)
		if other := owners[m.SID]; other != "" {
			t.Errorf("%s and %s both count %s as theirs", m.ID, other, m.SID)
		}
		owners[m.SID] = m.ID
	}
	for _, h := range w.provider.has {
		given[h.body]++
	}
	for body, times := range given {
		if times != 2 {
			t.Errorf("%q was sent %d times, want 2", body, times)
		}
	}
}

// mortal is the database as one process sees it until it is killed.
type mortal struct {
	docstore.Driver
	left   int  // writes until death; below zero: immortal
	landed bool // the last write still lands
	dead   bool
}

var errDead = errors.New("killed")

func (m *mortal) Get(ctx context.Context, c, id string) (bson.Raw, error) {
	if m.dead {
		return nil, errDead
	}
	return m.Driver.Get(ctx, c, id)
}

func (m *mortal) Write(ctx context.Context, ops []docstore.Op) error {
	if m.dead {
		return errDead
	}
	if m.left == 0 {
		m.dead = true
		if m.landed {
			if err := m.Driver.Write(ctx, ops); err != nil {
				return err
			}
		}
		return errDead
	}
	m.left--
	return m.Driver.Write(ctx, ops)
}

// TestNeverLostNeverDoubled: whatever dies or gets lost between any two steps, in the end each
// message was given to the provider once, or was refused by it.
func TestNeverLostNeverDoubled(t *testing.T) {
	ring := newRing(t)
	rapid.Check(t, func(rt *rapid.T) {
		c := newClock()
		w := &world{driver: memory(rt), ring: ring, clock: c, provider: &provider{clock: c, lag: time.Duration(rapid.IntRange(0, 45).Draw(rt, "lag")) * time.Second}}
		p := w.provider
		w.store, w.box = w.process(rt, w.driver, "prc_put", nil)
		n := rapid.IntRange(1, 4).Draw(rt, "messages")
		b := w.store.Batch()
		var ids []string
		for i := range n {
			m := text(fmt.Sprint("msg_", i))
			if rapid.Bool().Draw(rt, "twin") {
				m.Body = "the same words"
			}
			ids = append(ids, m.ID)
			w.box.Put(b, m)
		}
		if err := w.store.Commit(context.Background(), b); err != nil {
			rt.Fatal(err)
		}
		for life := range rapid.IntRange(0, 6).Draw(rt, "lives") {
			d := &mortal{Driver: w.driver, left: rapid.IntRange(-1, 6).Draw(rt, "writes"), landed: rapid.Bool().Draw(rt, "landed")}
			_, box := w.process(rt, d, fmt.Sprint("prc_", life), nil)
			p.fates = rapid.SliceOfN(rapid.SampledFrom([]fate{taken, takenUnheard, lostBefore, takenNoID, refusedFate, busy}), 0, 4).Draw(rt, "fates")
			killedIn := rapid.SampledFrom([]string{"", "before the call", "after the call"}).Draw(rt, "killed")
			p.called, p.after = nil, nil
			switch killedIn {
			case "before the call":
				p.called = func(outbox.Message) { d.dead = true; p.fates = append([]fate{lostBefore}, p.fates...) }
			case "after the call":
				p.after = func(held) { d.dead = true }
			}
			for range rapid.IntRange(1, 3).Draw(rt, "ticks") {
				box.Deliver(context.Background(), c.Now()) // errors are the point
				c.pass(time.Duration(rapid.IntRange(0, 70).Draw(rt, "seconds")) * time.Second)
				if len(p.has) > 0 && rapid.Bool().Draw(rt, "callback") {
					h := rapid.SampledFrom(p.has).Draw(rt, "of")
					status := rapid.SampledFrom([]string{"queued", "sent", "delivered", "read", "whatever"}).Draw(rt, "status")
					if err := w.box.Status(context.Background(), h.id, h.sid, status, "", c.Now()); err != nil {
						rt.Fatal(err)
					}
				}
			}
		}
		p.fates, p.called, p.after = nil, nil, nil
		for range 12 {
			if _, err := w.box.Deliver(context.Background(), c.Now()); err != nil {
				rt.Fatal(err)
			}
			c.pass(61 * time.Second)
		}
		given, wanted := map[string]int{}, map[string]int{}
		owners := map[string]string{}
		for _, h := range p.has {
			given[h.body]++
		}
		for _, id := range ids {
			m, err := w.box.Get(context.Background(), id)
			if err != nil {
				rt.Fatal(err)
			}
			switch m.State {
			case outbox.Accepted, outbox.Sent, outbox.Delivered:
				wanted[m.Body]++
				if m.SID == "" || owners[m.SID] != "" {
					rt.Errorf("%s and %s both count %q as theirs", id, owners[m.SID], m.SID)
				}
				owners[m.SID] = id
			case outbox.Refused:
			default:
				rt.Errorf("%s ended %s: %+v", id, m.State, m)
			}
		}
		if diff := cmp.Diff(wanted, given); diff != "" {
			rt.Errorf("messages by their words (-rows that were sent +what the provider has):\n%s", diff)
		}
	})
}
