package trial_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

const studyYAML = `
id: STEADY
title: {en: "Does the time of day for blood pressure tablets matter?"}
neutralName: {en: the Larkfield research office}
keyword: PINE
state: open
recruitmentOpen: true
enrolmentOpen: true
board: {name: Board, number: LUH-1, approved: "2026-01-01", expires: "2026-12-31"}
enrolmentPoint: randomized
sites: [{id: main, name: Main, zip: "15213", zone: America/New_York, phone: 412-555-0101}]
preScreen: steady-prescreen
visits:
  - {code: V1, day: 0}
  - {code: V2, day: 14, early: 3, late: 3}
  - {code: V3, day: 42, early: 2, late: 2, hard: true}
diary:
  questionnaire: steady-evening
  from: "18:00"
  to: "22:00"
  days: daily
  channels: [voice, web]
  callAt: "18:30"
  redFlagApproval: LUH-1-RF
  redFlags: [{item: upper, op: ">=", value: "180", level: urgent}]
  safetyText: {en: Call 911 if you feel very unwell.}
onCall: [{name: Noor Haddad, phone: 412-555-0102, hours: always}]
outOfHours: Noor is on call around the clock.
promise: {caller: Maria, number: 412-555-0100, hours: 8}
`

func putStudy(t *testing.T, r *rig.Rig) trial.Study {
	t.Helper()
	s, err := trial.ParseStudy([]byte(studyYAML))
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil || !changed {
		t.Fatalf("put: changed %v, %v", changed, err)
	}
	return s
}

// rosa signs up and goes all the way into the study, D0 on 2 March 2026.
func rosa(t *testing.T, r *rig.Rig) (contacts.Person, trial.Subject) {
	t.Helper()
	ctx := t.Context()
	a := trial.Application{Study: "STEADY", Source: "web", NoCode: true, SignUp: contacts.SignUp{
		Person: contacts.Person{Given: "Rosa", Family: "Delgado", BirthDate: "1952-05-03", Language: "en", Zone: "America/New_York",
			Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550110"}}},
		Consents: []contacts.Consent{{Purpose: contacts.StudyCare, Channel: contacts.SMS, Granted: true, Source: "web"}, {Purpose: contacts.StudyCare, Channel: contacts.Voice, Granted: true, Source: "web"}}}}
	out, err := r.Trial.Apply(ctx, rig.Staff, a)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []trial.Status{trial.Contacting, trial.Considering, trial.Prescreened} {
		if _, err := r.Trial.Move(ctx, rig.Staff, out.Subject, to, "", "", ""); err != nil {
			t.Fatal(err)
		}
	}
	sub, err := r.Trial.RecordConsent(ctx, rig.Staff, out.Subject, trial.InformedConsent{FormVersion: "2.0", Signed: r.Clock.Now().Add(-time.Hour), ObtainedBy: "maria", CopyGiven: true}, "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.People.Get(ctx, out.Person)
	if err != nil {
		t.Fatal(err)
	}
	return p, sub
}

func TestStudyFile(t *testing.T) {
	for name, x := range map[string]struct{ from, to, want string }{
		"unknown key":                      {"keyword: PINE", "keywrod: PINE", "keywrod"},
		"no neutral name":                  {"neutralName: {en: the Larkfield research office}", "neutralName: {}", "`neutralName`"},
		"name that tells":                  {"the Larkfield research office", "the STEADY team", "stranger"},
		"live red flags, nobody on call":   {"onCall: [{name: Noor Haddad, phone: 412-555-0102, hours: always}]", "onCall: []", "`onCall`"},
		"on call, no name":                 {"name: Noor Haddad, ", "", "`onCall[0].name`"},
		"on call, no hours":                {", hours: always", "", "`onCall[0].hours` is required"},
		"on call, hours nobody can read":   {"hours: always", "hours: weekdays", "`onCall[0].hours` \"weekdays\" is not hours"},
		"nothing outside those hours":      {"outOfHours: Noor is on call around the clock.\n", "", "`outOfHours` is required"},
		"no safety words":                  {"  safetyText: {en: Call 911 if you feel very unwell.}\n", "", "`diary.safetyText.en`"},
		"no safety words in Spanish":       {"neutralName: {en: the Larkfield research office}", "neutralName: {en: the Larkfield research office, es: la oficina}", "`diary.safetyText.es`"},
		"red flags the board has not seen": {"  redFlagApproval: LUH-1-RF\n", "", "`diary.redFlagApproval` is required"},
		"office hours nobody can read":     {"phone: 412-555-0101}]", "phone: 412-555-0101, hours: Mon-Fri 8-5}]", "`sites[0].hours`"},
		"bad zone":                         {"America/New_York", "Pittsburgh", "time zone"},
		"same visit twice":                 {"code: V2", "code: V1", "used twice"},
		"a word right before the call":     {"keyword: PINE", "keyword: PINE\ncodeWordMinutes: 1", "`codeWordMinutes` 1"},
		"a word hours before":              {"keyword: PINE", "keyword: PINE\ncodeWordMinutes: 90", "`codeWordMinutes` 90"},
		"asked again for ever":             {`to: "22:00"`, "to: \"22:00\"\n  reAsks: 50", "`diary.reAsks` 50"},
		"window that is no window":         {`to: "22:00"`, `to: "18:00"`, "`diary.to`"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := trial.ParseStudy([]byte(strings.Replace(studyYAML, x.from, x.to, 1)))
			if !errors.Is(err, trial.ErrStudy) || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want a problem that says %q", err, x.want)
			}
		})
	}
}

