package trial

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/survey"
)

// askedFor is how long an answer to a question that was asked alone is waited for.
const askedFor = 7 * 24 * time.Hour

// Asking is what asking people one question of a study by text does: who gets it now, who later, and who
// does not.
type Asking struct {
	Text  string // as it goes out, in English
	Now   []contacts.PersonID
	Later []PutOff // once At has come, for Why
	Out   []PutOff // never, for Why
}

// PutOff is one person with the reason why they are not asked now.
type PutOff struct {
	Person contacts.PersonID
	At     time.Time
	Why    string
}

// AskedAlone is the question of a study's pre-screen that settles a question of its criteria ("q-smoking"
// is settled by the item "smoking"), as it can be asked by text. ErrRefused, and why, where it cannot:
// only what the board approved as a question of the pre-screen is asked (F17).
func (c *Coordinator) AskedAlone(ctx context.Context, st *Study, question string) (q *survey.Questionnaire, item string, err error) {
	if err := c.askedAlone(st, survey.SMS); err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	whole, err := c.QuestionnaireNamed(ctx, st.PreScreen)
	if err != nil {
		return nil, "", err
	}
	item = strings.TrimPrefix(question, "q-")
	if q, err = whole.Only(item); err != nil {
		return nil, "", fmt.Errorf("%w: the pre-screen of %s has no question %q", ErrRefused, st.ID, item)
	}
	if err := q.Check(survey.SMS); err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return q, item, nil
}

// askedAlone says whether a study's questions may be asked alone on a channel: by text where its board
// allows answers by text (F16).
func (c *Coordinator) askedAlone(st *Study, ch survey.Channel) error {
	switch {
	case st.PreScreen == "":
		return fmt.Errorf("%w: %s has no pre-screen", ErrChannel, st.ID)
	case ch != survey.SMS:
		return fmt.Errorf("%w: one question alone is asked by text", ErrChannel)
	case st.AnswersByText != "yes":
		return fmt.Errorf("%w: %s takes no answers by text", ErrChannel, st.ID)
	}
	return nil
}

// AskID is the id of the answer of a person to one question that a study asked alone.
func AskID(p contacts.PersonID, s StudyID, item string) string {
	return "rsp_ask_" + string(s) + "_" + item + "_" + string(p)
}

// Asks is what a person would be asked alone, with the question in their language, not stored yet.
// asked says that they were before, answered or not: nobody is asked the same twice.
func (c *Coordinator) Asks(ctx context.Context, st *Study, q *survey.Questionnaire, item string, p *contacts.Person) (r Response, prompt survey.Prompt, asked bool, err error) {
	r, err = c.responses.Get(ctx, AskID(p.PersonID(), st.StudyID(), item))
	if !errors.Is(err, docstore.ErrNotFound) {
		return r, prompt, err == nil, err
	}
	now := c.now()
	r = Response{Meta: docstore.Meta{ID: AskID(p.PersonID(), st.StudyID(), item)}, Person: p.PersonID(), Study: st.StudyID(), Questionnaire: st.PreScreen,
		Kind: "prescreen", Item: item, Alone: st.StudyID(), State: ResponseStarted, Opens: now, Closes: now.Add(askedFor)}
	r.Session, prompt, _, err = q.Next(survey.NewSession(q, string(c.Speaks(p.Language, st.StudyID())), now), survey.Input{Kind: survey.Show, Channel: survey.SMS, At: now})
	return r, prompt, false, err
}

// learn adds to b the facts that an answer to a question asked alone holds: they count for its study.
func (c *Coordinator) learn(ctx context.Context, b *docstore.Batch, r *Response, q *survey.Questionnaire) error {
	st, err := c.studies.Get(ctx, string(r.Study))
	if err != nil {
		return err
	}
	p, err := c.People.Get(ctx, r.Person)
	if err != nil {
		return err
	}
	zone, ok := contacts.Zone(p)
	if !ok {
		zone = st.siteZone("")
	}
	facts := Facts(q, r.Session, st.ID, "sms", zone)
	if len(facts) == 0 {
		return nil
	}
	if err := c.People.AddFacts(ctx, b, r.Person, facts, nil); !errors.Is(err, docstore.Unchanged) {
		return err
	}
	return nil
}

// AskNow queues the text of a question asked alone, with the answer that is waited for and what also
// adds, in one batch; p permits it.
func (c *Coordinator) AskNow(ctx context.Context, by audit.Actor, r Response, body string, lang i18n.Lang, p Permit, also func(b *docstore.Batch, message string)) (contacts.Touch, error) {
	return c.Queue(ctx, by, Reach{Key: r.ID, Person: r.Person, Study: r.Study, Purpose: contacts.Recruitment, Kind: "sms", Template: "sms.question", Version: r.Session.Ref,
		Lang: lang, Body: body, Ref: r.ID, NotAfter: r.Closes, Staff: by.ID}, p, func(b *docstore.Batch, message string) {
		c.responses.Ensure(b, &r)
		also(b, message)
	})
}
