package staff_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/portal/staff"
	"github.com/muster-health/muster/trial"
)

// A desk with a day's work on it, every page of which must be well-formed. MUSTER_LOOK=dir
// writes the pages there, for looking at in a browser: python3 -m http.server -d dir.
func TestFullDesk(t *testing.T) {
	m := &fixed{}
	d := newDesk(t, func(x *staff.Deps) { x.Matcher = m })
	d.study()
	ctx := t.Context()
	rosa, sub := d.rosa()
	al := d.alert(rosa)
	d.Deliver(t)
	ana, anaSub := d.volunteer("Ana", "Ruiz", "+14125550160", "main", agreed(contacts.Recruitment, contacts.SMS, contacts.Call)...)
	d.Clock.Advance(25 * time.Hour)
	d.wrote(rosa, "Can I bring my daughter on Monday?")
	d.wrote("", "who is this")
	luis, luisSub := d.volunteer("Luis", "Herrera", "+14125550167", "main", agreed(contacts.Recruitment, contacts.Call)...)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	b := d.as("maria")
	b.send("/staff/people/"+string(luis)+"/call", "about", "STEADY", "outcome", "no answer", "note", "rang twice", "next", "2026-03-04", "at", "2 pm")
	b.send("/staff/people/"+string(rosa)+"/note", "note", "Prefers afternoons. Her daughter drives her.")
	must(d.Trial.OpenTask(ctx, rig.Staff, trial.Task{Kind: "pin-failed", Person: rosa, Study: "STEADY", Site: "main", Urgent: true, Text: "PIN failed three times last night. Call and set a new one.", Due: d.Clock.Now().Add(-time.Hour)}))
	must(d.Trial.CallMe(ctx, rig.Staff, "Walter", "412-555-0172", "mornings", ""))
	visit := trial.VisitID(sub, "V1")
	_, err := d.Trial.Book(ctx, rig.Staff, visit, "2026-03-03", "14:00", "the first day she can come")
	must(err)
	_, err = d.Trial.ReplyToVisit(ctx, rig.Staff, visit, trial.Confirmed, "sms")
	must(err)
	_, err = d.Trial.Book(ctx, rig.Staff, trial.VisitID(sub, "V2"), "2026-03-16", "09:30", "")
	must(err)
	number := 7.4
	must(d.People.RecordFacts(ctx, rig.Staff, rosa, "import", []contacts.Fact{
		{ID: "f1", Kind: contacts.Observation, Code: "loinc|4548-4", Display: "HbA1c", Number: &number, Unit: "%", Date: "2026-02-03", Source: "import:fhir", Scope: contacts.Registry},
		{ID: "f2", Kind: contacts.Condition, Code: "snomed|38341003", Display: "High blood pressure", Date: "2011-05-01", Status: "active", Source: "web", Scope: contacts.Registry},
	}, nil))
	fit := func(p contacts.PersonID, verdict string, unknown ...string) staff.Fit {
		return staff.Fit{Person: p, Study: "STEADY", Verdict: verdict, Unknown: unknown, Miles: 4.2, Reasons: []staff.Reason{
			{Criterion: "I1", Text: "Age 50–80", Is: "met", Why: "73 on 3 March 2026, from the person"},
			{Criterion: "I2", Text: "High blood pressure", Is: "met", Why: "since 1 May 2011, from the website"},
			{Criterion: "E1", Text: "Upper number 180 or more within 30 days", Is: "unknown", Why: "never recorded"}}}
	}
	m.match = staff.Match{Version: 1, Eligible: 112, Possible: 387, Excluded: 1501, Ask: []staff.Ask{{Name: "last blood pressure", People: 301, Settles: 240.4}, {Name: "pregnancy", People: 80, Settles: 21, Sensitive: true}, {Name: "smoking", People: 9, Settles: 0.3}}, People: []staff.Fit{fit(ana, "eligible"), fit(luis, "possible", "last blood pressure"), fit(rosa, "possible", "last blood pressure", "tablets in the last 90 days")},
		Criteria: []staff.Criterion{{ID: "I1", Text: "Age 50–80", Excluded: 820, Only: 12, Unknown: 3}, {ID: "I2", Text: "High blood pressure", Excluded: 1320, Only: 402, Unknown: 211}, {ID: "E1", Text: "Upper number 180 or more within 30 days", Excluded: 14, Only: 2, Unknown: 387}}}
	m.tried = staff.WhatIf{Now: staff.Counts{Eligible: 112, Possible: 387, Excluded: 1501}, Then: staff.Counts{Eligible: 131, Possible: 420, Excluded: 1449}, Curves: []staff.Curve{{Criterion: "I1", Steps: []staff.Step{{Range: "49..81 a", Eligible: 2, Possible: 9}, {Range: "48..82 a", Eligible: 5, Possible: 21}}}}}
	m.fits = []staff.Fit{fit(rosa, "possible", "last blood pressure")}
	d.hire("joan", "Joan Pell", members.Director)

	person := "/staff/people/" + string(rosa)
	pages := map[string]string{
		"home": "/staff", "people": "/staff/people", "newperson": "/staff/people/new", "masked": person, "text": person + "?do=text", "person-ana": "/staff/people/" + string(ana),
		"studies": "/staff/studies", "study": "/staff/studies/STEADY", "candidates": fitting, "what-if": try("drop E1", "relax I1"), "pipeline": "/staff/studies/STEADY/pipeline", "lane": "/staff/studies/STEADY/pipeline?status=new",
		"alerts": "/staff/alerts", "alert": "/staff/alerts/" + al.ID, "tasks": "/staff/tasks", "inbox": "/staff/inbox", "visits": "/staff/visits?site=main", "visit": "/staff/visits/" + visit,
		"move": "/staff/subjects/" + luisSub + "/move", "consent": "/staff/subjects/" + anaSub + "/consent", "permissions": person + "/permissions", "pin-masked": person + "/pin",
	}
	for name, path := range pages {
		d.look(name, b.page(path))
	}
	if a := b.get("/staff/alerts/" + al.ID); a.code == http.StatusOK {
		b.send("/staff/alerts/" + al.ID + "/acknowledge")
		d.look("alert-taken", b.page("/staff/alerts/"+al.ID))
	}
	b.send(person+"/reveal", "why", "contact")
	for name, path := range map[string]string{"person": person, "pin": person + "/pin", "card": person + "/card", "card-es": person + "/card?in=es", "trail": person + "/trail"} {
		d.look(name, b.page(path))
	}
	d.look("pin-shown", b.send(person+"/pin", "why", "office").body)
	d.look("sheet", b.send("/staff/visits/sheet", "site", "main", "day", "2026-03-03").body)
	d.look("refused", b.send("/staff/subjects/"+luisSub+"/move", "to", "randomized").body)
	d.look("director", d.as("joan").page("/staff"))
	d.look("signin", d.stranger().page("/staff/sign-in"))
}

var assetRefs = regexp.MustCompile(`"(/static/[^"]+)"`)

// look writes a page and what it needs, when somebody wants to look.
func (d *desk) look(name, page string) {
	d.t.Helper()
	dir := os.Getenv("MUSTER_LOOK")
	if dir == "" {
		return
	}
	write := func(file, body string) {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
			d.t.Fatal(err)
		}
	}
	write(filepath.Join(dir, name+".html"), page)
	for _, ref := range append(assetRefs.FindAllStringSubmatch(page, -1), []string{"", "/static/fonts/PublicSans-Bold.woff2"}) {
		write(filepath.Join(dir, ref[1]), d.stranger().raw(ref[1]))
	}
}
