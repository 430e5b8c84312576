package outbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/turns"
)

// Sender hands one message to a provider. The context ends after ten seconds. The error is made
// by Refuse, Retry or Ambiguous; any other counts as Ambiguous. The Message must carry our ID
// along where the provider can return it in callbacks.
type Sender interface {
	Send(ctx context.Context, m Message) (Receipt, error)
}

// Receipt is what a provider gives for a message it took.
type Receipt struct{ SID string }

// Finder lists what a provider has of a message: the provider's ids of all messages (calls) to m.To
// with m.Body since m.FirstTry, oldest first. ErrUnlistable: this provider cannot say.
type Finder interface {
	Find(ctx context.Context, m Message) ([]string, error)
}

// ErrUnlistable says that a provider cannot list what it was given.
var ErrUnlistable = errors.New("provider cannot list messages")

// Gate is asked right before every send.
type Gate interface {
	Allow(ctx context.Context, m Message, now time.Time) (Decision, error)
}

// Decision is a gate's answer. Not OK with NotBefore: put off until then. Not OK without:
// cancelled, for Reason.
type Decision struct {
	OK        bool
	NotBefore time.Time
	Reason    string
}

// Sealer seals what a message says and to whom; *seal.Keys is one.
type Sealer interface {
	Fields(collection string, owner func(plain bson.Raw) string, paths ...string) docstore.Codec
	Hash(field, normalised string) string
}

// Clock gives business time and real time; *clock.Clock is one.
type Clock interface {
	Now() time.Time
	Wall() time.Time
}

// Parallel is how many calls to a provider a box makes at once unless it is told otherwise. At a
// tenth of a second for an answer and the two commits beside it that is some 200 a second; a store
// commits so many together.
const Parallel = 32

// Options tune a box and connect it. The zero value sends nothing: every Kind needs a Sender.
type Options struct {
	Senders map[Kind]Sender
	Finders map[Kind]Finder // none for a kind: its provider cannot be listed
	// OnChange hears of every change of State but to due and sending, and adds to the batch of
	// the change: the timeline follows there.
	OnChange func(ctx context.Context, b *docstore.Batch, m Message) error
	// Stuck hears, once, of a message nobody can find out about, and adds a task for staff.
	Stuck func(ctx context.Context, b *docstore.Batch, m Message) error
	// Halted hears, once, that nothing of a scope goes out any more, and adds a task for staff.
	Halted func(ctx context.Context, b *docstore.Batch, h Halt) error
	// Observe hears how each call to a provider ended: "accepted", "refused", "retry", "ambiguous".
	Observe  func(k Kind, outcome string)
	Spread   func() float64 // from 0 to 1, how far pauses are spread; nil = at random
	Paces    map[Kind]Pace  // none for a kind: as fast as its provider takes them
	PerTick  int            // most messages sent in one Deliver; 0 = eight for each call at once
	Parallel int            // most provider calls at once; 0 = Parallel
	Turns    *turns.Turns   // what goes before sending; nil: nothing
	Process  string         // names this process in attempts; "" = random
	Logger   *slog.Logger
}

// Box is the outbox of one process; several processes may work on one store. Safe for concurrent use.
type Box struct {
	store *docstore.Store
	clock Clock
	gate  Gate
	hash  func(field, normalised string) string
	opts  Options
	rows  *docstore.Collection[Message, *Message]
	list  *docstore.Collection[row, *row]
	sids  *docstore.Collection[sid, *sid]
	halts *docstore.Collection[Halt, *Halt]

	mu     sync.Mutex
	halted []Halt // as last read
	lanes  map[Kind]lane
	paused map[Kind]time.Time // real time until which a provider asked to be left alone
}

// row is what the box reads to choose among messages, without opening what is sealed: one row that
// cannot be opened must not hold up the others.
type row struct {
	docstore.Meta `bson:",inline"`
	State         State     `bson:"state"`
	Kind          Kind      `bson:"kind"`
	Person        string    `bson:"person"`
	Study         string    `bson:"study"`
	Visit         string    `bson:"visit"`
	Ref           string    `bson:"ref"`
	Purpose       string    `bson:"purpose"`
	Twin          string    `bson:"twin"`
	Point         string    `bson:"point"`
	SID           string    `bson:"sid"`
	Due           time.Time `bson:"due"`
	Wake          time.Time `bson:"wake"`
	Attempts      []Attempt `bson:"attempts"`
}

// sid says which row a provider's id belongs to; its key is the provider's id, so that no two rows
// ever count the same message as theirs.
type sid struct {
	docstore.Meta `bson:",inline"`
	Message       string `bson:"message"`
}