func TestPutStudyTwiceChangesNothing(t *testing.T) {
	r := rig.New(t, rig.Options{})
	s := putStudy(t, r)
	if changed, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil || changed {
		got, _ := r.Trial.Study(t.Context(), "STEADY")
		t.Errorf("second put: changed %v, %v; want neither\n%s", changed, err, cmp.Diff(s, got))
	}
	s.Criteria = "criteria: []"
	if changed, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil || !changed {
		t.Errorf("new criteria: changed %v, %v", changed, err)
	}
	if got, _ := r.Trial.Study(t.Context(), "STEADY"); got.Version != 2 {
		t.Errorf("version %d, want 2: the criteria changed once", got.Version)
	}
}

func TestStatusMachine(t *testing.T) {
	for _, s := range trial.Statuses() {
		if s.FHIR("") == "" || s.String() == "" {
			t.Errorf("%q has no FHIR status or no words", s)
		}
		for _, n := range s.Next() {
			if !n.Valid() {
				t.Errorf("%s leads to %q, which does not exist", s, n)
			}
			reason := ""
			if n.NeedsReason() {
				if err := trial.Step(s, n, ""); !errors.Is(err, trial.ErrMove) {
					t.Errorf("%s to %s without a reason: %v", s, n, err)
				}
				reason = "other"
			}
			if err := trial.Step(s, n, reason); err != nil {
				t.Errorf("%s to %s: %v", s, n, err)
			}
		}
	}
	if err := trial.Step(trial.New, trial.Randomized, ""); !errors.Is(err, trial.ErrMove) {
		t.Errorf("new to randomized: %v", err)
	}
}

func TestMoves(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	_, sub := rosa(t, r)
	ctx := t.Context()
	if sub.Status != trial.Consented || sub.Anchor != "2026-03-02" || sub.Number == "" {
		t.Fatalf("after consent: status %s, anchor %s, number %q", sub.Status, sub.Anchor, sub.Number)
	}
	for name, x := range map[string]struct {
		to            trial.Status
		event, reason string
	}{
		"a leap":                {trial.Randomized, "", ""},
		"without its reason":    {trial.ScreenFailure, "", ""},
		"before the one before": {trial.Screening, "2026-02-01", ""},
		"tomorrow":              {trial.Screening, "2026-03-03", ""},
		"not a day":             {trial.Screening, "soon", ""},
	} {
		if _, err := r.Trial.Move(ctx, rig.Staff, sub.ID, x.to, x.event, x.reason, ""); !errors.Is(err, trial.ErrMove) {
			t.Errorf("%s: got %v, want ErrMove", name, err)
		}
	}
	sub, err := r.Trial.Move(ctx, rig.Staff, sub.ID, trial.ScreenFailure, "", "lab", "eGFR too low")
	if err != nil {
		t.Fatal(err)
	}
	if m := sub.Moves[len(sub.Moves)-1]; m.Event != "2026-03-02" || !m.Entered.Equal(r.Clock.Now()) || m.By != "maria" {
		t.Errorf("the move has event %s, entered %s, by %s", m.Event, m.Entered, m.By)
	}
	visits, err := r.Trial.VisitsOf(ctx, sub.Person)
	if err != nil || len(visits) != 3 {
		t.Fatalf("%d visits, %v", len(visits), err)
	}
	for _, v := range visits {
		if v.State != trial.Cancelled {
			t.Errorf("visit %s is %s after the subject left", v.Code, v.State)
		}
	}
}

