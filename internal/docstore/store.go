package docstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Store commits batches to a driver. It knows every opened collection.
type Store struct {
	driver  Driver
	wall    func() time.Time
	require []func(context.Context, *Batch) error
	observe func(took time.Duration, err error)

	scans atomic.Uint64
	lines lines

	mu    sync.Mutex
	specs map[string]Spec
}

// New returns a store over d. wall is real time; it stamps Meta.Changed.
func New(d Driver, wall func() time.Time, opts ...Option) *Store {
	s := &Store{driver: d, wall: wall, specs: map[string]Spec{}}
	for _, o := range opts {
		o(s)
	}
	return s
}

// Option changes how a store commits.
type Option func(*Store)

// Require makes every commit pass check, after all bodies are sealed and the batch's own hooks
// have run. An error stops the commit. check only looks.
func Require(check func(context.Context, *Batch) error) Option {
	return func(s *Store) { s.require = append(s.require, check) }
}

// Observe hears of every batch that was written or refused by the driver, with the time that took.
func Observe(f func(took time.Duration, err error)) Option {
	return func(s *Store) { s.observe = f }
}

// Driver gives the jobs that copy or verify whole databases what lies beneath.
func (s *Store) Driver() Driver { return s.driver }

// Scans is how many queries went without an index so far (Query.Scan), for the metrics.
func (s *Store) Scans() uint64 { return s.scans.Load() }

func (s *Store) meter(q Query) {
	if q.Scan {
		s.scans.Add(1)
	}
}

func (s *Store) find(ctx context.Context, collection string, q Query) iter.Seq2[bson.Raw, error] {
	s.meter(q)
	return s.driver.Find(ctx, collection, q)
}

// Specs returns the collections opened so far, by name.
func (s *Store) Specs() map[string]Spec {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.specs)
}

// Spec returns how a collection was opened; the zero Spec when it was not.
func (s *Store) Spec(collection string) Spec {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.specs[collection]
}

// declare makes a collection's indexes exist, once. Opening it again with other indexes is a
// mistake in the program: the second would take away what the first needs.
func (s *Store) declare(ctx context.Context, spec Spec) error {
	s.mu.Lock()
	old, again := s.specs[spec.Name]
	s.mu.Unlock()
	if again {
		if !slices.EqualFunc(old.Indexes, spec.Indexes, sameIndex) {
			return fmt.Errorf("already open with other indexes")
		}
		return nil
	}
	// Before the indexes: an older program would take away those of a newer one.
	if err := s.version(ctx, spec); err != nil {
		return err
	}
	if err := s.driver.Index(ctx, spec.Name, spec.Indexes); err != nil {
		return err
	}
	s.mu.Lock()
	s.specs[spec.Name] = spec
	s.mu.Unlock()
	return nil
}

// Batch starts an empty batch.
func (s *Store) Batch() *Batch { return &Batch{} }

// Do builds a batch with f and commits it, starting again on ErrConflict. f must be pure but
// for b. It returns Unchanged's nil when f returns Unchanged.
func (s *Store) Do(ctx context.Context, f func(b *Batch) error) error {
	for attempt := 0; ; attempt++ {
		b := s.Batch()
		if err := f(b); err != nil {
			if errors.Is(err, Unchanged) {
				return nil
			}
			return err
		}
		err := s.Commit(ctx, b)
		if errors.Is(err, ErrConflict) && pause(ctx, attempt) {
			continue
		}
		return err
	}
}

