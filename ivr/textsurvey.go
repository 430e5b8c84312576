package ivr

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// byText says whether this person's diary is asked by text: the study has the board's leave, the
// person agreed, and no phone call comes first.
func byText(st *trial.Study, d *trial.DiaryPlan, p *contacts.Person) bool {
	return mayText(st, d, p) && (d.Channels[0] == survey.SMS || !byPhone(d, p))
}

// turn is how long an entry waits behind another that the same person is being asked by text.
const turn = time.Hour

// askByText sends the first question of a due entry. One questionnaire is open on a number at a
// time; whoever else is due there gets a link.
func (o *Operator) askByText(ctx context.Context, st *trial.Study, p *contacts.Person, r trial.Response, now time.Time) error {
	key := askKey(r.ID)
	if done, err := o.decided(ctx, key); err != nil || done {
		return err
	}
	gate, err := o.Trial.May(ctx, r.Person, contacts.StudyCare, contacts.SMS, r.Study)
	if err != nil {
		return err
	}
	if !gate.OK && gate.NotBefore.IsZero() {
		return o.linkDiary(ctx, st, p, &r, "", now)
	}
	if gate.NotBefore.After(now) {
		return nil // the words of a later tick are as good
	}
	open, err := o.openPrompts(ctx, gate.Point.Hash, now)
	if err != nil {
		return err
	}
	if asking := asked(open, now); asking != nil && asking.Response != r.ID {
		if asking.Person == r.Person && now.Before(r.Opens.Add(turn)) {
			return nil // their own: one after the other
		}
		return o.linkDiary(ctx, st, p, &r, "", now)
	}
	if r, err = o.Trial.Begin(ctx, person(r.Person), r); err != nil {
		return err
	}
	rec, err := o.Trial.Record(ctx, trial.System, r.ID, survey.Input{Kind: survey.Show, Channel: survey.SMS, At: now})
	if errors.Is(err, survey.ErrMode) {
		return o.decide(ctx, plan{Meta: docstore.Meta{ID: key}, At: now}) // whoever began elsewhere goes on there
	}
	if err != nil {
		return err
	}
	lang := o.speaks(i18n.Lang(r.Session.Lang), r.Study)
	body, ok := rec.Prompt.SMS(lang)
	if !ok || rec.Prompt.Done {
		return o.linkDiary(ctx, st, p, &r, "", now)
	}
	prompt := Prompt{Meta: docstore.Meta{ID: promptOf(r.ID)}, Point: gate.Point.Hash, Person: r.Person, Study: r.Study, Response: r.ID, Opened: now, Expires: r.Closes}
	if err := o.Store.Do(ctx, func(b *docstore.Batch) error { o.prompts.Ensure(b, &prompt); return nil }); err != nil {
		return err
	}
	t, _, err := o.Trial.Reach(ctx, trial.System, trial.Reach{Key: key, Person: r.Person, Study: r.Study, Purpose: contacts.StudyCare, Kind: outbox.SMS,
		Template: "sms.question", Version: r.Session.Ref, Lang: lang, Body: body + "\n" + i18n.T(lang, "sms.askStop"), Ref: r.ID, NotAfter: r.Closes})
	if err != nil {
		return err
	}
	return o.decide(ctx, plan{Meta: docstore.Meta{ID: key}, At: now, Message: t.Message})
}

