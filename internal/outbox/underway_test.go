package outbox_test

import (
	"testing"
	"time"

	"github.com/muster-health/muster/internal/outbox"
)

func TestUnderway(t *testing.T) {
	look := func(t *testing.T, w *world, want outbox.Underway) {
		t.Helper()
		got, err := w.box.Underway(t.Context(), w.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("underway %+v, want %+v", got, want)
		}
	}
	t.Run("a text", func(t *testing.T) {
		w := newWorld(t, nil)
		later := text("msg_2")
		later.Due = w.clock.Now().Add(time.Hour)
		w.put(t, text("msg_1"), later)
		look(t, w, outbox.Underway{Sending: 1})
		w.provider.called = func(outbox.Message) { look(t, w, outbox.Underway{Sending: 1}) }
		w.tick(t)
		look(t, w, outbox.Underway{}) // the carrier has it
	})
	t.Run("a call", func(t *testing.T) {
		w := newWorld(t, nil)
		call := text("msg_1")
		call.Kind = outbox.Call
		w.put(t, call)
		w.tick(t)
		for _, step := range []struct {
			status string
			want   outbox.Underway
		}{{"initiated", outbox.Underway{Ringing: 1}}, {"ringing", outbox.Underway{Ringing: 1}}, {"in-progress", outbox.Underway{Talking: 1}}, {"completed", outbox.Underway{}}} {
			if err := w.box.Status(t.Context(), "msg_1", "SM001", step.status, "", w.clock.Wall()); err != nil {
				t.Fatal(err)
			}
			look(t, w, step.want)
		}
	})
	t.Run("a call nobody reported the end of", func(t *testing.T) {
		w := newWorld(t, nil)
		call := text("msg_1")
		call.Kind = outbox.Call
		w.put(t, call)
		w.tick(t)
		look(t, w, outbox.Underway{Ringing: 1})
		w.clock.pass(31 * time.Minute)
		look(t, w, outbox.Underway{})
	})
}
