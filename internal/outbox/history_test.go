package outbox_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
)

// words are what a provider reports, and how far along each says the message is: 1 taken, 2 on its
// way, 3 over. What nobody has heard of says that it was taken, and no more.
var words = map[string]struct {
	far   int
	final outbox.State
}{
	"queued": {far: 1}, "accepted": {far: 1}, "scheduled": {far: 1}, "sending": {far: 1}, "initiated": {far: 1}, "ringing": {far: 1},
	"partially_delivered": {far: 1}, "whatever comes next year": {far: 1},
	"sent": {far: 2}, "in-progress": {far: 2}, "answered": {far: 2},
	"delivered": {3, outbox.Delivered}, "read": {3, outbox.Delivered}, "completed": {3, outbox.Delivered},
	"undelivered": {3, outbox.Undelivered}, "busy": {3, outbox.Undelivered}, "no-answer": {3, outbox.Undelivered},
	"failed": {3, outbox.Failed}, "canceled": {3, outbox.Failed},
}

// report is one callback.
type report struct {
	ours              bool // the URL carries our id
	sid, status, code string
}

func drawReports(t *rapid.T, sid string, ours bool) []report {
	all := make([]string, 0, len(words))
	for w := range words {
		all = append(all, w)
	}
	slices.Sort(all)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) report {
		r := report{ours: ours || rapid.Bool().Draw(t, "ours"), sid: sid, status: rapid.SampledFrom(all).Draw(t, "status")}
		if words[r.status].far == 3 && words[r.status].final != outbox.Delivered {
			r.code = rapid.SampledFrom([]string{"", "30005", "30007"}).Draw(t, "code")
		}
		return r
	}), 1, 12).Draw(t, "reports")
}

// TestHistories: whatever is reported, in whatever order, how often and how late, before the answer
// of the send or after it was lost: a state only goes forward, a final one stays with its code, each
// change is heard once, and nothing is sent again.
func TestHistories(t *testing.T) {
	ring := newRing(t)
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		c := newClock()
		w := &world{driver: memory(rt), ring: ring, clock: c, provider: &provider{clock: c}}
		w.store, w.box = w.process(rt, w.driver, "prc_1", nil)
		m := text("msg_1")
		m.Kind = rapid.SampledFrom([]outbox.Kind{outbox.SMS, outbox.Call}).Draw(rt, "kind")
		if err := w.store.Do(ctx, func(b *docstore.Batch) error { w.box.Put(b, m); return nil }); err != nil {
			rt.Fatal(err)
		}
		get := func() outbox.Message {
			v, err := w.box.Get(ctx, "msg_1")
			if err != nil {
				panic(err)
			}
			return v
		}
		var seen []report
		at, changes := 0, 0
		state, code := outbox.Due, ""
		var wrong []string // found inside a send, where a test cannot stop
		tell := func(r report) {
			id := ""
			if r.ours {
				id = "msg_1"
			}
			before := get()
			if err := w.box.Status(ctx, id, r.sid, r.status, r.code, c.Now()); err != nil {
				wrong = append(wrong, fmt.Sprintf("%+v: %v", r, err))
			}
			after := get()
			word := words[r.status]
			switch {
			case before.SID != "" && r.sid != before.SID: // kept, and counts for nothing
				word.far = 0
			case slices.ContainsFunc(seen, func(s report) bool { return s.status == r.status && s.code == r.code && s.sid == r.sid }):
				if diff := cmp.Diff(before, after); diff != "" {
					wrong = append(wrong, "a repeated report changed the row:\n"+diff)
				}
			}
			seen = append(seen, r)
			if word.far > at {
				at, code, changes = word.far, r.code, changes+1
				state = map[int]outbox.State{1: outbox.Accepted, 2: outbox.Sent, 3: word.final}[at]
			}
			if after.State != state || after.Code != code {
				wrong = append(wrong, fmt.Sprintf("after %+v it is %s (%q), want %s (%q)", r, after.State, after.Code, state, code))
			}
		}
		// Some reports come before the answer, in the middle of the send.
		answer := rapid.SampledFrom([]fate{taken, takenUnheard, takenNoID}).Draw(rt, "answer")
		early := drawReports(rt, "SM001", true)
		if rapid.Bool().Draw(rt, "none early") {
			early = nil
		}
		w.provider.fates = []fate{answer}
		w.provider.after = func(held) {
			state = outbox.Sending
			for _, r := range early {
				tell(r)
			}
		}
		deliver := func() {
			if _, err := w.box.Deliver(ctx, c.Now()); err != nil {
				rt.Fatal(err)
			}
			if len(wrong) > 0 {
				rt.Fatal(strings.Join(wrong, "\n"))
			}
		}
		deliver()
		if answer == taken && at == 0 {
			at, state, changes = 1, outbox.Accepted, changes+1
		} else if at == 0 {
			state, changes = outbox.Unknown, changes+1
		}
		if got := get(); got.State != state {
			rt.Fatalf("after a send with answer %d and %d reports it is %s, want %s", answer, len(early), got.State, state)
		}
		late := drawReports(rt, "SM001", at == 0 && answer != taken)
		for i, r := range late {
			if rapid.IntRange(0, 9).Draw(rt, "foreign") == 0 && i > 0 {
				r.ours, r.sid = true, fmt.Sprint("SM9", i)
			}
			tell(r)
			c.pass(time.Duration(rapid.IntRange(0, 90).Draw(rt, "seconds")) * time.Second)
			deliver()
		}
		// Everything once more, in another order, a day later.
		c.pass(24 * time.Hour)
		for _, r := range rapid.Permutation(slices.Clone(seen)).Draw(rt, "again") {
			tell(r)
		}
		deliver()
		if w.provider.calls != 1 {
			rt.Errorf("%d calls to the provider, want 1", w.provider.calls)
		}
		if len(w.heard) != changes {
			rt.Errorf("heard %v, want %d changes", w.heard, changes)
		}
	})
}

// Of reports with one ending among them, the ending counts, in every order and however often.
func TestOneEndingCountsInEveryOrder(t *testing.T) {
	ring := newRing(t)
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		c := newClock()
		w := &world{driver: memory(rt), ring: ring, clock: c, provider: &provider{clock: c}}
		w.store, w.box = w.process(rt, w.driver, "prc_1", nil)
		if err := w.store.Do(ctx, func(b *docstore.Batch) error { w.box.Put(b, text("msg_1")); return nil }); err != nil {
			rt.Fatal(err)
		}
		if _, err := w.box.Deliver(ctx, c.Now()); err != nil {
			rt.Fatal(err)
		}
		ending := rapid.SampledFrom([]string{"delivered", "undelivered", "failed"}).Draw(rt, "ending")
		history := []string{"queued", "sending", "sent", ending}
		history = append(history, rapid.SliceOfN(rapid.SampledFrom(history), 0, 6).Draw(rt, "repeats")...)
		for _, status := range rapid.Permutation(history).Draw(rt, "order") {
			if err := w.box.Status(ctx, "msg_1", "SM001", status, map[bool]string{true: "30005"}[status == "failed"], c.Now()); err != nil {
				rt.Fatal(err)
			}
		}
		m, err := w.box.Get(ctx, "msg_1")
		if err != nil {
			rt.Fatal(err)
		}
		if m.State != words[ending].final || (m.Code == "30005") != (ending == "failed") || len(m.Events) != 4 {
			rt.Errorf("it is %s (%q) after %d different reports, want %s", m.State, m.Code, len(m.Events), ending)
		}
	})
}
