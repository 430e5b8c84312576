package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/survey"
)

// Application is a sign-up, for one study or for the registry alone.
type Application struct {
	SignUp       contacts.SignUp
	Study        StudyID         // "" for the registry alone
	Site         string          // "" the study's first
	PreScreen    *survey.Session // answers given before
	KeepAnswers  bool            // "keep them to look for other studies" was ticked (F5)
	Source       string          // "web", "sms", "voice", "staff"
	CodeByCall   bool            // the number cannot take texts, or the person asked
	CodeByMail   string          // the address that gets the code, where no phone can
	NoCode       bool            // "I cannot get a code": staff call instead
	VerifyNumber string          // which point gets the code
}

// Applied is what the page needs next. It looks the same for a repeat.
type Applied struct {
	Person    contacts.PersonID
	Subject   string
	Challenge string // "" with NoCode
	Promised  time.Time
	Repeat    bool
}

// Apply takes a sign-up in one batch: person, consents, facts from the pre-screen, the answers
// themselves, the place on the study's list with the promised call, and the message with the
// code. *contacts.TooManyCodes and contacts.Problems come back as they are.
func (c *Coordinator) Apply(ctx context.Context, by audit.Actor, a Application) (Applied, error) {
	var st *Study
	if a.Study != "" {
		s, err := c.studies.Get(ctx, string(a.Study))
		if err != nil {
			return Applied{}, err
		}
		if ok, why := s.Recruiting(c.now()); !ok {
			return Applied{}, fmt.Errorf("%w: %s: %s", ErrRefused, a.Study, why)
		}
		st = &s
	}
	now := c.now()
	if a.PreScreen != nil {
		facts, err := c.preScreenFacts(ctx, st, a)
		if err != nil {
			return Applied{}, err
		}
		a.SignUp.Facts = append(a.SignUp.Facts, facts...)
	}
	var out Applied
	res, err := c.People.SignUp(ctx, by, a.SignUp, func(b *docstore.Batch, p *contacts.Person) error {
		out = Applied{Person: p.PersonID()}
		if st != nil {
			if err := c.listApplicant(ctx, b, p, st, a, &out); err != nil {
				return err
			}
		}
		if a.NoCode {
			c.AddTask(b, Task{Kind: "call", Person: p.PersonID(), Study: a.Study, Site: a.Site, Due: now.Add(24 * time.Hour),
				Text: "Signed up but cannot get a code. Call to confirm the number."})
			return nil
		}
		return c.sendCode(ctx, b, p, a, &out)
	})
	out.Repeat = res.Repeat
	return out, err
}

// listApplicant adds the subject and the answers, unless the person is on the list already.
func (c *Coordinator) listApplicant(ctx context.Context, b *docstore.Batch, p *contacts.Person, st *Study, a Application, out *Applied) error {
	out.Subject = SubjectID(p.PersonID(), st.StudyID())
	sub, err := c.subjects.Get(ctx, out.Subject)
	switch {
	case err == nil:
		out.Promised = sub.Promised
		if out.Promised.IsZero() {
			out.Promised = st.PromisedBy(a.Site, c.now())
		}
		return nil
	case !errors.Is(err, docstore.ErrNotFound):
		return err
	}
	sub = c.newSubject(b, p.PersonID(), st, a.Site, a.Source)
	out.Promised = sub.Promised
	if a.PreScreen != nil {
		r := Response{Meta: docstore.Meta{ID: PreScreenID(out.Subject)}, Person: p.PersonID(), Study: st.StudyID(), Subject: out.Subject,
			Questionnaire: st.PreScreen, Kind: "prescreen", State: ResponseCompleted, Session: *a.PreScreen}
		c.responses.Ensure(b, &r)
		return c.keepBegun(ctx, b, &r)
	}
	return nil
}

// sendCode adds the challenge and the message that carries its code. A text goes to whoever can
// take one; others are called, which reads the code out (F8).
func (c *Coordinator) sendCode(ctx context.Context, b *docstore.Batch, p *contacts.Person, a Application, out *Applied) error {
	if a.CodeByMail != "" {
		challenge, err := c.mailCode(ctx, b, p, a.Study, a.CodeByMail)
		out.Challenge = challenge
		return err
	}
	var to contacts.Point
	for _, pt := range p.Points {
		if pt.Kind != contacts.Email && (a.VerifyNumber == "" || pt.Value == a.VerifyNumber) {
			to = pt
			break
		}
	}
	if to.Value == "" {
		return fmt.Errorf("%w: there is no number to send a code to", ErrRefused)
	}
	started, err := c.People.StartCode(ctx, b, to.Value, "signup", p.PersonID())
	if err != nil {
		return err
	}
	out.Challenge = started.ID
	c.putCode(b, p, to, started, a.CodeByCall || to.NoText || to.Kind == contacts.Landline)
	return nil
}

// putCode adds the message with a code to b. A code is what the person just asked for: it goes at
// any hour, and not after it has run out.
func (c *Coordinator) putCode(b *docstore.Batch, p *contacts.Person, to contacts.Point, s contacts.Started, byCall bool) {
	lang := c.Speaks(p.Language, "")
	m := outbox.Message{Meta: docstore.Meta{ID: outbox.ID("code", s.ID)}, Kind: outbox.SMS, Person: p.ID, To: to.Value, Point: to.Hash, Purpose: string(contacts.Requested),
		Template: "sms.code", Lang: string(lang), Priority: outbox.Urgent, NotAfter: c.now().Add(10 * time.Minute)}
	if byCall && !p.ReachMe.TextOnly {
		m.Kind, m.Template, m.Vars = outbox.Call, "voice.code", map[string]string{"code": i18n.Digits(s.Code)}
	} else {
		m.Body = i18n.T(lang, "sms.code", map[string]any{"Code": s.Code})
	}
	m.Version = i18n.Version(lang, m.Template)
	c.Box.Put(b, m)
}

