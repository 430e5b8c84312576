package trial_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// rosaByMail is a rig with mail and two people who share an address.
func rosaByMail(t *testing.T) (*rig.Rig, *rig.Recorder, contacts.PersonID) {
	t.Helper()
	mails := &rig.Recorder{}
	r := rig.New(t, rig.Options{Mail: mails})
	putStudy(t, r)
	var first contacts.PersonID
	for _, name := range []string{"Rosa", "Ernesto"} {
		number := map[string]string{"Rosa": "+14125550110", "Ernesto": "+14125550111"}[name]
		out, err := r.Trial.Apply(t.Context(), rig.Staff, trial.Application{Source: "web", NoCode: true, SignUp: contacts.SignUp{
			Person: contacts.Person{Given: name, Family: "Delgado", BirthDate: "1952-05-03", Language: "en", Zone: "America/New_York",
				Points: []contacts.Point{{Kind: contacts.Mobile, Value: number}, {Kind: contacts.Email, Value: "casa@example.test"}}},
			Consents: []contacts.Consent{{Purpose: contacts.StudyCare, Channel: contacts.ByEmail, Granted: true, Source: "web"}}}})
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = out.Person
		}
	}
	return r, mails, first
}

func sendMail(t *testing.T, r *rig.Rig, key string, p contacts.PersonID) (string, contacts.Gate) {
	t.Helper()
	touch, g, err := r.Trial.Reach(t.Context(), rig.Staff, trial.Reach{Key: key, Person: p, Purpose: contacts.StudyCare, Kind: outbox.Email, Template: "email.discreet",
		Body: "Please call 412-555-0101.", Vars: map[string]string{email.Subject: "A message"}})
	if err != nil {
		t.Fatal(err)
	}
	return touch.Message, g
}

func mailTasks(t *testing.T, r *rig.Rig, says string) (n int) {
	t.Helper()
	all, err := r.Trial.Tasks(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		if strings.Contains(x.Text, says) {
			n++
		}
	}
	return n
}

