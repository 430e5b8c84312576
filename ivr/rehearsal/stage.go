package rehearsal

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/id"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/ivr/engine"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
	"github.com/muster-health/muster/trial/rehearsed"
)

// The persona: made up, like the number, which nobody has.
const (
	given     = "Robin"
	family    = "Rehearsal"
	number    = "+12025550176"
	birthday  = "1964-04-09"
	pin       = "4590"
	beginsAt  = "09:05"
	formSaid  = "rehearsal"
	rehearser = "rehearsal"
)

var staff = audit.Actor{Kind: audit.Staff, ID: rehearser, Role: "coordinator"}

// stage puts the study and the persona into the scratch store.
func (x *Rehearsal) stage(ctx context.Context, driver docstore.Driver, st trial.Study, ask rehearsed.Ask) (*play, error) {
	site := st.Zone()
	begin, err := trial.Instant(x.deps.Now().In(site).Format(time.DateOnly), beginsAt, site.String())
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(ask.Zone)
	if err != nil {
		return nil, err
	}
	p := &play{ask: ask, clock: clock.Manual(begin), zone: zone, deps: x.deps, seen: map[string]bool{}, asked: map[string]int{}, raised: map[string]bool{},
		end: begin.AddDate(0, 0, 7*ask.Weeks)}
	p.carrier = &carrier{now: p.clock.Now}
	if p.number, err = phone.Parse(number, "US"); err != nil {
		return nil, err
	}
	p.report = rehearsed.Report{Study: st.ID, Ask: ask, Zone: ask.Zone, Site: site.String(), Began: begin, Until: p.end}
	if err := p.open(ctx, driver); err != nil {
		return nil, err
	}
	p.st = p.asIfOpen(st)
	if _, err := p.Trial.PutStudy(ctx, staff, p.st); err != nil {
		return nil, err
	}
	p.qs = map[string]*survey.Questionnaire{}
	for _, d := range p.st.Plans() {
		if p.qs[d.ID], err = p.Trial.QuestionnaireNamed(ctx, d.Questionnaire); err != nil {
			return nil, err
		}
	}
	if x.deps.Narrations != nil {
		if p.narrated, err = x.deps.Narrations(ctx, st.StudyID()); err != nil {
			return nil, err
		}
	}
	if err := p.cast(ctx); err != nil {
		return nil, fmt.Errorf("put the persona on stage: %w", err)
	}
	return p, p.book(ctx)
}

// open puts the engine together over the scratch store.
func (p *play) open(ctx context.Context, driver docstore.Driver) error {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	store := docstore.New(driver, p.clock.Wall, docstore.Require(audit.Guard(engine.Unaudited()...)))
	ring, err := seal.Passing()
	if err != nil {
		return err
	}
	keys, err := seal.OpenKeys(ctx, store, ring)
	if err != nil {
		return err
	}
	trail, err := audit.Open(ctx, store, ring, p.clock, audit.Options{Unaudited: engine.Unaudited(), Logger: log})
	if err != nil {
		return err
	}
	var asked func(string) (*survey.Questionnaire, error)
	if real := p.deps.Questionnaire; real != nil {
		asked = func(name string) (*survey.Questionnaire, error) { return real(ctx, name) }
	}
	p.Engine, err = engine.Open(ctx, engine.Deps{Store: store, Audit: trail, Keys: keys, Clock: p.clock, NewID: id.Sequence(), Digits: sameDigits, Office: p.deps.Office, PublicURL: p.deps.PublicURL,
		Carrier: p.carrier, Questionnaire: asked, OptOut: p.deps.OptOut, Beside: 1, Drafts: p.deps.Speaks(p.ask.Language, trial.StudyID(p.report.Study)) == p.ask.Language, Logger: log})
	return err
}

// asIfOpen is the study as it will be when it runs; what is not so yet is noted.
func (p *play) asIfOpen(st trial.Study) trial.Study {
	note := func(s string) { p.report.Notes = append(p.report.Notes, s) }
	if st.State != trial.StudyOpen {
		note(fmt.Sprintf("The study is in %s. It was played as if it were open.", st.State))
	}
	if ok, why := st.Approved(p.clock.Now()); !ok {
		note(fmt.Sprintf("It was played as if the board had approved it: %s.", why))
		st.Board.Approved, st.Board.Expires = p.day(0), p.day(7*rehearsed.MaxWeeks)
		if st.Board.Number == "" {
			st.Board.Number = "not approved yet"
		}
	} else if st.Board.Expires < p.end.In(st.Zone()).Format(time.DateOnly) {
		note(fmt.Sprintf("The board's approval ends on %s, within these weeks: nobody new after it; reminders go on.", st.Board.Expires))
	}
	st.State, st.RecruitmentOpen, st.EnrolmentOpen = trial.StudyOpen, true, true
	if len(st.Plans()) > 0 && len(st.OnCall) == 0 {
		note("Nobody is on call for this study.")
	}
	if l := p.ask.Language; p.Trial.Speaks(l, st.StudyID()) != l {
		note(fmt.Sprintf("Our texts in %s are a draft that may not be sent: English was spoken. Approve them in the script book, with their translator.", l.Name()))
	}
	return st
}

