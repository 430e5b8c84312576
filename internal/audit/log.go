package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// Ring vouches for the trail; *seal.Ring is one.
type Ring interface {
	MAC(data []byte) ([]byte, error)
	CheckMAC(mac, data []byte) bool
	Sign(data []byte) ([]byte, error)
	CheckSignature(sig, data []byte) bool
}

// Clock gives business time and real time; *clock.Clock is one.
type Clock interface {
	Now() time.Time
	Wall() time.Time
}

// Options tune a log; the zero value is right.
type Options struct {
	Lanes     int                 // most lanes open at once, that is audited writes side by side; 0 = 16
	Unaudited []string            // collections that need no entry, besides this package's own list
	NewID     func(string) string // names lanes and the process; nil = random
	Logger    *slog.Logger        // gets every checkpoint; nil = slog.Default()
}

// Log writes the audit trail of one process. Safe for concurrent use.
type Log struct {
	store   *docstore.Store
	ring    Ring
	clock   Clock
	opts    Options
	exempt  map[string]bool
	entries *docstore.Collection[Entry, *Entry]

	room chan struct{} // one token per lane that may be in use

	mu      sync.Mutex
	free    []*lane         // last in, first out, so that few lanes are in use when little happens
	moved   map[string]head // since the last checkpoint
	mark    mark
	marked  time.Time  // real time of the last checkpoint, or of the last time none was needed
	marking sync.Mutex // one checkpoint at a time
}

// lane is a chain of entries this process alone appends to.
type lane struct {
	id   string
	head head
}

type head struct {
	Lane string    `bson:"lane"`
	Seq  int64     `bson:"seq"`
	MAC  []byte    `bson:"mac,omitempty"`
	wall time.Time // of the last entry
}

// spec is how the trail is stored and may be read: by person, by actor, by document, by study and
// by time.
func spec() docstore.Spec {
	return docstore.Spec{Name: Collection, Version: 1, Indexes: []docstore.Index{
		{Name: "at", Fields: []string{"at"}},
		{Name: "person", Fields: []string{"person", "at"}},
		{Name: "actor", Fields: []string{"actor.id", "at"}},
		{Name: "study", Fields: []string{"study", "at"}},
		{Name: "object", Fields: []string{"objects[].id", "at"}},
	}}
}

