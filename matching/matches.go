package matching

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/id"
	"github.com/muster-health/muster/matching/eval"
)

// Clock gives business time and real time.
type Clock interface {
	Now() time.Time
	Wall() time.Time
}

// Matches keeps, in the database, who fits which open study, and since when: it holds people against
// the studies as they change (Follow), everybody when a study or the day is another (Sweep), and
// tells the news. Any number of processes may do so side by side: what one has written another finds
// written.
type Matches struct {
	Options
	store   *docstore.Store
	people  *contacts.Directory
	clock   Clock
	owner   string
	rows    *docstore.Collection[Standing, *Standing]
	studies *docstore.Collection[compared, *compared]
	places  *docstore.Collection[progress, *progress]

	mu       sync.Mutex // guards the following
	token    []byte
	begun    bool
	open     openStudies
	looked   time.Time // when the open studies were asked for, in real time
	stale    bool      // they must be asked for again
	known    map[contacts.PersonID]*here
	knownOld bool
	sweeping sync.Mutex
}

// OpenMatches makes the collections exist. Of the options, Studies is needed.
func OpenMatches(ctx context.Context, store *docstore.Store, people *contacts.Directory, newID id.New, clock Clock, o Options) (*Matches, error) {
	m := &Matches{Options: o, store: store, people: people, clock: clock, owner: newID("prc"), stale: true, knownOld: true}
	var errs [3]error
	m.rows, errs[0] = docstore.Open[Standing](ctx, store, docstore.Spec{Name: "matches", Version: 1, Indexes: []docstore.Index{
		{Name: "person", Fields: []string{"person"}}, {Name: "turned", Fields: []string{"study", "turned"}},
	}})
	m.studies, errs[1] = docstore.Open[compared](ctx, store, docstore.Spec{Name: "matchStudies", Version: 1})
	m.places, errs[2] = docstore.Open[progress](ctx, store, docstore.Spec{Name: "matchProgress", Version: 1})
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("open matches: %w", err)
	}
	people.AlsoHolds(m)
	return m, nil
}

// atOnce is how many people are held against the studies in one write.
const atOnce = 100

// Follow takes in what changed since the last one, in this process or another. Without anything that
// was followed before it begins with what changes from now on: the rest is Sweep's, in silence.
func (m *Matches) Follow(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.follow(ctx); err != nil {
		return fmt.Errorf("follow changes for matches: %w", err)
	}
	return nil
}

func (m *Matches) follow(ctx context.Context) error {
	if !m.begun {
		if err := m.begin(ctx); err != nil {
			return err
		}
	}
	var changed []contacts.PersonID
	waiting := map[contacts.PersonID]bool{}
	from, passed := string(m.token), 0
	token := m.token
	settle := func() error {
		if err := m.settle(ctx, changed); err != nil {
			return err
		}
		changed, m.token = nil, token
		clear(waiting)
		return nil
	}
	for item, err := range m.store.Driver().Changes(ctx, m.token) {
		if err != nil {
			return err
		}
		token = item.Token
		passed++
		p, err := m.concerns(item.Change)
		if err != nil {
			return err
		}
		if p == "" || waiting[p] {
			continue
		}
		waiting[p] = true
		if changed = append(changed, p); len(changed) == atOnce {
			if err := settle(); err != nil {
				return err
			}
		}
	}
	relevant := len(changed) > 0
	if err := settle(); err != nil {
		return err
	}
	if string(m.token) != from && (relevant || passed > 1000) {
		return m.keep(ctx)
	}
	return nil
}

// concerns returns whom a change makes to be looked at again, "" for nobody.
func (m *Matches) concerns(c docstore.Change) (contacts.PersonID, error) {
	switch {
	case c.Collection == "people" || c.Collection == "charts":
		return contacts.PersonID(c.ID), nil
	case c.Collection == m.studies.Name() || m.StudiesIn != "" && c.Collection == m.StudiesIn:
		m.stale = true
	case c.Collection != "" && (c.Collection == m.TrialsIn || c.Collection == m.VisitsIn):
		m.knownOld = true
		if c.Deleted {
			return "", nil
		}
		var s struct {
			Person contacts.PersonID `bson:"person"`
		}
		if err := bson.Unmarshal(c.Body, &s); err != nil {
			return "", fmt.Errorf("read %s %s: %w", c.Collection, c.ID, err)
		}
		return s.Person, nil
	}
	return "", nil
}

