package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
	"github.com/muster-health/muster/trial/rehearsed"
)

// text is one text of ours. Whoever is on call leaves it and waits for the call: so the report shows
// both. The persona acts on it after a while.
func (p *play) text(ctx context.Context, m outbox.Message, line rehearsed.Line) error {
	p.wrote(&line, m.Body)
	p.add(line)
	if err := p.Operator.MessageStatus(ctx, ivr.MessageEvent{SID: sid(m), Message: m.ID, Status: "delivered"}); err != nil {
		return err
	}
	if m.Purpose == trial.ToStaff || !p.writes() {
		return nil
	}
	switch m.Template {
	case "sms.reminder", "sms.moved":
		p.soon(thinks, func(ctx context.Context) error { return p.say(ctx, "1") })
	case "sms.question":
		p.soon(thinks, func(ctx context.Context) error { return p.byText(ctx, m.Ref) })
	case "sms.diary", "sms.dropped":
		if !strings.Contains(m.Body, p.deps.PublicURL+"/me") {
			break
		}
		p.soon(thinks, func(ctx context.Context) error { return p.onTheWeb(ctx, m.Ref) })
	}
	return nil
}

func (p *play) wrote(line *rehearsed.Line, body string) {
	line.Kind, line.Words, line.Segments = rehearsed.Text, body, i18n.Segments(body)
	line.Cents = float64(line.Segments) * p.deps.Prices.Segment
}

// say sends a text to us, and puts the answers beside it. Where we ask what a digit was meant for, it
// was for the visit.
func (p *play) say(ctx context.Context, body string) error {
	p.texts++
	in := ivr.Inbound{SID: fmt.Sprintf("SMin%06d", p.texts), From: p.number, To: p.deps.Office, Body: body}
	line := rehearsed.Line{At: p.clock.Now(), With: rehearsed.Participant}
	p.wrote(&line, body)
	p.add(line)
	replies, err := p.Operator.Text(ctx, in)
	if err != nil {
		return err
	}
	for _, r := range replies {
		line := rehearsed.Line{At: p.clock.Now(), Out: true, With: rehearsed.Participant}
		p.wrote(&line, r)
		p.add(line)
		if r == i18n.T(p.Trial.Speaks(p.ask.Language, p.st.StudyID()), "sms.whichOne", "digit", body) {
			return p.say(ctx, "V"+body)
		}
	}
	return nil
}

// byText answers a questionnaire that is asked by text, to its end or to where it goes on elsewhere.
func (p *play) byText(ctx context.Context, ref string) error {
	for range longest {
		r, err := p.Trial.Response(ctx, ref)
		if err != nil || r.State == trial.ResponseCompleted || !p.clock.Now().Before(r.Closes) {
			return err
		}
		body, err := p.answer(&r, survey.SMS)
		if err != nil {
			return err
		}
		if body == "" {
			body = "SKIP"
		}
		if err := p.say(ctx, body); err != nil {
			return err
		}
		if last := p.report.Lines[len(p.report.Lines)-1]; !last.Out {
			return nil // nothing more is asked here
		} else if strings.Contains(last.Words, p.deps.PublicURL+"/me") {
			return p.onTheWeb(ctx, ref)
		}
		p.clock.Advance(perKey * 10)
	}
	return nil
}

// onTheWeb signs in and fills in what is due there.
func (p *play) onTheWeb(ctx context.Context, ref string) error {
	due, err := p.Trial.Due(ctx, p.person, p.clock.Now())
	if err != nil {
		return err
	}
	by := audit.Actor{Kind: audit.Person, ID: string(p.person)}
	for _, r := range due {
		if r.ID != ref || r.State == trial.ResponseCompleted {
			continue
		}
		if r, err = p.Trial.Begin(ctx, by, r); err != nil {
			return err
		}
		in := survey.Input{Kind: survey.Show, Channel: survey.Web, At: p.local()}
		n := 0
		for range longest {
			rec, err := p.Trial.Record(ctx, by, ref, in)
			if errors.Is(err, trial.ErrClosed) {
				break
			}
			if err != nil {
				return err
			}
			if rec.Prompt.Done {
				break
			}
			if r, err = p.Trial.Response(ctx, ref); err != nil {
				return err
			}
			raw, err := p.answer(&r, survey.Web)
			if err != nil {
				return err
			}
			in = survey.Input{Kind: survey.Reply, LinkID: r.Session.Current, Raw: raw, Channel: survey.Web, At: p.local()}
			if raw == "" {
				in.Kind = survey.Skip
			}
			n++
		}
		p.add(rehearsed.Line{At: p.clock.Now(), Kind: rehearsed.Web, With: rehearsed.Participant, Words: fmt.Sprintf("Filled in on the web: %d questions.", n)})
	}
	return nil
}
