package contacts

import (
	"context"
	"fmt"
	"sync"

	"github.com/muster-health/muster/internal/docstore"
)

// Search finds people by what staff type: parts of names with slips of the finger, the last four
// or more digits of a phone, an e-mail address, a birth year or date, or several of these. Names
// are sealed in the database, so the index is in memory, in every process; it is built by the
// first Tick and follows the change feed with each one after. It answers with ids alone: what may
// be shown of them is for the caller to decide. Safe for concurrent use.
type Search struct {
	d *Directory

	ticking sync.Mutex // one follower at a time
	token   []byte
	built   bool

	mu    sync.RWMutex
	names *names
}

// NewSearch returns an empty search over the directory; Tick fills it.
func NewSearch(d *Directory) *Search { return &Search{d: d, names: newNames()} }

// Find returns up to limit people that match all of the query, best first; of three terms or more,
// all but one if nobody matches all. An empty query finds nobody.
func (s *Search) Find(query string, limit int) []PersonID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.names.find(query, limit)
}

// Len is how many people can be found.
func (s *Search) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.names.slots)
}

// header is a driver that can say where its change feed stands now, so that a start reads people
// alone and not the whole feed.
type header interface {
	Head(ctx context.Context) ([]byte, error)
}

// Tick takes in what changed since the last one; the first reads everybody.
func (s *Search) Tick(ctx context.Context) error {
	s.ticking.Lock()
	defer s.ticking.Unlock()
	if !s.built {
		if err := s.build(ctx); err != nil {
			return fmt.Errorf("build name search: %w", err)
		}
		s.built = true
	}
	for item, err := range s.d.store.Driver().Changes(ctx, s.token) {
		if err == nil {
			err = s.Apply(ctx, item.Change)
		}
		if err != nil {
			return fmt.Errorf("follow changes for name search: %w", err)
		}
		s.token = item.Token
	}
	return nil
}

func (s *Search) build(ctx context.Context) error {
	h, ok := s.d.store.Driver().(header)
	if !ok {
		return nil // the feed from its beginning tells everything
	}
	token, err := h.Head(ctx)
	if err != nil {
		return err
	}
	if err := s.d.keys.Warm(ctx); err != nil {
		return err
	}
	fresh := newNames()
	for p, err := range s.d.All(ctx) {
		if err != nil {
			return err
		}
		fresh.put(&p)
	}
	fresh.settle()
	s.mu.Lock()
	s.names = fresh
	s.mu.Unlock()
	s.token = token
	return nil
}

// Apply takes in one change, for a process that reads the feed once for everybody who follows it.
// Applying a change twice is harmless.
func (s *Search) Apply(ctx context.Context, c docstore.Change) error {
	switch {
	case c.Collection == s.d.keys.Name(): // erased or wrapped anew elsewhere: what is in memory is not the word
		s.d.keys.Forget(c.ID)
		return nil
	case c.Collection != s.d.people.Name():
		return nil
	case c.Deleted:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.names.drop(PersonID(c.ID))
		return nil
	}
	p, err := s.d.DecodePerson(ctx, c)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !p.Erased.IsZero() {
		s.names.drop(p.PersonID())
	} else {
		s.names.put(&p)
	}
	return nil
}
