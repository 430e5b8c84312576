package twilio_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/trial"
)

// fate is what becomes of a text of which the carrier says one code.
type fate struct {
	State outbox.State  // of the text itself
	Again time.Duration // until the further try, by another message; 0 = none
	Mark  string        // of the number: "stopped", "no texts", "invalid"
	Halt  string        // what is stopped: "account", "channel_sms"
	Tasks []string      // for staff, by kind
}

const midnight = -1 // Again: the carrier's next day

// TestEveryCode: what each of the carrier's codes does, in the answer to a send and in a later report.
// Written from Twilio's error dictionary and the rules of the carriers, not from the code.
func TestEveryCode(t *testing.T) {
	failed, both := []string{"message-failed"}, []string{"carrier", "message-failed"}
	lost := func(again time.Duration, tasks ...string) fate {
		return fate{State: outbox.Undelivered, Again: again, Tasks: tasks}
	}
	refuse := func(tasks ...string) fate { return fate{State: outbox.Refused, Tasks: tasks} }
	waits := fate{State: outbox.Due}
	account, channel := fate{State: outbox.Due, Halt: "account", Tasks: []string{"carrier"}}, fate{State: outbox.Due, Halt: "channel_sms", Tasks: []string{"carrier"}}
	marked := func(f fate, mark string) fate { f.Mark = mark; return f }
	halted := func(f fate, halt string) fate { f.Halt = halt; return f }
	again := func(f fate, d time.Duration) fate { f.Again = d; return f }

	for _, x := range []struct {
		codes         string
		status        int
		reply, report fate
	}{
		{"21610", 400, marked(refuse(failed...), "stopped"), marked(lost(0, failed...), "stopped")},
		{"21211 21217 21604 21214 13224", 400, marked(refuse(failed...), "invalid"), marked(lost(0, failed...), "invalid")},
		{"21614 30006", 400, marked(refuse(failed...), "no texts"), marked(lost(0, failed...), "no texts")},
		{"21212 21606 21602 21617", 400, refuse(both...), lost(0, both...)},
		{"21408 21215 13227", 400, refuse(both...), lost(0, both...)},
		{"21219 21608", 403, refuse(both...), lost(0, both...)},
		{"21611 30001", 400, waits, lost(time.Minute)},
		{"20429 14107 30022 63018", 429, waits, lost(time.Second)},
		{"20003", 401, account, halted(lost(5*time.Minute, "carrier"), "account")},
		{"20404", 404, account, halted(lost(5*time.Minute, "carrier"), "account")},
		{"30002", 403, account, halted(lost(5*time.Minute, "carrier"), "account")},
		{"30003", 400, again(refuse(), 4*time.Hour), lost(4 * time.Hour)},
		{"30004", 400, refuse(failed...), lost(0, failed...)},
		{"30005", 400, refuse(failed...), lost(0, failed...)},
		{"30007", 400, refuse(both...), lost(0, both...)},
		{"30008 30017", 400, again(refuse(), 10*time.Minute), lost(10 * time.Minute)},
		{"30023 30027", 400, waits, lost(midnight)},
		{"30032 30034", 400, channel, halted(lost(15*time.Minute, "carrier"), "channel_sms")},
		{"30450 30640", 400, refuse(failed...), lost(0, failed...)},
		{"30610", 400, again(refuse(), 12*time.Hour), lost(12 * time.Hour)},
		{"35114 35115 35118", 400, refuse(both...), lost(0, both...)},
		{"13225 21216", 400, refuse(failed...), lost(0, failed...)},
		{"11200 11205 11210 11220", 400, refuse(both...), lost(0, both...)},
		{"12100 12200 12300 13520 13521", 400, refuse(both...), lost(0, both...)},
		{"39999", 400, refuse(failed...), lost(0, failed...)},
	} {
		first, others, _ := strings.Cut(x.codes, " ")
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			reply := newCoded(t)
			reply.answer(t, x.status, first)
			if d := cmp.Diff(x.reply, reply.fate(t)); d != "" {
				t.Errorf("in the answer to a send:\n%s", d)
			}
			report := newCoded(t)
			report.told(t, report.id, first)
			if d := cmp.Diff(x.report, report.fate(t)); d != "" {
				t.Errorf("in a report:\n%s", d)
			}
			// The others of the row mean the same; how they are looked up is all that differs.
			for _, code := range strings.Fields(others) {
				want := outbox.Meaning(first)
				want.Code = code
				if d := cmp.Diff(want, outbox.Meaning(code)); d != "" {
					t.Errorf("%s means something else than %s:\n%s", code, first, d)
				}
			}
		})
	}
}

// coded is a rig with one text on its way.
type coded struct {
	*rig.Rig
	person contacts.PersonID
	id     string
	before []string // tasks
}

