package ivr_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
)

// readLog reads the carrier's log to its end.
func readLog(t *testing.T, r *rig.Rig) error {
	t.Helper()
	for {
		if more, err := r.Operator.ReadLog(t.Context(), r.Sent); err != nil || !more {
			return err
		}
	}
}

func written(t *testing.T, r *rig.Rig, sid, from, body string) ivr.Inbound {
	return ivr.Inbound{SID: sid, From: num(t, from), To: num(t, rig.Office), Body: body, Sent: r.Clock.Now()}
}

func unread(t *testing.T, r *rig.Rig) int {
	t.Helper()
	n, err := r.People.CountUnread(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func openTasks(t *testing.T, r *rig.Rig, kind string) int {
	t.Helper()
	all, err := r.Trial.Tasks(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, x := range all {
		if x.Kind == kind {
			n++
		}
	}
	return n
}

func mayText(t *testing.T, r *rig.Rig, number string) bool {
	t.Helper()
	people, err := r.People.ByPoint(t.Context(), number)
	if err != nil || len(people) == 0 {
		t.Fatalf("%d people, %v", len(people), err)
	}
	g, err := r.Trial.May(t.Context(), people[0].PersonID(), contacts.StudyCare, contacts.SMS, "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	return g.OK || !g.NotBefore.IsZero()
}

// What the log holds is taken in once: over several pages, after a log that could not be read, and
// beside the webhook that came after all.
func TestLogIsTakenInOnce(t *testing.T) {
	r := transcript.People(t, transcript.Direct(t)(""))
	if err := readLog(t, r); err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		r.Clock.Advance(time.Minute)
		r.Sent.Received(written(t, r, fmt.Sprint("SMlost", n), tom, fmt.Sprint("Is parking free? ", n)))
	}
	r.Clock.Advance(time.Hour)
	r.Sent.LogFails(errors.New("answer 500"))
	if err := readLog(t, r); err == nil {
		t.Error("a log that cannot be read is no error")
	}
	if n := unread(t, r); n != 0 {
		t.Errorf("%d texts came from nowhere", n)
	}
	r.Sent.LogFails(nil)
	for range 2 {
		if err := readLog(t, r); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Operator.Text(t.Context(), ivr.Inbound{SID: "SMlost3", From: num(t, tom), To: num(t, rig.Office), Body: "Is parking free? 3"}); err != nil {
			t.Fatal(err)
		}
		if n := unread(t, r); n != 10 {
			t.Errorf("%d texts to read, want 10", n)
		}
	}
	if n := len(r.Sent.To(tom)); n != 0 {
		t.Errorf("%d texts were sent for what staff have to answer", n)
	}
}

// A crash between what was taken in and the mark that says so: the same is read again, and nothing is
// done twice.
func TestLogAfterACrash(t *testing.T) {
	for _, where := range []string{"carrierLogs", "replays", "touches", "people"} {
		t.Run(where, func(t *testing.T) {
			r, store := fragile(t)
			if err := readLog(t, r); err != nil {
				t.Fatal(err)
			}
			r.Clock.Advance(time.Hour)
			r.Sent.Received(written(t, r, "SM1", shared, "STOP"))
			r.Sent.Received(written(t, r, "SM2", tom, "Is parking free?"))
			r.Clock.Advance(time.Hour)
			store.collection.Store(where)
			if err := readLog(t, r); err == nil {
				t.Error("the crash was not noticed")
			}
			store.collection.Store("")
			for range 2 {
				if err := readLog(t, r); err != nil {
					t.Fatal(err)
				}
			}
			if mayText(t, r, shared) {
				t.Error("the STOP does not count")
			}
			if n := unread(t, r); n != 1 {
				t.Errorf("%d texts to read, want one", n)
			}
			if n := openTasks(t, r, "stopped-texts"); n != 2 {
				t.Errorf("%d tasks, want one for each of the two", n)
			}
		})
	}
}

// The carrier's 21610 of which no report came revokes as one that came, of a text of ours and of an
// answer in a webhook; not for who wrote START since.
func TestLogTellsWhoStopped(t *testing.T) {
	for name, since := range map[string]string{"and nothing since": "", "and START since": "START"} {
		for _, ours := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, in the outbox %v", name, ours), func(t *testing.T) {
				r := transcript.People(t, transcript.Direct(t)(""))
				if err := readLog(t, r); err != nil {
					t.Fatal(err)
				}
				at(t, r, "2026-03-15 11:30")
				tick(t, r)
				x := ivr.LostText{SID: "SManswer", To: num(t, shared), Status: "failed", Code: "21610", At: r.Clock.Now()}
				if ours {
					x.SID, x.Status = rig.SID(r.Sent.To(shared)[0]), "undelivered"
				}
				r.Sent.Lost(x)
				r.Clock.Advance(10 * time.Minute)
				if since != "" {
					if _, err := r.Operator.Text(t.Context(), ivr.Inbound{SID: "SMstart", From: num(t, shared), To: num(t, rig.Office), Body: since}); err != nil {
						t.Fatal(err)
					}
				}
				r.Clock.Advance(10 * time.Minute)
				for range 2 {
					if err := readLog(t, r); err != nil {
						t.Fatal(err)
					}
				}
				if got, want := mayText(t, r, shared), since != ""; got != want {
					t.Errorf("may be texted: %v, want %v", got, want)
				}
				if v, err := r.Trial.May(t.Context(), household(t, r)[0].PersonID(), contacts.StudyCare, contacts.Voice, "STEADY"); err != nil || !v.OK {
					t.Errorf("calls are stopped too: %s, %v", v.Sentence(), err)
				}
			})
		}
	}
}