func TestWhatThePersonSees(t *testing.T) {
	entered := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	s := trial.Subject{Status: trial.NotInterested, Moves: []trial.Move{{To: trial.New, Entered: entered.Add(-48 * time.Hour)}, {To: trial.Contacting, Entered: entered}}}
	if got := s.Shown(entered.Add(time.Hour)); got != trial.New {
		t.Errorf("an hour later: %s, want new", got)
	}
	if got := s.Shown(entered.Add(24 * time.Hour)); got != trial.Contacting {
		t.Errorf("a day later: %s", got)
	}
	s.Told = entered.Add(time.Minute)
	if got := s.Shown(entered.Add(time.Hour)); got != trial.Contacting {
		t.Errorf("once told: %s", got)
	}
}

func TestPromiseCountsWorkingHours(t *testing.T) {
	s := trial.Study{Promise: trial.Promise{Hours: 8}, Sites: []trial.Site{{ID: "main", Zone: "America/New_York", Closed: []string{"2026-04-03"}}}}
	ny, _ := time.LoadLocation("America/New_York")
	for from, want := range map[string]string{
		"2026-03-02 09:05": "2026-03-03 09:05", // Monday to Tuesday
		"2026-03-06 16:00": "2026-03-09 16:00", // Friday, over the weekend
		"2026-03-07 12:00": "2026-03-09 17:00", // Saturday
		"2026-03-02 22:00": "2026-03-03 17:00",
		"2026-04-02 16:00": "2026-04-06 16:00", // Thursday before a Friday on which the office is closed
	} {
		at, _ := time.ParseInLocation("2006-01-02 15:04", from, ny)
		if got := s.PromisedBy("main", at).In(ny).Format("2006-01-02 15:04"); got != want {
			t.Errorf("from %s: %s, want %s", from, got, want)
		}
	}
}

func TestVisits(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p, sub := rosa(t, r)
	ctx := t.Context()
	v2, v3 := trial.VisitID(sub.ID, "V2"), trial.VisitID(sub.ID, "V3")
	if _, err := r.Trial.Book(ctx, rig.Staff, v2, "2026-03-30", "09:30", ""); !errors.Is(err, trial.ErrWindow) {
		t.Errorf("outside a soft window without a reason: %v", err)
	}
	if _, err := r.Trial.Book(ctx, rig.Staff, v3, "2026-04-20", "09:30", "holiday"); !errors.Is(err, trial.ErrWindow) {
		t.Errorf("outside a hard window: %v", err)
	}
	v, err := r.Trial.Book(ctx, rig.Staff, v2, "2026-03-16", "09:30", "")
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 3, 16, 13, 30, 0, 0, time.UTC); !v.Start.Equal(want) { // daylight saving began on the 8th
		t.Errorf("starts %s, want %s", v.Start, want)
	}
	day, err := r.Trial.VisitsOn(ctx, "main", "2026-03-16")
	if err != nil || len(day) != 1 {
		t.Fatalf("%d visits on the day, %v", len(day), err)
	}
	if v, err = r.Trial.ReplyToVisit(ctx, rig.Staff, v2, trial.ChangeAsked, "sms"); err != nil || v.Reply != trial.ChangeAsked {
		t.Fatalf("reply %q, %v", v.Reply, err)
	}
	if _, err = r.Trial.ReplyToVisit(ctx, rig.Staff, v2, trial.ChangeAsked, "sms"); err != nil {
		t.Fatal(err)
	}
	tasks, err := r.Trial.TasksOf(ctx, p.PersonID())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, x := range tasks {
		if x.Kind == "change-visit" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d tasks for one wish said twice, want 1", n)
	}
}

