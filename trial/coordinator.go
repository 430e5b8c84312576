package trial

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/id"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/survey"
)

// Errors a caller decides on.
var (
	ErrClosed  = errors.New("the time for this is over")
	ErrRefused = errors.New("not allowed")
)

// Deps is what a Coordinator works with. All but the functions are required.
type Deps struct {
	Store  *docstore.Store
	Audit  *audit.Log
	Keys   *seal.Keys
	People *contacts.Directory
	Box    *outbox.Box
	NewID  id.New
	Clock  *clock.Clock
	Office phone.Number // the number messages come from
	Links  *Links       // what the outbox was opened with

	Mails  bool               // e-mails can be sent
	Digits func(n int) string // so many digits nobody can guess; nil: random

	Drafts bool // the demo: texts whose translation is a draft may be sent, released or not (F19)

	Questionnaire func(name string) (*survey.Questionnaire, error) // what the program brings; nil: survey.Library
	CheckCriteria func(yaml string) error                          // nil: criteria are taken as they are
	OnPerson      func(ctx context.Context, p contacts.PersonID)   // what a person's facts changed; nil: nothing
}

// Coordinator makes every change to studies, subjects, visits, answers, alerts and tasks. Safe
// for concurrent use.
type Coordinator struct {
	Deps
	criteria  *docstore.Collection[CriteriaVersion, *CriteriaVersion]
	studies   *docstore.Collection[Study, *Study]
	subjects  *docstore.Collection[Subject, *Subject]
	visits    *docstore.Collection[Visit, *Visit]
	responses *docstore.Collection[Response, *Response]
	alerts    *docstore.Collection[Alert, *Alert]
	tasks     *docstore.Collection[Task, *Task]
	words     *docstore.Collection[carrierWord, *carrierWord]
	editions  *docstore.Collection[QuestionnaireVersion, *QuestionnaireVersion]
	texts     *docstore.Collection[TextApproval, *TextApproval]
	shifts    *docstore.Collection[Shift, *Shift]
	rotas     *docstore.Collection[rota, *rota]

	recordings *docstore.Collection[Recording, *Recording]
	sounds     *docstore.Collection[soundPart, *soundPart]

	narrations      *docstore.Collection[Narration, *Narration]
	narrationSounds *docstore.Collection[narrationSound, *narrationSound]
	playable        sync.Map // ids of narrations whose sound was read and is whole

	answered sync.Map // by reference, the *survey.Questionnaire of editions that never change any more

	released released // which drafts may be sent

	following sync.Mutex // one at a time does what the carrier said
}