// A text that was said to be lost by the log alone is tried again, or given to staff, as by a report.
func TestLogTellsWhatDidNotArrive(t *testing.T) {
	r := transcript.People(t, transcript.Direct(t)(""))
	if err := readLog(t, r); err != nil {
		t.Fatal(err)
	}
	at(t, r, "2026-03-15 11:30")
	tick(t, r)
	m := r.Sent.To(shared)[0]
	r.Sent.Lost(ivr.LostText{SID: rig.SID(m), To: num(t, shared), Status: "undelivered", Code: "30003", At: r.Clock.Now()})
	r.Clock.Advance(10 * time.Minute)
	for range 2 {
		if err := readLog(t, r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.Box.Get(t.Context(), m.ID)
	if err != nil || got.State != outbox.Undelivered || got.Next == "" {
		t.Errorf("it is %s, next %q, %v", got.State, got.Next, err)
	}
}

// Who called while nothing of ours answered is called back by staff, once.
func TestLogTellsWhoCalled(t *testing.T) {
	r := transcript.People(t, transcript.Direct(t)(""))
	if err := readLog(t, r); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Operator.Answer(t.Context(), ivr.CallEvent{SID: "CAtaken", From: num(t, tom), To: num(t, rig.Office)}); err != nil {
		t.Fatal(err)
	}
	for sid, from := range map[string]string{"CAtaken": tom, "CAown": tom, "CAshared": landline} {
		r.Sent.Called(ivr.PastCall{SID: sid, From: num(t, from), At: r.Clock.Now()})
	}
	r.Sent.Called(ivr.PastCall{SID: "CAwithheld", At: r.Clock.Now()})
	r.Clock.Advance(30 * time.Minute)
	for range 2 {
		if err := readLog(t, r); err != nil {
			t.Fatal(err)
		}
	}
	if n := openTasks(t, r, "call"); n != 2 {
		t.Errorf("%d tasks to call back, want two", n)
	}
}

// Whoever was erased does not come back out of the carrier's log.
func TestErasedAreNotTakenInAnew(t *testing.T) {
	r := transcript.People(t, transcript.Direct(t)(""))
	if err := readLog(t, r); err != nil {
		t.Fatal(err)
	}
	in := written(t, r, "SM1", tom, "Is parking free?")
	r.Sent.Received(in)
	in.Sent = time.Time{}
	if _, err := r.Operator.Text(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	people, err := r.People.ByPoint(t.Context(), tom)
	if err != nil || len(people) != 1 {
		t.Fatalf("%d people, %v", len(people), err)
	}
	if err := r.People.Erase(t.Context(), rig.Staff, people[0].PersonID(), "asked for it", true); err != nil {
		t.Fatal(err)
	}
	r.Clock.Advance(10 * time.Minute)
	if err := readLog(t, r); err != nil {
		t.Fatal(err)
	}
	if n := unread(t, r); n != 0 {
		t.Errorf("%d texts to read of somebody who was erased", n)
	}
}
