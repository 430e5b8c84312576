package ivr_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/trial"
)

const (
	landline = "+14125550110" // Rosa and Ernesto
	tom      = "+14125550145"
	shared   = "+14125550167" // Luis and Ana
)

func num(t testing.TB, s string) phone.Number {
	t.Helper()
	n, err := phone.Parse(s, "US")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// twin is a second process over the same store.
func twin(t *testing.T, r *rig.Rig) *ivr.Operator {
	t.Helper()
	o, err := ivr.Open(t.Context(), ivr.Deps{Store: r.Store, Audit: r.Audit, Keys: r.Keys, People: r.People, Box: r.Box, Trial: r.Trial, Clock: r.Clock,
		Us: num(t, rig.Office), PublicURL: "https://muster.example.test"})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func tick(t *testing.T, r *rig.Rig) {
	t.Helper()
	if err := r.Operator.Tick(t.Context(), r.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.Deliver(t)
}

func at(t *testing.T, r *rig.Rig, when string) {
	t.Helper()
	ny, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	to, err := time.ParseInLocation("2006-01-02 15:04", when, ny)
	if err != nil {
		t.Fatal(err)
	}
	r.Clock.Advance(to.Sub(r.Clock.Now()))
}

// asked brings Rosa's check-in call to its first question, and returns the event to answer it with.
func asked(t *testing.T, r *rig.Rig) ivr.CallEvent {
	t.Helper()
	at(t, r, "2026-03-09 18:31")
	tick(t, r)
	sent := r.Sent.To(landline)
	if len(sent) != 1 {
		t.Fatalf("%d calls, want one", len(sent))
	}
	ev := ivr.CallEvent{SID: "CA1", From: num(t, rig.Office), To: num(t, landline), Outbound: true, Message: sent[0].ID}
	if _, err := r.Operator.Answer(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	for i, keys := range []string{"1", "4471"} {
		ev.Step, ev.Digits = i+1, keys
		if _, err := r.Operator.Press(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
	ev.Step, ev.Digits = 3, ""
	return ev
}

func answers(t *testing.T, r *rig.Rig, given string) (raw []string) {
	t.Helper()
	for p, err := range r.People.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Given != given {
			continue
		}
		all, err := r.Trial.ResponsesOf(t.Context(), p.PersonID())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range all {
			for _, a := range x.Session.Answers {
				raw = append(raw, a.Raw)
			}
		}
	}
	return raw
}

// Behaviour 39: of two key presses for one question at once, in one process and in two, one wins;
// the other gets the question that follows, and nothing is taken for an answer to it.
func TestParallelPressesOneWins(t *testing.T) {
	for name, processes := range map[string]func(*rig.Rig) [2]*ivr.Operator{
		"one process":   func(r *rig.Rig) [2]*ivr.Operator { return [2]*ivr.Operator{r.Operator, r.Operator} },
		"two processes": func(r *rig.Rig) [2]*ivr.Operator { return [2]*ivr.Operator{r.Operator, twin(t, r)} },
	} {
		t.Run(name, func(t *testing.T) {
			r := transcript.People(t, transcript.Direct(t)(""))
			ev := asked(t, r)
			ops := processes(r)
			var scripts [2]ivr.Script
			var wg sync.WaitGroup
			for i, keys := range []string{"120", "130"} {
				wg.Go(func() {
					mine := ev
					mine.Digits = keys
					s, err := ops[i].Press(context.WithoutCancel(t.Context()), mine)
					if err != nil {
						t.Error(err)
					}
					scripts[i] = s
				})
			}
			wg.Wait()
			if got := answers(t, r, "Rosa"); len(got) != 1 {
				t.Errorf("answers %q, want one", got)
			}
			if d := cmp.Diff(scripts[0], scripts[1], cmp.Comparer(func(a, b phone.Number) bool { return a == b })); d != "" {
				t.Errorf("the two hear different things:\n%s", d)
			}
		})
	}
}

// The same text delivered twice at once: one answer to one question, one reply in two copies.
func TestSameTextTwiceAtOnce(t *testing.T) {
	r := transcript.People(t, transcript.Direct(t)(""))
	st, err := r.Trial.Study(t.Context(), "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	st.AnswersByText = "yes"
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	people, err := r.People.ByPoint(t.Context(), tom)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.People.AddConsent(t.Context(), rig.Staff, people[0].PersonID(), "agreed", contacts.Consent{Purpose: contacts.StudyCare, Channel: contacts.SMS, Granted: true, Source: "staff", Wording: contacts.TextAnswersWording + "@1"})
	if err != nil {
		t.Fatal(err)
	}
	at(t, r, "2026-03-09 18:05")
	tick(t, r)
	in := ivr.Inbound{SID: "SM1", From: num(t, tom), To: num(t, rig.Office), Body: "120"}
	ops := []*ivr.Operator{r.Operator, twin(t, r), r.Operator}
	replies := make([][]string, len(ops))
	var wg sync.WaitGroup
	for i, o := range ops {
		wg.Go(func() {
			var err error
			if replies[i], err = o.Text(context.WithoutCancel(t.Context()), in); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := answers(t, r, "Tom"); len(got) != 1 {
		t.Errorf("answers %q, want one", got)
	}
	for i := range replies {
		if d := cmp.Diff(replies[0], replies[i]); d != "" || len(replies[i]) != 1 {
			t.Errorf("reply %d of %d differs from the first:\n%s", i, len(replies[i]), d)
		}
	}
}

// failing is a store whose next write to a collection is lost, as when the process dies.
type failing struct {
	docstore.Driver
	collection atomic.Value
}

var errDied = errors.New("the process died")

func (f *failing) Write(ctx context.Context, ops []docstore.Op) error {
	if c, _ := f.collection.Load().(string); c != "" {
		for _, op := range ops {
			if op.Collection == c {
				f.collection.Store("")
				return errDied
			}
		}
	}
	return f.Driver.Write(ctx, ops)
}

func fragile(t *testing.T) (*rig.Rig, *failing) {
	t.Helper()
	d, err := sqlitedoc.Open(t.Context(), filepath.Join(t.TempDir(), "muster.db"), sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	f := &failing{Driver: d}
	return transcript.People(t, transcript.DirectOn(t, rig.Options{Driver: f})), f
}

// A process that dies between taking a key press and storing the answer: the press delivered
// again is stored, with the keys that came first, and its alert raised.
func TestCrashBetweenClaimAndRecord(t *testing.T) {
	r, store := fragile(t)
	ev := asked(t, r)
	ev.Digits = "186"
	store.collection.Store("responses")
	if _, err := r.Operator.Press(t.Context(), ev); !errors.Is(err, errDied) {
		t.Fatalf("the press: %v, want it lost", err)
	}
	if got := answers(t, r, "Rosa"); len(got) != 0 {
		t.Fatalf("answers %q, want none yet", got)
	}
	for _, again := range []string{"186", "99"} { // the same, then what nobody pressed first
		ev.Digits = again
		if _, err := twin(t, r).Press(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"186"}, answers(t, r, "Rosa")); d != "" {
		t.Errorf("answers differ:\n%s", d)
	}
	if open, err := r.Trial.Alerts(t.Context(), trial.AlertOpen); err != nil || len(open) != 1 {
		t.Errorf("%d alerts (%v), want one", len(open), err)
	}
}

// A STOP that comes while a text waits takes it back; one that comes while it is being sent keeps
// it from being tried again.
func TestStopMeetsQueuedText(t *testing.T) {
	for name, during := range map[string]bool{"while it waits": false, "while it is being sent": true} {
		t.Run(name, func(t *testing.T) {
			r := transcript.People(t, transcript.Direct(t)(""))
			at(t, r, "2026-03-15 11:30")
			if err := r.Operator.Tick(t.Context(), r.Clock.Now()); err != nil {
				t.Fatal(err)
			}
			stop := func() {
				if _, err := r.Operator.Text(t.Context(), ivr.Inbound{SID: "SM1", From: num(t, shared), To: num(t, rig.Office), Body: "STOP"}); err != nil {
					t.Error(err)
				}
			}
			tries := 0
			r.Sent.Fail = func(m outbox.Message) error {
				tries++
				if during && tries == 1 {
					stop()
				}
				return outbox.Retry(time.Second, "20429", errors.New("too many"))
			}
			if !during {
				stop()
			}
			for range 3 {
				r.Deliver(t)
				r.Clock.Advance(time.Minute)
			}
			if want := map[bool]int{false: 0, true: 1}[during]; tries > want+1 || !during && tries != 0 {
				t.Errorf("%d tries, want %d", tries, want)
			}
			people, err := r.People.ByPoint(t.Context(), shared)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range people {
				for m, err := range r.Box.For(t.Context(), p.ID) {
					if err != nil {
						t.Fatal(err)
					}
					if m.State != outbox.Cancelled {
						t.Errorf("message %s is %s, want cancelled", m.ID, m.State)
					}
				}
			}
		})
	}
}
