// Package migrate brings stored documents to the version the program writes.
//
// Each collection's Spec names the steps. A migration walks through a collection by id, a few
// documents in a batch; the batch also notes how far it came and holds the lease, so that one process
// migrates at a time and a killed one is followed by another where it stopped.
package migrate

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// ErrStep: a step is missing or failed.
var ErrStep = errors.New("documents cannot be brought to this program's version")

// chunk is how many documents go into one batch.
const chunk = 100

// Todo is a collection whose documents are of an older version.
type Todo struct {
	Collection string
	From, To   int
	Documents  int // in the collection
	Change     int // of them would be rewritten; only Count fills it

	Begun bool // by a process that did not end it
}

func (t Todo) String() string {
	return fmt.Sprintf("%s: version %d to %d, %d documents", t.Collection, t.From, t.To, t.Documents)
}

// Plan lists what is to be done, by name. All collections must be open in s.
func Plan(ctx context.Context, s *docstore.Store) ([]Todo, error) {
	specs := s.Specs()
	var out []Todo
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		spec := specs[name]
		if spec.Version == 0 {
			continue
		}
		have, err := s.SchemaVersion(ctx, name)
		if err != nil {
			return nil, err
		}
		if have.Version >= spec.Version {
			continue
		}
		n, err := s.Driver().Count(ctx, name, docstore.Query{})
		if err != nil {
			return nil, fmt.Errorf("count %s: %w", name, err)
		}
		out = append(out, Todo{Collection: name, From: have.Version, To: spec.Version, Documents: n, Begun: have.To != 0})
	}
	return out, nil
}

// Count is Plan with how many documents would be rewritten; it reads all of them and writes nothing.
func Count(ctx context.Context, s *docstore.Store) ([]Todo, error) {
	todo, err := Plan(ctx, s)
	if err != nil {
		return nil, err
	}
	for i := range todo {
		t := &todo[i]
		for raw, err := range s.Driver().Find(ctx, t.Collection, docstore.Query{}) {
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", t.Collection, err)
			}
			_, changed, err := rewrite(s.Specs()[t.Collection], t.From, raw, time.Time{})
			if err != nil {
				return nil, err
			}
			if changed {
				t.Change++
			}
		}
	}
	return todo, nil
}

// Options of Run.
type Options struct {
	Wall func() time.Time // real time
	Log  *slog.Logger
	// Record gives a batch its audit entry where it needs one; done is the batch that ends a
	// collection, which always does.
	Record func(b *docstore.Batch, done bool, reason string)
	// Progress is told what is under way: "migrating people: 1200 of 5000". Nil: nobody looks.
	Progress func(string)
	// Before is called once the lease is held and before anything is changed: for a copy of the
	// database. Nil: nothing.
	Before func(context.Context, []Todo) error
}

// Run brings every open collection of s to its version. It returns at once when there is nothing to
// do, and waits while another process does it.
func Run(ctx context.Context, s *docstore.Store, o Options) error {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	todo, err := Plan(ctx, s)
	if err != nil || len(todo) == 0 {
		return err
	}
	l := &lease{store: s, wall: o.Wall, owner: rand.Text()}
	if err := l.take(ctx, func() { o.Progress("another process migrates; waiting for it") }); err != nil {
		return err
	}
	defer l.release(context.WithoutCancel(ctx))
	if todo, err = Plan(ctx, s); err != nil || len(todo) == 0 { // it may have been done meanwhile
		return err
	}
	if o.Before != nil {
		err := l.during(ctx, leaseFor/3, func(ctx context.Context) error { return o.Before(ctx, todo) })
		if err != nil {
			return err
		}
	}
	for _, t := range todo {
		m := &migration{Options: o, store: s, spec: s.Specs()[t.Collection], lease: l, todo: t}
		if err := m.run(ctx); err != nil {
			return fmt.Errorf("migrate %s from version %d to %d: %w", t.Collection, t.From, t.To, err)
		}
	}
	return nil
}

// migration is one collection on its way.
type migration struct {
	Options
	store *docstore.Store
	spec  docstore.Spec
	lease *lease
	todo  Todo
}

