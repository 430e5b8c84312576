package e2e

import (
	"hash/maphash"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/muster-health/muster/ivr/phonesim"
)

// ordeal is a run in which the program is killed while its phone company misbehaves.
type ordeal struct {
	sends, kills int
	pair         bool          // a second process serves the same store, and is killed in its turn
	answer       float64       // seconds the network takes to answer a send
	hang         float64       // seconds of an answer nobody waits for
	least, most  time.Duration // from one start to the kill
	settle       time.Duration // the longest the last process may take to find everything out
	binary       func() (string, error)
}

// Whatever the phone company does and whenever the program dies: in the end each text was given to
// the network once. The leases of this build last seconds; `make kill` runs the real ones.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	if os.Getenv("MUSTER_E2E_BINARY") != "" {
		t.Skip("skipped: needs a build with short leases, and MUSTER_E2E_BINARY names another (make kill runs on any)")
	}
	ordeal{sends: 60, kills: 5, answer: 0.1, hang: 2, least: 300 * time.Millisecond, most: 2 * time.Second, settle: 2 * time.Minute, binary: builtQuick}.run(t)
}

// TestKill is the long form, on the program as it ships: minutes.
func TestKill(t *testing.T) {
	if os.Getenv("MUSTER_E2E_KILL") == "" {
		t.Skip("skipped: set MUSTER_E2E_KILL=1, or make kill")
	}
	alone := ordeal{sends: 2000, kills: 50, answer: 0.3, hang: 11, least: 500 * time.Millisecond, most: 7 * time.Second, settle: 6 * time.Minute, binary: built}
	two := alone
	two.pair = true
	for name, o := range map[string]ordeal{"alone": alone, "two processes": two} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o.run(t)
		})
	}
}

// drawn is what a run draws everything from: MUSTER_E2E_SEED, or another one each time.
func drawn(t *testing.T) uint64 {
	t.Helper()
	s := new(maphash.Hash).Sum64()
	if v := os.Getenv("MUSTER_E2E_SEED"); v != "" {
		var err error
		if s, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatalf("MUSTER_E2E_SEED: %v", err)
		}
	}
	t.Logf("MUSTER_E2E_SEED=%d", s)
	return s
}

func (o ordeal) run(t *testing.T) {
	r := rand.New(rand.NewPCG(drawn(t), 0))
	x := newExchange(t, "", o.binary)
	x.args = append(x.args, "--sends-at-once", "4") // so that there are sends left for every kill
	messages := texts(o.sends)
	x.queue(messages)
	faults := o.faults(r)
	x.misbehave(faults)
	houses := []*house{x.house}
	if o.pair {
		houses = append(houses, x.beside(t))
	}
	began := time.Now()
	for n := range o.kills {
		life := o.least + time.Duration(r.Int64N(int64(o.most-o.least)))
		for _, h := range houses {
			if h.running == nil {
				h.running = h.start("serve")
			}
		}
		h := houses[n%len(houses)]
		if n%5 != 0 { // every fifth dies wherever it is in its start
			within(t, "serve is ready", h.answers)
		}
		select {
		case <-time.After(life):
		case <-h.running.ended:
			t.Fatalf("serve ended by itself: %v\n%s", h.running.err, h.log.tail(5))
		}
		h.running.kill()
		h.running = nil
		x.lateness(n%2 == 0)
	}
	killed := time.Since(began)
	open := x.open()
	x.misbehave(nil)
	if x.running == nil {
		x.serve("serve")
	}
	x.settles(o.settle)
	x.stop()
	outcomes, processes := x.account()
	t.Logf("%d sends, %d kills in %v, %d open then, all settled after %v; %d processes called the network; attempts: %v",
		o.sends, o.kills, killed.Round(time.Second), open, time.Since(began).Round(time.Second), len(processes), outcomes)
	// A run in which nothing went wrong proves nothing.
	if outcomes["ambiguous"] == 0 || outcomes["found"]+outcomes["absent"] == 0 {
		t.Error("no answer was lost, or no kill hit a send: the run was too easy")
	}
}

// faults draws what goes wrong, for each number. A third of the sends meet one or two broken
// answers, before or after the network took the text; some lists cannot be read; callbacks are
// lost, come twice, and late, so that "sent" comes after "delivered". The last fault makes every
// send take a while.
func (o ordeal) faults(r *rand.Rand) (out []phonesim.Fault) {
	broken := []phonesim.FaultKind{phonesim.FaultRESTDropped, phonesim.FaultREST500, phonesim.FaultREST503, phonesim.FaultRESTEmpty, phonesim.FaultRESTMoved}
	const send, list = "POST /Messages.json", "GET /Messages.json"
	add := func(number string, f phonesim.Fault) {
		f.Number, f.Times = number, 1
		out = append(out, f)
	}
	for i := range o.sends {
		number := numbered(i)
		for r.IntN(100) < 30 {
			add(number, phonesim.Fault{Kind: broken[r.IntN(len(broken))], Match: send, Performed: r.IntN(2) == 0})
		}
		switch r.IntN(100) {
		case 0, 1:
			add(number, phonesim.Fault{Kind: phonesim.FaultRESTDelay, Match: send, Performed: r.IntN(2) == 0, Seconds: phonesim.Seconds(o.hang)})
		case 2:
			add(number, phonesim.Fault{Kind: phonesim.FaultREST429, Match: send, Seconds: 1})
		case 3, 4, 5, 6:
			add(number, phonesim.Fault{Kind: broken[r.IntN(len(broken))], Match: list})
		}
		switch r.IntN(10) {
		case 0, 1:
			add(number, phonesim.Fault{Kind: phonesim.FaultStatusDrop})
		case 2:
			add(number, phonesim.Fault{Kind: phonesim.FaultWebhookTwice})
		case 3:
			add(number, phonesim.Fault{Kind: phonesim.FaultWebhookDelay, Seconds: 3})
		}
	}
	return append(out, phonesim.Fault{Kind: phonesim.FaultRESTDelay, Match: send, Seconds: phonesim.Seconds(o.answer)})
}

// misbehave replaces what goes wrong in the network.
func (x *exchange) misbehave(faults []phonesim.Fault) {
	x.t.Helper()
	if faults == nil {
		faults = []phonesim.Fault{}
	}
	x.phone(x.t, office).ask("PUT", "/sim/faults", map[string]any{"faults": faults}, nil)
}

// lateness says of the last fault whether the answer is late or the request.
func (x *exchange) lateness(performed bool) {
	x.t.Helper()
	var now struct{ Faults []phonesim.Fault }
	x.phone(x.t, office).ask("GET", "/sim/faults", nil, &now)
	if len(now.Faults) == 0 {
		x.t.Fatal("the network has no faults left")
	}
	now.Faults[len(now.Faults)-1].Performed = performed
	x.misbehave(now.Faults)
}