func TestMovedVisitCancelsItsReminder(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p, sub := rosa(t, r)
	ctx := t.Context()
	v, err := r.Trial.Book(ctx, rig.Staff, trial.VisitID(sub.ID, "V2"), "2026-03-16", "09:30", "")
	if err != nil {
		t.Fatal(err)
	}
	touch, gate, err := r.Trial.Reach(ctx, rig.Staff, trial.Reach{Key: "reminder-1", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS,
		Template: "sms.visit", Body: "You have an appointment.", Visit: v.ID, Vars: map[string]string{"sequence": "1"}, Due: r.Clock.Now().Add(time.Hour)})
	if err != nil || !gate.OK {
		t.Fatalf("reach: %v, %s", err, gate.Sentence())
	}
	if _, err := r.Trial.Book(ctx, rig.Staff, v.ID, "2026-03-17", "10:00", ""); err != nil {
		t.Fatal(err)
	}
	r.Clock.Advance(2 * time.Hour)
	r.Deliver(t)
	if sent := r.Sent.All(); len(sent) != 0 {
		t.Errorf("%d messages about the old time went out", len(sent))
	}
	got, err := r.People.TouchByID(ctx, touch.ID)
	if err != nil || got.Outcome != "cancelled" {
		t.Errorf("the timeline says %q, %v; want cancelled", got.Outcome, err)
	}
}

