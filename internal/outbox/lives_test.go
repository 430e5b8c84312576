package outbox_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/outbox"
)

func (w *world) report(t testing.TB, id, status, code string) {
	t.Helper()
	for range 2 { // reports come twice
		if err := w.box.Status(t.Context(), id, w.get(t, id).SID, status, code, w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

// A phone that was off is tried once more after some hours, by a message of the same touch; then no more.
func TestWhatDidNotArriveIsTriedAgain(t *testing.T) {
	w := newWorld(t, nil)
	m := text("msg_1")
	m.Touch, m.NotAfter, m.Vars = "tch_1", w.clock.now.Add(9*time.Hour), map[string]string{"sequence": "2"}
	w.put(t, m)
	w.tick(t)
	w.report(t, "msg_1", "undelivered", "30003")
	w.clock.pass(3 * time.Hour)
	w.tick(t)
	if w.provider.calls != 1 {
		t.Fatalf("%d calls within hours, want 1", w.provider.calls)
	}
	w.clock.pass(time.Hour)
	w.tick(t)
	again := w.state(t, "msg_1_r1", outbox.Accepted)
	if again.Touch != m.Touch || again.Body != m.Body || !again.NotAfter.Equal(m.NotAfter) || again.Vars["sequence"] != "2" {
		t.Errorf("the further try is another message: %+v", again)
	}
	w.report(t, "msg_1_r1", "undelivered", "30003")
	w.clock.pass(24 * time.Hour)
	w.tick(t)
	if w.provider.calls != 2 {
		t.Errorf("%d calls, want 2", w.provider.calls)
	}
	if last, err := w.box.Last(t.Context(), "msg_1"); err != nil || last.ID != "msg_1_r1" || last.Next != "" {
		t.Errorf("the last is %s, then %q (%v)", last.ID, last.Next, err)
	}
}

// Whom the gate refuses by then gets no further try; nor does a message whose time would be over,
// that is urgent, or that was taken back.
func TestNoFurtherTry(t *testing.T) {
	stopped := false
	w := newWorld(t, gate(func(context.Context, outbox.Message, time.Time) (outbox.Decision, error) {
		return outbox.Decision{OK: !stopped, Reason: "stopped texts"}, nil
	}))
	refused, late, urgent, call, back := text("msg_refused"), text("msg_late"), text("msg_urgent"), text("msg_call"), text("msg_back")
	late.NotAfter, urgent.Priority, call.Kind = w.clock.now.Add(time.Hour), outbox.Urgent, outbox.Call
	all := []outbox.Message{refused, late, urgent, call, back}
	w.put(t, all...)
	w.tick(t)
	for _, m := range all {
		w.report(t, m.ID, "failed", "30003")
	}
	b := w.store.Batch()
	if err := w.box.Cancel(t.Context(), b, back.ID, "moved"); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	stopped = true
	w.clock.pass(5 * time.Hour)
	w.tick(t)
	w.state(t, "msg_refused_r1", outbox.Cancelled)
	w.state(t, "msg_back_r1", outbox.Cancelled)
	for _, id := range []string{late.ID, urgent.ID, call.ID} {
		if m := w.get(t, id); m.Next != "" {
			t.Errorf("%s is tried again as %s", id, m.Next)
		}
	}
	if w.provider.calls != len(all) {
		t.Errorf("%d calls, want %d", w.provider.calls, len(all))
	}
}

// What met the limit of a day goes at the carrier's midnight, not before; others go on.
func TestDailyLimit(t *testing.T) {
	w := newWorld(t, nil)
	w.provider.fail = outbox.Hold(outbox.Midnight(w.clock.wall).Sub(w.clock.wall), "30023", nil)
	w.put(t, text("msg_1"))
	w.tick(t)
	w.provider.fail = nil
	w.put(t, text("msg_2"))
	w.tick(t)
	w.clock.pass(22 * time.Hour) // 09:00 UTC is 01:00 there
	w.tick(t)
	if d := cmp.Diff([]string{"msg_2"}, w.sentIDs()); d != "" {
		t.Errorf("before midnight:\n%s", d)
	}
	w.clock.pass(time.Hour)
	w.tick(t)
	if d := cmp.Diff([]string{"msg_2", "msg_1"}, w.sentIDs()); d != "" {
		t.Errorf("after midnight:\n%s", d)
	}
}

// Behaviour 11: told to wait three times, one person's messages keep their order, and nobody is asked
// again before the time is over.
func TestThreeTimesTooMany(t *testing.T) {
	w := newWorld(t, nil)
	one, two := text("msg_1"), text("msg_2")
	two.Person = one.Person
	w.put(t, one)
	w.clock.pass(time.Second)
	w.put(t, two)
	w.provider.fates = []fate{busy, busy, busy}
	for i := range 3 {
		w.tick(t)
		w.clock.pass(6 * time.Second)
		w.tick(t)
		if w.provider.calls != i+1 {
			t.Fatalf("%d calls after %d answers of \"wait 7 s\"", w.provider.calls, i+1)
		}
		w.clock.pass(time.Second)
	}
	w.tick(t)
	if d := cmp.Diff([]string{"msg_1", "msg_2"}, w.sentIDs()); d != "" {
		t.Errorf("order:\n%s", d)
	}
}

// An account that is refused stops everything: one message in a while is let through, one task is
// opened, the queue stays, and all goes on when one was taken. Another process and a restart know.
func TestRefusedAccount(t *testing.T) {
	w := newWorld(t, nil)
	call := text("msg_call")
	call.Kind = outbox.Call
	w.put(t, text("msg_1"), text("msg_2"), text("msg_3"), call)
	w.provider.fail = outbox.Stop(outbox.Account, "20003", nil)
	w.tick(t)
	w.tick(t)
	_, other := w.process(t, w.driver, "prc_2", nil)
	deliver := func(b *outbox.Box) {
		t.Helper()
		if _, err := b.Deliver(t.Context(), w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	deliver(other)
	if w.provider.calls != 1 {
		t.Fatalf("%d calls to an account that is refused, want 1", w.provider.calls)
	}
	if halts, err := other.Halts(t.Context()); err != nil || len(halts) != 1 || halts[0].Code != "20003" || halts[0].Says() == "" {
		t.Fatalf("halts %+v, %v", halts, err)
	}
	w.clock.pass(time.Minute)
	w.tick(t)
	deliver(other)
	if w.provider.calls != 2 {
		t.Fatalf("%d calls after a minute, want one more", w.provider.calls)
	}
	w.provider.fail = nil
	w.clock.pass(2 * time.Minute)
	w.tick(t)
	w.tick(t)
	if got := w.sentIDs(); len(got) != 4 {
		t.Errorf("sent %v once the account is accepted, want all", got)
	}
	if halts, err := w.box.Halts(t.Context()); err != nil || len(halts) != 0 {
		t.Errorf("halts %+v, %v", halts, err)
	}
	if d := cmp.Diff([]string{"account 20003"}, w.halted); d != "" {
		t.Errorf("staff hear of it:\n%s", d)
	}
}

// A number that is not registered is told in reports: the carrier takes texts and fails them. Texts
// stop, calls go on; that the next text is taken proves nothing, that it is sent does.
func TestUnregisteredNumber(t *testing.T) {
	w := newWorld(t, nil)
	w.put(t, text("msg_1"))
	w.tick(t)
	w.report(t, "msg_1", "undelivered", "30034")
	call := text("msg_call")
	call.Kind = outbox.Call
	w.put(t, text("msg_2"), text("msg_3"), call)
	w.tick(t)
	if d := cmp.Diff([]string{"msg_1", "msg_call"}, w.sentIDs()); d != "" {
		t.Fatalf("while texts are halted:\n%s", d)
	}
	w.clock.pass(15 * time.Minute)
	w.tick(t)
	w.tick(t)
	sent := w.sentIDs()
	if len(sent) != 3 {
		t.Fatalf("sent %v, want one text let through", sent)
	}
	w.report(t, sent[2], "sent", "")
	w.tick(t)
	if got := w.sentIDs(); len(got) != 5 || !slices.Contains(got, "msg_1_r1") {
		t.Errorf("sent %v once a text has left, want all and the first once more", got)
	}
}

func TestPausesAreSpread(t *testing.T) {
	w := newWorld(t, nil)
	w.put(t, text("msg_1"))
	w.provider.fail = outbox.Retry(0, "20429", nil)
	w.tick(t)
	m := w.get(t, "msg_1")
	if pause := m.Wake.Sub(w.clock.wall); pause < 5*time.Second || pause > 5*time.Second+1250*time.Millisecond {
		t.Errorf("the first pause is %v, want 5 s and at most a quarter more", pause)
	}
}
