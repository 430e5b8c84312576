package trial_test

import (
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// F5: answers to a pre-screen that led nowhere are deleted when the promised days are over; what
// the person let us keep, and the counts, stay.
func TestRetention(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	ctx := t.Context()
	apply := func(name, number string, keep bool) trial.Applied {
		t.Helper()
		q, err := survey.Library("steady-prescreen")
		if err != nil {
			t.Fatal(err)
		}
		s := survey.NewSession(q, "en", r.Clock.Now())
		for {
			var p survey.Prompt
			if s, p, _, err = q.Next(s, survey.Input{Kind: survey.Show, Channel: survey.Web, At: r.Clock.Now()}); err != nil {
				t.Fatal(err)
			}
			if p.Done {
				break
			}
			raw := "120"
			if len(p.Options) > 0 {
				raw = p.Options[0].Key
			} else if p.Type == "date" {
				raw = "2026-02-01"
			}
			if s, _, _, err = q.Next(s, survey.Input{Kind: survey.Reply, LinkID: p.LinkID, Raw: raw, Channel: survey.Web, At: r.Clock.Now()}); err != nil {
				t.Fatal(err)
			}
		}
		out, err := r.Trial.Apply(ctx, rig.Staff, trial.Application{Study: "STEADY", Source: "web", NoCode: true, PreScreen: &s, KeepAnswers: keep, SignUp: contacts.SignUp{
			Person: contacts.Person{Given: name, Family: "X", BirthDate: "1960-01-02", Language: "en", Points: []contacts.Point{{Kind: contacts.Mobile, Value: number}}}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Trial.Move(ctx, rig.Staff, out.Subject, trial.NotInterested, "", "", ""); err != nil {
			t.Fatal(err)
		}
		return out
	}
	own, kept := apply("Ana", "+14125550120", false), apply("Bo", "+14125550121", true)
	facts := func(p contacts.PersonID) int {
		c, err := r.People.Chart(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		return len(c.Facts)
	}
	before := facts(kept.Person)
	if before == 0 || facts(own.Person) == 0 {
		t.Fatal("the pre-screen gave no facts")
	}
	if got, err := r.Trial.Retain(ctx, r.Clock.Now().AddDate(0, 0, 89), false); err != nil || len(got) != 0 {
		t.Fatalf("before the days are over: %v, %v", got, err)
	}
	later := r.Clock.Now().AddDate(0, 0, 91)
	listed, err := r.Trial.Retain(ctx, later, true)
	if err != nil || len(listed) != 2 || facts(own.Person) == 0 {
		t.Fatalf("dry run: %v, %v, %d facts left", listed, err, facts(own.Person))
	}
	if done, err := r.Trial.Retain(ctx, later, false); err != nil || len(done) != 2 {
		t.Fatalf("%v, %v", done, err)
	}
	if facts(own.Person) != 0 || facts(kept.Person) != before {
		t.Errorf("facts left: own %d, kept %d; want 0 and %d", facts(own.Person), facts(kept.Person), before)
	}
	for _, x := range []trial.Applied{own, kept} {
		resp, err := r.Trial.Response(ctx, trial.PreScreenID(x.Subject))
		if err != nil || len(resp.Session.Answers) != 0 || resp.State != trial.ResponseDeleted {
			t.Errorf("answers left: %+v, %v", resp.Session.Answers, err)
		}
	}
	if n, _ := r.Trial.CountIn(ctx, "STEADY", trial.NotInterested); n != 2 {
		t.Errorf("%d subjects counted, want 2", n)
	}
	if again, err := r.Trial.Retain(ctx, later.Add(time.Hour), false); err != nil || len(again) != 0 {
		t.Errorf("a second run found %v, %v", again, err)
	}
}
