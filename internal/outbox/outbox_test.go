package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/seal"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// clock has two hands that tests move apart.
type clock struct {
	mu        sync.Mutex
	now, wall time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC), wall: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
}

func (c *clock) Now() time.Time  { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *clock) Wall() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.wall }

// pass lets real time run, and business time with it.
func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.wall = c.now.Add(d), c.wall.Add(d)
}

// fate is what becomes of a call to the provider.
type fate int

const (
	taken        fate = iota
	takenUnheard      // it has the message, the answer is lost
	lostBefore        // it never heard of it, and we cannot know
	takenNoID         // it has the message and answers without an id
	refusedFate
	busy // try later
	full // this one later, others now
)

// held is a message the provider has.
type held struct {
	sid, id, to, body string
	at                time.Time
}

// provider is a telephone company: it keeps what it is given and can be asked for it.
type provider struct {
	clock *clock
	lag   time.Duration // until a message is listed

	mu     sync.Mutex
	fail   error  // of all calls; nil: as fates say
	fates  []fate // of the next calls; taken when there are none
	has    []held
	calls  int
	called func(m outbox.Message) // before anything happens; nil: nothing
	after  func(h held)           // between taking a message and answering
	blind  error                  // why it cannot be listed
}

func (p *provider) Send(_ context.Context, m outbox.Message) (outbox.Receipt, error) {
	if p.called != nil {
		p.called(m)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if p.fail != nil {
		return outbox.Receipt{}, p.fail
	}
	f := taken
	if len(p.fates) > 0 {
		f, p.fates = p.fates[0], p.fates[1:]
	}
	switch f {
	case lostBefore:
		return outbox.Receipt{}, errors.New("connection reset")
	case refusedFate:
		return outbox.Receipt{}, outbox.Refuse("21211", errors.New("no such number"))
	case full:
		return outbox.Receipt{}, outbox.RetryAlone("452", errors.New("full"))
	case busy:
		return outbox.Receipt{}, outbox.Retry(7*time.Second, "20429", errors.New("too many"))
	}
	h := held{fmt.Sprintf("SM%03d", len(p.has)+1), m.ID, m.To, m.Body, p.clock.Wall()}
	p.has = append(p.has, h)
	if p.after != nil {
		p.after(h)
	}
	switch f {
	case takenUnheard:
		return outbox.Receipt{}, outbox.Ambiguous(context.DeadlineExceeded)
	case takenNoID:
		return outbox.Receipt{}, nil
	}
	return outbox.Receipt{SID: h.sid}, nil
}

func (p *provider) Find(_ context.Context, m outbox.Message) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blind != nil {
		return nil, p.blind
	}
	var out []string
	for _, h := range p.has {
		if h.to == m.To && h.body == m.Body && !h.at.Before(m.FirstTry()) && !p.clock.Wall().Before(h.at.Add(p.lag)) {
			out = append(out, h.sid)
		}
	}
	return out, nil
}

func (p *provider) count(id string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, h := range p.has {
		if h.id == id {
			n++
		}
	}
	return n
}

// gate allows all, unless told otherwise.
type gate func(ctx context.Context, m outbox.Message, now time.Time) (outbox.Decision, error)

func (g gate) Allow(ctx context.Context, m outbox.Message, now time.Time) (outbox.Decision, error) {
	if g == nil {
		return outbox.Decision{OK: true}, nil
	}
	return g(ctx, m, now)
}

// world is a database, a provider and one process with its box.
type world struct {
	driver   docstore.Driver
	ring     *seal.Ring
	clock    *clock
	provider *provider
	store    *docstore.Store
	box      *outbox.Box
	heard    []string // "msg_1 accepted", from OnChange
	stuck    []string
	paces    map[outbox.Kind]outbox.Pace
	halted   []string // "account 20003", from Halted
}

func newRing(t testing.TB) *seal.Ring {
	t.Helper()
	r, err := seal.Open(filepath.Join(t.TempDir(), "ring"), true)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type fataler interface {
	Helper()
	Fatal(...any)
	Cleanup(func())
	Context() context.Context
}

func memory(t fataler) docstore.Driver {
	t.Helper()
	d, err := sqlitedoc.Open(context.Background(), sqlitedoc.Memory, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func newWorld(t testing.TB, g gate) *world {
	t.Helper()
	c := newClock()
	w := &world{driver: memory(t), ring: newRing(t), clock: c, provider: &provider{clock: c, lag: 30 * time.Second}}
	w.store, w.box = w.process(t, w.driver, "prc_1", g)
	return w
}

// process starts one more process on d.
func (w *world) process(t fataler, d docstore.Driver, name string, g gate) (*docstore.Store, *outbox.Box) {
	t.Helper()
	store := docstore.New(d, w.clock.Wall)
	keys, err := seal.OpenKeys(context.Background(), store, w.ring)
	if err != nil {
		t.Fatal(err)
	}
	box, err := outbox.Open(context.Background(), store, w.clock, keys, g, outbox.Options{
		Senders: map[outbox.Kind]outbox.Sender{outbox.SMS: w.provider, outbox.Call: w.provider, outbox.Email: w.provider},
		Finders: map[outbox.Kind]outbox.Finder{outbox.SMS: w.provider, outbox.Call: w.provider}, // mail cannot be listed
		OnChange: func(_ context.Context, _ *docstore.Batch, m outbox.Message) error {
			w.heard = append(w.heard, m.ID+" "+string(m.State))
			return nil
		},
		Stuck: func(_ context.Context, _ *docstore.Batch, m outbox.Message) error {
			w.stuck = append(w.stuck, m.ID)
			return nil
		},
		Halted: func(_ context.Context, _ *docstore.Batch, h outbox.Halt) error {
			w.halted = append(w.halted, h.ID+" "+h.Code)
			return nil
		},
		Paces: w.paces, Parallel: 1, Process: name, Logger: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	return store, box
}

func text(id string) outbox.Message {
	return outbox.Message{Meta: docstore.Meta{ID: id}, Kind: outbox.SMS, Person: "per_" + id, To: "+12155550101", Body: "text of " + id, Purpose: "study", Study: "STEADY"}
}

func (w *world) put(t testing.TB, ms ...outbox.Message) {
	t.Helper()
	b := w.store.Batch()
	for _, m := range ms {
		w.box.Put(b, m)
	}
	if err := w.store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func (w *world) tick(t testing.TB) {
	t.Helper()
	if _, err := w.box.Deliver(t.Context(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
}

func (w *world) get(t testing.TB, id string) outbox.Message {
	t.Helper()
	m, err := w.box.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (w *world) state(t testing.TB, id string, want outbox.State) outbox.Message {
	t.Helper()
	m := w.get(t, id)
	if m.State != want {
		t.Errorf("%s is %s (%s), want %s", id, m.State, m.Reason, want)
	}
	return m
}

func (w *world) sentIDs() (out []string) {
	for _, h := range w.provider.has {
		out = append(out, h.id)
	}
	return out
}
