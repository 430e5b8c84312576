package staff_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/portal/staff"
	"github.com/muster-health/muster/trial"
)

func TestHomeShowsWhatWaits(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, sub := d.rosa()
	d.alert(p)
	d.volunteer("Ana", "Ruiz", "+14125550160", "main")
	d.wrote(p, "Can I come later, Rosa")
	if err := d.Trial.OpenTask(t.Context(), rig.Staff, trial.Task{Kind: "call", Person: p, Study: "STEADY", Site: "main", Text: "Call Rosa about the bus.", Due: d.Clock.Now().Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Trial.Book(t.Context(), rig.Staff, trial.VisitID(sub, "V1"), "2026-03-02", "14:00", ""); err != nil {
		t.Fatal(err)
	}
	b := d.as("maria")
	page := b.page("/staff")
	has(t, page, "186", "Urgent", "Promised a call tomorrow at 9:05 am", "Can I come later, R. D.", "Call R. D. about the bus.", "1 h late", "Board approval LUH-1 ends on 20 Mar 2026: 18 days left", "2 pm", "no answer yet", "Last seven days")
	lacks(t, page, "Rosa", "Delgado")
	if strings.Index(page, "186") > strings.Index(page, "Promised a call") {
		t.Error("the alert does not stand above the promise")
	}
	// A promise not kept is red.
	d.Clock.Advance(26 * time.Hour)
	has(t, b.page("/staff"), "Promised a call by Tue 3 Mar, 9:05 am, from Maria. Nobody called.")
}

func TestAlert(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	al := d.alert(p)
	d.Deliver(t)
	b := d.as("maria")
	path := "/staff/alerts/" + al.ID
	has(t, b.page("/staff/alerts"), "R. D.", "186")
	page := b.page(path)
	has(t, page, "Urgent alert: R. D.", "Nobody has taken it", "Answered", "Text to on-call", "Noor Haddad", "I am taking this")
	b.refused(b.send(path+"/close", "note", "called her"), "Take the alert first")
	has(t, b.went(b.send(path+"/acknowledge"), path), "You have taken this alert", "Maria Santos, website")
	b.refused(b.send(path+"/close", "note", ""), "Write what was done")
	has(t, b.went(b.send(path+"/close", "note", "Spoke to her, resting, doctor at 3 pm"), "/staff/alerts"), "The alert is closed.", "No open alerts.", "Closed alerts")
	got, err := d.Trial.Alert(t.Context(), al.ID)
	if err != nil || got.State != trial.AlertClosed || got.AckBy != "maria" {
		t.Errorf("the alert is %s by %q, %v", got.State, got.AckBy, err)
	}
	has(t, b.page("/staff/people/"+string(p)), "Alert, urgent", "Diary")
}

func TestTasks(t *testing.T) {
	d := newDesk(t, nil)
	if err := d.Trial.CallMe(t.Context(), rig.Staff, "Ana", "412-555-0161", "mornings", ""); err != nil {
		t.Fatal(err)
	}
	tasks, err := d.Trial.Tasks(t.Context(), "")
	if err != nil || len(tasks) != 1 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	b := d.as("maria")
	path := "/staff/tasks/" + tasks[0].ID
	has(t, b.page("/staff/tasks"), "Asked to be called: Ana", "due today at 10:05 pm")
	b.refused(b.send(path, "outcome", ""), "Write what came of it.")
	has(t, b.went(b.send(path, "outcome", "Called, wants to think"), "/staff/tasks"), "The task is done.", "No open tasks.")
	has(t, b.page(path), "Maria Santos", "Called, wants to think")
}

func TestInbox(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	touch := d.wrote(p, "Is parking free?")
	d.wrote("", "who is this")
	b := d.as("maria")
	page := b.page("/staff/inbox")
	has(t, page, "Is parking free?", "A number we do not know", "who is this")
	path := "/staff/people/" + string(p)
	has(t, b.page(path+"?do=text&reply="+touch.ID), "Is parking free?", "Send text")
	b.went(b.send(path+"/text", "about", "STEADY", "reply", touch.ID, "text", "Yes, behind the house."), path)
	d.Deliver(t)
	if sent := d.Sent.To("+14125550110"); len(sent) != 1 || sent[0].ReplyTo != touch.ID {
		t.Errorf("sent %+v", sent)
	}
	lacks(t, b.page("/staff/inbox"), "parking")
	unread, err := d.People.Unread(t.Context(), 10)
	if err != nil || len(unread) != 1 {
		t.Fatalf("%d unread, %v", len(unread), err)
	}
	has(t, b.went(b.send("/staff/inbox/"+unread[0].ID+"/read"), "/staff/inbox"), "Everything is read.")
	// Somebody else's message cannot be answered on this page.
	other, _ := d.volunteer("Ana", "Ruiz", "+14125550160", "main")
	if a := b.get("/staff/people/" + string(other) + "?do=text&reply=" + touch.ID); a.code != http.StatusNotFound {
		t.Errorf("answering somebody else's message: %d", a.code)
	}
}

func TestMove(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, sub := d.volunteer("Ana", "Ruiz", "+14125550160", "main")
	b := d.as("maria")
	path, person := "/staff/subjects/"+sub+"/move", "/staff/people/"+string(p)
	page := b.page(path)
	has(t, page, "Contacting", "Not eligible at pre-screen", "needs a reason")
	lacks(t, page, `value="randomized"`, `value="consented"`)
	today := []string{"event-day", "2", "event-month", "3", "event-year", "2026"}
	move := func(pairs ...string) answer { return b.send(path, append(pairs, today...)...) }
	b.refused(move(), "Choose where to move them.")
	b.refused(move("to", "randomized"), "From New one can go to Contacting, Considering, Pre-screen passed")
	b.refused(move("to", "ineligible"), "Not eligible at pre-screen needs a reason.")
	b.refused(b.send(path, "to", "contacting", "event-day", "1", "event-month", "3", "event-year", "2026"), "The step before was on 2026-03-02.")
	b.refused(b.send(path, "to", "contacting", "event-day", "9", "event-month", "3", "event-year", "2026"), "date")
	has(t, b.went(move("to", "prescreen_passed", "note", "sure of it"), person), "Moved to Pre-screen passed.", "STEADY: Pre-screen passed")
	b.refused(move("to", "consented"), "its own form")
	has(t, b.went(b.send("/staff/subjects/"+sub+"/told"), person), "They now see where things stand.")
	got, err := d.Trial.Subject(t.Context(), sub)
	if err != nil || got.Status != trial.Prescreened || got.Told.IsZero() || got.Moves[len(got.Moves)-1].By != "maria" {
		t.Errorf("subject %+v, %v", got, err)
	}
	has(t, b.page("/staff/studies/STEADY/pipeline"), "Pre-screen passed 1", "A. R.")
	has(t, b.page("/staff/studies/STEADY/pipeline?status=prescreen_passed"), "A. R.", "Larkfield Main")
}

func TestRecordConsent(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, sub := d.volunteer("Ana", "Ruiz", "+14125550160", "main")
	b := d.as("maria")
	path := "/staff/subjects/" + sub + "/consent"
	full := []string{"version", "2.1", "signed-day", "2", "signed-month", "3", "signed-year", "2026", "at", "8:30 am", "by", "Dr Ingrid Solberg", "copy", "1"}
	b.refused(b.send(path, full...), "From New one can go to")
	for _, to := range []trial.Status{trial.Contacting, trial.Considering, trial.Prescreened} {
		if _, err := d.Trial.Move(t.Context(), rig.Staff, sub, to, "", "", ""); err != nil {
			t.Fatal(err)
		}
	}
	b.refused(b.send(path, "version", "2.1"), "Give a copy first")
	late := append([]string{}, full...)
	late[9] = "11:59 pm"
	b.refused(b.send(path, late...), "has not come yet")
	page := b.went(b.send(path, full...), "/staff/people/"+string(p))
	has(t, page, "The consent is recorded.", "form 2.1", "MAIN-", "V1", "V2", "not booked")
	got, err := d.Trial.Subject(t.Context(), sub)
	if err != nil || got.Status != trial.Consented || got.Consent.ObtainedBy != "Dr Ingrid Solberg" || !got.Consent.CopyGiven {
		t.Errorf("subject %+v, %v", got.Consent, err)
	}
	has(t, b.page(path), "On record", "2.1")
}

func TestVisits(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, sub := d.rosa()
	b := d.as("maria")
	person := "/staff/people/" + string(p)
	v2, v3 := "/staff/visits/"+trial.VisitID(sub, "V2"), "/staff/visits/"+trial.VisitID(sub, "V3")
	has(t, b.page(v2), "V2 Start visit: R. D.", "13 Mar 2026 to 19 Mar 2026", "Book visit")
	on := func(visit, day, month, at, why string) answer {
		return b.send(visit+"/book", "day-day", day, "day-month", month, "day-year", "2026", "at", at, "why", why)
	}
	b.refused(on(v2, "25", "3", "9:30 am", ""), "outside the window 13 Mar 2026 to 19 Mar 2026. Say why")
	b.refused(on(v2, "1", "3", "9:30 am", "x"), "in the past")
	b.refused(on(v3, "25", "4", "9:30 am", "on holiday"), "must be between")
	b.refused(b.send(v2+"/book", "at", "9:30"), "")
	has(t, b.went(on(v2, "16", "3", "9:30 am", ""), person), "Visit V2 is booked for Mon 16 Mar, 9:30 am.")
	board := "/staff/visits?site=main&day=2026-03-16"
	has(t, b.page(board), "9:30 am", "R. D.", "no answer yet", "Larkfield Main")
	for reply, says := range map[string]string{trial.ChangeAsked: "asked to change", trial.Confirmed: "confirmed"} {
		if _, err := d.Trial.ReplyToVisit(t.Context(), rig.Staff, trial.VisitID(sub, "V2"), reply, "sms"); err != nil {
			t.Fatal(err)
		}
		has(t, b.page(board), says)
	}
	has(t, b.went(on(v2, "17", "3", "10:00", ""), person), "Tue 17 Mar, 10 am")
	if a := b.send(v2+"/mark", "as", "kept"); a.code != http.StatusBadRequest {
		t.Errorf("kept before it began: %d", a.code)
	}
	sheet := b.send("/staff/visits/sheet", "site", "main", "day", "2026-03-17")
	if sheet.code != http.StatusOK {
		t.Fatalf("sheet: %d", sheet.code)
	}
	has(t, sheet.body, "Rosa Delgado", "(412) 555-0110", "Room 4", "Noor Haddad")
	if got := d.actions(p); got[len(got)-1] != "person.print" {
		t.Errorf("the sheet left no trace: %v", got)
	}
	d.Clock.Advance(15*24*time.Hour + 2*time.Hour)
	has(t, b.went(b.send(v2+"/mark", "as", "kept"), v2), "kept")
	if a := b.send(v3+"/cancel", "cancel", "x"); a.code != http.StatusBadRequest {
		t.Errorf("cancelling what is not booked: %d", a.code)
	}
	b.went(on(v3, "13", "4", "9 am", ""), person)
	b.refused(b.send(v3+"/cancel", "cancel", ""), "Say why")
	has(t, b.went(b.send(v3+"/cancel", "cancel", "moved away"), person), "Visit V3 is cancelled.")
}

// fixed is a matcher with one answer.
type fixed struct {
	match   staff.Match
	fits    []staff.Fit
	fresh   []contacts.PersonID
	unknown []contacts.PersonID
	ask     []string // what was tried last
	tried   staff.WhatIf
	wrong   error
}

func (f *fixed) Try(_ context.Context, _ trial.StudyID, _ string, changes []string) (staff.WhatIf, error) {
	f.ask = changes
	return f.tried, f.wrong
}

func (f *fixed) New(context.Context, trial.StudyID, string) (staff.Newcomers, error) {
	return staff.Newcomers{Since: "2026-02-27", People: f.fresh}, nil
}

func (f *fixed) Hold(_ context.Context, _ trial.StudyID, p contacts.PersonID, _ string) (staff.Fit, error) {
	for _, x := range f.fits {
		if x.Person == p {
			return x, nil
		}
	}
	return staff.Fit{}, docstore.ErrNotFound
}

func (f *fixed) Unknown(context.Context, trial.StudyID, string, string) ([]contacts.PersonID, error) {
	return f.unknown, nil
}

func (f *fixed) Candidates(context.Context, trial.StudyID, string, int) (staff.Match, error) {
	return f.match, nil
}
func (f *fixed) For(context.Context, contacts.PersonID, string) ([]staff.Fit, error) {
	return f.fits, nil
}

func TestCandidates(t *testing.T) {
	m := &fixed{}
	d := newDesk(t, func(x *staff.Deps) { x.Matcher = m })
	d.study()
	added, err := d.People.Add(t.Context(), cli, contacts.SignUp{Reason: "called", Consents: agreed(contacts.Recruitment, contacts.SMS),
		Person: contacts.Person{Given: "Ernesto", Family: "Delgado", BirthDate: "1950-01-02", Language: "es", Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550111"}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := added.Person.PersonID()
	fit := staff.Fit{Person: p, Study: "STEADY", Verdict: "possible", Unknown: []string{"last blood pressure"}, Miles: 4.2, Reasons: []staff.Reason{
		{Criterion: "I1", Text: "Age 50–80", Is: "met", Why: "76 on 2 March 2026, from the person"}, {Criterion: "E1", Text: "Upper number 180 or more", Is: "unknown", Why: "never recorded"}}}
	m.match = staff.Match{Version: 1, Eligible: 3, Possible: 7, Excluded: 90, Ask: []staff.Ask{{Name: "smoking", People: 7, Settles: 5.6}, {Name: "pregnancy", People: 3, Settles: 1, Sensitive: true}, {Name: "stroke", People: 1, Settles: 0.2}}, People: []staff.Fit{fit}, Criteria: []staff.Criterion{{ID: "I1", Text: "Age 50–80", Excluded: 40, Only: 12}, {ID: "E1", Text: "Upper number 180 or more", Excluded: 50, Unknown: 7}}}
	m.fits = []staff.Fit{fit}
	b := d.as("maria")
	path := "/staff/studies/STEADY/candidates"
	page := b.page(path)
	has(t, page, "3 eligible", "7 possible", "90 excluded", "E. D.", "4.2 miles", "Not known: last blood pressure", "76 on 2 March 2026, from the person", "texts: yes", "The first 1 of 10", "Add to pipeline")
	has(t, page, "Ask next: smoking (not known of 7, expected to settle 6); pregnancy (not known of 3, expected to settle 1; sensitive: after sign-in or by staff).")
	lacks(t, page, "Ernesto", "stroke")
	has(t, page, "0 new since Friday.")
	m.fresh = []contacts.PersonID{p, "per_of_nobody"}
	has(t, b.page(path), "1 new since Friday.", "1 unknown New", "Show only these", "E. D.")
	alone := b.page(path + "?new")
	has(t, alone, "E. D.", "Show all")
	lacks(t, alone, "The first 1 of 10")
	m.fresh = nil
	lacks(t, b.page(path+"?new"), "E. D.")
	person := "/staff/people/" + string(p)
	has(t, b.page(person), "Studies that may fit", "never recorded")
	has(t, b.went(b.send(path, "person", string(p)), person), "Added to STEADY as new.")
	has(t, b.page(path), "New")
	lacks(t, b.page(path), "Add to pipeline", "Not counted here")
	d.rosa()
	has(t, b.page(path), "Not counted here: 1 who are in this study or out of it.")

	// After the board's last day nobody can be added, and the pages say why.
	d.Clock.Advance(30 * 24 * time.Hour)
	has(t, b.page(path), "Nobody can be added now. Board approval LUH-1 expired on 2026-03-20.")
	other, _ := d.People.Add(t.Context(), cli, contacts.SignUp{Reason: "called", Person: contacts.Person{Given: "Ana", Family: "Ruiz", BirthDate: "1950-01-02", Language: "es", Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550160"}}}}, nil)
	has(t, b.went(b.send(path, "person", other.Person.ID), "/staff/people/"+other.Person.ID), "board approval LUH-1 expired")
	has(t, b.page("/staff/studies/STEADY"), "Recruitment is stopped.")
}

// Every page stands with nothing behind it.
func TestEmptyDesk(t *testing.T) {
	d := newDesk(t, nil)
	b := d.as("maria")
	for _, path := range []string{"/staff", "/staff/alerts", "/staff/tasks", "/staff/inbox", "/staff/people", "/staff/people/new", "/staff/visits", "/staff/studies"} {
		b.page(path)
	}
	for _, path := range []string{"/staff/people/per_nobody", "/staff/studies/NONE", "/staff/alerts/alr_none", "/staff/tasks/tsk_none", "/staff/visits/vis_none", "/staff/subjects/sub_none/move"} {
		if a := b.get(path); a.code != http.StatusNotFound {
			t.Errorf("GET %s: %d, want 404", path, a.code)
		}
	}
	if a := b.post("/staff/people/new", nil); a.code != http.StatusBadRequest {
		t.Errorf("a form without its id: %d, want 400", a.code)
	}
}

// An approval that ends is on the home page 60 days ahead, louder at 30 and at 7 (F17).
func TestBoardWarnings(t *testing.T) {
	for expires, want := range map[string]struct{ tone, says string }{
		"2026-05-02": {}, // 61 days
		"2026-05-01": {"<li>", "60 days left"},
		"2026-04-01": {`<li class="queue-amber">`, "30 days left"},
		"2026-03-09": {`<li class="queue-red">`, "7 days left"},
		"2026-03-01": {`<li class="queue-red">`, "expired on 2026-03-01"},
	} {
		t.Run(expires, func(t *testing.T) {
			d := newDesk(t, nil)
			d.study()
			s, err := d.Trial.Study(t.Context(), "STEADY")
			if err != nil {
				t.Fatal(err)
			}
			s.Board.Expires = expires
			if _, err := d.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil {
				t.Fatal(err)
			}
			page := d.as("maria").page("/staff")
			if want.says == "" {
				lacks(t, page, "Board approval")
				return
			}
			has(t, page, want.says)
			if queue := page[strings.Index(page, `<ul class="queue">`)+len(`<ul class="queue">`):]; !strings.HasPrefix(queue, want.tone) {
				t.Errorf("the line begins %.40q, want %q", queue, want.tone)
			}
		})
	}
}

// After an amendment whoever takes part on the old form stands out until the new one is signed.
func TestWhoMustSignAgain(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, sub := d.rosa() // on form 2.0
	b := d.as("maria")
	person, lane := "/staff/people/"+string(p), "/staff/studies/STEADY/pipeline"
	lacks(t, b.page(person)+b.page(lane), "Must sign form")
	put := func(form trial.Form) error {
		s, err := trial.ParseStudy([]byte(studyYAML))
		if err != nil {
			t.Fatal(err)
		}
		s.ConsentForm = form
		_, err = d.Trial.PutStudy(t.Context(), rig.Staff, s)
		return err
	}
	if err := put(trial.Form{SignAgain: true}); !errors.Is(err, trial.ErrStudy) {
		t.Errorf("a form without a version: %v", err)
	}
	if err := put(trial.Form{Version: "3.0"}); err != nil {
		t.Fatal(err)
	}
	lacks(t, b.page(person), "Must sign form")
	if err := put(trial.Form{Version: "3.0", SignAgain: true}); err != nil {
		t.Fatal(err)
	}
	has(t, b.page(person), "Must sign form 3.0", "Record a new consent")
	has(t, b.page(lane), "Must sign form 3.0")
	page := b.went(b.send("/staff/subjects/"+sub+"/consent", "version", "3.0", "signed-day", "2", "signed-month", "3", "signed-year", "2026", "at", "8:30 am", "by", "Dr Ingrid Solberg", "copy", "1"), person)
	has(t, page, "form 3.0")
	lacks(t, page+b.page(lane), "Must sign form")
}

// While the carrier refuses the account everybody's first page says so, and why.
func TestHomeSaysThatNothingGoesOut(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	b := d.as("maria")
	lacks(t, b.page("/staff"), "No text and no call goes out")
	if _, _, err := d.Trial.Reach(t.Context(), rig.Staff, trial.Reach{Key: "k", Person: p, Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.note", Body: "Hello"}); err != nil {
		t.Fatal(err)
	}
	d.Sent.Fail = func(outbox.Message) error { return outbox.Stop(outbox.Account, "20003", errors.New("no")) }
	d.Deliver(t)
	has(t, b.page("/staff"), "No text and no call goes out: the phone company does not accept the account", "code 20003", "Call by hand")
}
