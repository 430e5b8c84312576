package e2e

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/ivr/phonesim"
)

// figures are measured by `make bench`, and are no tests: what a figure is depends on the machine.
func figures(t *testing.T) {
	t.Helper()
	if os.Getenv("MUSTER_E2E_FIGURES") == "" {
		t.Skip("skipped: measures; set MUSTER_E2E_FIGURES=1, or make bench")
	}
}

func median[T int | float64 | time.Duration](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}

// batchOf are n texts of their own, due in a moment, when all of them are in the outbox.
func batchOf(name string, n int) []outbox.Message {
	due := time.Now().Add(4 * time.Second)
	ms := texts(n)
	for i := range ms {
		ms[i].Due, ms[i].Meta = due, docstore.Meta{ID: outbox.ID("figures", name, ms[i].ID)}
		ms[i].Body += " " + name
	}
	return ms
}

// rate waits until messages are sent and says how many a second were, and how many by each process.
func (x *exchange) rate(ms []outbox.Message) (perSecond float64, processes map[string]int) {
	x.t.Helper()
	x.settles(2 * time.Minute)
	var first, last time.Time
	processes = map[string]int{}
	for _, m := range ms {
		row, err := x.box.Get(context.Background(), m.ID)
		if err != nil {
			x.t.Fatal(err)
		}
		a := row.Attempts[len(row.Attempts)-1]
		processes[a.Process]++
		if first.IsZero() || a.Started.Before(first) {
			first = a.Started
		}
		if a.Ended.After(last) {
			last = a.Ended
		}
	}
	return float64(len(ms)) / last.Sub(first).Seconds(), processes
}

// How fast sends go with one and with two processes on one SQLite file, in turns, and how the two
// share them. The network on the same machine answers after 20 ms.
func TestFiguresOfSends(t *testing.T) {
	figures(t)
	x := newExchange(t, "", built)
	x.misbehave([]phonesim.Fault{{Kind: phonesim.FaultRESTDelay, Match: "POST /Messages.json", Seconds: 0.02}})
	const n, rounds = 400, 3
	var alone, both []float64
	var least []int
	for round := range rounds {
		x.serve("serve")
		ms := batchOf("one"+string(rune('a'+round)), n)
		x.queue(ms)
		r, _ := x.rate(ms)
		alone = append(alone, r)

		other := x.beside(t)
		other.serve("serve")
		ms = batchOf("two"+string(rune('a'+round)), n)
		x.queue(ms)
		r, shares := x.rate(ms)
		both = append(both, r)
		share := n
		for _, k := range shares {
			share = min(share, k)
		}
		if len(shares) < 2 {
			share = 0
		}
		least = append(least, share)
		x.stop()
		other.stop()
	}
	x.account()
	t.Logf("figure: sends/s, one process %.0f, two processes %.0f; the lesser share of two %d%% (medians of %d runs of %d, in turns)",
		median(alone), median(both), median(least)*100/n, rounds, n)
}

// How long after a commit in one process another one acts on it: a text put by this process, sent
// by the server.
func TestFiguresOfDelay(t *testing.T) {
	figures(t)
	x := newExchange(t, "", built)
	x.serve("serve")
	var took []time.Duration
	for _, m := range texts(100) {
		x.queue([]outbox.Message{m})
		committed := time.Now()
		x.settles(time.Minute)
		row, err := x.box.Get(context.Background(), m.ID)
		if err != nil {
			t.Fatal(err)
		}
		took = append(took, max(row.Attempts[0].Started.Sub(committed), 0))
		time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond)
	}
	x.stop()
	slices.Sort(took)
	t.Logf("figure: from a commit in one process to the send by another, which looks every half second: p50 %v, p99 %v", took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond))
}

// How long the program takes to be ready after it was killed, and when what it was sending then is
// settled: one text the network has, one it never got.
func TestFiguresOfRecovery(t *testing.T) {
	figures(t)
	x := newExchange(t, "", built)
	ready := func() time.Duration {
		began := time.Now()
		x.serve("serve")
		return time.Since(began)
	}
	ready()
	x.queue(texts(500))
	var took []time.Duration
	for range 7 {
		time.Sleep(500 * time.Millisecond)
		x.running.kill()
		took = append(took, ready())
	}
	x.settles(5 * time.Minute)
	both := batchOf("late", 2)
	x.misbehave([]phonesim.Fault{
		{Kind: phonesim.FaultRESTDelay, Match: "POST /Messages.json", Number: both[0].To, Seconds: 60, Performed: true, Times: 1},
		{Kind: phonesim.FaultRESTDelay, Match: "POST /Messages.json", Number: both[1].To, Seconds: 60, Times: 1},
	})
	x.queue(both)
	state := func(i int) outbox.Message {
		row, err := x.box.Get(context.Background(), both[i].ID)
		if err != nil {
			t.Fatal(err)
		}
		return row
	}
	within(t, "both are being sent", func() bool {
		return state(0).State == outbox.Sending && state(1).State == outbox.Sending
	})
	time.Sleep(time.Second) // the requests are with the network
	x.running.kill()
	if err := x.phones.stop(); err != nil { // and the second is lost there
		t.Fatal(err)
	}
	x.phones = x.start("phonesim", "--state", x.state)
	began := time.Now()
	x.serve("serve")
	var settled [2]time.Duration
	for settled[0] == 0 || settled[1] == 0 {
		time.Sleep(100 * time.Millisecond)
		for i := range settled {
			if s := state(i).State; settled[i] == 0 && s != outbox.Sending && s != outbox.Unknown && s != outbox.Due {
				settled[i] = time.Since(began)
			}
		}
		if time.Since(began) > 5*time.Minute {
			t.Fatalf("not settled: %v", settled)
		}
	}
	x.stop()
	x.account()
	t.Logf("figure: killed with texts under way: ready %v after the start (median of %d; most %v)", median(took).Round(time.Millisecond), len(took), slices.Max(took).Round(time.Millisecond))
	t.Logf("figure: a text the network had is found %v after the start, one it never got is sent %v after it", settled[0].Round(time.Second), settled[1].Round(time.Second))
}
