package trial_test

import (
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// Going back and changing an answer takes the answers below it out. The trail names them without
// their values, keeps the values for whoever may open them, and the alert one of them raised stays
// and says so (F1).
func TestGoingBackLeavesAnAlertAndATrail(t *testing.T) {
	r := rig.New(t, rig.Options{})
	asking(t, r, `{"linkId":"fell","type":"boolean","text":"Did you fall?"},
		{"linkId":"how","type":"string","text":"How?","enableWhen":[{"question":"fell","operator":"=","answerBoolean":true}]},
		{"linkId":"last","type":"boolean","text":"Anything else?"}`)
	s, err := trial.ParseStudy([]byte(studyYAML))
	if err != nil {
		t.Fatal(err)
	}
	s.Diary.Questionnaire, s.Diary.Channels = "own", []survey.Channel{survey.Web}
	s.Diary.RedFlags = []survey.FlagRule{{Item: "how", Op: "exists", Level: "urgent"}}
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil {
		t.Fatal(err)
	}
	p, sub := rosa(t, r)
	resp, _ := evening(t, r, p)
	answer(t, r, resp, "fell", "yes")
	answer(t, r, resp, "how", "over the quillwort")
	before := theAlert(t, r, p)
	answer(t, r, resp, "fell", "no")

	al := theAlert(t, r, p)
	if al.State != before.State || al.Level != "urgent" {
		t.Errorf("the alert is %s, %s; it must stay as it was", al.State, al.Level)
	}
	last := al.Log[len(al.Log)-1]
	if last.What != "answer changed" || !strings.Contains(last.Note, "no longer asked") {
		t.Errorf("the alert's last step is %+v", last)
	}
	got, err := r.Trial.Response(t.Context(), resp)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := got.Session.Answer("how"); ok {
		t.Error("the answer below stayed")
	}
	var reasons, told string
	for e, err := range r.Audit.Find(t.Context(), docstore.Query{Eq: []docstore.Field{docstore.E("person", string(p.ID))}, Order: "at"}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Action == "response.answer" {
			reasons += e.Reason + "\n"
		}
		if !strings.Contains(e.Reason, "no longer asked") {
			continue
		}
		for _, o := range e.Objects {
			for _, c := range o.Changes {
				for _, v := range []bson.RawValue{c.Old, c.New} {
					if o.Collection != "responses" || v.IsZero() {
						continue
					}
					if strings.Contains(v.String(), "quillwort") {
						t.Error("the trail holds own words in clear")
					}
					plain, err := r.Keys.Reveal(t.Context(), sub.ID, o.Collection, o.ID, c.Path, v)
					if err != nil {
						t.Fatalf("%s: %v", c.Path, err)
					}
					told += plain.String()
				}
			}
		}
	}
	if want := "web\nweb\nweb; changed fell; no longer asked: how\n"; reasons != want {
		t.Errorf("reasons %q, want %q", reasons, want)
	}
	if !strings.Contains(told, "over the quillwort") {
		t.Errorf("the trail does not tell the answer that was taken out: %s", told)
	}
}