// Open returns the log of a process.
func Open(ctx context.Context, store *docstore.Store, ring Ring, clock Clock, opts Options) (*Log, error) {
	if opts.Lanes <= 0 {
		opts.Lanes = 16
	}
	if opts.NewID == nil {
		opts.NewID = func(prefix string) string { return prefix + strings.ToLower(rand.Text()[:16]) }
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	entries, err := docstore.Open[Entry](ctx, store, spec())
	if err != nil {
		return nil, err
	}
	if _, err := docstore.Open[checkpoint](ctx, store, checkpointSpec()); err != nil {
		return nil, err
	}
	return &Log{
		store: store, ring: ring, clock: clock, opts: opts, exempt: unaudited(opts.Unaudited), entries: entries,
		room: make(chan struct{}, opts.Lanes), moved: map[string]head{}, mark: mark{Process: opts.NewID("prc_")}, marked: clock.Wall(),
	}, nil
}

type recordKey struct{}

// recorded is the one entry of a batch; a weak one gives way to another.
type recorded struct {
	entry Entry
	weak  bool
}

// Record gives b its one entry: who does this and why. What changed is filled in at commit, from
// the batch itself. A second entry, or one without actor or action, makes the commit fail.
func (l *Log) Record(b *docstore.Batch, by Entry) { l.record(b, by, false) }

// Consequence is Record for what follows from another change and may or may not stand in its
// batch: it counts only where no Record does.
func (l *Log) Consequence(b *docstore.Batch, by Entry) { l.record(b, by, true) }

func (l *Log) record(b *docstore.Batch, by Entry, weak bool) {
	if err := by.check(); err != nil {
		b.Fail(err)
		return
	}
	if r, ok := b.Noted(recordKey{}).(*recorded); ok {
		switch {
		case weak:
		case r.weak:
			*r = recorded{by, false}
		default:
			b.Fail(fmt.Errorf("%s: %w", by.Action, ErrTwice))
		}
		return
	}
	r := &recorded{by, weak}
	b.Note(recordKey{}, r)
	b.BeforeCommit(func(ctx context.Context, b *docstore.Batch) (func(error), error) {
		objects, err := l.objects(ctx, b)
		if err != nil {
			return nil, fmt.Errorf("audit %s: %w", r.entry.Action, err)
		}
		r.entry.Objects = objects
		return l.add(ctx, b, r.entry)
	})
}

// Read writes an entry alone: something was revealed, exported or refused. Its Objects are what
// the caller names.
func (l *Log) Read(ctx context.Context, by Entry) error {
	if err := by.check(); err != nil {
		return err
	}
	for i := range by.Objects {
		by.Objects[i].Op, by.Objects[i].Hash, by.Objects[i].Changes = "", nil, nil
	}
	b := l.store.Batch()
	done, err := l.add(ctx, b, by)
	if err != nil {
		return fmt.Errorf("audit %s: %w", by.Action, err)
	}
	err = l.store.Commit(docstore.Alone(ctx), b) // a look or a refusal is not the change somebody asked for
	done(err)
	if err != nil {
		return fmt.Errorf("audit %s: %w", by.Action, err)
	}
	return nil
}

// Find yields entries, for staff who look at the trail. Sealed values stay sealed.
func (l *Log) Find(ctx context.Context, q docstore.Query) iter.Seq2[Entry, error] {
	return l.entries.Find(ctx, q)
}

// Page is Find a page at a time, with the cursor of the next.
func (l *Log) Page(ctx context.Context, q docstore.Query) ([]Entry, string, error) {
	return l.entries.Page(ctx, q)
}

func (e Entry) check() error {
	if e.Action == "" {
		return fmt.Errorf("%w: no action", ErrActor)
	}
	return e.Actor.check()
}

// objects says what b does to audited documents.
func (l *Log) objects(ctx context.Context, b *docstore.Batch) ([]Object, error) {
	var out []Object
	for _, op := range b.Ops() {
		if l.exempt[op.Collection] || op.Kind == docstore.Check {
			continue
		}
		o := Object{Collection: op.Collection, ID: op.ID, Rev: op.Rev + 1, Op: opName(op.Kind)}
		if op.Kind == docstore.Insert || op.Kind == docstore.Ensure {
			o.Rev = 1
		}
		if op.Body != nil {
			sum := sha256.Sum256(op.Body)
			o.Hash = sum[:]
		}
		if op.Kind == docstore.Replace {
			stored := op.Stored
			if stored == nil {
				var err error
				if stored, err = l.store.Driver().Get(ctx, op.Collection, op.ID); err != nil {
					return nil, err
				}
			}
			o.Changes = diff(stored, op.Body)
			if err := l.hide(ctx, b, op, o.Changes); err != nil {
				return nil, err
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// historian is a codec that says how the trail keeps the values of a change; see seal.WithHistory.
type historian interface {
	History(ctx context.Context, b *docstore.Batch, doc bson.Raw, path string, v bson.RawValue) (bson.RawValue, error)
}

// hide seals the old and new values of a change where the collection wants it.
func (l *Log) hide(ctx context.Context, b *docstore.Batch, op docstore.Written, changes []Change) (err error) {
	h, ok := l.store.Spec(op.Collection).Codec.(historian)
	if !ok {
		return nil
	}
	for i := range changes {
		c := &changes[i]
		if c.Old, err = h.History(ctx, b, op.Body, c.Path, c.Old); err != nil {
			return err
		}
		if c.New, err = h.History(ctx, b, op.Body, c.Path, c.New); err != nil {
			return err
		}
	}
	return nil
}

func opName(k docstore.OpKind) string {
	switch k {
	case docstore.Insert:
		return "insert"
	case docstore.Ensure:
		return "ensure"
	case docstore.Replace:
		return "replace"
	default:
		return "delete"
	}
}

// add chains an entry to a lane and puts it in b. The lane is held until done hears the outcome.
func (l *Log) add(ctx context.Context, b *docstore.Batch, e Entry) (done func(error), err error) {
	select {
	case l.room <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ln := l.take()
	next, body, err := l.chain(ln.head, e)
	if err != nil {
		l.give(ln)
		return nil, err
	}
	b.AddRaw(docstore.Op{Kind: docstore.Insert, Collection: Collection, ID: entryID(ln.id, next.Seq), Body: body})
	return func(err error) { l.settle(ln, next, err) }, nil
}

// take returns a free lane, or opens one. The caller has a token of room.
func (l *Log) take() *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.free); n > 0 {
		ln := l.free[n-1]
		l.free = l.free[:n-1]
		return ln
	}
	id := l.opts.NewID("lane_")
	return &lane{id: id, head: head{Lane: id}}
}

// give puts a lane back and returns the token.
func (l *Log) give(ln *lane) {
	l.mu.Lock()
	l.free = append(l.free, ln)
	l.mu.Unlock()
	<-l.room
}

// chain completes e as the entry after h and returns the head it makes, with its stored form.
func (l *Log) chain(h head, e Entry) (head, bson.Raw, error) {
	e.Lane, e.Seq, e.Prev = h.Lane, h.Seq+1, h.MAC
	e.At, e.Wall = l.clock.Now(), l.clock.Wall()
	e.ClockBack = e.Wall.Before(h.wall)
	e.Meta = docstore.Meta{ID: entryID(e.Lane, e.Seq), Rev: 1, Changed: e.Wall}
	e.MAC = nil
	signed, err := bson.Marshal(e)
	if err != nil {
		return h, nil, err
	}
	if e.MAC, err = l.ring.MAC(signed); err != nil {
		return h, nil, err
	}
	return head{e.Lane, e.Seq, e.MAC, e.Wall}, withMAC(signed, e.MAC), nil
}

// settle moves the lane on when the write succeeded and leaves it where the write surely failed.
// Where the outcome is unknown it looks; an entry that is not there might still arrive, so the
// lane is then given up: a fresh one costs nothing, a fork would look like tampering.
func (l *Log) settle(ln *lane, next head, err error) {
	written := err == nil
	if err != nil && !certain(err) {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if _, err := l.store.Driver().Get(ctx, Collection, entryID(next.Lane, next.Seq)); err != nil {
			<-l.room
			return
		}
		written = true
	}
	if written {
		ln.head = next
		l.mu.Lock()
		l.moved[ln.id] = next
		l.mu.Unlock()
	}
	l.give(ln)
}

// certain: the driver says that nothing was written.
func certain(err error) bool {
	for _, sure := range []error{docstore.ErrConflict, docstore.ErrExists, docstore.ErrInvalid, ErrUnrecorded, ErrTwice} {
		if errors.Is(err, sure) {
			return true
		}
	}
	return false
}
