package contacts

import (
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

func TestTouches(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	p := b.join(t, dana()).Person
	add := func(touch Touch) Touch {
		t.Helper()
		err := b.store.Do(ctx, func(batch *docstore.Batch) error {
			b.AddTouch(batch, &touch)
			b.record(batch, maria, "touch.add", touch.Person, "")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(time.Minute)
		return touch
	}
	out := add(Touch{Person: p.PersonID(), Out: true, Channel: SMS, Purpose: Recruitment, Kind: "message", Body: "hello", Outcome: "queued", Message: "msg_1"})
	in := add(Touch{Person: p.PersonID(), Channel: SMS, Kind: "message", Body: "who is this?", SID: "SM1", Point: p.Points[0].Hash})
	lost := add(Touch{Channel: SMS, Kind: "message", Body: "hello?", SID: "SM2", Point: "hash of a stranger"})

	outs, err := b.LastOuts(ctx)
	if last, _ := b.LastOut(ctx, p.PersonID()); err != nil || len(outs) != 1 || !outs[p.PersonID()].Equal(out.At) || !last.Equal(out.At) {
		t.Errorf("last word to everybody: %v, to one: %v, %v", outs, last, err)
	}

	line, err := b.Timeline(ctx, p.PersonID(), 10, time.Time{})
	if err != nil || len(line) != 2 || line[0].ID != in.ID || line[1].Body != "hello" {
		t.Errorf("timeline: %+v, %v", line, err)
	}
	if line, _ = b.Timeline(ctx, p.PersonID(), 10, in.At); len(line) != 1 || line[0].ID != out.ID {
		t.Errorf("before: %+v", line)
	}
	unread, err := b.Unread(ctx, 10)
	if n, _ := b.CountUnread(ctx); err != nil || len(unread) != 2 || n != 2 || unread[0].ID != lost.ID || unread[0].Body != "hello?" {
		t.Errorf("unread: %+v, %v", unread, err)
	}
	if err := b.MarkRead(ctx, maria, in.ID); err != nil {
		t.Fatal(err)
	}
	if unread, _ = b.Unread(ctx, 10); len(unread) != 1 {
		t.Errorf("%d left", len(unread))
	}
	if at, _ := b.AtPoint(ctx, "hash of a stranger", 5, noon); len(at) != 1 {
		t.Errorf("at the number: %+v", at)
	}
	// Staff place the message; its words move to the person's own key.
	if _, err := b.UpdateTouch(ctx, maria, lost.ID, func(t *Touch, _ *docstore.Batch) error { t.Person = p.PersonID(); return nil }); err != nil {
		t.Fatal(err)
	}
	if line, _ = b.Timeline(ctx, p.PersonID(), 1, time.Time{}); len(line) != 1 || line[0].Body != "hello?" {
		t.Errorf("placed: %+v", line)
	}
	ask, err := b.Ask(ctx, p, Ask{Purpose: Recruitment, Channel: SMS})
	if err != nil || len(ask.Recent) != 3 || !ask.Now.Equal(b.clock.Now()) {
		t.Errorf("ask: %+v, %v", ask, err)
	}
}
