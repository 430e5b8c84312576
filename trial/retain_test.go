package trial_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// F5: answers to a pre-screen that led nowhere are deleted when the promised days are over; what
// the person let us keep, and the counts, stay.
func TestRetention(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	ctx := t.Context()
	own, kept := turnedDown(t, r, "Ana", "+14125550120", false), turnedDown(t, r, "Bo", "+14125550121", true)
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
	if left, _ := r.Trial.SubjectsIn(ctx, "STEADY", trial.NotInterested); len(left) != 2 {
		t.Errorf("%d subjects left, want 2", len(left))
	}
	if again, err := r.Trial.Retain(ctx, later.Add(time.Hour), false); err != nil || len(again) != 0 {
		t.Errorf("a second run found %v, %v", again, err)
	}
}

// turnedDown signs somebody up with a whole pre-screen, who then is not interested.
func turnedDown(t *testing.T, r *rig.Rig, name, number string, keep bool) trial.Applied {
	t.Helper()
	ctx := t.Context()
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

// F5: what retention deletes is gone from the audit trail as well, which is never rewritten: the
// values stand there under a key that goes with them.
func TestRetentionReachesTheAuditTrail(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	ctx := t.Context()
	own := turnedDown(t, r, "Ana", "+14125550120", false)
	person := string(own.Person)
	before, err := r.People.Chart(ctx, own.Person)
	if err != nil {
		t.Fatal(err)
	}
	const code, first, second = "muster|quillwort", "snomed|999000111", "snomed|999000222"
	for _, value := range []string{first, second} {
		r.Clock.Advance(time.Minute)
		fact := contacts.Fact{ID: "fac_quillwort", Kind: contacts.Answered, Code: code, ValueCode: value, Source: "staff:maria", Scope: "STEADY", Recorded: r.Clock.Now()}
		if err := r.People.RecordFacts(ctx, rig.Staff, own.Person, "corrected by phone", []contacts.Fact{fact}, nil); err != nil {
			t.Fatal(err)
		}
	}
	// What the trail tells of the two values, to whoever has the key ring.
	told := func() (out string) {
		for e, err := range r.Audit.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("person", person)}, Order: "at"}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range e.Objects {
				for _, c := range o.Changes {
					for _, v := range []bson.RawValue{c.Old, c.New} {
						if v.IsZero() {
							continue
						}
						plain, err := r.Keys.Reveal(ctx, person, o.Collection, o.ID, c.Path, v)
						if err != nil {
							t.Fatalf("%s %s: %v", o.Collection, c.Path, err)
						}
						out += plain.String()
					}
				}
			}
		}
		return out
	}
	if s := told(); !strings.Contains(s, first) || !strings.Contains(s, second) {
		t.Fatalf("the trail does not tell old and new: %s", s)
	}
	if done, err := r.Trial.Retain(ctx, r.Clock.Now().AddDate(0, 0, 91), false); err != nil || len(done) != 1 {
		t.Fatalf("%v, %v", done, err)
	}
	secrets := []string{code, first, second}
	for _, f := range before.Facts {
		secrets = append(secrets, f.ID, f.Code, f.ValueCode)
	}
	in := func(where string, data []byte) {
		for _, s := range secrets {
			if s != "" && bytes.Contains(data, []byte(s)) {
				t.Errorf("%s: still holds %q", where, s)
			}
		}
	}
	in("what the trail tells", []byte(told()))
	for name := range r.Store.Specs() {
		for body, err := range r.Store.Driver().Find(ctx, name, docstore.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			if name != "studies" { // the criteria name the codes they ask for
				in(name, body)
			}
		}
	}
	secrets = []string{code, first, second} // no study names these
	for _, f := range []string{"muster.db", "muster.db-wal"} {
		data, err := os.ReadFile(filepath.Join(r.Dir, f))
		if err != nil {
			t.Fatal(err)
		}
		in(f, data)
	}
	report, err := audit.Verify(ctx, r.Store, r.Ring, audit.VerifyOptions{Unaudited: append(contacts.Unaudited(), ivr.Unaudited()...)})
	if err != nil || !report.Intact() || report.Entries == 0 {
		t.Errorf("the trail: %+v, %v", report, err)
	}
	// The same person may come again: there is a new key.
	fact := contacts.Fact{Kind: contacts.Answered, Code: code, ValueCode: second, Source: "web", Scope: "STEADY"}
	if err := r.People.RecordFacts(ctx, rig.Staff, own.Person, "again", []contacts.Fact{fact}, nil); err != nil {
		t.Fatal(err)
	}
	if c, err := r.People.Chart(ctx, own.Person); err != nil || len(c.Facts) != 1 || c.Facts[0].ValueCode != second {
		t.Errorf("a new answer reads %+v, %v", c.Facts, err)
	}
}
