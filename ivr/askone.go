package ivr

import (
	"context"
	"fmt"
	"strings"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// AskPeople asks people, each in their language, the pre-screen question that settles a question of the
// study's criteria; try only says what it would do. Who cannot answer by text, was asked before or has
// another question open on their number is left out. trial.ErrRefused, and why, where the question
// cannot be asked at all.
func (o *Operator) AskPeople(ctx context.Context, by audit.Actor, study trial.StudyID, question string, people []contacts.PersonID, try bool) (trial.Asking, error) {
	var out trial.Asking
	st, err := o.Trial.Study(ctx, study)
	if err != nil {
		return out, err
	}
	q, item, err := o.Trial.AskedAlone(ctx, &st, question)
	if err != nil {
		return out, err
	}
	_, prompt, _, err := q.Next(survey.NewSession(q, "en", o.now()), survey.Input{Kind: survey.Show, Channel: survey.SMS, At: o.now()})
	if err != nil {
		return out, err
	}
	out.Text, _ = o.askWords(&st, prompt, i18n.En)
	for _, id := range people {
		if err := o.askOne(ctx, by, &st, q, item, id, try, &out); err != nil {
			return out, fmt.Errorf("ask %s: %w", id, err)
		}
	}
	return out, nil
}

// askWords are the words of a question asked alone: who asks, the question, and the way out.
func (o *Operator) askWords(st *trial.Study, p survey.Prompt, lang i18n.Lang) (string, bool) {
	body, ok := p.SMS(lang)
	return strings.Join([]string{i18n.T(lang, "sms.askOne", "caller", st.NeutralName[string(lang)]), body, i18n.T(lang, "sms.askStop")}, "\n"), ok
}

func (o *Operator) askOne(ctx context.Context, by audit.Actor, st *trial.Study, q *survey.Questionnaire, item string, id contacts.PersonID, try bool, out *trial.Asking) error {
	leave := func(why string) error {
		out.Out = append(out.Out, trial.PutOff{Person: id, Why: why})
		return nil
	}
	p, err := o.People.Get(ctx, id)
	if err != nil {
		return err
	}
	permit, err := o.Trial.Permit(ctx, &p, contacts.Ask{Purpose: contacts.Recruitment, Channel: contacts.SMS}, st.StudyID())
	if err != nil {
		return err
	}
	if !permit.OK && permit.NotBefore.IsZero() {
		why := "No leave to text."
		if len(permit.Reasons) > 0 {
			why = permit.Reasons[0].Text
		}
		return leave(why)
	}
	if _, agreed, _ := contacts.TextAnswers(p.Consents, st.ID); !agreed {
		return leave("Has not agreed to answer health questions by text.")
	}
	r, prompt, asked, err := o.Trial.Asks(ctx, st, q, item, &p)
	if err != nil {
		return err
	}
	if asked {
		return leave("Was asked before.")
	}
	open, err := o.openPrompts(ctx, permit.Point.Hash, o.now())
	if err != nil {
		return err
	}
	if len(open) > 0 {
		return leave("Another question is open on their number.")
	}
	lang := o.speaks(i18n.Lang(r.Session.Lang), r.Study)
	body, ok := o.askWords(st, prompt, lang)
	if !ok {
		return leave("The question is too long for a text.")
	}
	if !try {
		goes := clock.Later(o.now(), permit.NotBefore)
		r.Opens, r.Closes = goes, r.Closes.Add(goes.Sub(r.Opens))
		prompt := Prompt{Meta: docstore.Meta{ID: promptOf(r.ID)}, Point: permit.Point.Hash, Person: id, Study: st.StudyID(), Response: r.ID, Opened: goes, Expires: r.Closes}
		if _, err := o.Trial.AskNow(ctx, by, r, body, lang, permit, func(b *docstore.Batch, _ string) { o.prompts.Ensure(b, &prompt) }); err != nil {
			return err
		}
	}
	if permit.NotBefore.After(o.now()) && len(permit.Reasons) > 0 {
		out.Later = append(out.Later, trial.PutOff{Person: id, At: permit.NotBefore, Why: permit.Reasons[0].Text})
	} else {
		out.Now = append(out.Now, id)
	}
	return nil
}