// pause lets others finish before a conflicted change starts again; it spreads the losers of a
// crowded document. False when ctx has ended.
func pause(ctx context.Context, attempt int) bool {
	if attempt < 2 {
		return ctx.Err() == nil
	}
	most := time.Millisecond << min(attempt, 6)
	t := time.NewTimer(rand.N(most))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Commit runs the batch's hooks and writes it, all or nothing, with what goes Along. An empty batch
// is nothing.
func (s *Store) Commit(ctx context.Context, b *Batch) (err error) {
	if b.err != nil {
		return b.err
	}
	if len(b.ops) == 0 {
		return nil
	}
	if a := carried(ctx); a != nil {
		a.add(b)
		if b.err != nil {
			return b.err
		}
		defer func() { err = a.ended(err) }()
	}
	if err := b.twice(); err != nil {
		return err
	}
	var after []func(error)
	defer func() {
		for _, f := range after {
			f(err)
		}
	}()
	// Encoding may add operations (a new person's key), so this walks by index.
	for i := 0; i < len(b.ops); i++ {
		p := &b.ops[i]
		if p.sealed || p.op.Body == nil {
			continue
		}
		if p.spec.Codec != nil {
			body, err := p.spec.Codec.Encode(ctx, b, p.op.Body, p.stored)
			if err != nil {
				return fmt.Errorf("seal %s %s: %w", p.op.Collection, p.op.ID, err)
			}
			b.ops[i].op.Body = body
		}
		b.ops[i].sealed = true
	}
	for _, h := range b.hooks {
		done, err := h(ctx, b)
		if done != nil {
			after = append(after, done)
		}
		if err != nil {
			return err
		}
	}
	for _, check := range s.require {
		if err := check(ctx, b); err != nil {
			return err
		}
	}
	ops := make([]Op, len(b.ops))
	for i, p := range b.ops {
		ops[i] = p.op
	}
	began := time.Now()
	err = s.driver.Write(ctx, ops)
	if s.observe != nil {
		s.observe(time.Since(began), err)
	}
	return err
}

// Batch holds changes that happen together. It is not safe for concurrent use.
type Batch struct {
	ops   []pending
	hooks []func(context.Context, *Batch) (func(error), error)
	notes map[any]any
	err   error
}

type pending struct {
	op     Op
	stored bson.Raw // for a replacement made by Update or Edit: what is replaced, as stored
	spec   Spec
	sealed bool
}

func (b *Batch) add(p pending) { b.ops = append(b.ops, p) }

func (b *Batch) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// twice refuses a batch that replaces or deletes one revision of a document two times: it could
// never be committed, and whoever starts again on ErrConflict would do so for ever.
func (b *Batch) twice() error {
	type revision struct {
		collection, id string
		rev            int64
	}
	seen := map[revision]bool{}
	for _, p := range b.ops {
		if p.op.Kind != Replace && p.op.Kind != Delete {
			continue
		}
		r := revision{p.op.Collection, p.op.ID, p.op.Rev}
		if seen[r] {
			return fmt.Errorf("%w: %s %s is changed twice in one batch", ErrInvalid, r.collection, r.id)
		}
		seen[r] = true
	}
	return nil
}

// Fail makes Commit return err: for a method that adds to a batch and finds it cannot.
func (b *Batch) Fail(err error) { b.fail(err) }

// Len is the number of operations so far.
func (b *Batch) Len() int { return len(b.ops) }

// BeforeCommit runs h once all bodies are sealed and before they are written; h may add raw
// operations with AddRaw. The function it returns is called with the outcome of the write.
func (b *Batch) BeforeCommit(h func(context.Context, *Batch) (func(error), error)) {
	b.hooks = append(b.hooks, h)
}

// Note keeps a value with the batch under key, for a package that gathers as it goes.
func (b *Batch) Note(key, value any) {
	if b.notes == nil {
		b.notes = map[any]any{}
	}
	b.notes[key] = value
}

// Noted returns what Note kept, or nil.
func (b *Batch) Noted(key any) any { return b.notes[key] }

// AddRaw adds an operation whose body is ready as it is.
func (b *Batch) AddRaw(op Op) { b.add(pending{op: op, sealed: true}) }

// Written is one operation as it will be stored, with what it replaces where that is known.
type Written struct {
	Op
	Stored bson.Raw
}

// Ops lists the operations so far, as they will be stored; for hooks.
func (b *Batch) Ops() []Written {
	out := make([]Written, len(b.ops))
	for i, p := range b.ops {
		out[i] = Written{p.op, p.stored}
	}
	return out
}
