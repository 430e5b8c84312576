package staff_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// moodStudy asks PHQ-9 on the web and by staff, with its ninth question as a red flag.
func (d *desk) moodStudy(channels string) {
	d.t.Helper()
	mood := strings.NewReplacer("questionnaire: steady-evening", "questionnaire: phq-9", "channels: [voice, web]", "channels: "+channels, `  callAt: "18:30"`+"\n", "",
		`{item: upper, op: ">=", value: "180", level: urgent}`, `{item: q9, op: ">=", value: "1", level: critical}`)
	s, err := trial.ParseStudy([]byte(mood.Replace(studyYAML)))
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.Trial.PutStudy(d.t.Context(), rig.Staff, s); err != nil {
		d.t.Fatal(err)
	}
}

func interviewOf(entry string) url.Values { return url.Values{"entry": {entry}} }

// Somebody of staff asks PHQ-9 by hand: the words as they stand, who asked with each answer, and the
// alert before the next question (F1, F18).
func TestInterview(t *testing.T) {
	d := newDesk(t, nil)
	d.moodStudy("[web, staff]")
	p, sub := d.rosa()
	b := d.as("maria")
	has(t, b.page("/staff/people/"+string(p)), "Ask a questionnaire")
	entries := "/staff/subjects/" + sub + "/entries"
	has(t, b.page(entries), "Patient Health Questionnaire (PHQ-9)", "locked to the first channel", "Ask the questions")
	due, err := d.Trial.Due(t.Context(), p, d.Clock.Now())
	if err != nil || len(due) != 1 {
		t.Fatal(len(due), err)
	}
	entry := due[0].ID
	at := "/staff/subjects/" + sub + "/interview"
	asked := at + "?" + interviewOf(entry).Encode()
	has(t, b.page(asked), "Little interest or pleasure in doing things", "Over the last 2 weeks", "Pfizer", "Read each question out as it stands")
	b.refused(b.send(at, "entry", entry, "item", "q1", "answer", "7"), "answers")
	for i, id := range []string{"q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8"} {
		b.went(b.send(at, "entry", entry, "item", id, "answer", string(rune('0'+i%3))), asked)
	}
	alerts := func() []trial.Alert {
		t.Helper()
		all, err := d.Trial.Alerts(t.Context(), trial.AlertOpen)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if len(alerts()) != 0 {
		t.Fatal("an alert before the ninth question")
	}
	has(t, b.went(b.send(at, "entry", entry, "item", "q9", "answer", "1"), asked), "This answer raised an alert. Read this out now: Call 911 if you feel very unwell.", "how difficult have these problems made it")
	if a := alerts(); len(a) != 1 || a[0].Level != "critical" || a[0].Item != "q9" {
		t.Fatalf("alerts %+v", a)
	}
	if a := b.send(at, "entry", entry, "item", "difficulty", "answer", "1"); a.to != asked {
		t.Fatalf("the last answer leads to %q", a.to)
	}
	if a := b.get(asked); a.to != entries {
		t.Fatalf("what is over leads to %q", a.to)
	}
	has(t, b.page(entries), "All questions are asked", "It is filled in.")
	r, err := d.Trial.Response(t.Context(), entry)
	if err != nil || r.State != trial.ResponseCompleted {
		t.Fatalf("%s, %v", r.State, err)
	}
	for _, a := range r.Session.Answers {
		if a.By != "maria" || a.Channel != survey.Staff {
			t.Errorf("%s was answered by %q on %s", a.LinkID, a.By, a.Channel)
		}
	}
	if a := b.get(at + "?" + interviewOf("rsp_somebody_2026-03-02").Encode()); a.code != http.StatusSeeOther {
		t.Errorf("an entry of somebody else's: %d", a.code)
	}
}

// A study whose channels are without staff has nobody ask by hand.
func TestNoInterviewWhereTheStudyHasNone(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, sub := d.rosa()
	b := d.as("maria")
	has(t, b.page("/staff/subjects/"+sub+"/entries"), "STEADY does not have it asked by staff")
	due, err := d.Trial.Due(t.Context(), p, d.Clock.Now())
	if err != nil || len(due) != 1 {
		t.Fatal(len(due), err)
	}
	b.went(b.send("/staff/subjects/"+sub+"/interview", "entry", due[0].ID, "item", "upper", "answer", "150"), "/staff/subjects/"+sub+"/entries")
	if r, err := d.Trial.Response(t.Context(), due[0].ID); err == nil && len(r.Session.Answers) > 0 {
		t.Errorf("it was answered: %+v", r.Session.Answers)
	}
}

// An entry that is kept to the web goes on by asking once staff have said why; the reason is in the trail.
func TestUnlock(t *testing.T) {
	d := newDesk(t, nil)
	d.moodStudy("[web, staff]")
	p, sub := d.rosa()
	ctx := t.Context()
	due, err := d.Trial.Due(ctx, p, d.Clock.Now())
	if err != nil || len(due) != 1 {
		t.Fatal(len(due), err)
	}
	entry := due[0].ID
	if _, err := d.Trial.Begin(ctx, rig.Staff, due[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Trial.Record(ctx, audit.Actor{Kind: audit.Person, ID: string(p)}, entry, survey.Input{Kind: survey.Reply, LinkID: "q1", Raw: "1", Channel: survey.Web}); err != nil {
		t.Fatal(err)
	}
	b := d.as("maria")
	entries, at := "/staff/subjects/"+sub+"/entries", "/staff/subjects/"+sub+"/unlock"
	has(t, b.page(entries), "It is kept to the channel it began on (website)", "Unlock")
	b.refused(b.send(at, "entry", entry, "reason", ""), "Write why it goes on by another channel")
	has(t, b.went(b.send(at, "entry", entry, "reason", "Her phone broke."), entries), "It may go on by any channel now", "Ask the questions")
	r, err := d.Trial.Response(ctx, entry)
	if err != nil || r.Session.Mode != survey.ModeFlagged {
		t.Fatalf("mode %q, %v", r.Session.Mode, err)
	}
	has(t, b.went(b.send(at, "entry", entry, "reason", "again"), entries), "It was not locked any more")
	b.went(b.send("/staff/subjects/"+sub+"/interview", "entry", entry, "item", "q2", "answer", "0"), "/staff/subjects/"+sub+"/interview?"+interviewOf(entry).Encode())
	if r, _ = d.Trial.Response(ctx, entry); !r.Session.Mixed {
		t.Error("the entry does not say that channels were mixed")
	}
	b.send("/staff/people/"+string(p)+"/reveal", "why", "contact")
	has(t, b.page("/staff/people/"+string(p)+"/trail"), "Her phone broke.")
}
