package outbox_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
)

func TestStatus(t *testing.T) {
	for _, tc := range []struct {
		name     string
		kind     outbox.Kind
		statuses []string
		want     outbox.State
		heard    int // changes of state
	}{
		{"in order", outbox.SMS, []string{"queued", "sending", "sent", "delivered"}, outbox.Delivered, 2},
		{"out of order", outbox.SMS, []string{"delivered", "sent", "queued"}, outbox.Delivered, 1},
		{"each twice", outbox.SMS, []string{"sent", "sent", "delivered", "delivered"}, outbox.Delivered, 2},
		{"undelivered stays", outbox.SMS, []string{"sent", "undelivered", "delivered"}, outbox.Undelivered, 2},
		{"failed stays", outbox.SMS, []string{"failed", "sent", "delivered"}, outbox.Failed, 1},
		{"an unknown word", outbox.SMS, []string{"partially_delivered"}, outbox.Accepted, 0},
		{"read", outbox.SMS, []string{"read"}, outbox.Delivered, 1},
		{"a call", outbox.Call, []string{"initiated", "ringing", "in-progress", "completed"}, outbox.Delivered, 2},
		{"a busy line", outbox.Call, []string{"ringing", "busy"}, outbox.Undelivered, 1},
		{"nobody there", outbox.Call, []string{"no-answer"}, outbox.Undelivered, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, nil)
			m := text("msg_1")
			m.Kind = tc.kind
			w.put(t, m)
			w.tick(t)
			w.heard = nil
			for i, s := range tc.statuses {
				id := "msg_1"
				if i%2 == 1 {
					id = "" // not every callback carries ours
				}
				if err := w.box.Status(t.Context(), id, "SM001", s, "", w.clock.now); err != nil {
					t.Fatal(err)
				}
			}
			got := w.state(t, "msg_1", tc.want)
			if len(w.heard) != tc.heard {
				t.Errorf("heard %v, want %d changes", w.heard, tc.heard)
			}
			distinct := map[string]bool{}
			for _, s := range tc.statuses {
				distinct[s] = true
			}
			if len(got.Events) != len(distinct) {
				t.Errorf("%d events kept, want %d", len(got.Events), len(distinct))
			}
		})
	}
}

func TestStatusKeepsTheErrorCode(t *testing.T) {
	w := newWorld(t, nil)
	w.put(t, text("msg_1"))
	w.tick(t)
	for _, s := range []string{"undelivered", "sent"} {
		if err := w.box.Status(t.Context(), "msg_1", "SM001", s, map[string]string{"undelivered": "30003"}[s], w.clock.now); err != nil {
			t.Fatal(err)
		}
	}
	if m := w.state(t, "msg_1", outbox.Undelivered); m.Code != "30003" {
		t.Errorf("code %q", m.Code)
	}
}

func TestStatusOfNothingOfOurs(t *testing.T) {
	w := newWorld(t, nil)
	for _, id := range []string{"", "msg_none"} {
		if err := w.box.Status(t.Context(), id, "SM999", "sent", "", w.clock.now); !errors.Is(err, docstore.ErrNotFound) {
			t.Errorf("id %q: %v, want ErrNotFound", id, err)
		}
	}
}

func TestStatusOfAnotherProviderID(t *testing.T) {
	w := newWorld(t, nil)
	w.put(t, text("msg_1"))
	w.tick(t)
	if err := w.box.Status(t.Context(), "msg_1", "SM777", "failed", "30005", w.clock.now); err != nil {
		t.Fatal(err)
	}
	if m := w.state(t, "msg_1", outbox.Accepted); m.SID != "SM001" || len(m.Events) != 1 {
		t.Errorf("sid %s, events %v", m.SID, m.Events)
	}
}

