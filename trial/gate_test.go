package trial_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// putStudyWith is putStudy with further lines in its file.
func putStudyWith(t *testing.T, r *rig.Rig, lines string) {
	t.Helper()
	s, err := trial.ParseStudy([]byte(studyYAML + lines))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil {
		t.Fatal(err)
	}
}

// invited signs somebody up who agreed to be texted about studies.
func invited(t *testing.T, r *rig.Rig) contacts.PersonID {
	t.Helper()
	out, err := r.Trial.Apply(t.Context(), rig.Staff, trial.Application{Source: "web", NoCode: true, SignUp: contacts.SignUp{
		Person: contacts.Person{Given: "Keisha", Family: "Moore", BirthDate: "1980-05-03", Language: "en", Zone: "America/New_York",
			Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550111"}, {Kind: contacts.Email, Value: "keisha@example.test"}}},
		Consents: []contacts.Consent{{Purpose: contacts.Recruitment, Channel: contacts.SMS, Granted: true, Source: "web"}, {Purpose: contacts.Recruitment, Channel: contacts.ByEmail, Granted: true, Source: "web"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Person
}

func invite(n int, p contacts.PersonID) trial.Reach {
	return trial.Reach{Key: fmt.Sprint("invite-", n), Person: p, Study: "STEADY", Purpose: contacts.Recruitment, Kind: outbox.SMS, Template: "sms.invite", Body: fmt.Sprint("Hello ", n)}
}

// A message is not counted against itself: the last one the cap allows goes when it is due, and the
// next waits until the first is a month old.
func TestCapLetsItsLastMessageGo(t *testing.T) {
	for _, most := range []int{1, 4} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			r := rig.New(t, rig.Options{})
			putStudyWith(t, r, fmt.Sprintf("contact: {maxPerMonth: %d}\n", most))
			p := invited(t, r)
			for n := range most + 1 { // all are queued before the first is sent
				if _, _, err := r.Trial.Reach(t.Context(), rig.Staff, invite(n, p)); err != nil {
					t.Fatal(err)
				}
			}
			r.Deliver(t)
			if sent := r.Sent.All(); len(sent) != most {
				t.Fatalf("%d texts went out, want %d", len(sent), most)
			}
			r.Clock.Advance(30 * 24 * time.Hour)
			r.Deliver(t)
			if sent := r.Sent.All(); len(sent) != most {
				t.Fatalf("%d texts within a month, want %d", len(sent), most)
			}
			r.Clock.Advance(25 * time.Hour)
			r.Deliver(t)
			if sent := r.Sent.All(); len(sent) != most+1 {
				t.Errorf("%d texts after a month, want %d", len(sent), most+1)
			}
		})
	}
}

// Texts for the care of studies: no more in a day than the site says, over all studies together. What is over
// waits for the next morning with its reason; what would come too late then is not sent.
func TestTextsADayOverAllStudies(t *testing.T) {
	r := rig.New(t, rig.Options{TextsADay: 3})
	putStudy(t, r)
	other, err := trial.ParseStudy([]byte(strings.Replace(studyYAML, "id: STEADY", "id: OTHER", 1)))
	if err == nil {
		_, err = r.Trial.PutStudy(t.Context(), rig.Staff, other)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, _ := rosa(t, r)
	text := func(n int, study trial.StudyID) trial.Reach {
		return trial.Reach{Key: fmt.Sprint("care-", n), Person: p.PersonID(), Study: study, Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.note", Body: fmt.Sprint("Hello ", n)}
	}
	for n := range 5 { // all are queued before the first is sent
		x := text(n, []trial.StudyID{"STEADY", "OTHER"}[n%2])
		if n == 4 {
			x.NotAfter = r.Clock.Now().Add(8 * time.Hour)
		}
		if _, _, err := r.Trial.Reach(t.Context(), rig.Staff, x); err != nil {
			t.Fatal(err)
		}
	}
	r.Deliver(t)
	if sent := r.Sent.All(); len(sent) != 3 {
		t.Fatalf("%d texts in a day, want 3", len(sent))
	}
	answer := text(7, "STEADY")
	answer.ReplyTo = "SM1"
	if _, gate, err := r.Trial.Reach(t.Context(), rig.Staff, answer); err != nil || !gate.OK {
		t.Errorf("an answer: %v, %s", err, gate.Sentence())
	}
	gate, err := r.Trial.May(t.Context(), p.PersonID(), contacts.StudyCare, contacts.SMS, "STEADY")
	if err != nil || gate.OK || !gate.Has(contacts.CodeDayCap) || !strings.Contains(gate.Sentence(), "the limit is 3 a day over all studies") {
		t.Errorf("a fourth: %v, %s", err, gate.Sentence())
	}
	r.Deliver(t)
	r.Clock.Advance(20 * time.Hour)
	r.Deliver(t)
	if sent := r.Sent.All(); len(sent) != 4 {
		t.Fatalf("%d texts and one answer by the next day's first hour, want 4", len(sent))
	}
	r.Clock.Advance(6 * time.Hour)
	r.Deliver(t)
	if sent := r.Sent.All(); len(sent) != 5 || sent[4].Body != "Hello 3" {
		t.Errorf("%d texts the next day, want the fourth and not the fifth: its time was over", len(sent))
	}
}

// What was put off counts from the day it went, not from the day it was written.
func TestCapCountsFromTheSend(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudyWith(t, r, "contact: {maxPerMonth: 1}\n")
	p := invited(t, r)
	first := invite(0, p)
	first.Due = r.Clock.Now().AddDate(0, 0, 20)
	reach(t, r, first)
	r.Clock.Advance(20 * 24 * time.Hour)
	r.Deliver(t)
	r.Clock.Advance(12 * 24 * time.Hour) // 32 days after it was written, 12 after it went
	_, gate, err := r.Trial.Reach(t.Context(), rig.Staff, invite(1, p))
	if err != nil || gate.OK || !gate.Has(contacts.CodeCap) {
		t.Errorf("a second text twelve days after the first: %v, %s", err, gate.Sentence())
	}
}

// Who has answered hears no more about the visit, whatever was queued and whichever way they answered.
func TestAnswerEndsWhatIsQueuedAboutAVisit(t *testing.T) {
	for _, reply := range []string{trial.Confirmed, trial.ChangeAsked} {
		t.Run(reply, func(t *testing.T) {
			r := rig.New(t, rig.Options{})
			putStudy(t, r)
			p, sub := rosa(t, r)
			ctx := t.Context()
			v, err := r.Trial.Book(ctx, rig.Staff, trial.VisitID(sub.ID, "V2"), "2026-03-16", "09:30", "")
			if err != nil {
				t.Fatal(err)
			}
			touch := reach(t, r, trial.Reach{Key: "reminder", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.reminder",
				Body: "You have an appointment.", Visit: v.ID, Vars: map[string]string{"sequence": "1"}, Due: r.Clock.Now().Add(time.Hour)})
			if _, err := r.Trial.ReplyToVisit(ctx, rig.Staff, v.ID, reply, "web"); err != nil {
				t.Fatal(err)
			}
			if got, err := r.People.TouchByID(ctx, touch.ID); err != nil || got.Outcome != "cancelled" {
				t.Errorf("the timeline says %q, %v; want cancelled", got.Outcome, err)
			}
			// Put in afterwards, by a process that had not seen the answer yet.
			reach(t, r, trial.Reach{Key: "late", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.reminder",
				Body: "You have an appointment.", Visit: v.ID, Vars: map[string]string{"sequence": "1"}})
			r.Clock.Advance(2 * time.Hour)
			r.Deliver(t)
			if sent := r.Sent.All(); len(sent) != 0 {
				t.Errorf("%d messages about a visit that was answered", len(sent))
			}
		})
	}
}

// The study's own hours hold for what it sends by machine.
func TestStudyHours(t *testing.T) {
	r := rig.New(t, rig.Options{}) // 09:05 in Pittsburgh
	putStudyWith(t, r, `contact: {from: "10:30", to: "18:00"}`+"\n")
	p, _ := rosa(t, r)
	_, gate, err := r.Trial.Reach(t.Context(), rig.Staff, trial.Reach{Key: "k", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.note", Body: "Hello"})
	if want := time.Date(2026, 3, 2, 15, 30, 0, 0, time.UTC); err != nil || gate.OK || !gate.NotBefore.Equal(want) {
		t.Errorf("at five past nine: %v, %s, not before %s; want %s", err, gate.Sentence(), gate.NotBefore, want)
	}
}

func TestStudyFileContactRules(t *testing.T) {
	for lines, want := range map[string]string{
		`contact: {from: "10:00"}`:              "`contact.to` \"\" is not a time",
		`contact: {from: "10:00", to: "10:00"}`: "`contact.to` is the same as contact.from",
		`contact: {from: "21:00", to: "08:00"}`: "`contact.from` leaves no time between 08:00 and 21:00",
		`contact: {from: "9", to: "20:00"}`:     "`contact.from` \"9\" is not a time",
		`contact: {maxPerMonth: 5}`:             "`contact.maxPerMonth` 5",
		`contact: {blackout: [Christmas]}`:      "`contact.blackout[0]` \"Christmas\" is not a day",
		`contact: {maxPerMonth: -1}`:            "`contact.maxPerMonth` -1",
	} {
		_, err := trial.ParseStudy([]byte(studyYAML + lines + "\n"))
		if !errors.Is(err, trial.ErrStudy) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want a problem that says %q", lines, err, want)
		}
	}
}

// A stop by address does what a stop by number does, and a stop on a page is one commit: no moment
// in which the ledger says no and the queue still shows the message as due.
func TestStopIsOneCommit(t *testing.T) {
	for name, stop := range map[string]func(context.Context, *rig.Rig, contacts.PersonID) error{
		"by number": func(ctx context.Context, r *rig.Rig, _ contacts.PersonID) error {
			_, err := r.Trial.StopPoint(ctx, trial.Carrier, "412-555-0110", contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.AnyChannel, Source: "web"})
			return err
		},
		"by address": func(ctx context.Context, r *rig.Rig, _ contacts.PersonID) error {
			_, err := r.Trial.StopPoint(ctx, trial.Carrier, "Rosa@example.test", contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.AnyChannel, Source: "web"})
			return err
		},
		"on a page": func(ctx context.Context, r *rig.Rig, p contacts.PersonID) error {
			_, err := r.Trial.Withdraw(ctx, rig.Staff, p, "said so", contacts.Consent{Purpose: contacts.StudyCare, Channel: contacts.SMS, Source: "staff"},
				contacts.Consent{Purpose: contacts.Recruitment, Channel: contacts.SMS, Source: "staff"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			commits := 0
			r := rig.New(t, rig.Options{Watch: func(context.Context, *docstore.Batch) error { commits++; return nil }})
			putStudy(t, r)
			p, _ := rosa(t, r)
			ctx := t.Context()
			if _, err := r.People.Edit(ctx, rig.Staff, p.PersonID(), "gave an address", func(p *contacts.Person) error {
				p.Points = append(p.Points, contacts.Point{Kind: contacts.Email, Value: "rosa@example.test"})
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			touch := reach(t, r, trial.Reach{Key: "k", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.note", Body: "Hello"})
			commits = 0
			if err := stop(ctx, r, p.PersonID()); err != nil {
				t.Fatal(err)
			}
			if commits != 1 {
				t.Errorf("%d commits, want one", commits)
			}
			if got, err := r.People.TouchByID(ctx, touch.ID); err != nil || got.Outcome != "cancelled" {
				t.Errorf("the timeline says %q, %v; want cancelled", got.Outcome, err)
			}
			tasks, err := r.Trial.TasksOf(ctx, p.PersonID())
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, x := range tasks {
				if x.Kind == "stopped-texts" {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%d tasks to agree on another way, want one", n)
			}
			r.Deliver(t)
			if sent := r.Sent.All(); len(sent) != 0 {
				t.Errorf("%d messages after the stop", len(sent))
			}
		})
	}
}

// What somebody asked for without being anybody here does not go to a number on the list either.
func TestListedNumberGetsNothingNamelessEither(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	if _, err := r.Trial.StopPoint(t.Context(), trial.Carrier, "412-555-0177", contacts.Consent{Source: "web"}); err != nil {
		t.Fatal(err)
	}
	for number, want := range map[string]bool{"+14125550177": false, "+14125550178": true} {
		d, err := r.Trial.Allow(t.Context(), outbox.Message{Kind: outbox.SMS, To: number, Purpose: string(contacts.Requested), Body: "Your code is 1"}, r.Clock.Now())
		if err != nil || d.OK != want || !want && d.Reason == "" {
			t.Errorf("%s: %+v, %v; want allowed %v", number, d, err, want)
		}
	}
}

func TestInstant(t *testing.T) {
	for _, tc := range []struct{ name, day, clock, zone, want string }{
		{"an ordinary day", "2026-03-02", "09:30", "America/New_York", "2026-03-02T14:30:00Z"},
		{"skipped: the first that exists", "2026-03-08", "02:30", "America/New_York", "2026-03-08T07:00:00Z"},
		{"the first that is skipped", "2026-03-08", "02:00", "America/New_York", "2026-03-08T07:00:00Z"},
		{"the last before it", "2026-03-08", "01:59", "America/New_York", "2026-03-08T06:59:00Z"},
		{"the first after it", "2026-03-08", "03:00", "America/New_York", "2026-03-08T07:00:00Z"},
		{"twice: the first", "2026-11-01", "01:30", "America/New_York", "2026-11-01T05:30:00Z"},
		{"before what comes twice", "2026-11-01", "00:59", "America/New_York", "2026-11-01T04:59:00Z"},
		{"after it", "2026-11-01", "02:00", "America/New_York", "2026-11-01T07:00:00Z"},
		{"twice, in the west", "2026-11-01", "01:00", "America/Los_Angeles", "2026-11-01T08:00:00Z"},
		{"where the clocks stay", "2026-03-08", "02:30", "Pacific/Honolulu", "2026-03-08T12:30:00Z"},
		{"half an hour skipped", "2026-10-04", "02:15", "Australia/Lord_Howe", "2026-10-03T15:30:00Z"},
		{"a day that was skipped whole", "2011-12-30", "10:00", "Pacific/Apia", "2011-12-30T10:00:00Z"},
	} {
		got, err := trial.Instant(tc.day, tc.clock, tc.zone)
		if err != nil || got.Format(time.RFC3339) != tc.want {
			t.Errorf("%s: %s, %v; want %s", tc.name, got.Format(time.RFC3339), err, tc.want)
		}
	}
}
