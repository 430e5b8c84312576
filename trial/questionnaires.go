package trial

import (
	"context"
	"errors"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/survey"
)

// ErrQuestionnaire marks a questionnaire that cannot be taken; the text says why, and the mend.
var ErrQuestionnaire = errors.New("this questionnaire cannot be taken")

// Editions of a questionnaire are in one of these states.
const (
	QuestionnaireDraft     = "draft"     // nobody is asked it yet
	QuestionnairePublished = "published" // who begins is asked it
	QuestionnaireRetired   = "retired"   // who began it goes on with it; nobody begins it any more
)

// maxSource is the largest file that is kept, in bytes. Far above any instrument; a document and its
// audit entry hold it whole.
const maxSource = 1 << 20

// QuestionnaireVersion is one edition of a questionnaire, as its file was. Its id is the reference that
// sessions hold, canonical|version. Once somebody has answered it, the file stays as it is for good:
// what was asked can be read again, and whoever is half way goes on with the questions they began.
type QuestionnaireVersion struct {
	docstore.Meta `bson:",inline"`
	Name          string    `bson:"name"`               // studies ask for it by
	Source        string    `bson:"source"`             // the file, FHIR R4 JSON
	Digest        string    `bson:"digest"`             // hexadecimal SHA-256 of the file
	State         string    `bson:"state"`              // "draft", "published", "retired"
	Kept          time.Time `bson:"kept"`               // when the file was stored, or last changed before anybody answered
	By            string    `bson:"by,omitempty"`       // who stored it; "muster" where it came with the program
	Answered      time.Time `bson:"answered,omitempty"` // when somebody first did
}

// QuestionnaireVersions lists every edition that is kept, by reference.
func (c *Coordinator) QuestionnaireVersions(ctx context.Context) ([]QuestionnaireVersion, error) {
	return c.editions.List(ctx, docstore.Query{})
}

// QuestionnaireVersion returns one edition, or docstore.ErrNotFound.
func (c *Coordinator) QuestionnaireVersion(ctx context.Context, ref string) (QuestionnaireVersion, error) {
	return c.editions.Get(ctx, ref)
}

// QuestionnaireAt returns the edition that a session names by its Ref. docstore.ErrNotFound where it is
// not kept: nobody was asked it.
func (c *Coordinator) QuestionnaireAt(ctx context.Context, ref string) (*survey.Questionnaire, error) {
	if q, ok := c.answered.Load(ref); ok {
		return q.(*survey.Questionnaire), nil
	}
	v, err := c.editions.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	q, err := survey.ParseFile("questionnaire "+ref+" as it was kept", []byte(v.Source))
	if err != nil {
		return nil, err
	}
	if !v.Answered.IsZero() { // never changed from then on
		c.answered.Store(ref, q)
	}
	return q, nil
}

// QuestionnaireFor returns what a response is being asked: the edition it began with, whatever its file
// says today.
func (c *Coordinator) QuestionnaireFor(ctx context.Context, r *Response) (*survey.Questionnaire, error) {
	q, err := c.QuestionnaireAt(ctx, r.Session.Ref)
	if errors.Is(err, docstore.ErrNotFound) { // due, and not begun; or begun before editions were kept
		q, err = c.QuestionnaireNamed(ctx, r.Questionnaire)
	}
	if err != nil || r.Item == "" {
		return q, err
	}
	return q.Only(r.Item)
}

// QuestionnaireNamed returns what is asked of those who begin: what the program brings by that name,
// else the edition that is published. A file the program brings that differs from the one people have
// answered under the same version is not asked: they all get the questions that were kept.
func (c *Coordinator) QuestionnaireNamed(ctx context.Context, name string) (*survey.Questionnaire, error) {
	q, unknown := c.Questionnaire(name)
	if unknown == nil {
		return c.asAnswered(ctx, q)
	}
	v, err := c.editions.First(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("name", name), docstore.E("state", QuestionnairePublished)}})
	if errors.Is(err, docstore.ErrNotFound) {
		return nil, unknown
	}
	if err != nil {
		return nil, err
	}
	return c.QuestionnaireAt(ctx, v.ID)
}

