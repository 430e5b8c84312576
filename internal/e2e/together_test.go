package e2e

import (
	"testing"
	"time"

	"github.com/muster-health/muster/ivr/phonesim"
)

// beside is one more process on the store of a house, with addresses of its own.
func (h *house) beside(t *testing.T) *house {
	t.Helper()
	other := &house{t: t, dir: h.dir, store: h.store, args: h.args, binary: h.binary, sim: h.sim, level: h.level}
	other.site, other.control, other.scrapes = freeAddress(t), freeAddress(t), freeAddress(t)
	t.Cleanup(func() {
		other.stop()
		if t.Failed() {
			t.Logf("the last of the other's log:\n%s", other.log.tail(12))
		}
	})
	return other
}

// Two processes on one store share what there is to send, and send nothing twice.
func TestTwoProcessesShareTheWork(t *testing.T) {
	for name, store := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newExchange(t, store.open(t), built)
			x.misbehave([]phonesim.Fault{{Kind: phonesim.FaultRESTDelay, Match: "POST /Messages.json", Seconds: 0.1}})
			other := x.beside(t)
			x.serve("serve")
			other.serve("serve")
			x.queue(texts(store.sends))
			x.settles(2 * time.Minute)
			x.stop()
			other.stop()
			outcomes, processes := x.account()
			t.Logf("attempts: %v, by process: %v", outcomes, processes)
			if len(processes) != 2 {
				t.Errorf("%d processes sent, want 2", len(processes))
			}
			for p, n := range processes {
				if n*10 <= len(x.sent) {
					t.Errorf("%s sent %d of %d: no fair share", p, n, len(x.sent))
				}
			}
		})
	}
}
