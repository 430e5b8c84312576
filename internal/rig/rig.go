// Package rig puts the whole core together over a temporary SQLite file, for tests. It is the
// real thing but for the clock, which stands still until moved, and the phone company, which is
// a recorder that can be told to fail.
package rig

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/auth/participant"
	"github.com/muster-health/muster/internal/auth/session"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/id"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/ivr/engine"
	"github.com/muster-health/muster/trial"
)

// Office is our own number in every rig.
const Office = "+14125550100"

// Rig is a core to test with.
type Rig struct {
	Dir    string // holds muster.db and keyring.json
	Clock  *clock.Clock
	Store  *docstore.Store
	Ring   *seal.Ring
	Keys   *seal.Keys
	Audit  *audit.Log
	People *contacts.Directory
	Box    *outbox.Box
	Trial  *trial.Coordinator
	NewID  id.New

	Operator *ivr.Operator
	Sent     *Recorder
	Tapes    trial.Tapes // where recordings are fetched from: the carrier
	Log      ivr.Log     // what the carrier keeps
}

// Options change a rig. The zero value starts Monday 2 March 2026, 09:05 Eastern.
type Options struct {
	Now      time.Time
	OnPerson func(context.Context, contacts.PersonID)
	Driver   docstore.Driver // nil: SQLite in a temporary folder
	Dir      string          // "" a temporary folder: where the key ring lies, and the database
	OptOut   ivr.OptOut      // "" the carrier answers STOP
	Carrier  engine.Carrier  // nil: the recorder
	Beside   int             // for how many people at once plans are made; 0 = one, so that things come in their order
	Mail     outbox.Sender   // nil: no e-mails
	NoDrafts bool            // a draft translation is spoken only where a study released it, as outside the demo
	Clock    *clock.Clock    // nil: one that stands at Now
	NewID    id.New          // nil: counts from 1; a second process over one store takes the first one's

	Watch func(context.Context, *docstore.Batch) error // looks at every commit after the guard

	Unaudited []string // further collections whose changes need no audit entry

	CodesADay int    // 0 the usual limit
	TextsADay int    // 0 the usual limit
	PublicURL string // "" https://muster.example.test
}

// New returns a rig that is closed when the test ends. Every change without its audit entry fails.
func New(t testing.TB, o Options) *Rig {
	t.Helper()
	ctx := t.Context()
	if o.Now.IsZero() {
		o.Now = time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC)
	}
	unaudited := slices.Concat(engine.Unaudited(), o.Unaudited)
	r := &Rig{Dir: o.Dir, Clock: o.Clock, NewID: id.Sequence(), Sent: &Recorder{}}
	if r.Dir == "" {
		r.Dir = t.TempDir()
	}
	if r.Clock == nil {
		r.Clock = clock.Manual(o.Now)
	}
	if o.NewID != nil {
		r.NewID = o.NewID
	}
	if o.Carrier == nil {
		o.Carrier = r.Sent
	}
	if tapes, ok := o.Carrier.(trial.Tapes); ok {
		r.Tapes = tapes
	}
	if l, ok := o.Carrier.(ivr.Log); ok {
		r.Log = l
	}
	if o.PublicURL == "" {
		o.PublicURL = "https://muster.example.test"
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	driver := o.Driver
	if driver == nil {
		d, err := sqlitedoc.Open(ctx, filepath.Join(r.Dir, "muster.db"), sqlitedoc.Options{})
		must(err)
		t.Cleanup(func() { d.Close() })
		driver = d
	}
	watch := o.Watch
	if watch == nil {
		watch = func(context.Context, *docstore.Batch) error { return nil }
	}
	r.Store = docstore.New(driver, r.Clock.Wall, docstore.Require(audit.Guard(unaudited...)), docstore.Require(watch))
	var err error
	r.Ring, err = seal.Open(filepath.Join(r.Dir, "keyring.json"), true)
	must(err)
	r.Keys, err = seal.OpenKeys(ctx, r.Store, r.Ring)
	must(err)
	r.Audit, err = audit.Open(ctx, r.Store, r.Ring, r.Clock, audit.Options{Unaudited: unaudited})
	must(err)
	if o.Beside == 0 {
		o.Beside = 1
	}
	office, err := phone.Parse(Office, "US")
	must(err)
	e, err := engine.Open(ctx, engine.Deps{Store: r.Store, Audit: r.Audit, Keys: r.Keys, Clock: r.Clock, NewID: r.NewID, Office: office, PublicURL: o.PublicURL,
		Carrier: o.Carrier, Mail: o.Mail, OptOut: o.OptOut, Beside: o.Beside, Drafts: !o.NoDrafts, CodesADay: o.CodesADay, TextsADay: o.TextsADay, OnPerson: o.OnPerson})
	must(err)
	r.People, r.Box, r.Trial, r.Operator = e.People, e.Box, e.Trial, e.Operator
	records, err := session.OpenRecords(ctx, r.Store)
	must(err)
	r.People.AlsoHolds(participant.Visits{Records: records})
	return r
}

// Deliver sends what is due now.
func (r *Rig) Deliver(t testing.TB) {
	t.Helper()
	if _, err := r.Box.Deliver(t.Context(), r.Clock.Now()); err != nil {
		t.Fatal(err)
	}
}

// Staff is an actor for tests.
var Staff = audit.Actor{Kind: audit.Staff, ID: "maria", Role: "coordinator"}

// Recorder is a phone company that keeps what it was given.
type Recorder struct {
	mu   sync.Mutex
	sent []outbox.Message
	Fail func(outbox.Message) error // nil: everything is taken

	tapes map[string]string // by id
	log   log
}

// Send takes a message.
func (r *Recorder) Send(_ context.Context, m outbox.Message) (outbox.Receipt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Fail != nil {
		if err := r.Fail(m); err != nil {
			return outbox.Receipt{}, err
		}
	}
	r.sent = append(r.sent, m)
	return outbox.Receipt{SID: SID(m)}, nil
}

// SID is the carrier's id of a message it took.
func SID(m outbox.Message) string {
	if m.Kind == outbox.Call {
		return "CA" + m.ID
	}
	return "SM" + m.ID
}

// Find lists what was taken for a number with the same words.
func (r *Recorder) Find(_ context.Context, m outbox.Message) (sids []string, _ error) {
	for _, s := range r.All() {
		if s.To == m.To && s.Kind == m.Kind && (s.Kind == outbox.Call || s.Body == m.Body) {
			sids = append(sids, SID(s))
		}
	}
	return sids, nil
}

// All returns what was taken so far.
func (r *Recorder) All() []outbox.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]outbox.Message(nil), r.sent...)
}

// To returns what was taken for one number.
func (r *Recorder) To(number string) (out []outbox.Message) {
	for _, m := range r.All() {
		if m.To == number {
			out = append(out, m)
		}
	}
	return out
}
