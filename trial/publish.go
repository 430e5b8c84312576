package trial

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/survey"
)

// PutQuestionnaire stores a file as an edition that studies can ask for by name, as a draft or
// published. Publishing retires the edition of that name before it; who is half way through that goes
// on with it. It is unchanged when nothing differs. ErrQuestionnaire where the file cannot be asked,
// where a study that asks it could not, or where it differs from one of the same version that somebody
// has answered.
func (c *Coordinator) PutQuestionnaire(ctx context.Context, by audit.Actor, name string, file []byte, state string) (v QuestionnaireVersion, changed bool, err error) {
	if state != QuestionnaireDraft && state != QuestionnairePublished {
		return v, false, fmt.Errorf("%w: state %q: use draft or published", ErrQuestionnaire, state)
	}
	if strings.TrimSpace(name) == "" || strings.ContainsAny(name, " \n/") || len(name) > 80 {
		return v, false, fmt.Errorf("%w: name %q: use up to 80 letters, digits and hyphens, such as evening-diary", ErrQuestionnaire, name)
	}
	if len(file) > maxSource {
		return v, false, fmt.Errorf("%w: the file is larger than %d bytes: split it", ErrQuestionnaire, maxSource)
	}
	q, err := survey.ParseFile(name, file)
	if err != nil {
		return v, false, fmt.Errorf("%w: %w", ErrQuestionnaire, err)
	}
	if ours, err := c.Questionnaire(name); err == nil {
		return v, false, fmt.Errorf("%w: %q is the name of one of Muster's own (%s): choose another", ErrQuestionnaire, name, ours.Title("en"))
	}
	if state == QuestionnairePublished {
		if err := c.studiesCanAsk(ctx, name, q); err != nil {
			return v, false, err
		}
	}
	err = c.commit(ctx, audit.Entry{Actor: by, Action: "questionnaire." + map[string]string{QuestionnaireDraft: "draft", QuestionnairePublished: "publish"}[state], Reason: q.Ref()}, func(b *docstore.Batch, _ *audit.Entry) error {
		old, err := c.editions.Get(ctx, q.Ref())
		if v, changed = c.edition(q, name, by), true; errors.Is(err, docstore.ErrNotFound) {
			v.State = state
			c.editions.Insert(b, &v)
			return c.retireOthers(ctx, b, &v)
		}
		if err != nil {
			return err
		}
		if err := mayBecome(&old, q, name, state); err != nil {
			return err
		}
		same := old.Digest == q.Digest()
		if same && old.State == state {
			v, changed = old, false
			return docstore.Unchanged
		}
		v.Meta, v.State, v.Answered = old.Meta, state, old.Answered
		if same {
			v.Kept, v.By = old.Kept, old.By
		}
		c.editions.Replace(b, &v)
		return c.retireOthers(ctx, b, &v)
	})
	return v, changed, err
}

// mayBecome says why an edition cannot be changed so, nil where it can.
func mayBecome(old *QuestionnaireVersion, q *survey.Questionnaire, name, state string) error {
	url, version, _ := strings.Cut(old.ID, "|")
	switch {
	case old.Name != name:
		return fmt.Errorf("%w: %s is kept as %q: use that name, or give the file another url", ErrQuestionnaire, old.ID, old.Name)
	case old.Digest != q.Digest() && !old.Answered.IsZero():
		return fmt.Errorf("%w: version %q of %s differs from this file, and people have answered it since %s: give the file a new version", ErrQuestionnaire, version, url, old.Answered.Format(time.DateOnly))
	case state == QuestionnaireDraft && old.State == QuestionnairePublished:
		return fmt.Errorf("%w: version %q of %s is published already: give the draft a new version", ErrQuestionnaire, version, url)
	}
	return nil
}

// retireOthers retires what was published by the name before.
func (c *Coordinator) retireOthers(ctx context.Context, b *docstore.Batch, v *QuestionnaireVersion) error {
	if v.State != QuestionnairePublished {
		return nil
	}
	before, err := c.editions.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("name", v.Name), docstore.E("state", QuestionnairePublished)}})
	if err != nil {
		return err
	}
	for _, old := range before {
		if old.ID != v.ID {
			old.State = QuestionnaireRetired
			c.editions.Replace(b, &old)
		}
	}
	return nil
}

// studiesCanAsk holds a questionnaire against every study that asks for it by name.
func (c *Coordinator) studiesCanAsk(ctx context.Context, name string, q *survey.Questionnaire) error {
	studies, err := c.studies.List(ctx, docstore.Query{})
	if err != nil {
		return err
	}
	for _, s := range studies {
		if !s.asks(name) {
			continue
		}
		err := c.checkAsked(&s, func(other string) (*survey.Questionnaire, error) {
			if other == name {
				return q, nil
			}
			return c.QuestionnaireNamed(ctx, other)
		})
		if err != nil {
			return fmt.Errorf("%w: study %s asks for %q: %w", ErrQuestionnaire, s.ID, name, err)
		}
	}
	return nil
}

// RetireQuestionnaire ends an edition: nobody begins it any more. ErrQuestionnaire while a study asks
// for it. Doing it again changes nothing.
func (c *Coordinator) RetireQuestionnaire(ctx context.Context, by audit.Actor, ref string) error {
	return c.commit(ctx, audit.Entry{Actor: by, Action: "questionnaire.retire", Reason: ref}, func(b *docstore.Batch, _ *audit.Entry) error {
		studies, err := c.studies.List(ctx, docstore.Query{})
		if err != nil {
			return err
		}
		_, err = c.editions.Edit(ctx, b, ref, func(v *QuestionnaireVersion) error {
			if v.State == QuestionnaireRetired {
				return docstore.Unchanged
			}
			for _, s := range studies {
				if v.State == QuestionnairePublished && s.asks(v.Name) {
					return fmt.Errorf("%w: study %s asks for %q: publish another version of it, or take it out of the study first", ErrQuestionnaire, s.ID, v.Name)
				}
			}
			v.State = QuestionnaireRetired
			return nil
		})
		return err
	})
}

// StrayQuestionnaires says which questionnaires the program brings under a version that people have
// answered with other words: they are not asked. nil where there are none.
func (c *Coordinator) StrayQuestionnaires(ctx context.Context) error {
	all, err := c.editions.List(ctx, docstore.Query{})
	if err != nil {
		return err
	}
	var errs []error
	for _, v := range all {
		if q, err := c.Questionnaire(v.Name); err == nil && q.Ref() == v.ID && q.Digest() != v.Digest && !v.Answered.IsZero() {
			errs = append(errs, fmt.Errorf("questionnaire %q differs from its version %s that people have answered since %s; they are asked what was kept: give the file a new version", v.Name, v.ID, v.Answered.Format(time.DateOnly)))
		}
	}
	return errors.Join(errs...)
}