func newCoded(t *testing.T) *coded {
	t.Helper()
	r := transcript.People(t, transcript.Direct(t)(""))
	people, err := r.People.ByPoint(t.Context(), "+14125550145") // Tom
	if err != nil || len(people) == 0 {
		t.Fatalf("%d people, %v", len(people), err)
	}
	c := &coded{Rig: r, person: people[0].PersonID()}
	for _, x := range c.tasks(t) {
		c.before = append(c.before, x.ID)
	}
	c.id = c.reach(t, "first")
	return c
}

func (c *coded) reach(t *testing.T, key string) string {
	t.Helper()
	touch, gate, err := c.Trial.Reach(t.Context(), rig.Staff, trial.Reach{Key: key, Person: c.person, Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.reminder", Body: key})
	if err != nil || !gate.OK {
		t.Fatalf("%s: %v %v", key, gate.Sentence(), err)
	}
	return touch.Message
}

func (c *coded) tasks(t *testing.T) []trial.Task {
	t.Helper()
	all, err := c.Trial.Tasks(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// answer delivers while the carrier answers with a code.
func (c *coded) answer(t *testing.T, status int, code string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"code": %s, "message": "no", "status": %d}`, code, status)
	}))
	defer srv.Close()
	asked := carrier(t, srv.URL, nil)
	c.Sent.Fail = func(m outbox.Message) error { _, err := asked.Send(t.Context(), m); return err }
	c.Deliver(t)
	c.Sent.Fail = nil
	if err := c.Trial.FollowCarrier(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// told delivers, and the carrier reports a code afterwards, twice.
func (c *coded) told(t *testing.T, id, code string) {
	t.Helper()
	c.Deliver(t)
	m, err := c.Box.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Operator.MessageStatus(t.Context(), ivr.MessageEvent{SID: m.SID, Message: m.ID, Status: "undelivered", Code: code}); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *coded) fate(t *testing.T) fate {
	t.Helper()
	m, err := c.Box.Get(t.Context(), c.id)
	if err != nil {
		t.Fatal(err)
	}
	f := fate{State: m.State}
	if m.Next != "" {
		next, err := c.Box.Get(t.Context(), m.Next)
		if err != nil {
			t.Fatal(err)
		}
		f.Again = next.Due.Sub(c.Clock.Now()).Round(time.Millisecond)
		if wall := c.Clock.Wall(); f.Again > 0 && outbox.Midnight(wall).Sub(wall.Add(f.Again)).Abs() < 10*time.Second {
			f.Again = midnight
		}
	}
	p, err := c.People.Get(t.Context(), c.person)
	if err != nil {
		t.Fatal(err)
	}
	gate, err := c.Trial.May(t.Context(), c.person, contacts.StudyCare, contacts.SMS, "STEADY")
	switch {
	case err != nil:
		t.Fatal(err)
	case gate.Has(contacts.CodeStopped):
		f.Mark = "stopped"
	case p.Points[0].NoText:
		f.Mark = "no texts"
	default:
		f.Mark = p.Points[0].Status
	}
	halts, err := c.Box.Halts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range halts {
		f.Halt += h.ID
	}
	for _, x := range c.tasks(t) {
		if !slices.Contains(c.before, x.ID) && !slices.Contains(f.Tasks, x.Kind) && x.Kind != "stopped-texts" {
			f.Tasks = append(f.Tasks, x.Kind)
		}
	}
	slices.Sort(f.Tasks)
	return f
}

// Nobody seems to have the number: said of two texts, it is set aside.
func TestUnknownHandsetTwice(t *testing.T) {
	c := newCoded(t)
	c.told(t, c.id, "30005")
	if got := c.fate(t); got.Mark != "" {
		t.Fatalf("after one it is %q", got.Mark)
	}
	c.told(t, c.reach(t, "second"), "30005")
	if got := c.fate(t); got.Mark != "invalid" {
		t.Errorf("after two it is %q, want it set aside", got.Mark)
	}
}

// Texts that are taken for spam are counted by their wording.
func TestFilteredTextsAreCounted(t *testing.T) {
	c := newCoded(t)
	c.told(t, c.id, "30007")
	for i := range 2 {
		c.told(t, c.reach(t, "more"+strconv.Itoa(i)), "30007")
	}
	var times []int
	for _, x := range c.tasks(t) {
		if x.Kind == "carrier" {
			times = append(times, x.Times)
			if !strings.Contains(x.Text, "sms.reminder") {
				t.Errorf("the task does not name the wording: %s", x.Text)
			}
		}
	}
	if !slices.Equal(times, []int{3}) {
		t.Errorf("counted %v, want one task of 3", times)
	}
}