// Open makes the collections exist and returns the coordinator.
func Open(ctx context.Context, d Deps) (*Coordinator, error) {
	if d.Questionnaire == nil {
		d.Questionnaire = remembered(survey.Library)
	}
	if d.CheckCriteria == nil {
		d.CheckCriteria = func(string) error { return nil }
	}
	if d.OnPerson == nil {
		d.OnPerson = func(context.Context, contacts.PersonID) {}
	}
	if d.Digits == nil {
		d.Digits = randomDigits
	}
	c := &Coordinator{Deps: d}
	d.Links.c = c
	d.People.AlsoHolds(c)
	person := seal.ByField("person")
	sealed := func(collection string, paths ...string) docstore.Codec {
		return d.Keys.Fields(collection, person, paths...)
	}
	// What a study collects is sealed for the subject: it stays readable when who that is was erased.
	ofStudy := func(c docstore.Codec) docstore.Codec { return seal.Formerly(c, person) }
	var err error
	open := func(name string, f func() error) {
		if err == nil {
			if err = f(); err != nil {
				err = fmt.Errorf("open %s: %w", name, err)
			}
		}
	}
	open("studies", func() (e error) {
		c.studies, e = docstore.Open[Study](ctx, d.Store, docstore.Spec{Name: "studies", Version: 2, Steps: studySteps()})
		return
	})
	open("criteria", func() (e error) {
		c.criteria, e = docstore.Open[CriteriaVersion](ctx, d.Store, docstore.Spec{Name: "criteria", Version: 1, Indexes: []docstore.Index{{Name: "study", Fields: []string{"study"}}}})
		return
	})
	open("subjects", func() (e error) {
		c.subjects, e = docstore.Open[Subject](ctx, d.Store, docstore.Spec{Name: "subjects", Version: 2, Steps: subjectSteps(),
			Indexes: []docstore.Index{{Name: "dial", Fields: []string{"dial"}}, {Name: "person", Fields: []string{"person"}}, {Name: "study", Fields: []string{"study"}}, {Name: "study_status", Fields: []string{"study", "status"}}},
			Codec:   ofStudy(d.Keys.Fields("subjects", seal.ByField("_id"), "moves[].note"))})
		return
	})
	open("visits", func() (e error) {
		c.visits, e = docstore.Open[Visit](ctx, d.Store, docstore.Spec{Name: "visits", Version: 1,
			Indexes: []docstore.Index{{Name: "person", Fields: []string{"person"}}, {Name: "subject", Fields: []string{"subject"}}, {Name: "site_day", Fields: []string{"site", "day"}}, {Name: "state_start", Fields: []string{"state", "start"}}},
			Codec:   ofStudy(d.Keys.Fields("visits", seal.ByField("subject"), "why"))})
		return
	})
	open("responses", func() (e error) {
		c.responses, e = docstore.Open[Response](ctx, d.Store, docstore.Spec{Name: "responses", Version: 1,
			Indexes: []docstore.Index{{Name: "person", Fields: []string{"person"}}, {Name: "subject_day", Fields: []string{"subject", "day"}}, {Name: "state_closes", Fields: []string{"state", "closes"}}, {Name: "alone_closes", Fields: []string{"alone", "closes"}}},
			Codec:   ofStudy(d.Keys.FieldsApart("responses", subjectOf, seal.Apart{Path: "session.answers[]", Part: preScreened}, "session.answers[].raw", "session.answers[].values[].text", "session.held"))})
		return
	})
	open("alerts", func() (e error) {
		c.alerts, e = docstore.Open[Alert](ctx, d.Store, docstore.Spec{Name: "alerts", Version: 1,
			Indexes: []docstore.Index{{Name: "person", Fields: []string{"person"}}, {Name: "state_raised", Fields: []string{"state", "raised"}}, {Name: "state_next", Fields: []string{"state", "nextTry"}}, {Name: "response", Fields: []string{"response"}}},
			Codec:   ofStudy(d.Keys.Fields("alerts", subjectOf, "what", "code", "log[].note"))})
		return
	})
	open("tasks", func() (e error) {
		c.tasks, e = docstore.Open[Task](ctx, d.Store, docstore.Spec{Name: "tasks", Version: 1,
			Indexes: []docstore.Index{{Name: "person", Fields: []string{"person"}}, {Name: "state_due", Fields: []string{"state", "due"}}},
			Codec:   sealed("tasks", "text", "outcome")})
		return
	})
	open("texts", func() (e error) {
		c.texts, e = docstore.Open[TextApproval](ctx, d.Store, docstore.Spec{Name: "texts", Version: 1, Indexes: []docstore.Index{{Name: "study", Fields: []string{"study"}}}})
		return
	})
	open("questionnaires", func() (e error) {
		c.editions, e = docstore.Open[QuestionnaireVersion](ctx, d.Store, docstore.Spec{Name: "questionnaires", Version: 1, Indexes: []docstore.Index{{Name: "name_state", Fields: []string{"name", "state"}}}})
		return
	})
	open("recordings", func() (e error) {
		c.recordings, e = docstore.Open[Recording](ctx, d.Store, docstore.Spec{Name: "recordings", Version: 1,
			Indexes: []docstore.Index{{Name: "person", Fields: []string{"person"}}, {Name: "state_next", Fields: []string{"state", "next"}}, {Name: "state_made", Fields: []string{"state", "made"}}, {Name: "until", Fields: []string{"until"}}}})
		return
	})
	open("sounds", func() (e error) {
		c.sounds, e = docstore.Open[soundPart](ctx, d.Store, docstore.Spec{Name: "sounds", Version: 1,
			Indexes: []docstore.Index{{Name: "recording", Fields: []string{"recording"}}}, Codec: sealed("sounds", "data")})
		return
	})
	open("narrations", func() (e error) {
		c.narrations, e = docstore.Open[Narration](ctx, d.Store, docstore.Spec{Name: "narrations", Version: 1,
			Indexes: []docstore.Index{{Name: "study", Fields: []string{"study"}}, {Name: "removed", Fields: []string{"removed"}}}})
		return
	})
	open("narrationSounds", func() (e error) {
		c.narrationSounds, e = docstore.Open[narrationSound](ctx, d.Store, docstore.Spec{Name: "narrationSounds", Version: 1})
		return
	})
	open("shifts", func() (e error) {
		c.shifts, e = docstore.Open[Shift](ctx, d.Store, docstore.Spec{Name: "shifts", Version: 1, Indexes: []docstore.Index{{Name: "study_to", Fields: []string{"study", "to"}}}})
		return
	})
	open("rotas", func() (e error) {
		c.rotas, e = docstore.Open[rota](ctx, d.Store, docstore.Spec{Name: "rotas", Version: 1})
		return
	})
	open("carrier_words", func() (e error) {
		c.words, e = docstore.Open[carrierWord](ctx, d.Store, docstore.Spec{Name: "carrier_words", Version: 1, Codec: seal.WithHistory(sealed("carrier_words", "to"))})
		return
	})
	return c, err
}