// Two e-mails come back for good: the address is left alone, for everyone who has it, and each of them
// is a task. One is not enough, the same one told again is still one, and what comes back for now is
// counted only.
func TestMailThatComesBack(t *testing.T) {
	r, mails, rosa := rosaByMail(t)
	back := func(x trial.MailBack) {
		t.Helper()
		x.At = r.Clock.Now()
		if err := r.Trial.MailCameBack(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	point := func() contacts.Point {
		t.Helper()
		p, err := r.People.Get(t.Context(), rosa)
		if err != nil {
			t.Fatal(err)
		}
		return p.Points[1]
	}
	one, _ := sendMail(t, r, "one", rosa)
	r.Deliver(t)
	if len(mails.All()) != 1 {
		t.Fatalf("%d e-mails went", len(mails.All()))
	}
	back(trial.MailBack{Message: one})
	if m, err := r.Box.Get(t.Context(), one); err != nil || m.State != outbox.Accepted {
		t.Errorf("put off: %s, %v", m.State, err)
	}
	for range 2 {
		back(trial.MailBack{Message: one, Hard: true})
		r.Clock.Advance(time.Minute)
	}
	if m, err := r.Box.Get(t.Context(), one); err != nil || m.State != outbox.Failed {
		t.Errorf("came back: %s, %v", m.State, err)
	}
	if pt := point(); pt.Hard != 1 || pt.Soft != 1 || pt.Status != "" {
		t.Errorf("after one: %d hard, %d soft, %q", pt.Hard, pt.Soft, pt.Status)
	}
	if n := mailTasks(t, r, "An e-mail did not arrive (mail server came back)"); n != 1 {
		t.Errorf("%d tasks for the first", n)
	}
	if _, g := sendMail(t, r, "two", rosa); !g.OK {
		t.Fatalf("one bounce stops e-mails: %s", g.Sentence())
	}
	back(trial.MailBack{Address: " Casa@Example.test", Hard: true})
	if pt := point(); pt.Hard != 2 || pt.Status != contacts.StatusSuspect {
		t.Errorf("after two: %d hard, %q", pt.Hard, pt.Status)
	}
	if n := mailTasks(t, r, "Two e-mails to Rosa came back"); n != 1 {
		t.Errorf("%d tasks", n)
	}
	if n := mailTasks(t, r, "Two e-mails to Ernesto came back"); n != 1 {
		t.Errorf("%d tasks for whoever shares the address", n)
	}
	r.Deliver(t)
	if len(mails.All()) != 1 {
		t.Error("what was queued went all the same")
	}
	if _, g := sendMail(t, r, "three", rosa); g.OK || !g.Has(contacts.CodeNoPoint) || !strings.Contains(g.Sentence(), "came back") {
		t.Errorf("the gate says %q", g.Sentence())
	}
	back(trial.MailBack{Address: "nobody@example.test", Hard: true})
	if err := r.Trial.MailCameBack(t.Context(), trial.MailBack{Message: "msg_none", Hard: true}); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("a message that is none: %v", err)
	}
	// A code that came back proves that somebody reads there.
	if _, err := r.People.Verify(t.Context(), rig.Staff, rosa, point().Hash); err != nil {
		t.Fatal(err)
	}
	if pt := point(); pt.Status != "" || pt.Hard != 0 {
		t.Errorf("confirmed: %q, %d", pt.Status, pt.Hard)
	}
}

// A mailbox that the server refuses while we are still there counts at once; a rule against us says
// nothing about the mailbox.
func TestMailRefusedAtTheDoor(t *testing.T) {
	for code, hard := range map[string]int{"rcpt 550 5.1.1": 1, "rcpt 553": 1, "rcpt 554 5.7.1": 0, "data 554 5.6.0": 0} {
		t.Run(code, func(t *testing.T) {
			r, mails, rosa := rosaByMail(t)
			mails.Fail = func(outbox.Message) error { return outbox.Refuse(code, errors.New("no")) }
			sendMail(t, r, "one", rosa)
			r.Deliver(t)
			for range 2 {
				if err := r.Trial.FollowCarrier(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			p, err := r.People.Get(t.Context(), rosa)
			if err != nil || p.Points[1].Hard != hard {
				t.Errorf("%d hard bounces, want %d, %v", p.Points[1].Hard, hard, err)
			}
			if n := mailTasks(t, r, "An e-mail did not arrive (mail server "+code+")"); n != 1 {
				t.Errorf("%d tasks", n)
			}
		})
	}
}

// A mail server says no for now for three days: then it is a person's turn.
func TestMailIsNotTriedForEver(t *testing.T) {
	r, mails, rosa := rosaByMail(t)
	mails.Fail = func(outbox.Message) error { return outbox.RetryAlone("rcpt 452 4.2.2", errors.New("full")) }
	id, _ := sendMail(t, r, "one", rosa)
	r.Deliver(t)
	r.Clock.Advance(3*24*time.Hour + time.Minute)
	r.Deliver(t)
	if m, err := r.Box.Get(t.Context(), id); err != nil || m.State != outbox.Expired {
		t.Errorf("%s, %v", m.State, err)
	}
	if n := mailTasks(t, r, "did not take an e-mail for three days"); n != 1 {
		t.Errorf("%d tasks", n)
	}
}

// An answer that was lost is settled by the bounce, which names the message.
func TestABounceSettlesALostAnswer(t *testing.T) {
	r, mails, rosa := rosaByMail(t)
	mails.Fail = func(outbox.Message) error { return outbox.Ambiguous(errors.New("connection lost")) }
	id, _ := sendMail(t, r, "one", rosa)
	r.Deliver(t)
	r.Clock.Advance(2 * time.Minute)
	r.Deliver(t)
	if n := mailTasks(t, r, "It is not known whether a message was sent"); n != 1 {
		t.Errorf("%d tasks while nobody knows", n)
	}
	if err := r.Trial.MailCameBack(t.Context(), trial.MailBack{Message: id, Hard: true, At: r.Clock.Now()}); err != nil {
		t.Fatal(err)
	}
	if m, err := r.Box.Get(t.Context(), id); err != nil || m.State != outbox.Failed {
		t.Errorf("%s, %v", m.State, err)
	}
}
