package trial_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// evening begins the entry of Rosa's first evening, at 18:35, and returns its id and first item.
func evening(t *testing.T, r *rig.Rig, p contacts.Person) (response, item string) {
	t.Helper()
	ctx := t.Context()
	r.Clock.Advance(9*time.Hour + 30*time.Minute)
	due, err := r.Trial.Due(ctx, p.PersonID(), r.Clock.Now())
	if err != nil || len(due) != 1 {
		t.Fatalf("%d due, %v", len(due), err)
	}
	resp, err := r.Trial.Begin(ctx, rig.Staff, due[0])
	if err != nil {
		t.Fatal(err)
	}
	rec, err := r.Trial.Record(ctx, rig.Staff, resp.ID, survey.Input{Kind: survey.Show, Channel: survey.Web})
	if err != nil {
		t.Fatal(err)
	}
	return resp.ID, rec.Prompt.LinkID
}

func answer(t *testing.T, r *rig.Rig, response, item, raw string) {
	t.Helper()
	if _, err := r.Trial.Record(t.Context(), rig.Staff, response, survey.Input{Kind: survey.Reply, LinkID: item, Raw: raw, Channel: survey.Web}); err != nil {
		t.Fatal(err)
	}
}

func theAlert(t *testing.T, r *rig.Rig, p contacts.Person) trial.Alert {
	t.Helper()
	all, err := r.Trial.AlertsOf(t.Context(), p.PersonID())
	if err != nil || len(all) != 1 {
		t.Fatalf("%d alerts, %v; want 1", len(all), err)
	}
	return all[0]
}

func reach(t *testing.T, r *rig.Rig, x trial.Reach) contacts.Touch {
	t.Helper()
	touch, g, err := r.Trial.Reach(t.Context(), rig.Staff, x)
	if err != nil || !g.OK && g.NotBefore.IsZero() {
		t.Fatalf("reach: %v, %v", g.Reasons, err)
	}
	return touch
}

// An alert can be taken while its own message still waits: the carrier is down, or staff were quicker.
func TestAlertIsTakenBeforeItsMessageWent(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p, _ := rosa(t, r)
	resp, upper := evening(t, r, p)
	answer(t, r, resp, upper, "186")
	if al, err := r.Trial.Acknowledge(t.Context(), rig.Staff, theAlert(t, r, p).ID, "web"); err != nil || al.State != trial.AlertAcknowledged {
		t.Fatalf("acknowledge: %s, %v", al.State, err)
	}
	r.Deliver(t)
	if sent := r.Sent.All(); len(sent) != 0 {
		t.Errorf("%d messages about an alert that was taken, want none", len(sent))
	}
}

