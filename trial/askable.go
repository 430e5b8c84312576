package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/survey"
)

// ErrChannel: the study does not have this questionnaire asked this way.
var ErrChannel = errors.New("this questionnaire is not asked this way")

// Level is how well somebody proved to be who they are, the weakest first (F12).
type Level int

// The levels.
const (
	Nobody     Level = iota
	ByNumber         // a text from their own number
	ByBirthday       // on a known number, month and day of birth
	ByPIN
	BySignIn // on the web, with a code
)

// atBest is the level a channel can reach.
func atBest(ch survey.Channel) Level {
	switch ch {
	case survey.SMS:
		return ByNumber
	case survey.Voice:
		return ByPIN
	}
	return BySignIn
}

// AskableBy says whether a response may be asked and answered on a channel by somebody known at a
// level, as the study stands now: its channels, the identity it wants, its board's word on answers
// by text, and what the questionnaire itself can be asked by (F12, F16, F17, F18). ErrChannel, and
// why, when it may not.
func (c *Coordinator) AskableBy(ctx context.Context, r *Response, ch survey.Channel, level Level) error {
	if r.Kind == "prescreen" && r.Item == "" {
		return nil // asked before any study knows the person; PutStudy looked at its questions
	}
	st, err := c.studies.Get(ctx, string(r.Study))
	if err != nil {
		return err
	}
	if r.Kind == "prescreen" {
		return c.askedAlone(&st, ch)
	}
	d := st.PlanOf(r)
	no := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrChannel, fmt.Sprintf(format, args...))
	}
	switch {
	case d == nil:
		return no("%s asks nothing any more", st.ID)
	case !slices.Contains(d.Channels, ch):
		return no("%s does not ask by %s", st.ID, ch)
	case ch == survey.SMS && st.AnswersByText != "yes":
		return no("%s takes no answers by text", st.ID)
	case d.Identity == "staff" && (ch == survey.Voice || ch == survey.SMS):
		return no("staff of %s make sure who answers", st.ID)
	case ch == survey.Voice && d.Identity == "answers only" && level >= ByBirthday, ch != survey.Voice && level >= atBest(ch), level >= ByPIN:
	default:
		return no("%s wants to know better who answers", st.ID)
	}
	q, err := c.QuestionnaireFor(ctx, r)
	if err != nil {
		return err
	}
	if err := q.Check(ch); err != nil {
		return no("%v", err)
	}
	return nil
}

// StillDueBy is DueBy without what is done.
func (c *Coordinator) StillDueBy(ctx context.Context, p contacts.PersonID, ch survey.Channel, level Level) ([]Response, error) {
	due, err := c.DueBy(ctx, p, ch, level)
	return slices.DeleteFunc(due, func(r Response) bool { return r.State == ResponseCompleted }), err
}

// DueBy is Due of what a person known at a level may be asked on a channel. What is done is among it:
// a page says so.
func (c *Coordinator) DueBy(ctx context.Context, p contacts.PersonID, ch survey.Channel, level Level) ([]Response, error) {
	all, err := c.Due(ctx, p, c.now())
	if err != nil {
		return nil, err
	}
	var out []Response
	for _, r := range all {
		err := c.AskableBy(ctx, &r, ch, level)
		switch {
		case err == nil:
			out = append(out, r)
		case !errors.Is(err, ErrChannel):
			return nil, err
		}
	}
	return out, nil
}