// answerByText gives a text to the questionnaire that is open on its number. The answer, what it
// raises, the text itself and the reply are stored together; the reply is one text: the safety
// words of a red flag if there is one, and the next question.
func (o *Operator) answerByText(ctx context.Context, t *text, asking *Prompt, body string, fits bool) ([]string, error) {
	r, err := o.Trial.Response(ctx, asking.Response)
	if err != nil {
		return nil, err
	}
	t.who, t.study = r.Person, r.Study
	t.lang = o.speaks(i18n.Lang(r.Session.Lang), r.Study)
	of, err := o.theirOffice(ctx, t.study, t.who, t.lang)
	if err != nil {
		return nil, err
	}
	st, err := o.Trial.Study(ctx, t.study)
	if err != nil {
		return nil, err
	}
	in := survey.Input{Kind: survey.Reply, LinkID: r.Session.Current, Raw: body, Channel: survey.SMS, At: o.local(ctx, &call{Person: r.Person}), Refusals: st.PlanOf(&r).Refusals()}
	if command, ok := survey.Command(body); ok {
		in.Kind, in.Raw = command, ""
	}
	if r.Session.Current == "" {
		in = survey.Input{Kind: survey.Show, Channel: survey.SMS, At: in.At}
	}
	t.answered = fits
	t.unread = !fits // an answer nobody understands may be a question to us
	approval, err := o.Trial.Approval(ctx, t.study)
	if err != nil {
		return nil, err
	}
	var replies []string
	_, err = o.Trial.RecordWith(ctx, person(r.Person), r.ID, in, func(b *docstore.Batch, rec trial.Recorded) error {
		reply, over, err := o.textAfter(ctx, t, rec)
		if err != nil {
			return err
		}
		if rec.Prompt.GiveUp {
			o.Trial.AddTask(b, gaveUp(&rec.Response, o.now()))
		}
		if err := o.promptAfter(ctx, b, asking, over, rec.Prompt.GiveUp); err != nil {
			return err
		}
		replies = []string{reply}
		t.template, t.version = "sms.question", r.Session.Ref
		if len(rec.Flags) == 0 { // the words of a red flag always go
			if replies, err = o.allowed(ctx, t, replies); err != nil {
				return err
			}
		}
		t.answerLater(replies)
		o.keep(b, t, replies, approval)
		return nil
	})
	switch {
	case errors.Is(err, survey.ErrMode):
		return t.reply("sms.surveyOther", "phone", of.Phone)
	case errors.Is(err, trial.ErrClosed), errors.Is(err, survey.ErrClosed):
		return t.reply("sms.surveyLate", "phone", of.Phone)
	case errors.Is(err, trial.ErrChannel):
		return o.notByText(ctx, t, &r)
	case err != nil:
		return nil, err
	}
	t.kept = true
	return replies, nil
}

// promptAfter adds to b what becomes of the prompt a text was for: it is done, or paused where it was
// asked often enough, or paused no longer.
func (o *Operator) promptAfter(ctx context.Context, b *docstore.Batch, asking *Prompt, over, paused bool) error {
	p, err := o.prompts.Get(ctx, asking.ID)
	switch {
	case err != nil:
		return err
	case over:
		o.prompts.Delete(b, &p)
	case p.Paused != paused:
		_, err = o.prompts.Edit(ctx, b, p.ID, func(v *Prompt) error { v.Paused = paused; return nil })
	}
	return err
}

// late answers a text that fits a questionnaire whose time is over (behaviour 51).
func (o *Operator) late(ctx context.Context, t *text, p *Prompt) ([]string, error) {
	r, err := o.Trial.Response(ctx, p.Response)
	if err != nil {
		return nil, err
	}
	t.who, t.study, t.unread, t.lang = r.Person, r.Study, true, o.speaks(i18n.Lang(r.Session.Lang), r.Study)
	of, err := o.theirOffice(ctx, t.study, t.who, t.lang)
	if err != nil {
		return nil, err
	}
	return t.reply("sms.surveyLate", "phone", of.Phone)
}

// notByText leads on from a questionnaire that is not asked by text any more: to the web where it
// is asked there, else to a person.
func (o *Operator) notByText(ctx context.Context, t *text, r *trial.Response) ([]string, error) {
	t.unread, t.answered = true, false
	err := o.Trial.AskableBy(ctx, r, survey.Web, trial.BySignIn)
	if !errors.Is(err, trial.ErrChannel) {
		if err != nil {
			return nil, err
		}
		return t.reply("sms.surveyRest", "url", o.PublicURL+"/me")
	}
	if err := o.Trial.OpenTask(ctx, person(r.Person), askInPerson(r.Person, r.Study, r.ID, o.now())); err != nil {
		return nil, err
	}
	return t.reply("sms.callMe")
}

// textAfter words the reply to an answer; over says that no further text is waited for.
func (o *Operator) textAfter(ctx context.Context, t *text, rec trial.Recorded) (reply string, over bool, err error) {
	var parts []string
	if len(rec.Flags) > 0 {
		safety, err := o.safety(ctx, &call{Study: t.study, Response: rec.Response.ID, Person: t.who, Outbound: true, Lang: t.lang})
		if err != nil {
			return "", false, err
		}
		for _, s := range safety {
			if say, ok := s.(Say); ok {
				parts = append(parts, say.Text)
			}
		}
	}
	switch {
	case rec.Prompt.Done:
		done := "sms.surveyDone"
		if rec.Response.Item != "" {
			done = "sms.askOneDone"
		}
		parts, over = append(append(parts, rec.Prompt.Intro...), i18n.T(t.lang, done)), true
	case rec.Prompt.GiveUp:
		parts = append(parts, i18n.T(t.lang, "sms.surveyGiveUp"))
	default:
		q, ok := rec.Prompt.SMS(t.lang)
		if !ok {
			q, over = i18n.T(t.lang, "sms.surveyRest", "url", o.PublicURL+"/me"), true
		}
		parts = append(parts, q)
	}
	return strings.Join(parts, "\n"), over, nil
}