// Open returns the box over store.
func Open(ctx context.Context, store *docstore.Store, clock Clock, keys Sealer, gate Gate, opts Options) (*Box, error) {
	if opts.Parallel <= 0 {
		opts.Parallel = Parallel
	}
	if opts.PerTick <= 0 {
		opts.PerTick = 8 * opts.Parallel
	}
	if opts.Process == "" {
		opts.Process = "prc_" + strings.ToLower(rand.Text()[:16])
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	quiet := func(context.Context, *docstore.Batch, Message) error { return nil }
	if opts.OnChange == nil {
		opts.OnChange = quiet
	}
	if opts.Observe == nil {
		opts.Observe = func(Kind, string) {}
	}
	if opts.Stuck == nil {
		opts.Stuck = quiet
	}
	if opts.Halted == nil {
		opts.Halted = func(context.Context, *docstore.Batch, Halt) error { return nil }
	}
	if opts.Spread == nil {
		opts.Spread = mathrand.Float64
	}
	spec := docstore.Spec{Name: "outbox", Version: 1, Indexes: []docstore.Index{
		{Name: "kind_due", Fields: []string{"state", "priority", "kind", "due"}},
		{Name: "wake", Fields: []string{"state", "wake"}},
		{Name: "twin", Fields: []string{"twin", "state"}},
		{Name: "person_state", Fields: []string{"person", "state"}},
		{Name: "person_created", Fields: []string{"person", "created"}},
		{Name: "study_state", Fields: []string{"study", "state"}},
		{Name: "visit_state", Fields: []string{"visit", "state"}},
		{Name: "ref_state", Fields: []string{"ref", "state"}},
		{Name: "kind_state", Fields: []string{"kind", "state"}},
	}}
	list, err := docstore.Open[row](ctx, store, spec)
	if err != nil {
		return nil, err
	}
	owner := func(plain bson.Raw) string { s, _ := plain.Lookup("person").StringValueOK(); return s }
	spec.Codec = keys.Fields(spec.Name, owner, "to", "body", "vars")
	rows, err := docstore.Open[Message](ctx, store, spec)
	if err != nil {
		return nil, err
	}
	sids, err := docstore.Open[sid](ctx, store, docstore.Spec{Name: "outbox_sids", Version: 1})
	if err != nil {
		return nil, err
	}
	halts, err := docstore.Open[Halt](ctx, store, docstore.Spec{Name: "outbox_halts", Version: 1})
	if err != nil {
		return nil, err
	}
	return &Box{store: store, halts: halts, clock: clock, gate: gate, hash: keys.Hash, opts: opts, rows: rows, list: list, sids: sids, paused: map[Kind]time.Time{}, lanes: map[Kind]lane{}}, nil
}

// Put adds a message to b. When its ID is in the outbox already, whatever became of it, nothing
// happens.
func (x *Box) Put(b *docstore.Batch, m Message) {
	switch {
	case m.ID == "" || m.To == "":
		b.Fail(fmt.Errorf("%w: outbox message %q without id or address", docstore.ErrInvalid, m.ID))
		return
	case m.Kind != SMS && m.Kind != Call && m.Kind != Email:
		b.Fail(fmt.Errorf("%w: outbox message %s of kind %q", docstore.ErrInvalid, m.ID, m.Kind))
		return
	}
	m.Created, m.State = x.clock.Now(), Due
	if m.Due.IsZero() {
		m.Due = m.Created
	}
	said := m.Body
	if m.Kind == Call {
		said = "" // providers list calls by number and time alone
	}
	m.Twin = x.hash("outbox twin", string(m.Kind)+"\x00"+m.To+"\x00"+said)
	x.rows.Ensure(b, &m)
}

// Get returns one message, or docstore.ErrNotFound.
func (x *Box) Get(ctx context.Context, id string) (Message, error) { return x.rows.Get(ctx, id) }

// For yields a person's messages in the order they were made.
func (x *Box) For(ctx context.Context, person string) iter.Seq2[Message, error] {
	return x.rows.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("person", person)}, Order: "created"})
}

// Waiting counts the messages that are due at now and not sent.
func (x *Box) Waiting(ctx context.Context, now time.Time) (int, error) {
	sum := 0
	for p, k := range everyLane {
		n, err := x.list.Count(ctx, dueQuery(p, k, now))
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// Next is when the next message is due, in business time; docstore.ErrNotFound: none is waiting.
func (x *Box) Next(ctx context.Context) (time.Time, error) {
	var next time.Time
	for p, k := range everyLane {
		m, err := x.list.First(ctx, inState(Due, p, k))
		if errors.Is(err, docstore.ErrNotFound) {
			continue
		}
		if err != nil {
			return next, err
		}
		if next.IsZero() || m.Due.Before(next) {
			next = m.Due
		}
	}
	if next.IsZero() {
		return next, fmt.Errorf("next message: %w", docstore.ErrNotFound)
	}
	return next, nil
}

// everyLane yields every priority with every kind of message.
func everyLane(yield func(Priority, Kind) bool) {
	for _, p := range []Priority{Urgent, Normal, Bulk} {
		for _, k := range []Kind{SMS, Call, Email} {
			if !yield(p, k) {
				return
			}
		}
	}
}

// inState are the messages of a lane in one state, the first due first.
func inState(s State, p Priority, k Kind) docstore.Query {
	return docstore.Query{Eq: []docstore.Field{docstore.E("state", string(s)), docstore.E("priority", int64(p)), docstore.E("kind", string(k))}, Order: "due"}
}

func dueQuery(p Priority, k Kind, now time.Time) docstore.Query {
	q := inState(Due, p, k)
	q.Order, q.Range = "", &docstore.Range{Path: "due", To: now.Add(time.Millisecond)}
	return q
}

// change edits a row with f and commits, with what OnChange adds. f returns false to leave the
// row as it is. It may run several times.
func (x *Box) change(ctx context.Context, id string, f func(m *Message, b *docstore.Batch) (bool, error)) (Message, error) {
	return x.rows.Update(ctx, id, func(m *Message, b *docstore.Batch) error {
		before := m.State
		ok, err := f(m, b)
		if err != nil {
			return err
		}
		if !ok {
			return docstore.Unchanged
		}
		if m.State != before {
			x.revive(b, m)
		}
		return x.heard(ctx, b, before, *m)
	})
}

func (x *Box) heard(ctx context.Context, b *docstore.Batch, before State, m Message) error {
	if m.State == before || m.State == Due || m.State == Sending {
		return nil
	}
	return x.opts.OnChange(ctx, b, m)
}
