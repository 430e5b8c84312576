package trial_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// history is a way through STEADY that another system recorded: D0 on 2 February 2026.
func history(t *testing.T, p contacts.PersonID) trial.Loaded {
	t.Helper()
	at := func(day, clock string) time.Time {
		v, err := trial.Instant(day, clock, "America/New_York")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	move := func(to trial.Status, day string) trial.Move {
		return trial.Move{To: to, Event: day, Entered: at(day, "10:00"), By: "old system"}
	}
	touch := contacts.Touch{Meta: docstore.Meta{ID: "tch_old_1"}, At: at("2026-01-29", "11:00"), Out: true, Channel: contacts.Call, Kind: "call", Outcome: "reached"}
	return trial.Loaded{
		Subject: trial.Subject{Person: p, Study: "STEADY", Site: "main", Source: "registry",
			Moves: []trial.Move{move(trial.New, "2026-01-26"), move(trial.Contacting, "2026-01-27"), move(trial.Prescreened, "2026-01-29"),
				move(trial.Consented, "2026-02-02"), move(trial.Eligible, "2026-02-12"), move(trial.Randomized, "2026-02-16")},
			Consent: &trial.InformedConsent{FormVersion: "2.0", Signed: at("2026-02-02", "09:40"), ObtainedBy: "maria", CopyGiven: true}},
		Visits: []trial.Visit{{Code: "V1", State: trial.Kept, Day: "2026-02-02", Time: "09:30"}, {Code: "V2", State: trial.Kept, Day: "2026-02-17", Time: "10:00"}},
		Responses: []trial.Response{{Kind: "diary", Day: "2026-03-01", State: trial.ResponseMissed,
			Session: survey.Session{Ref: "old|1", Lang: "en", Status: survey.Stopped, Started: at("2026-03-01", "18:30")}}},
		Tasks:   []trial.Task{{Meta: docstore.Meta{ID: "tsk_old_1"}, Kind: "call", Study: "STEADY", Text: "Call about the diary.", Opened: at("2026-03-01", "22:00"), Due: at("2026-03-02", "12:00")}},
		Touches: []contacts.Touch{touch},
	}
}

func anyone(t *testing.T, r *rig.Rig, given string) contacts.PersonID {
	t.Helper()
	out, err := r.People.SignUp(t.Context(), rig.Staff, contacts.SignUp{Person: contacts.Person{Given: given, Family: "Lima", BirthDate: "1960-01-02", Zone: "America/New_York",
		Points: []contacts.Point{{Value: "412-555-0150"}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out.Person.PersonID()
}

func TestLoad(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	ctx := t.Context()
	p := anyone(t, r, "Ana")
	in := []trial.Loaded{history(t, p)}
	if n, err := r.Trial.Load(ctx, rig.Staff, "from the old system", in); err != nil || n != 1 {
		t.Fatalf("%d loaded, %v", n, err)
	}
	s, err := r.Trial.Subject(ctx, trial.SubjectID(p, "STEADY"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Status != trial.Randomized || s.Anchor != "2026-02-02" || s.Number == "" || s.Moves[3].From != trial.Prescreened || s.Since.Format(time.RFC3339) != "2026-02-16T05:00:00Z" {
		t.Errorf("the subject is %s since %s, D0 %s, number %q", s.Status, s.Since, s.Anchor, s.Number)
	}
	visits, err := r.Trial.VisitsOf(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range visits {
		got[v.Code] = string(v.State) + " " + v.Earliest + "–" + v.Latest + " " + v.Start.Format("15:04")
	}
	want := map[string]string{"V1": "fulfilled 2026-02-02–2026-02-02 14:30", "V2": "fulfilled 2026-02-13–2026-02-19 15:00", "V3": "proposed 2026-03-14–2026-03-18 00:00"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("visits (-want +got):\n%s", diff)
	}
	diary, err := r.Trial.Response(ctx, trial.ResponseID(s.ID, "2026-03-01"))
	if err != nil || diary.Questionnaire != "steady-evening" || diary.Closes.Format(time.RFC3339) != "2026-03-02T03:00:00Z" {
		t.Errorf("diary: %+v, %v", diary, err)
	}
	line, err := r.People.Timeline(ctx, p, 0, time.Time{})
	if err != nil || len(line) != 1 || line[0].Outcome != "reached" {
		t.Errorf("timeline: %+v, %v", line, err)
	}
	if tasks, err := r.Trial.TasksOf(ctx, p); err != nil || len(tasks) != 1 || tasks[0].Opened.Format(time.RFC3339) != "2026-03-02T03:00:00Z" {
		t.Errorf("tasks: %+v, %v", tasks, err)
	}
	r.Deliver(t)
	if sent := r.Sent.All(); len(sent) > 0 {
		t.Errorf("loading sent %d messages", len(sent))
	}
	// The same again, and somebody new beside it.
	in = append(in, trial.Loaded{Subject: trial.Subject{Person: anyone(t, r, "Bea")}, Touches: []contacts.Touch{{Meta: docstore.Meta{ID: "tch_old_2"}, At: r.Clock.Now().Add(-time.Hour), Kind: "note", Body: "Moved house."}}})
	for _, want := range []int{1, 0} {
		if n, err := r.Trial.Load(ctx, rig.Staff, "again", in); err != nil || n != want {
			t.Errorf("%d loaded, %v; want %d", n, err, want)
		}
	}
	if again, _ := r.Trial.Subject(ctx, s.ID); again.Rev != s.Rev {
		t.Error("loading again changed a subject")
	}
	// And it goes on from there as if it had begun here.
	if _, err := r.Trial.Move(ctx, rig.Staff, s.ID, trial.Withdrawn, "", "moved away", ""); err != nil {
		t.Error(err)
	}
}

func TestLoadRefuses(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p := anyone(t, r, "Ana")
	for name, x := range map[string]struct {
		spoil func(*trial.Loaded)
		want  string
	}{
		"a leap":                      {func(l *trial.Loaded) { l.Subject.Moves = append(l.Subject.Moves[:1], l.Subject.Moves[5]) }, "can go to"},
		"no beginning":                {func(l *trial.Loaded) { l.Subject.Moves = l.Subject.Moves[1:] }, "first move"},
		"out of order":                {func(l *trial.Loaded) { l.Subject.Moves[2].Event = "2026-01-20" }, "the step before"},
		"a day to come":               {func(l *trial.Loaded) { l.Subject.Moves[5].Event = "2026-03-03" }, "has come"},
		"entered never":               {func(l *trial.Loaded) { l.Subject.Moves[1].Entered = time.Time{} }, "entered"},
		"consent nobody has":          {func(l *trial.Loaded) { l.Subject.Consent = nil }, "consent needs"},
		"a site the study has not":    {func(l *trial.Loaded) { l.Subject.Site = "moon" }, "no site"},
		"a visit the plan has not":    {func(l *trial.Loaded) { l.Visits[0].Code = "V9" }, "V9"},
		"a visit twice":               {func(l *trial.Loaded) { l.Visits[1].Code = "V1" }, "twice"},
		"a visit outside, no reason":  {func(l *trial.Loaded) { l.Visits[1].Day = "2026-02-25" }, "say why"},
		"a visit kept in the future":  {func(l *trial.Loaded) { l.Visits[1].Day, l.Visits[1].Why = "2026-04-01", "late" }, "has not come"},
		"a visit at no time":          {func(l *trial.Loaded) { l.Visits[1].Time = "soon" }, "not a day and time"},
		"answers without a state":     {func(l *trial.Loaded) { l.Responses[0].State = "" }, "state"},
		"a task without a name":       {func(l *trial.Loaded) { l.Tasks[0].ID = "" }, "task needs"},
		"a contact at no time":        {func(l *trial.Loaded) { l.Touches[0].At = time.Time{} }, "contact needs"},
		"an alert without its answer": {func(l *trial.Loaded) { l.Alerts = []trial.Alert{{State: trial.AlertClosed}} }, "alert needs"},
		"visits outside any study": {func(l *trial.Loaded) {
			l.Subject = trial.Subject{Person: p}
			l.Tasks[0].ID = "tsk_fresh"
		}, "belong to a study"},
	} {
		t.Run(name, func(t *testing.T) {
			good, bad := history(t, p), history(t, p)
			good.Subject.Person = anyone(t, r, name)
			good.Tasks, good.Touches = nil, nil
			x.spoil(&bad)
			n, err := r.Trial.Load(t.Context(), rig.Staff, "test", []trial.Loaded{good, bad})
			if !errors.Is(err, trial.ErrLoad) || n != 0 || !strings.Contains(err.Error(), x.want) || !strings.Contains(err.Error(), "history 2") {
				t.Errorf("%d loaded, %v; want an ErrLoad of history 2 that says %q", n, err, x.want)
			}
			if _, err := r.Trial.Subject(t.Context(), trial.SubjectID(good.Subject.Person, "STEADY")); !errors.Is(err, docstore.ErrNotFound) {
				t.Errorf("the good one beside it: %v; want it not stored", err)
			}
		})
	}
}