// SendCode sends a sign-in or sign-up code to a number, for each person it belongs to the same
// way; to a number nobody has, nothing is sent and the answer is the same. It returns the
// challenge for the browser.
func (c *Coordinator) SendCode(ctx context.Context, by audit.Actor, value, purpose string, byCall bool) (challenge string, err error) {
	people, err := c.People.ByPoint(ctx, value)
	if err != nil {
		return "", err
	}
	err = c.commit(ctx, audit.Entry{Actor: by, Action: "code.send"}, func(b *docstore.Batch, e *audit.Entry) error {
		var who contacts.PersonID
		if len(people) == 1 {
			who = people[0].PersonID()
			e.Person = string(who)
		}
		started, err := c.People.StartCode(ctx, b, value, purpose, who)
		if err != nil {
			return err
		}
		challenge = started.ID
		if len(people) > 0 {
			p := reachable(people)
			for _, pt := range p.Points {
				if pt.Hash == started.Point {
					c.putCode(b, p, pt, started, byCall || pt.NoText || pt.Kind == contacts.Landline)
					break
				}
			}
			return nil
		}
		c.putNoCode(b, started) // nobody has it
		return nil
	})
	return challenge, err
}

// reachable is whom a code to a shared number is addressed to: the first the gate can agree to, so
// that one who died, or is known from records alone, keeps nobody else out.
func reachable(people []contacts.Person) *contacts.Person {
	for i := range people {
		if p := &people[i]; p.Deceased == "" && p.Basis.Kind != contacts.ByRecords {
			return p
		}
	}
	return &people[0]
}

// preScreenFacts turns the answers of a pre-screen into facts. Their scope is the study alone
// unless the person ticked to keep them for others (F5).
func (c *Coordinator) preScreenFacts(ctx context.Context, st *Study, a Application) ([]contacts.Fact, error) {
	if st == nil || st.PreScreen == "" {
		return nil, nil
	}
	q, err := c.QuestionnaireFor(ctx, &Response{Questionnaire: st.PreScreen, Session: *a.PreScreen})
	if err != nil {
		return nil, err
	}
	scope := string(a.Study)
	if a.KeepAnswers {
		scope = contacts.Registry
	}
	return Facts(q, *a.PreScreen, scope, a.Source, st.siteZone(a.Site)), nil
}

// Facts turns the answers of a session into facts, dated by the day they were given in zone. Not
// sure and skipped give none: the fact stays unknown.
func Facts(q *survey.Questionnaire, s survey.Session, scope, source string, zone *time.Location) []contacts.Fact {
	var out []contacts.Fact
	for _, f := range q.Facts(s) {
		if f.Absent != "" {
			continue
		}
		x := contacts.Fact{Kind: contacts.Answered, Code: f.Code, Display: f.Display, Unit: f.Unit, Back: f.Back, Bool: f.Value.Bool, Text: f.Value.Text,
			Date: f.At.In(zone).Format(time.DateOnly), Source: source, Scope: scope, Recorded: f.At}
		if f.By != "" {
			x.Source = "staff:" + f.By
		}
		switch {
		case f.Value.Int != nil:
			n := float64(*f.Value.Int)
			x.Number = &n
		case f.Value.Decimal != "":
			if n, err := strconv.ParseFloat(f.Value.Decimal, 64); err == nil {
				x.Number = &n
			}
		case f.Value.Code != "":
			x.ValueCode, x.ValueText = strings.TrimPrefix(survey.SystemName(f.Value.System)+"|"+f.Value.Code, "|"), f.Value.Display
		case f.Value.Date != "" || f.Value.DateTime != "":
			x.Text = cmp.Or(f.Value.Date, f.Value.DateTime)
		}
		out = append(out, x)
	}
	return out
}

// Confirm checks a sign-up code. The point is verified, what a repeated sign-up brought is
// applied, and the person's matches are looked at anew.
func (c *Coordinator) Confirm(ctx context.Context, by audit.Actor, challenge, code string) (contacts.Person, error) {
	proven, err := c.People.CheckCode(ctx, challenge, code)
	if err != nil {
		return contacts.Person{}, err
	}
	p, err := c.People.Verify(ctx, by, proven.Person, proven.Point)
	if err == nil {
		c.OnPerson(ctx, p.PersonID())
	}
	return p, err
}

// CallMe keeps a name and a number for staff to call, and nothing else (F8). No person is made.
func (c *Coordinator) CallMe(ctx context.Context, by audit.Actor, name, number, bestTime string, study StudyID) error {
	kind, value, err := contacts.ParsePoint(number)
	if err != nil {
		return err
	}
	if kind == contacts.Email {
		return contacts.Problems{{Field: "phone", Text: "Give a phone number, such as 412-555-0123."}}
	}
	return c.commit(ctx, audit.Entry{Actor: by, Action: "callme.ask", Study: string(study)}, func(b *docstore.Batch, e *audit.Entry) error {
		c.AddTask(b, Task{Kind: "call", Study: study, Due: c.now().Add(8 * time.Hour),
			Text: strings.TrimSpace("Asked to be called: " + name + ", " + value + ". Best time: " + bestTime)})
		return nil
	})
}