func TestReachUnderOneKeySendsOnce(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p, _ := rosa(t, r)
	for range 3 {
		_, gate, err := r.Trial.Reach(t.Context(), rig.Staff, trial.Reach{Key: "k", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.note", Body: "Hello"})
		if err != nil || !gate.OK {
			t.Fatalf("%v, %s", err, gate.Sentence())
		}
		r.Deliver(t)
	}
	if sent := r.Sent.To("+14125550110"); len(sent) != 1 {
		t.Errorf("%d messages, want 1", len(sent))
	}
}

func TestRefusedReachWritesOnlyItsAuditEntry(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p, _ := rosa(t, r)
	_, gate, err := r.Trial.Reach(t.Context(), rig.Staff, trial.Reach{Key: "r", Person: p.PersonID(), Purpose: contacts.Recruitment, Kind: outbox.SMS, Template: "sms.ask", Body: "Hello"})
	if err != nil {
		t.Fatal(err)
	}
	if gate.OK || gate.Sentence() == "" {
		t.Errorf("allowed, or no reason given: %+v", gate)
	}
	touches, err := r.People.Timeline(t.Context(), p.PersonID(), 10, time.Time{})
	if err != nil || len(touches) != 0 {
		t.Errorf("%d touches, %v; want none", len(touches), err)
	}
}

func TestStopOpensATaskAndSendsNothing(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p, sub := rosa(t, r)
	ctx := t.Context()
	if _, err := r.Trial.Book(ctx, rig.Staff, trial.VisitID(sub.ID, "V2"), "2026-03-16", "09:30", ""); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Trial.Reach(ctx, rig.Staff, trial.Reach{Key: "k", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.note", Body: "Hello"}); err != nil {
		t.Fatal(err)
	}
	n, _ := phone.Parse("+14125550110", "US")
	said := contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.SMS, Source: "sms", Evidence: "STOP"}
	for range 2 { // the webhook comes twice
		if _, err := r.Trial.Stop(ctx, trial.Carrier, n, said); err != nil {
			t.Fatal(err)
		}
	}
	r.Deliver(t)
	if sent := r.Sent.All(); len(sent) != 0 {
		t.Errorf("%d messages after STOP", len(sent))
	}
	if s, _ := r.Trial.Subject(ctx, sub.ID); s.Status != trial.Consented {
		t.Errorf("STOP moved the subject to %s", s.Status)
	}
	tasks, err := r.Trial.TasksOf(ctx, p.PersonID())
	if err != nil {
		t.Fatal(err)
	}
	n2 := 0
	for _, x := range tasks {
		if x.Kind == "stopped-texts" {
			n2++
			if !strings.Contains(x.Text, "V2") {
				t.Errorf("the task does not name the next visit: %q", x.Text)
			}
		}
	}
	if n2 != 1 {
		t.Errorf("%d tasks, want 1", n2)
	}
}

// F1: the caller presses a red-flag answer and hangs up.
func TestRedFlagIsWithStaffBeforeTheNextQuestion(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p, _ := rosa(t, r)
	ctx := t.Context()
	r.Clock.Advance(9*time.Hour + 30*time.Minute) // 18:35
	due, err := r.Trial.Due(ctx, p.PersonID(), r.Clock.Now())
	if err != nil || len(due) != 1 {
		t.Fatalf("%d due, %v", len(due), err)
	}
	resp, err := r.Trial.Begin(ctx, rig.Staff, due[0])
	if err != nil {
		t.Fatal(err)
	}
	rec, err := r.Trial.Record(ctx, rig.Staff, resp.ID, survey.Input{Kind: survey.Show, Channel: survey.Voice})
	if err != nil {
		t.Fatal(err)
	}
	upper := rec.Prompt.LinkID
	for range 2 { // the key press comes twice
		if _, err = r.Trial.Record(ctx, rig.Staff, resp.ID, survey.Input{Kind: survey.Reply, LinkID: upper, Raw: "186", Channel: survey.Voice}); err != nil {
			t.Fatal(err)
		}
	}
	alerts, err := r.Trial.Alerts(ctx, trial.AlertOpen)
	if err != nil || len(alerts) != 1 {
		t.Fatalf("%d alerts, %v; want 1", len(alerts), err)
	}
	al := alerts[0]
	if al.Level != "urgent" || !strings.Contains(al.What, "186") {
		t.Errorf("alert is %s: %q", al.Level, al.What)
	}
	r.Deliver(t)
	sent := r.Sent.To("+14125550102")
	if len(sent) != 1 {
		t.Fatalf("%d messages to the person on call, want 1", len(sent))
	}
	for _, secret := range []string{"Rosa", "Delgado", "186", "STEADY", "pressure"} {
		if strings.Contains(sent[0].Body, secret) {
			t.Errorf("the message to staff says %q: %q", secret, sent[0].Body)
		}
	}
	if stored, _ := r.Trial.Response(ctx, resp.ID); len(stored.Session.Answers) != 1 {
		t.Errorf("%d answers kept, want 1", len(stored.Session.Answers))
	}

	// Nobody acknowledges: the next message follows; then somebody does, and it ends.
	r.Clock.Advance(6 * time.Minute)
	if err := r.Trial.Escalate(ctx, r.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.Deliver(t)
	if sent := r.Sent.To("+14125550102"); len(sent) != 2 || sent[1].Kind != outbox.Call {
		t.Errorf("%d messages after five minutes of silence, want a text and a call", len(sent))
	}
	if al, err = r.Trial.Acknowledge(ctx, rig.Staff, al.ID, "sms"); err != nil || al.State != trial.AlertAcknowledged {
		t.Fatalf("acknowledge: %s, %v", al.State, err)
	}
	r.Clock.Advance(time.Hour)
	if err := r.Trial.Escalate(ctx, r.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.Deliver(t)
	if sent := r.Sent.To("+14125550102"); len(sent) != 2 {
		t.Errorf("%d messages after it was acknowledged, want 2 as before", len(sent))
	}

	// Changing the answer keeps the alert and says so.
	if _, err = r.Trial.Record(ctx, rig.Staff, resp.ID, survey.Input{Kind: survey.Reply, LinkID: upper, Raw: "136", Channel: survey.Web}); err != nil {
		t.Fatal(err)
	}
	al, _ = r.Trial.Alert(ctx, al.ID)
	if last := al.Log[len(al.Log)-1]; last.What != "answer changed" {
		t.Errorf("last line is %q, want answer changed", last.What)
	}
}

func TestClosedWindowTakesNothing(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p, _ := rosa(t, r)
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
	r.Clock.Advance(4 * time.Hour)
	if _, err := r.Trial.Record(ctx, rig.Staff, resp.ID, survey.Input{Kind: survey.Reply, Raw: "120", Channel: survey.Web}); !errors.Is(err, trial.ErrClosed) {
		t.Errorf("after the window: %v, want ErrClosed", err)
	}
	if n, err := r.Trial.CloseDue(ctx, r.Clock.Now()); err != nil || n != 1 {
		t.Errorf("closed %d, %v; want 1", n, err)
	}
	if got, _ := r.Trial.Response(ctx, resp.ID); got.State != trial.ResponseMissed {
		t.Errorf("state %s, want missed", got.State)
	}
	if due, _ := r.Trial.Due(ctx, p.PersonID(), r.Clock.Now()); len(due) != 0 {
		t.Errorf("%d due at night, want none", len(due))
	}
}

func TestSignUpSendsACodeAndARepeatLooksTheSame(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	ctx := t.Context()
	a := trial.Application{Study: "STEADY", Source: "web", SignUp: contacts.SignUp{
		Person: contacts.Person{Given: "Dana", Family: "Okafor", BirthDate: "1970-01-02", Language: "en", Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550123"}}}}}
	first, err := r.Trial.Apply(ctx, rig.Staff, a)
	if err != nil {
		t.Fatal(err)
	}
	r.Deliver(t)
	r.Clock.Advance(time.Minute)
	again, err := r.Trial.Apply(ctx, rig.Staff, a)
	if err != nil {
		t.Fatal(err)
	}
	r.Deliver(t)
	if first.Person != again.Person || again.Challenge == "" || first.Challenge == again.Challenge || !first.Promised.Equal(again.Promised) || !again.Repeat {
		t.Errorf("a repeat is answered differently: %+v, then %+v", first, again)
	}
	sent := r.Sent.To("+14125550123")
	if len(sent) != 2 {
		t.Fatalf("%d codes sent, want 2", len(sent))
	}
	code := digitsIn(sent[1].Body)
	p, err := r.Trial.Confirm(ctx, rig.Staff, again.Challenge, code)
	if err != nil || p.Points[0].Verified.IsZero() {
		t.Errorf("confirm: %v, verified %v", err, p.Points)
	}
	if n, _ := r.People.Count(ctx); n != 1 {
		t.Errorf("%d people, want 1", n)
	}
}

func digitsIn(s string) string {
	var b strings.Builder
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		if len(f) == 6 {
			b.WriteString(f)
			break
		}
	}
	return b.String()
}

// The file that new operators copy is a study Muster takes.
func TestExampleStudy(t *testing.T) {
	data, err := os.ReadFile("../docs/example-study.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := trial.ParseStudy(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := matching.CheckCriteria(s.Criteria); err != nil {
		t.Error(err)
	}
}

func TestOfficeIsClosed(t *testing.T) {
	s := trial.Site{Hours: "Mon-Fri 08:00-17:00", Closed: []string{"2026-04-03"}}
	for at, want := range map[string]bool{"2026-04-02 09:00": true, "2026-04-03 09:00": false, "2026-04-04 09:00": false, "2026-04-06 16:59": true, "2026-04-06 17:00": false} {
		local, err := time.Parse("2006-01-02 15:04", at)
		if err != nil {
			t.Fatal(err)
		}
		if s.Answers(local) != want {
			t.Errorf("%s: open %v, want %v", at, !want, want)
		}
	}
	if (&trial.Site{}).Answers(time.Date(2026, 4, 2, 9, 0, 0, 0, time.UTC)) {
		t.Error("an office without hours answers")
	}
	bad, err := trial.ParseStudy([]byte(studyYAML))
	if err != nil {
		t.Fatal(err)
	}
	bad.Sites[0].Closed = []string{"Christmas"}
	if err := bad.Check(); err == nil || !strings.Contains(err.Error(), `"Christmas" is not a day`) {
		t.Errorf("got %v", err)
	}
}