func (m *migration) run(ctx context.Context) error {
	for {
		at, err := m.store.SchemaVersion(ctx, m.spec.Name)
		if err != nil {
			return err
		}
		if at.Version >= m.spec.Version {
			return nil
		}
		if at.To != m.spec.Version { // a program of a version in between stopped half way: its steps are seen twice
			at = docstore.SchemaVersion{Meta: at.Meta, Version: at.Version, To: m.spec.Version}
		}
		m.Progress(fmt.Sprintf("migrating %s: %d of %d", m.spec.Name, at.Done, m.todo.Documents))
		if err := m.step(ctx, at); errors.Is(err, docstore.ErrConflict) {
			if err := m.lease.held(ctx); err != nil {
				return err
			}
		} else if err != nil {
			return err
		}
	}
}

// step migrates the next documents, or notes that all are migrated.
func (m *migration) step(ctx context.Context, at docstore.SchemaVersion) error {
	b := m.store.Batch()
	q := docstore.Query{Limit: chunk}
	if at.Through != "" {
		q.Range = &docstore.Range{Path: "_id", From: at.Through + "\x00"}
	}
	seen, altered := 0, 0
	for raw, err := range m.store.Driver().Find(ctx, m.spec.Name, q) {
		if err != nil {
			return err
		}
		id, _ := raw.Lookup("_id").StringValueOK()
		seen, at.Through = seen+1, id
		body, changed, err := rewrite(m.spec, at.Version, raw, m.Wall())
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		altered++
		rev, _ := raw.Lookup("rev").AsInt64OK()
		b.AddRaw(docstore.Op{Kind: docstore.Replace, Collection: m.spec.Name, ID: id, Rev: rev, Body: body})
	}
	at.Done, at.Altered = at.Done+seen, at.Altered+altered
	reason := fmt.Sprintf("%s from version %d to %d", m.spec.Name, at.Version, m.spec.Version)
	done := seen == 0
	if done {
		reason += fmt.Sprintf(": %d documents, %d rewritten", at.Done, at.Altered)
		at = docstore.SchemaVersion{Meta: at.Meta, Version: m.spec.Version}
	}
	m.Record(b, done, reason)
	op, err := replacement(docstore.SchemaCollection, &at, &at.Meta, m.Wall())
	if err != nil {
		return err
	}
	b.AddRaw(op)
	if err := m.lease.renew(b); err != nil {
		return err
	}
	err = m.store.Commit(ctx, b)
	m.lease.settle(err)
	if done && err == nil {
		m.Log.Info("documents migrated", "what", reason)
	}
	return err
}

// rewrite takes a document through the steps from a version on.
func rewrite(spec docstore.Spec, from int, stored bson.Raw, at time.Time) (body bson.Raw, changed bool, err error) {
	id, _ := stored.Lookup("_id").StringValueOK()
	next := stored
	for v := from; v < spec.Version; v++ {
		step := spec.Steps[v]
		if step == nil {
			return nil, false, fmt.Errorf("%w: %s has no step from version %d", ErrStep, spec.Name, v)
		}
		if next, err = step(next); err != nil {
			return nil, false, fmt.Errorf("%w: %s %s, from version %d: %w", ErrStep, spec.Name, id, v, err)
		}
	}
	if bytes.Equal(next, stored) {
		return nil, false, nil
	}
	for _, key := range []string{"_id", "rev"} {
		if !next.Lookup(key).Equal(stored.Lookup(key)) {
			return nil, false, fmt.Errorf("%w: %s %s: a step changed %s", ErrStep, spec.Name, id, key)
		}
	}
	body, err = stamp(next, at)
	return body, true, err
}

// stamp gives a document its next revision and the time of the change.
func stamp(doc bson.Raw, at time.Time) (bson.Raw, error) {
	var d bson.D
	if err := bson.Unmarshal(doc, &d); err != nil {
		return nil, err
	}
	for i := range d {
		switch d[i].Key {
		case "rev":
			n, ok := d[i].Value.(int64)
			if !ok {
				return nil, fmt.Errorf("revision of type %T", d[i].Value)
			}
			d[i].Value = n + 1
		case "changed":
			d[i].Value = bson.NewDateTimeFromTime(at)
		}
	}
	return bson.Marshal(d)
}

// replacement writes a document of ours over the one with its revision.
func replacement(collection string, v any, meta *docstore.Meta, at time.Time) (docstore.Op, error) {
	old := meta.Rev
	meta.Rev, meta.Changed = old+1, at.UTC().Truncate(time.Millisecond)
	body, err := bson.Marshal(v)
	return docstore.Op{Kind: docstore.Replace, Collection: collection, ID: meta.ID, Rev: old, Body: body}, err
}
