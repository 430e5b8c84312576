package ivr

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// droppedKey marks that a call broke off in the middle of an entry.
func droppedKey(response string) string { return "dropped_" + response }

// droppedIn adds to b that a call broke off in the middle of its questionnaire.
func (o *Operator) droppedIn(b *docstore.Batch, c *call) {
	if c.Stage == atSurvey && c.Outcome == hungUp && c.Response != "" {
		o.plans.Ensure(b, &plan{Meta: docstore.Meta{ID: droppedKey(c.Response)}, At: o.now()})
	}
}

// mayText says whether the questions of a plan may be answered by text by this person (F16).
func mayText(st *trial.Study, d *trial.DiaryPlan, p *contacts.Person) bool {
	_, agreed, _ := contacts.TextAnswers(p.Consents, st.ID)
	return st.AnswersByText == "yes" && d != nil && d.Identity != "staff" && slices.Contains(d.Channels, survey.SMS) && agreed
}

// offerRest texts, once, how an entry can be finished whose call broke off: by text and by a link
// where the study and the person allow it, by a call in any case. Who has the offer is called no more
// unless they ask (settled). Who cannot have it now is called again as planned, and so is who raised an
// alert in it, with the safety words first.
func (o *Operator) offerRest(ctx context.Context, st *trial.Study, p *contacts.Person, r *trial.Response, now time.Time) (settled bool, err error) {
	if broke, err := o.decided(ctx, droppedKey(r.ID)); err != nil || !broke {
		return false, err
	}
	key := "offer_" + r.ID
	made, err := o.plans.Get(ctx, key)
	if err == nil {
		return made.Message != "", nil
	}
	if !errors.Is(err, docstore.ErrNotFound) {
		return false, err
	}
	mark := plan{Meta: docstore.Meta{ID: key}, At: now}
	alerts, err := o.Trial.AlertsOf(ctx, r.Person)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(alerts, func(a trial.Alert) bool { return a.Response == r.ID && a.State != trial.AlertClosed }) {
		return false, o.decide(ctx, mark) // the next call begins with the safety words
	}
	gate, err := o.Trial.May(ctx, r.Person, contacts.StudyCare, contacts.SMS, r.Study)
	if err != nil {
		return false, err
	}
	if !gate.OK && gate.NotBefore.After(now) && gate.NotBefore.Before(r.Closes) {
		return false, nil // later
	}
	if !gate.OK || gate.Point.Discreet || st.AnswersByText == "no" {
		return false, o.decide(ctx, mark)
	}
	lang := o.speaks(p.Language, st.StudyID())
	lines := []string{i18n.T(lang, "sms.dropped")}
	if r.Session.Mode != survey.ModeLocked {
		d := st.PlanOf(r)
		if mayText(st, d, p) {
			lines = append(lines, i18n.T(lang, "sms.droppedText"))
		}
		if d != nil && slices.Contains(d.Channels, survey.Web) {
			lines = append(lines, i18n.T(lang, "sms.droppedLink", "url", o.PublicURL+"/me"))
		}
	}
	lines = append(lines, i18n.T(lang, "sms.droppedCall"), i18n.T(lang, "sms.askStop"))
	t, _, err := o.Trial.Reach(ctx, trial.System, trial.Reach{Key: key, Person: r.Person, Study: r.Study, Purpose: contacts.StudyCare, Kind: outbox.SMS,
		Template: "sms.dropped", Body: strings.Join(lines, "\n"), Ref: r.ID, NotAfter: r.Closes})
	if err != nil {
		return false, err
	}
	mark.Message = t.Message
	return t.Message != "", o.decide(ctx, mark)
}

// goOnByText answers TEXT: the questions that are due go on by text from where they are, where the
// study and the person allow it. One questionnaire is asked on a number at a time.
func (o *Operator) goOnByText(ctx context.Context, t *text, open []Prompt, of office) ([]string, error) {
	all, err := o.dueAt(ctx, t, survey.SMS, trial.ByNumber, func(p *contacts.Person, r *trial.Response) (bool, error) {
		st, err := o.Trial.Study(ctx, r.Study)
		return err == nil && mayText(&st, st.PlanOf(r), p), err
	})
	if err != nil {
		return nil, err
	}
	one, ask := pick(all, t.Body)
	if ask {
		t.asked = true
		return t.reply("sms.whose", "word", i18n.T(t.lang, "sms.word.text"))
	}
	other := asked(open, o.now())
	if one == nil || other != nil && other.Response != one.response.ID {
		t.unread = true
		return o.unplaced(ctx, t, of)
	}
	r, err := o.Trial.Begin(ctx, person(one.response.Person), one.response)
	if err != nil {
		return nil, err
	}
	prompt := Prompt{Meta: docstore.Meta{ID: promptOf(r.ID)}, Point: t.point, Person: r.Person, Study: r.Study, Response: r.ID, Opened: o.now(), Expires: r.Closes}
	err = o.Store.Do(ctx, func(b *docstore.Batch) error {
		o.prompts.Ensure(b, &prompt)
		o.plans.Ensure(b, &plan{Meta: docstore.Meta{ID: askKey(r.ID)}, At: o.now()})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return o.answerByText(ctx, t, &prompt, "again", true)
}

// askKey names the question that opens an entry by text, and promptOf its prompt.
func askKey(response string) string { return "ask_" + response }

func promptOf(response string) string { return "prm_" + askKey(response) }

// spokenNow closes the prompt of an entry that is answered on a call now: a text that comes later is
// no answer to what was said there.
func (o *Operator) spokenNow(ctx context.Context, response string) error {
	return o.Store.Do(ctx, func(b *docstore.Batch) error {
		p, err := o.prompts.Get(ctx, promptOf(response))
		if errors.Is(err, docstore.ErrNotFound) {
			return nil
		}
		if err == nil {
			o.prompts.Delete(b, &p)
		}
		return err
	})
}