func (c *Coordinator) now() time.Time { return c.Clock.Now() }

// commit builds a batch with f, records who did it and why, and writes it; on a conflict it
// starts again.
func (c *Coordinator) commit(ctx context.Context, e audit.Entry, f func(b *docstore.Batch, e *audit.Entry) error) error {
	return c.Store.Do(ctx, func(b *docstore.Batch) error {
		e := e
		if err := f(b, &e); err != nil {
			return err
		}
		c.Audit.Record(b, e)
		return nil
	})
}

// PutStudy stores a study as its file says. It is unchanged when nothing differs. The criteria's
// version grows when their text changes, and older versions are kept. A file may say which version its
// criteria are; a version that people were judged by cannot be changed (ErrInUse).
func (c *Coordinator) PutStudy(ctx context.Context, by audit.Actor, s Study) (changed bool, err error) {
	if err := s.Check(); err != nil {
		return false, err
	}
	if err := c.checkQuestionnaires(ctx, &s); err != nil {
		return false, err
	}
	if err := c.checkShiftNames(ctx, &s); err != nil {
		return false, err
	}
	if s.Criteria != "" {
		if err := c.CheckCriteria(s.Criteria); err != nil {
			return false, fmt.Errorf("%w: `criteria`: %w", ErrStudy, err)
		}
	}
	s.OnCall = slices.Clone(s.OnCall)
	for i := range s.OnCall {
		s.OnCall[i].Hours = cmp.Or(s.OnCall[i].Hours, Always)
	}
	said := s.Version
	err = c.commit(ctx, audit.Entry{Actor: by, Action: "study.put", Study: s.ID}, func(b *docstore.Batch, e *audit.Entry) error {
		old, err := c.studies.Get(ctx, s.ID)
		switch {
		case errors.Is(err, docstore.ErrNotFound):
			s.Meta = docstore.Meta{ID: s.ID}
			s.Version = max(s.Version, 1)
			c.studies.Insert(b, &s)
			c.keep(b, by, &s, false)
			changed = true
			return nil
		case err != nil:
			return err
		}
		s.Version = said
		if err := c.version(ctx, b, by, &s, &old); err != nil {
			return err
		}
		s.Meta = old.Meta
		s.addedTo(&old, c.now())
		if same(s, old) {
			changed = false
			return docstore.Unchanged
		}
		changed = true
		c.studies.Replace(b, &s) // at the revision its version was decided for
		return nil
	})
	return changed, err
}

// same says whether two studies are equal as stored.
func same(a, b Study) bool {
	x, err1 := stored(a)
	y, err2 := stored(b)
	return err1 == nil && err2 == nil && x == y
}

func stored(s Study) (string, error) {
	body, err := bson.Marshal(s)
	if err != nil {
		return "", err
	}
	var back Study
	if err := bson.Unmarshal(body, &back); err != nil {
		return "", err
	}
	text, err := json.Marshal(back) // sorts map keys
	return string(text), err
}

// Study returns one study, or docstore.ErrNotFound.
func (c *Coordinator) Study(ctx context.Context, s StudyID) (Study, error) {
	return c.studies.Get(ctx, string(s))
}

// Studies returns all of them by id; there are never many.
func (c *Coordinator) Studies(ctx context.Context) ([]Study, error) {
	return c.studies.List(ctx, docstore.Query{})
}