func TestWorseAnswerIsRaisedAgain(t *testing.T) {
	r := rig.New(t, rig.Options{})
	s := putStudy(t, r)
	s.Diary.RedFlags = append(s.Diary.RedFlags, survey.FlagRule{Item: "upper", Op: ">=", Value: "220", Level: "critical"})
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil {
		t.Fatal(err)
	}
	p, _ := rosa(t, r)
	resp, upper := evening(t, r, p)
	answer(t, r, resp, upper, "186")
	r.Deliver(t)
	if _, err := r.Trial.Acknowledge(t.Context(), rig.Staff, theAlert(t, r, p).ID, "web"); err != nil {
		t.Fatal(err)
	}
	answer(t, r, resp, upper, "190")
	if al := theAlert(t, r, p); al.State != trial.AlertAcknowledged {
		t.Errorf("a change that is no worse: %s, want it to stay taken", al.State)
	}
	answer(t, r, resp, upper, "230")
	if al := theAlert(t, r, p); al.State != trial.AlertOpen || al.Level != "critical" {
		t.Errorf("%s, %s; want open and critical", al.State, al.Level)
	}
	if err := r.Trial.Escalate(t.Context(), r.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.Deliver(t)
	if sent := r.Sent.To("+14125550102"); len(sent) < 2 {
		t.Errorf("%d messages to the person on call, want another for the worse answer", len(sent))
	}
}

func TestDeathStopsEverything(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p, sub := rosa(t, r)
	ctx := t.Context()
	visit, err := r.Trial.Book(ctx, rig.Staff, trial.VisitID(sub.ID, "V2"), "2026-03-16", "09:30", "")
	if err != nil {
		t.Fatal(err)
	}
	// One message about a visit, one about nothing but her: both wait.
	reach(t, r, trial.Reach{Key: "a", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.reminder", Body: "Hello", Visit: visit.ID})
	reach(t, r, trial.Reach{Key: "b", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.note", Body: "Hello"})
	if _, err := r.Trial.Move(ctx, rig.Staff, sub.ID, trial.Died, "2026-03-02", "", ""); err != nil {
		t.Fatal(err)
	}
	r.Deliver(t)
	if sent := r.Sent.All(); len(sent) != 0 {
		t.Errorf("%d messages after a death was recorded, want none", len(sent))
	}
	for _, ch := range []contacts.Channel{contacts.SMS, contacts.Voice, contacts.Call, contacts.ByEmail, contacts.Letter} {
		g, err := r.Trial.May(ctx, p.PersonID(), contacts.Recruitment, ch, "")
		if err != nil || g.OK || !g.Has(contacts.CodeDeceased) {
			t.Errorf("%s: allowed %v, %v, %v; want a refusal because of the death", ch, g.OK, g.Reasons, err)
		}
	}
	if v, _ := r.Trial.Visit(ctx, visit.ID); v.State != trial.Cancelled {
		t.Errorf("the visit is %s, want cancelled", v.State)
	}
	if got, _ := r.People.Get(ctx, p.PersonID()); got.Deceased != "2026-03-02" {
		t.Errorf("date of death %q", got.Deceased)
	}
}

// What was queued about a questionnaire does not go once it is done, or the person is out.
func TestNothingIsAskedThatIsOver(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, r *rig.Rig, sub trial.Subject, resp string){
		"left the study": func(t *testing.T, r *rig.Rig, sub trial.Subject, _ string) {
			if _, err := r.Trial.Move(t.Context(), rig.Staff, sub.ID, trial.Withdrawn, "", "wish", ""); err != nil {
				t.Fatal(err)
			}
		},
		"the window closed": func(t *testing.T, r *rig.Rig, _ trial.Subject, _ string) {
			r.Clock.Advance(4 * time.Hour)
			if _, err := r.Trial.CloseDue(t.Context(), r.Clock.Now()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := rig.New(t, rig.Options{})
			putStudy(t, r)
			p, sub := rosa(t, r)
			resp, _ := evening(t, r, p)
			reach(t, r, trial.Reach{Key: "ask", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.diary", Body: "Hello", Ref: resp})
			end(t, r, sub, resp)
			r.Deliver(t)
			if sent := r.Sent.All(); len(sent) != 0 {
				t.Errorf("%d messages, want none", len(sent))
			}
		})
	}
	t.Run("while it is open it goes", func(t *testing.T) {
		r := rig.New(t, rig.Options{})
		putStudy(t, r)
		p, _ := rosa(t, r)
		resp, _ := evening(t, r, p)
		reach(t, r, trial.Reach{Key: "ask", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.diary", Body: "Hello", Ref: resp})
		r.Deliver(t)
		if sent := r.Sent.All(); len(sent) != 1 {
			t.Errorf("%d messages, want 1", len(sent))
		}
	})
}

func TestNoMeansNoMoreAboutThatStudy(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	out, err := r.Trial.Apply(t.Context(), rig.Staff, trial.Application{Study: "STEADY", Source: "web", NoCode: true, SignUp: contacts.SignUp{
		Person: contacts.Person{Given: "Keisha", Family: "Moore", BirthDate: "1980-05-03", Language: "en", Zone: "America/New_York",
			Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550111"}}},
		Consents: []contacts.Consent{{Purpose: contacts.Recruitment, Channel: contacts.SMS, Granted: true, Source: "web"}}}})
	if err != nil {
		t.Fatal(err)
	}
	reach(t, r, trial.Reach{Key: "k", Person: out.Person, Study: "STEADY", Purpose: contacts.Recruitment, Kind: outbox.SMS, Template: "sms.invite", Body: "Hello"})
	if _, err := r.Trial.Move(t.Context(), rig.Staff, out.Subject, trial.NotInterested, "", "", ""); err != nil {
		t.Fatal(err)
	}
	r.Deliver(t)
	if sent := r.Sent.All(); len(sent) != 0 {
		t.Errorf("%d invitations to somebody who said no, want none", len(sent))
	}
}

// One who died, or is known from records alone, keeps nobody else at their number from signing in.
func TestCodeGoesToWhoeverCanHaveIt(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p, _ := rosa(t, r)
	ctx := t.Context()
	for _, other := range []contacts.Person{
		{Given: "Abel", Family: "Delgado", BirthDate: "1950-01-01", Language: "en", Basis: contacts.Basis{Kind: contacts.ByRecords}},
		{Given: "Aldo", Family: "Delgado", BirthDate: "1951-01-01", Language: "en", Deceased: "2025-01-01", Basis: contacts.Basis{Kind: contacts.ByConsent}},
	} {
		other.ID, other.Zone, other.Points = "per_0"+other.Given, "America/New_York", []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550110"}}
		other.Source, other.SourceID = "test", other.Given
		got, err := r.People.Import(ctx, rig.Staff, "import test", []contacts.Incoming{{Person: other}}, false)
		if err != nil || got[0].Err != nil {
			t.Fatal(err, got[0].Err)
		}
	}
	if all, err := r.People.ByPoint(ctx, "+14125550110"); err != nil || len(all) != 3 {
		t.Fatalf("%d people share the number, %v; want 3", len(all), err)
	}
	if _, err := r.Trial.SendCode(ctx, rig.Staff, "+14125550110", "sign-in", false); err != nil {
		t.Fatal(err)
	}
	r.Deliver(t)
	sent := r.Sent.To("+14125550110")
	if len(sent) != 1 || sent[0].Person != p.ID {
		t.Fatalf("%d codes sent, want one, in the name of who can sign in", len(sent))
	}
}

func TestStudyNamesWhoCanBeRung(t *testing.T) {
	nobody := []string{"onCall: [{name: Noor Haddad, phone: 412-555-0102, hours: always}]\n", ""}
	for name, x := range map[string]struct {
		change []string // old and new in turn
		want   string
	}{
		"on-call number":                 {[]string{"phone: 412-555-0102", "phone: ask Noor"}, "`onCall[0].phone`"},
		"follow-up still has red flags":  {append(nobody, "state: open", "state: follow-up"), "`onCall`"},
		"a study in set-up has them too": {append(nobody, "state: open", "state: setup"), "`onCall`"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := trial.ParseStudy([]byte(strings.NewReplacer(x.change...).Replace(studyYAML))); err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want a problem that says %q", err, x.want)
			}
		})
	}
}
