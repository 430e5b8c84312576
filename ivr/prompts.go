package ivr

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// Prompt is a question sent by text that waits for an answer. Those about visits that are open on
// one number at the same time use different digits (F15): the first 1 2 3, the second 4 5 6, and
// so on, so that an answer needs no name. A questionnaire answered by text is one prompt, and
// there is at most one on a number.
type Prompt struct {
	docstore.Meta `bson:",inline"`
	Point         string            `bson:"point"` // hash of the number
	Person        contacts.PersonID `bson:"person"`
	Study         trial.StudyID     `bson:"study"`
	Visit         string            `bson:"visit,omitempty"`
	Sequence      int               `bson:"sequence,omitempty"` // of the booking it asks about
	First         int               `bson:"first,omitempty"`    // the digit for yes; change and call me follow
	Response      string            `bson:"response,omitempty"` // of a questionnaire
	Opened        time.Time         `bson:"opened"`
	Expires       time.Time         `bson:"expires"`
	Paused        bool              `bson:"paused,omitempty"` // they wrote PAUSE, or it was asked often enough: what is no answer is not asked again
}

// open returns the prompts that wait on a number, oldest first.
func (o *Operator) openPrompts(ctx context.Context, point string, now time.Time) ([]Prompt, error) {
	all, err := o.prompts.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("point", point)}})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p Prompt) bool {
		end := p.Expires
		if p.Response != "" { // somebody who answers late is told so
			end = end.Add(lateWords)
		}
		return !now.Before(end)
	})
	slices.SortFunc(all, func(a, b Prompt) int { return cmp.Or(a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID)) })
	// Of a visit that was moved the last reminder counts; it has the digits of the one before.
	return slices.DeleteFunc(all, func(p Prompt) bool {
		return p.Visit != "" && slices.ContainsFunc(all, func(q Prompt) bool { return q.Visit == p.Visit && q.Sequence > p.Sequence })
	}), nil
}

// lateWords is how long after its end a questionnaire still gets the texts that come for it.
const lateWords = 12 * time.Hour

// asked is the questionnaire that a number is asked by text now, nil when there is none.
func asked(open []Prompt, now time.Time) *Prompt {
	for _, p := range slices.Backward(open) {
		if p.Response != "" && now.Before(p.Expires) {
			return &p
		}
	}
	return nil
}

// waits is what is open on the number of a text, as the router sees it. Of people whose number this
// is not any more nothing is asked here, and what was finished elsewhere waits no longer.
func (o *Operator) waits(ctx context.Context, t *text) (waits []waitingFor, open []Prompt, err error) {
	all, err := o.openPrompts(ctx, t.point, o.now())
	if err != nil {
		return nil, nil, err
	}
	for _, p := range all {
		if !slices.Contains(t.ids(), p.Person) {
			continue
		}
		w := waitingFor{id: p.ID, person: p.Person, asked: p.Opened, paused: p.Paused}
		if p.Visit != "" {
			w.digits = []string{p.digit(0), p.digit(1), p.digit(2)}
		} else if ok, err := o.takes(ctx, &p, &w); err != nil || !ok {
			if err != nil {
				return nil, nil, err
			}
			continue
		}
		waits, open = append(waits, w), append(open, p)
	}
	return waits, open, nil
}

// takes says of the questionnaire of a prompt whether it still waits, and what it takes.
func (o *Operator) takes(ctx context.Context, p *Prompt, w *waitingFor) (waits bool, err error) {
	r, err := o.Trial.Response(ctx, p.Response)
	if err != nil || r.State == trial.ResponseCompleted {
		return false, err
	}
	q, err := o.Trial.QuestionnaireFor(ctx, &r)
	if err != nil {
		return false, err
	}
	now, s := o.now(), r.Session
	s.Status = survey.InProgress // a late answer fits too, and is told that it is late
	w.ended = !now.Before(r.Closes)
	w.takes = func(body string) bool {
		if _, ok := survey.Command(body); ok {
			return true
		}
		_, prompt, answer, err := q.Next(s, survey.Input{Kind: survey.Reply, LinkID: s.Current, Raw: body, Channel: survey.SMS, At: now})
		return err == nil && answer != nil && prompt.Problem == nil
	}
	return true, nil
}

// newPrompt takes the first free digits on the number. ok is false when all nine are in use.
func (o *Operator) newPrompt(ctx context.Context, id, point string, v *trial.Visit, now time.Time) (p Prompt, ok bool, err error) {
	open, err := o.openPrompts(ctx, point, now)
	if err != nil {
		return p, false, err
	}
	for first := 1; first <= 7; first += 3 {
		if slices.ContainsFunc(open, func(p Prompt) bool { return p.Response == "" && p.First == first && p.Visit != v.ID }) {
			continue
		}
		return Prompt{Meta: docstore.Meta{ID: id}, Point: point, Person: v.Person, Study: v.Study, Visit: v.ID, Sequence: v.Sequence, First: first, Opened: now, Expires: v.Start}, true, nil
	}
	return p, false, nil
}

// digit is the key of the nth answer: 0 yes, 1 change, 2 call me.
func (p Prompt) digit(n int) string { return strconv.Itoa(p.First + n) }
