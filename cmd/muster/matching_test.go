package main

import (
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/trial"
)

const ageOnly = `
id: STEADY
title: {en: When to take tablets}
neutralName: {en: the Larkfield research office}
keyword: PINE
state: open
recruitmentOpen: true
enrolmentOpen: true
board: {number: LUH-1, approved: "2026-01-01", expires: "2026-12-31"}
enrolmentPoint: consent
sites: [{id: main, zip: "15213", zone: America/New_York, phone: 412-555-0101}]
criteria: |
  - {id: I1, kind: age, range: [18, 90]}
`

// The page of candidates lists and counts who is being considered; whoever consented or is out of the
// study stands in the pipeline alone.
func TestCandidatesAreThoseToBeDecided(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	st, err := trial.ParseStudy([]byte(ageOnly))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Trial.PutStudy(ctx, rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	k := &core{trial: r.Trial, people: r.People, driver: r.Store.Driver(), clock: r.Clock}
	k.openMatcher()
	join := func(given, number string, to ...trial.Status) {
		t.Helper()
		out, err := r.Trial.Apply(ctx, rig.Staff, trial.Application{Study: "STEADY", Site: "main", Source: "web", NoCode: true, SignUp: contacts.SignUp{
			Person: contacts.Person{Given: given, Family: "Vega", BirthDate: "1980-05-03", Language: "en", Points: []contacts.Point{{Kind: contacts.Mobile, Value: number}}}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range to {
			if s == trial.Consented {
				_, err = r.Trial.RecordConsent(ctx, rig.Staff, out.Subject, trial.InformedConsent{FormVersion: "1", Signed: r.Clock.Now().Add(-time.Minute), ObtainedBy: "maria", CopyGiven: true}, "")
			} else {
				_, err = r.Trial.Move(ctx, rig.Staff, out.Subject, s, "", "health", "")
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	join("Ana", "+14125550160")
	join("Luis", "+14125550161", trial.Contacting)
	join("Rosa", "+14125550162", trial.Prescreened, trial.Consented)
	join("Bea", "+14125550163", trial.NotInterested)
	if err := k.matcher.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	m, err := deskMatcher{k}.Candidates(ctx, "STEADY", "2026-03-02", 50)
	if err != nil {
		t.Fatal(err)
	}
	if m.Eligible != 2 || m.Possible != 0 || m.Excluded != 0 || len(m.People) != 2 {
		t.Errorf("%d eligible, %d possible, %d excluded, %d listed; want 2, 0, 0, 2", m.Eligible, m.Possible, m.Excluded, len(m.People))
	}
}

// A visit that was kept at a site is a last visit for every study; one by phone, or only booked, is none.
func TestKeptVisitsCount(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	st, err := trial.ParseStudy([]byte(ageOnly + "visits: [{code: V1, day: 0}, {code: V2, day: 0, mode: phone}, {code: V3, day: 0}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Trial.PutStudy(ctx, rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	k := &core{trial: r.Trial, people: r.People, driver: r.Store.Driver(), clock: r.Clock}
	k.openMatcher()
	out, err := r.Trial.Apply(ctx, rig.Staff, trial.Application{Study: "STEADY", Site: "main", Source: "web", NoCode: true, SignUp: contacts.SignUp{
		Person: contacts.Person{Given: "Ana", Family: "Vega", BirthDate: "1980-05-03", Language: "en", Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550160"}}}}})
	if err == nil {
		_, err = r.Trial.Move(ctx, rig.Staff, out.Subject, trial.Prescreened, "", "", "")
	}
	if err == nil {
		_, err = r.Trial.RecordConsent(ctx, rig.Staff, out.Subject, trial.InformedConsent{FormVersion: "1", Signed: r.Clock.Now().Add(-time.Minute), ObtainedBy: "maria", CopyGiven: true}, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	other, err := matching.NewStudy("OTHER", 1, "- {id: I1, kind: lastVisit, within: P30D}")
	if err != nil {
		t.Fatal(err)
	}
	day := k.today()
	look := func(want string) {
		t.Helper()
		if err := k.matcher.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		c, err := k.matcher.Explain(ctx, other, out.Person, day)
		if err != nil || c.Reasons[0].Text != want {
			t.Errorf("%v: %q, want %q", err, c.Reasons[0].Text, want)
		}
	}
	const none = "Unknown: last visit here (none on record)"
	look(none)
	for i, code := range []string{"V3", "V2", "V1"} {
		v := trial.VisitID(out.Subject, code)
		if _, err := r.Trial.Book(ctx, rig.Staff, v, string(day), "23:00", "room"); err != nil {
			t.Fatal(err)
		}
		if i > 0 { // V3 stays booked
			if _, err := r.Trial.KeepVisit(ctx, rig.Staff, v); err != nil {
				t.Fatal(err)
			}
		}
		if code != "V1" {
			look(none)
		}
	}
	look("Last here on 2 Mar 2026: within 30 days")
}
