package ivr

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/trial"
)

// Prompt is a question sent by text that waits for a digit. Prompts that are open on one number
// at the same time use different digits (F15): the first 1 2 3, the second 4 5 6, and so on, so
// that an answer needs no name.
type Prompt struct {
	docstore.Meta `bson:",inline"`
	Point         string            `bson:"point"` // hash of the number
	Person        contacts.PersonID `bson:"person"`
	Study         trial.StudyID     `bson:"study"`
	Visit         string            `bson:"visit"`
	First         int               `bson:"first"` // the digit for yes; change and call me follow
	Opened        time.Time         `bson:"opened"`
	Expires       time.Time         `bson:"expires"`
}

// open returns the prompts that wait on a number, oldest first.
func (o *Operator) openPrompts(ctx context.Context, point string, now time.Time) ([]Prompt, error) {
	all, err := o.prompts.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("point", point)}})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p Prompt) bool { return !now.Before(p.Expires) })
	slices.SortFunc(all, func(a, b Prompt) int { return a.Opened.Compare(b.Opened) })
	return all, nil
}

// newPrompt takes the first free digits on the number. ok is false when all nine are in use.
func (o *Operator) newPrompt(ctx context.Context, id, point string, v *trial.Visit, now time.Time) (p Prompt, ok bool, err error) {
	open, err := o.openPrompts(ctx, point, now)
	if err != nil {
		return p, false, err
	}
	for first := 1; first <= 7; first += 3 {
		if slices.ContainsFunc(open, func(p Prompt) bool { return p.First == first && p.Visit != v.ID }) {
			continue
		}
		return Prompt{Meta: docstore.Meta{ID: id}, Point: point, Person: v.Person, Study: v.Study, Visit: v.ID, First: first, Opened: now, Expires: v.Start}, true, nil
	}
	return p, false, nil
}

// digit is the key of the nth answer: 0 yes, 1 change, 2 call me.
func (p Prompt) digit(n int) string { return strconv.Itoa(p.First + n) }

// meaning finds which prompt a text answers, and how. A digit belongs to one prompt; yes and no
// do where only one is open. Several: ambiguous.
func meaning(open []Prompt, body string) (p Prompt, answer string, ambiguous bool) {
	t := fold(body)
	for _, p := range open {
		for n, a := range []string{trial.Confirmed, trial.ChangeAsked, "call me"} {
			if t == p.digit(n) {
				return p, a, false
			}
		}
	}
	var word string
	switch t {
	case "YES", "Y", "OK", "OKAY", "SI", "S", "CONFIRM", "CONFIRMO", "VALE":
		word = trial.Confirmed
	case "NO", "N", "CHANGE", "CAMBIAR", "CAMBIO":
		word = trial.ChangeAsked
	}
	if word == "" || len(open) == 0 {
		return Prompt{}, "", false
	}
	if len(open) > 1 {
		return Prompt{}, "", true
	}
	return open[0], word, false
}
