package ivr

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
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
	Slots         []trial.Slot      `bson:"slots,omitempty"`    // times offered for the visit, each with its digit; the next one is call me
	Response      string            `bson:"response,omitempty"` // of a questionnaire
	Opened        time.Time         `bson:"opened"`
	Expires       time.Time         `bson:"expires"`
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

// split parts the prompts about visits from the questionnaire, nil when there is none.
func split(open []Prompt) (visits []Prompt, asking *Prompt) {
	for _, p := range open {
		if p.Response == "" {
			visits = append(visits, p)
		} else {
			asking = &p
		}
	}
	return visits, asking
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

// What a letter before an answer says it is for, where a digit could be both.
const (
	toVisit    = "visit"
	toQuestion = "question"
)

// prefixed reads "V1" as 1 for the visit and "Q1" (Spanish: "P1") as 1 for the question.
func prefixed(body string) (rest, to string) {
	t := fold(body)
	if t == "" {
		return body, ""
	}
	rest = strings.TrimSpace(t[1:])
	if !digits(rest) && rest != "YES" && rest != "NO" && rest != "SI" {
		return body, ""
	}
	switch t[0] {
	case 'V':
		return rest, toVisit
	case 'Q', 'P':
		return rest, toQuestion
	}
	return body, ""
}

// digit is the key of the nth answer: 0 yes, 1 change, 2 call me.
func (p Prompt) digit(n int) string { return strconv.Itoa(p.First + n) }

// Words that say yes and no to a question, in place of its digit.
var (
	yesWords = []string{"YES", "Y", "OK", "OKAY", "SI", "S", "CONFIRM", "CONFIRMO", "VALE"}
	noWords  = []string{"NO", "N", "CHANGE", "CAMBIAR", "CAMBIO"}
)

// affirms says whether a text is a yes and nothing more.
func affirms(body string) bool { return slices.Contains(yesWords, fold(body)) }

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
	switch {
	case slices.Contains(yesWords, t):
		word = trial.Confirmed
	case slices.Contains(noWords, t):
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
