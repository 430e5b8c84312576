package seed_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/internal/seed"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/trial"
)

// Do you smoke? is asked of four people: a try says who gets it, who later and who not, and why; then
// Marcus answers by text, and it is a fact about him.
func TestOneQuestionIsAskedByText(t *testing.T) {
	d := fill(t, rig.New(t, rig.Options{}), seed.Options{People: 60})
	ctx := t.Context()
	people := map[string]contacts.PersonID{}
	var all []contacts.PersonID
	for _, key := range []string{"keisha", "walter", "marisol", "marcus"} {
		people[key] = d.person(t, key).PersonID()
		all = append(all, people[key])
	}
	ask := func(question string, try bool) trial.Asking {
		t.Helper()
		a, err := d.Operator.AskPeople(ctx, rig.Staff, "CLEARWAY", question, all, try)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	before := len(d.Sent.All())
	tried := ask("q-smoking", true)
	if !strings.HasPrefix(tried.Text, "This is the Larkfield research office. We have one question for you.\nDo you smoke?\n1 Every day") || !strings.HasSuffix(tried.Text, "Reply STOP to stop.") {
		t.Errorf("the text is %q", tried.Text)
	}
	if len(tried.Now) != 1 || tried.Now[0] != people["marcus"] {
		t.Errorf("asked now: %v", tried.Now)
	}
	if len(tried.Later) != 1 || tried.Later[0].Person != people["marisol"] || !strings.Contains(tried.Later[0].Why, "07:05 there") {
		t.Errorf("asked later: %+v", tried.Later)
	}
	why := map[contacts.PersonID]string{}
	for _, x := range tried.Out {
		why[x.Person] = x.Why
	}
	if len(why) != 2 || !strings.Contains(why[people["keisha"]], "replying STOP") || !strings.Contains(why[people["walter"]], "medical records") {
		t.Errorf("left out: %v", why)
	}
	d.Deliver(t)
	if n := len(d.Sent.All()); n != before {
		t.Fatalf("a try sent %d messages", n-before)
	}

	ask("q-smoking", false)
	d.Deliver(t)
	marcus := "+17245550135"
	if got := d.Sent.To(marcus); len(got) == 0 || got[len(got)-1].Body != tried.Text {
		t.Fatalf("Marcus got %+v", got)
	}
	again := ask("q-smoking", false)
	if len(again.Now)+len(again.Later) != 0 {
		t.Errorf("asked twice: %+v", again)
	}
	says := func(sid, body string) string {
		t.Helper()
		from, err := phone.Parse(marcus, "US")
		if err != nil {
			t.Fatal(err)
		}
		replies, err := d.Operator.Text(ctx, ivr.Inbound{SID: sid, From: from, To: d.Operator.Us, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(replies, "\n")
	}
	if got := says("SM1", "maybe"); !strings.Contains(got, "Do you smoke?") {
		t.Errorf("no answer is answered %q", got)
	}
	for _, sid := range []string{"SM2", "SM2"} { // the webhook comes twice
		if got := says(sid, "4"); got != "Thank you. If a study may fit you, we will call or text you." {
			t.Errorf("the answer is answered %q", got)
		}
	}
	smokes := func() (n int) {
		chart, err := d.People.Chart(ctx, people["marcus"])
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range chart.Facts {
			if f.Code == "loinc|72166-2" && f.ValueCode == "snomed|266919005" && f.Scope == "CLEARWAY" && f.Source == "sms" {
				n++
			}
		}
		return n
	}
	if n := smokes(); n != 1 {
		t.Errorf("%d facts about smoking", n)
	}

	// Sensitive questions, those that no pre-screen has, and studies without leave for answers by text.
	for _, no := range []struct {
		study    trial.StudyID
		question string
	}{{"CLEARWAY", "q-pregnant"}, {"CLEARWAY", "q-no-such"}, {"STEADY", "q-stroke"}} {
		if _, err := d.Operator.AskPeople(ctx, rig.Staff, no.study, no.question, all, true); !errors.Is(err, trial.ErrRefused) {
			t.Errorf("%s may be asked by %s: %v", no.question, no.study, err)
		}
	}

	// Who never came onto the list: the answer goes when the promised days are over.
	d.Clock.Advance(100 * 24 * time.Hour)
	if _, err := d.Trial.Retain(ctx, d.Clock.Now(), false); err != nil {
		t.Fatal(err)
	}
	r, err := d.Trial.Response(ctx, trial.AskID(people["marcus"], "CLEARWAY", "smoking"))
	if err != nil || len(r.Session.Answers) != 0 || smokes() != 0 {
		t.Errorf("kept beyond the days promised: %+v, %d facts, %v", r.Session.Answers, smokes(), err)
	}
}
