package ivr_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// Reminders of many visits are planned side by side: each person gets one, and of those who share a
// number each text has digits of its own, as long as there are digits.
func TestPlansBesideOneAnother(t *testing.T) {
	r := rig.New(t, rig.Options{Beside: 16})
	oak(t, r, "")
	const shared, single = 3, 20
	number := func(i int) string { return fmt.Sprintf("+1412555%04d", 100+max(0, i-shared+1)) }
	for i := range shared + single {
		subject := inOak(t, r, i, number(i))
		if _, err := r.Trial.Book(t.Context(), rig.Staff, trial.VisitID(subject, "V1"), "2026-03-03", "08:30", ""); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := r.Operator.Tick(t.Context(), r.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	for {
		n, err := r.Box.Deliver(t.Context(), r.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	digit := regexp.MustCompile(`Reply (\d) to confirm`)
	for i := shared - 1; i < shared+single; i++ { // each number once
		sent, want := r.Sent.To(number(i)), 1
		if i < shared {
			want = shared
		}
		if len(sent) != want {
			t.Errorf("%d texts to %s, want %d", len(sent), number(i), want)
		}
		taken := map[string]bool{}
		for _, m := range sent {
			d := digit.FindStringSubmatch(m.Body)
			if d == nil {
				t.Fatalf("no digit in %q", m.Body)
			}
			if taken[d[1]] {
				t.Errorf("the digit %s is used twice on %s", d[1], m.To)
			}
			taken[d[1]] = true
		}
	}
}

// oak is a study with one visit and the reminders of rules, in YAML.
func oak(t *testing.T, r *rig.Rig, rules string) {
	t.Helper()
	st, err := trial.ParseStudy([]byte(`
id: OAK
title: {en: A study}
neutralName: {en: the research office}
keyword: OAK
state: open
recruitmentOpen: true
enrolmentOpen: true
board: {name: Board, number: B-1, approved: "2026-01-01", expires: "2026-12-31"}
enrolmentPoint: consent
sites: [{id: main, name: Main, zip: "15213", zone: America/New_York, phone: 412-555-0101}]
visits: [{code: V1, day: 6, early: 5, late: 5}]
promise: {caller: Maria, number: 412-555-0100, hours: 8}
` + rules))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
		t.Fatal(err)
	}
}

// inOak brings the ith person into it, who may be texted, and returns the subject.
func inOak(t *testing.T, r *rig.Rig, i int, number string) string {
	t.Helper()
	out, err := r.Trial.Apply(t.Context(), rig.Staff, trial.Application{Study: "OAK", Source: "web", NoCode: true, SignUp: contacts.SignUp{
		Consents: []contacts.Consent{{Purpose: contacts.StudyCare, Channel: contacts.SMS, Granted: true, Source: "web"}},
		Person:   contacts.Person{Given: fmt.Sprintf("P%d", i), Family: "X", BirthDate: fmt.Sprintf("19%02d-01-02", 40+i), Language: "en", Zone: "America/New_York", Points: []contacts.Point{{Kind: contacts.Mobile, Value: number}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []trial.Status{trial.Contacting, trial.Considering, trial.Prescreened} {
		if _, err := r.Trial.Move(t.Context(), rig.Staff, out.Subject, to, "", "", ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Trial.RecordConsent(t.Context(), rig.Staff, out.Subject, trial.InformedConsent{FormVersion: "1", Signed: r.Clock.Now(), ObtainedBy: "m"}, ""); err != nil {
		t.Fatal(err)
	}
	return out.Subject
}