// begin finds out from where to follow.
func (m *Matches) begin(ctx context.Context) error {
	have, err := m.places.Get(ctx, "feed")
	if err == nil {
		m.token, m.begun = have.Token, true
		for _, err := range m.store.Driver().Changes(ctx, m.token) {
			if errors.Is(err, docstore.ErrQuery) { // of another database: this one was restored
				m.token = nil
			}
			break
		}
		return nil
	}
	if !errors.Is(err, docstore.ErrNotFound) {
		return err
	}
	known, err := m.studies.Count(ctx, docstore.Query{})
	if err != nil {
		return err
	}
	m.begun = true
	if known > 0 { // the place was lost (Copied): everybody who differs is news
		return nil
	}
	for item, err := range m.store.Driver().Changes(ctx, nil) {
		if err != nil {
			m.begun = false
			return err
		}
		m.token = item.Token
	}
	return m.keep(ctx)
}

// Copied forgets how far the change feed was followed: in a database that was copied or restored that
// is another place. The next Follow looks at everybody.
func (m *Matches) Copied(ctx context.Context) error {
	return m.store.Do(ctx, func(b *docstore.Batch) error {
		for _, id := range []string{"feed", "sweep"} {
			have, err := m.places.Get(ctx, id)
			if errors.Is(err, docstore.ErrNotFound) {
				continue
			}
			if err != nil {
				return fmt.Errorf("forget how far changes were followed: %w", err)
			}
			m.places.Delete(b, &have)
		}
		return nil
	})
}

// keep notes how far the feed was followed. When another process has noted something meanwhile that
// is as good: everything up to there was looked at by somebody.
func (m *Matches) keep(ctx context.Context) error {
	b := m.store.Batch()
	have, err := m.places.Get(ctx, "feed")
	switch {
	case errors.Is(err, docstore.ErrNotFound):
		m.places.Ensure(b, &progress{Meta: docstore.Meta{ID: "feed"}, Token: m.token})
	case err != nil:
		return err
	default:
		have.Token = m.token
		m.places.Replace(b, &have)
	}
	if err := m.store.Commit(ctx, b); err != nil && !errors.Is(err, docstore.ErrConflict) {
		return err
	}
	return nil
}

// lookEvery is how often the open studies are asked for when nothing says that they changed: a
// board's approval may end.
const lookEvery = time.Minute

// look asks for the open studies where that is due, and for what everybody was held against.
func (m *Matches) look(ctx context.Context) error {
	now := m.clock.Now()
	if m.stale || m.clock.Wall().Sub(m.looked) >= lookEvery || m.open.yesterdays(now) {
		// Before the studies: one that changes meanwhile is asked for again.
		m.stale, m.looked = false, m.clock.Wall()
		all, err := m.Studies.Open(ctx)
		if err == nil {
			err = m.open.take(all, now)
		}
		if err == nil {
			err = m.recall(ctx)
		}
		if err != nil {
			m.stale = true
			return err
		}
	}
	if !m.knownOld {
		return nil
	}
	known, err := m.here(ctx)
	if err == nil {
		m.known, m.knownOld = known, false
	}
	return err
}

func (m *Matches) recall(ctx context.Context) error {
	have, err := m.studies.List(ctx, docstore.Query{})
	if err != nil {
		return err
	}
	m.open.compared = map[string]compared{}
	for _, c := range have {
		m.open.compared[c.ID] = c
	}
	return nil
}

// News are the matches of a study that came to be or ceased on the day since or later: the first
// first. A class that changed between eligible and possible is none.
func (m *Matches) News(ctx context.Context, study string, since eval.Date) ([]Standing, error) {
	all, err := m.rows.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("study", study)}, Range: &docstore.Range{Path: "turned", From: string(since)}})
	if err != nil {
		return nil, fmt.Errorf("news of %s: %w", study, err)
	}
	return all, nil
}