// day is a local day of the study, n days after the first.
func (p *play) day(n int) string {
	return p.report.Began.In(p.site()).AddDate(0, 0, n).Format(time.DateOnly)
}

func (p *play) site() *time.Location {
	if z, err := time.LoadLocation(p.report.Site); err == nil {
		return z
	}
	return time.UTC
}

// cast signs the persona up, with every permission that its phone is good for, and takes the consent.
func (p *play) cast(ctx context.Context) error {
	pt := contacts.Point{Kind: contacts.Mobile, Value: number}
	ways := []contacts.Channel{contacts.SMS, contacts.Voice}
	var reach contacts.ReachMe
	switch p.ask.Phone {
	case rehearsed.Landline:
		pt.Kind, ways = contacts.Landline, []contacts.Channel{contacts.Voice}
	case rehearsed.TextOnly:
		reach.TextOnly, ways = true, []contacts.Channel{contacts.SMS}
	case rehearsed.Relay:
		reach.Relay = true
	}
	var granted []contacts.Consent
	for _, way := range ways {
		granted = append(granted, contacts.Consent{Purpose: contacts.StudyCare, Channel: way, Granted: true, Source: "web"})
	}
	if p.st.AnswersByText == "yes" && p.ask.Phone != rehearsed.Landline {
		granted = append(granted, contacts.Consent{Purpose: contacts.StudyCare, Channel: contacts.SMS, Granted: true, Source: "web", Wording: contacts.TextAnswersWording + "@1"})
	}
	out, err := p.Trial.Apply(ctx, staff, trial.Application{Study: p.st.StudyID(), Source: "web", NoCode: true, SignUp: contacts.SignUp{Consents: granted,
		Person: contacts.Person{Given: given, Family: family, BirthDate: birthday, Language: p.ask.Language, Zone: p.ask.Zone, Points: []contacts.Point{pt}, ReachMe: reach}}})
	if err != nil {
		return err
	}
	p.person, p.subject = out.Person, out.Subject
	if err := p.People.SetPIN(ctx, staff, p.person, pin, "rehearsal"); err != nil {
		return err
	}
	for _, to := range []trial.Status{trial.Contacting, trial.Considering, trial.Prescreened} {
		if _, err := p.Trial.Move(ctx, staff, p.subject, to, "", "", ""); err != nil {
			return err
		}
	}
	_, err = p.Trial.RecordConsent(ctx, staff, p.subject, trial.InformedConsent{FormVersion: formSaid, Signed: p.clock.Now(), ObtainedBy: staff.ID}, "")
	if err != nil {
		return err
	}
	tasks, err := p.Trial.TasksOf(ctx, p.person)
	for _, t := range tasks {
		p.seen[t.ID] = true // those of the sign-up
	}
	return err
}

// book books every later visit on its target day, or the first working day after it in its window,
// and lays out the days of the diary.
func (p *play) book(ctx context.Context) error {
	visits, err := p.Trial.VisitsOf(ctx, p.person)
	if err != nil {
		return err
	}
	slices.SortFunc(visits, func(a, b trial.Visit) int { return cmpDays(a.Target, b.Target) })
	for _, v := range visits {
		if v.Target <= p.day(0) {
			continue // the first day, on which consent was given
		}
		b, err := p.Trial.Book(ctx, staff, v.ID, workday(v), p.hour(v), "")
		if err != nil {
			return err
		}
		p.at(b.Start, func(ctx context.Context) error { return p.visit(ctx, b.ID) })
	}
	if err := p.entries(ctx); err != nil {
		return err
	}
	if p.ask.Answers == rehearsed.Stop {
		if p.deps.OptOut != ivr.OptOutSelf {
			p.report.Notes = append(p.report.Notes, "The carrier confirms a STOP by itself: that text is not shown.")
		}
		noon, err := trial.Instant(p.report.Began.In(p.zone).AddDate(0, 0, 7*(p.ask.N-1)+1).Format(time.DateOnly), "12:00", p.ask.Zone)
		if err != nil {
			return err
		}
		p.at(noon, func(ctx context.Context) error { return p.say(ctx, "STOP") })
	}
	return nil
}

func cmpDays(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// hour is when a visit is booked, on the site's clock: at ten, and by phone or video at the first hour
// from ten on that is none of the night where the persona is.
func (p *play) hour(v trial.Visit) string {
	for h := 10; h < 17 && (v.Mode == "phone" || v.Mode == "video"); h++ {
		at := fmt.Sprintf("%02d:00", h)
		if t, err := trial.Instant(workday(v), at, v.Zone); err == nil && t.In(p.zone).Hour() >= 9 && t.In(p.zone).Hour() < 20 {
			return at
		}
	}
	return "10:00"
}

// workday is the target, moved on from a weekend where the window lets it.
func workday(v trial.Visit) string {
	t, err := time.Parse(time.DateOnly, v.Target)
	if err != nil {
		return v.Target
	}
	for ; t.Format(time.DateOnly) <= v.Latest; t = t.AddDate(0, 0, 1) {
		if wd := t.Weekday(); wd != time.Saturday && wd != time.Sunday {
			return t.Format(time.DateOnly)
		}
	}
	return v.Target
}

// sameDigits are those of every alert of a rehearsal, so that two of them read alike.
func sameDigits(n int) string { return strings.Repeat("4827", n/4+1)[:n] }