func TestStatusEventsAreBounded(t *testing.T) {
	w := newWorld(t, nil)
	w.put(t, text("msg_1"))
	w.tick(t)
	for i := range 50 {
		if err := w.box.Status(t.Context(), "msg_1", "SM001", fmt.Sprint("odd", i), "", w.clock.now); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.box.Status(t.Context(), "msg_1", "SM001", "delivered", "", w.clock.now); err != nil {
		t.Fatal(err)
	}
	if m := w.state(t, "msg_1", outbox.Delivered); len(m.Events) != 20 {
		t.Errorf("%d events", len(m.Events))
	}
}

// A callback with our id says that a send arrived, whatever became of its answer.
func TestStatusSettles(t *testing.T) {
	report := func(t *testing.T, w *world, h held) {
		t.Helper()
		if err := w.box.Status(t.Context(), h.id, h.sid, "delivered", "", w.clock.Now()); err != nil {
			t.Error(err)
		}
	}
	t.Run("before the provider's answer", func(t *testing.T) {
		w := newWorld(t, nil)
		w.provider.after = func(h held) { report(t, w, h) }
		w.put(t, text("msg_1"))
		w.tick(t)
		w.state(t, "msg_1", outbox.Delivered)
		if diff := cmp.Diff([]string{"msg_1 delivered"}, w.heard); diff != "" {
			t.Errorf("heard (-want +got):\n%s", diff)
		}
	})
	t.Run("after the answer was lost", func(t *testing.T) {
		w := newWorld(t, nil)
		w.provider.fates = []fate{takenUnheard}
		w.put(t, text("msg_1"))
		w.tick(t)
		report(t, w, w.provider.has[0])
		w.clock.pass(time.Hour)
		w.tick(t)
		w.state(t, "msg_1", outbox.Delivered)
	})
	t.Run("after it was given up as absent", func(t *testing.T) {
		w := newWorld(t, nil)
		w.provider.lag = 24 * time.Hour // it lists it far too late
		w.provider.fates = []fate{takenUnheard}
		m := text("msg_1")
		w.put(t, m)
		w.tick(t)
		w.clock.pass(61 * time.Second)
		w.tick(t)
		report(t, w, w.provider.has[0])
		w.clock.pass(61 * time.Second)
		w.tick(t)
		w.state(t, "msg_1", outbox.Delivered)
		if w.provider.calls != 1 {
			t.Errorf("%d calls", w.provider.calls)
		}
	})
	// The answer is about a call the provider has reported on already: the report stands.
	for _, answer := range []fate{takenUnheard, takenNoID} {
		t.Run(fmt.Sprint("before an answer of kind ", answer), func(t *testing.T) {
			w := newWorld(t, nil)
			w.provider.fates = []fate{answer}
			w.provider.after = func(h held) { report(t, w, h) }
			w.put(t, text("msg_1"))
			w.tick(t)
			w.clock.pass(time.Hour)
			w.tick(t)
			w.state(t, "msg_1", outbox.Delivered)
			if w.provider.calls != 1 {
				t.Errorf("%d calls", w.provider.calls)
			}
		})
	}
}

// Of two messages alike, one was lost and reconciliation counted the other's as its own. A report
// on that one then belongs to where it is counted; the other is sent in its place.
func TestStatusFollowsTheCount(t *testing.T) {
	w := newWorld(t, nil)
	w.provider.fates = []fate{lostBefore, takenUnheard}
	for _, id := range []string{"msg_1", "msg_2"} {
		m := text(id)
		m.Body = "the same words"
		w.put(t, m)
	}
	w.tick(t)
	w.clock.pass(61 * time.Second)
	w.tick(t)
	one := w.state(t, "msg_1", outbox.Accepted)
	if one.SID != "SM001" {
		t.Fatalf("msg_1 was counted as %q", one.SID)
	}
	if err := w.box.Status(t.Context(), "msg_2", "SM001", "delivered", "", w.clock.now); err != nil {
		t.Fatal(err)
	}
	w.state(t, "msg_1", outbox.Delivered)
	w.state(t, "msg_2", outbox.Unknown)
	w.clock.pass(61 * time.Second)
	w.tick(t)
	w.state(t, "msg_2", outbox.Accepted)
	if len(w.provider.has) != 2 {
		t.Errorf("the provider has %d messages, want 2", len(w.provider.has))
	}
}