// asAnswered is q, or the edition of the same reference that people have answered.
func (c *Coordinator) asAnswered(ctx context.Context, q *survey.Questionnaire) (*survey.Questionnaire, error) {
	if kept, ok := c.answered.Load(q.Ref()); ok {
		if kept := kept.(*survey.Questionnaire); kept.Digest() != q.Digest() {
			return kept, nil
		}
		return q, nil
	}
	v, err := c.editions.Get(ctx, q.Ref())
	switch {
	case errors.Is(err, docstore.ErrNotFound):
		return q, nil
	case err != nil:
		return nil, err
	case v.Answered.IsZero() || v.Digest == q.Digest():
		return q, nil
	}
	return c.QuestionnaireAt(ctx, q.Ref())
}

// BeginQuestionnaire is QuestionnaireNamed for somebody who begins outside a study's plan, such as at a
// pre-screen: the edition is kept, so that they can go on with it after the file has changed.
func (c *Coordinator) BeginQuestionnaire(ctx context.Context, name string) (*survey.Questionnaire, error) {
	q, err := c.QuestionnaireNamed(ctx, name)
	if err != nil {
		return nil, err
	}
	err = c.commit(ctx, audit.Entry{Actor: System, Action: "questionnaire.keep", Reason: name}, func(b *docstore.Batch, _ *audit.Entry) error {
		added, err := c.keepEdition(ctx, b, q, name, false)
		if err == nil && !added {
			return docstore.Unchanged
		}
		return err
	})
	return q, err
}

// keepEdition adds to b what makes the edition of a session readable later: the file itself where it is
// not kept yet, and that somebody has answered it. added says whether that was anything.
func (c *Coordinator) keepEdition(ctx context.Context, b *docstore.Batch, q *survey.Questionnaire, name string, answered bool) (added bool, err error) {
	type inBatch string
	if _, done := c.answered.Load(q.Ref()); done || b.Noted(inBatch(q.Ref())) != nil {
		return false, nil
	}
	b.Note(inBatch(q.Ref()), true)
	v, err := c.editions.Get(ctx, q.Ref())
	if errors.Is(err, docstore.ErrNotFound) {
		v = c.edition(q, name, System)
		if answered {
			v.Answered = c.now()
		}
		c.editions.Ensure(b, &v)
		if answered { // it may have been begun before editions were kept
			return true, nil
		}
		return true, c.retireOthers(ctx, b, &v)
	}
	if err != nil || !v.Answered.IsZero() || !answered && v.Digest == q.Digest() {
		return false, err
	}
	if v.Digest != q.Digest() { // nobody has answered the other one
		v.Source, v.Digest, v.Kept = string(q.Source()), q.Digest(), c.now()
	}
	if answered {
		v.Answered = c.now()
	}
	c.editions.Replace(b, &v)
	return true, nil
}

// keepBegun keeps the edition a response begins with, where it is not kept yet.
func (c *Coordinator) keepBegun(ctx context.Context, b *docstore.Batch, r *Response) error {
	q, err := c.QuestionnaireFor(ctx, r)
	if err != nil || q.Ref() != r.Session.Ref {
		return err // what was taken over from elsewhere may name an edition that is not here
	}
	_, err = c.keepEdition(ctx, b, q, r.Questionnaire, len(r.Session.Answers) > 0 || r.State != ResponseDue)
	return err
}

func (c *Coordinator) edition(q *survey.Questionnaire, name string, by audit.Actor) QuestionnaireVersion {
	return QuestionnaireVersion{Meta: docstore.Meta{ID: q.Ref()}, Name: name, Source: string(q.Source()), Digest: q.Digest(), State: QuestionnairePublished, Kept: c.now(), By: by.ID}
}
