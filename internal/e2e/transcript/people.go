package transcript

import (
	"cmp"
	"context"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// People puts the people of the transcripts in place on a line and returns its core, for tests
// that are no transcripts.
func People(t testing.TB, line Line) *rig.Rig {
	t.Helper()
	p := &player{TB: t, line: line, r: line.Rig(), ids: map[string]contacts.PersonID{}, where: "setting up"}
	p.people()
	return p.r
}

// people puts those of the transcripts in place: Rosa and Ernesto share a landline, Rosa in the
// study since 2 March with PIN 4471; Tom takes texts alone; Luis has a visit; Ana has one too, on
// the same mobile as Luis.
func (p *player) people() {
	st, err := trial.ParseStudy([]byte(study))
	p.must(err)
	_, err = p.r.Trial.PutStudy(p.ctx(), rig.Staff, st)
	p.must(err)
	landline := contacts.Point{Kind: contacts.Landline, Value: "+14125550110"}
	shared := contacts.Point{Kind: contacts.Mobile, Value: "+14125550167"}
	p.add(who{given: "Rosa", family: "Delgado", born: "1952-05-03", lang: i18n.Es, point: landline, in: true, pin: "4471"})
	p.add(who{given: "Ernesto", family: "Delgado", born: "1950-01-20", point: landline, pin: "9026"})
	p.add(who{given: "Tom", family: "Brannigan", born: "1966-07-07", point: contacts.Point{Kind: contacts.Mobile, Value: "+14125550145"}, reach: contacts.ReachMe{TextOnly: true}, in: true})
	p.add(who{given: "Luis", family: "Herrera", born: "1973-09-09", point: shared, in: true, pin: "5823"})
	p.add(who{given: "Ana", family: "Herrera", born: "1975-11-11", point: shared, in: true})
	p.book("Luis", "V2", "2026-03-16", "09:30")
	p.book("Ana", "V2", "2026-03-16", "11:00")
}

// who is somebody of a transcript.
type who struct {
	given, family, born, zone, pin string
	lang                           i18n.Lang
	point                          contacts.Point
	reach                          contacts.ReachMe
	in                             bool          // the study
	study                          trial.StudyID // "" = STEADY
	site                           string        // "" = its first
}

func (p *player) add(w who) {
	ctx := p.ctx()
	if w.lang == "" {
		w.lang = i18n.En
	}
	if w.zone == "" {
		w.zone = "America/New_York"
	}
	var granted []contacts.Consent
	for _, ch := range []contacts.Channel{contacts.SMS, contacts.Voice} {
		granted = append(granted, contacts.Consent{Purpose: contacts.StudyCare, Channel: ch, Granted: true, Source: "web"})
	}
	out, err := p.r.Trial.Apply(ctx, rig.Staff, trial.Application{Study: cmp.Or(w.study, "STEADY"), Site: w.site, Source: "web", NoCode: true, SignUp: contacts.SignUp{Consents: granted,
		Person: contacts.Person{Given: w.given, Family: w.family, BirthDate: w.born, Language: w.lang, Zone: w.zone, Points: []contacts.Point{w.point}, ReachMe: w.reach}}})
	p.must(err)
	p.ids[w.given] = out.Person
	if w.pin != "" {
		p.must(p.r.People.SetPIN(ctx, rig.Staff, out.Person, w.pin, "set up"))
	}
	p.must(p.done(ctx, out.Person))
	if !w.in {
		return
	}
	for _, to := range []trial.Status{trial.Contacting, trial.Considering, trial.Prescreened} {
		_, err := p.r.Trial.Move(ctx, rig.Staff, out.Subject, to, "", "", "")
		p.must(err)
	}
	_, err = p.r.Trial.RecordConsent(ctx, rig.Staff, out.Subject, trial.InformedConsent{FormVersion: "2", Signed: p.r.Clock.Now().Add(-time.Hour), ObtainedBy: "maria"}, "")
	p.must(err)
}

// done closes the tasks of the sign-up, so that a transcript counts its own only.
func (p *player) done(ctx context.Context, id contacts.PersonID) error {
	all, err := p.r.Trial.TasksOf(ctx, id)
	for _, x := range all {
		if err == nil && x.State == "open" {
			_, err = p.r.Trial.DoneTask(ctx, rig.Staff, x.ID, "set up")
		}
	}
	return err
}

// diaryToo has the second study ask something too.
func (p *player) diaryToo() {
	st, err := p.r.Trial.Study(p.ctx(), "STRIDE")
	p.must(err)
	st.Diary = &trial.DiaryPlan{Questionnaire: "pain-scale", From: "18:00", To: "22:00", Days: "daily", Channels: []survey.Channel{survey.Voice, survey.Web}}
	_, err = p.r.Trial.PutStudy(p.ctx(), rig.Staff, st)
	p.must(err)
}

// both puts somebody into the second study too.
func (p *player) both(id contacts.PersonID) {
	s, err := p.r.Trial.Refer(p.ctx(), rig.Staff, id, "STRIDE", "main", "registry")
	p.must(err)
	for _, to := range []trial.Status{trial.Contacting, trial.Considering, trial.Prescreened} {
		_, err := p.r.Trial.Move(p.ctx(), rig.Staff, s.ID, to, "", "", "")
		p.must(err)
	}
	_, err = p.r.Trial.RecordConsent(p.ctx(), rig.Staff, s.ID, trial.InformedConsent{FormVersion: "2", Signed: p.r.Clock.Now().Add(-time.Hour), ObtainedBy: "maria"}, "")
	p.must(err)
}

// second puts a second study with two sites in place.
func (p *player) second() {
	st, err := trial.ParseStudy([]byte(brook))
	p.must(err)
	_, err = p.r.Trial.PutStudy(p.ctx(), rig.Staff, st)
	p.must(err)
}

func (p *player) book(name, code, day, clock string) {
	_, err := p.r.Trial.Book(p.ctx(), rig.Staff, p.visit(name, code), day, clock, "as agreed")
	p.must(err)
}

func (p *player) visit(name, code string) string {
	return trial.VisitID(trial.SubjectID(p.ids[name], "STEADY"), code)
}

// change edits the study.
func (p *player) change(f func(*trial.Study)) {
	st, err := p.r.Trial.Study(p.ctx(), "STEADY")
	p.must(err)
	f(&st)
	_, err = p.r.Trial.PutStudy(p.ctx(), rig.Staff, st)
	p.must(err)
}

const brook = `
id: STRIDE
title: {en: "Does walking help?"}
neutralName: {en: the Brookside health office, es: la oficina de salud de Brookside}
keyword: MAPLE
state: open
recruitmentOpen: true
enrolmentOpen: true
board: {name: Board, number: LUH-2, approved: "2026-01-01", expires: "2026-12-31"}
enrolmentPoint: randomized
sites:
  - {id: main, name: Main, zip: "15213", zone: America/New_York, phone: 412-555-0104, hours: "Mon-Fri 08:00-17:00"}
  - {id: north, name: North, zip: "15213", zone: America/New_York, phone: 412-555-0105, hours: "Mon-Fri 08:00-17:00"}
visits: [{code: V1, day: 0}, {code: V2, day: 14, early: 3, late: 3}]
promise: {caller: Ben, number: 412-555-0100, hours: 8}
`

const study = `
id: STEADY
title: {en: "Does the time of day matter?"}
neutralName: {en: the Larkfield research office, es: la oficina de investigación de Larkfield}
keyword: PINE
state: open
recruitmentOpen: true
enrolmentOpen: true
board: {name: Board, number: LUH-1, approved: "2026-01-01", expires: "2026-12-31"}
enrolmentPoint: randomized
sites: [{id: main, name: Main, zip: "15213", zone: America/New_York, phone: 412-555-0101, hours: "Mon-Fri 08:00-17:00"}]
visits:
  - {code: V1, day: 0}
  - {code: V2, day: 14, early: 3, late: 3}
diary:
  questionnaire: steady-evening
  from: "18:00"
  to: "22:00"
  days: before-visit:7
  channels: [voice, sms, web]
  callAt: "18:30"
  retries: 3
  redFlagApproval: LUH-1-RF
  redFlags: [{item: upper, op: ">=", value: "180", level: urgent}]
  safetyText: {en: Call 911 if you feel very unwell., es: Llame al 911 si se siente muy mal.}
onCall: [{name: Noor Haddad, phone: 412-555-0102, hours: always}]
outOfHours: Noor is on call around the clock.
promise: {caller: Maria, number: 412-555-0100, hours: 8}
`

// Study puts the study of the transcripts in place, without its people.
func Study(t testing.TB, r *rig.Rig) {
	t.Helper()
	st, err := trial.ParseStudy([]byte(study))
	if err == nil {
		_, err = r.Trial.PutStudy(t.Context(), rig.Staff, st)
	}
	if err != nil {
		t.Fatal(err)
	}
}
