package outbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
)

// Behaviour 20: five texts of three parts from a number that takes one part a second begin three
// seconds apart; a reply that comes meanwhile goes before what waits, and calls do not wait for texts.
func TestPace(t *testing.T) {
	w := newWorld(t, nil)
	w.paces = map[outbox.Kind]outbox.Pace{outbox.SMS: {PerSecond: 1, Units: func(m outbox.Message) int { return i18n.Segments(m.Body) }}}
	w.store, w.box = w.process(t, w.driver, "prc_1", nil)
	for i := range 5 {
		m := text(fmt.Sprint("msg_", i+1))
		m.Body, m.Priority = strings.Repeat("a", 400), outbox.Bulk
		w.put(t, m)
		w.clock.pass(time.Millisecond)
	}
	call := text("msg_call")
	call.Kind = outbox.Call
	w.put(t, call)
	began := w.clock.wall
	for range 40 {
		if w.clock.wall.Sub(began) == 4*time.Second {
			reply := text("msg_reply")
			reply.Priority = outbox.Urgent
			w.put(t, reply)
		}
		for range 3 { // as often as there is something to move
			w.tick(t)
		}
		w.clock.pass(500 * time.Millisecond)
	}
	want := []string{"msg_call 0s", "msg_1 0s", "msg_2 3s", "msg_reply 6s", "msg_3 7s", "msg_4 10s", "msg_5 13s"}
	var got []string
	for _, h := range w.provider.has {
		got = append(got, h.id+" "+h.at.Sub(began).String())
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("what went when:\n%s", d)
	}
}
