package ivr

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/trial"
)

// Log is what the carrier keeps of our number: it has what its webhooks did not bring. Each method
// lists since a time by the carrier's clock; what cannot be listed whole is an error.
type Log interface {
	// TextsIn are the texts that came in, with Sent.
	TextsIn(ctx context.Context, since time.Time) (Logged[Inbound], error)
	// TextsLost are the texts of ours that did not arrive.
	TextsLost(ctx context.Context, since time.Time) (Logged[LostText], error)
	// CallsIn are the calls to us that are over.
	CallsIn(ctx context.Context, since time.Time) (Logged[PastCall], error)
}

// Logged is a part of the log.
type Logged[T any] struct {
	Items   []T       // the oldest first
	Through time.Time // the list is whole up to here, by the carrier's clock; zero: it has nothing
	More    bool      // and goes on after it
}

// LostText is a text of ours of which the carrier says that it did not arrive.
type LostText struct {
	SID          string
	To           phone.Number
	Status, Code string
	At           time.Time
}

// PastCall is a call to us that is over.
type PastCall struct {
	SID  string
	From phone.Number // zero when withheld
	At   time.Time
}

// logSettles is how old something must be before it counts as not told: its webhook, and what the
// carrier tries again, come within seconds.
const logSettles = 2 * time.Minute

// How far before the mark a log is read again: clocks differ, lists are late, and a text that does
// not arrive is said to be lost some time after it was sent. A call is listed once it is over.
const (
	overlapIn   = time.Hour
	overlapLost = 3 * time.Hour
	overlapCall = 10 * time.Minute
)

// logMark is how far one of the carrier's logs was taken in.
type logMark struct {
	docstore.Meta `bson:",inline"`
	At            time.Time `bson:"at"`              // by the carrier's clock: nothing before is looked for again, but in the overlap
	Read          time.Time `bson:"read,omitempty"`  // real time of the last reading that went through
	Taken         int       `bson:"taken,omitempty"` // how many were taken in since the beginning
	Last          time.Time `bson:"last,omitempty"`  // real time when one last was
}

// CarrierLogs names the collection of the marks and their ids, for who looks at them.
const (
	CarrierLogs = "carrierLogs"
	LogIn       = "texts in"
	LogLost     = "texts lost"
	LogCalls    = "calls in"
)

// ReadLog takes in what the carrier has and never told us, as if it just had: texts that came in, word
// of texts that did not arrive, and calls nobody took. What we have is left alone, so it may be read as
// often as one likes, and beside another process. A mark moves only past what was taken in: after a
// crash the same is read again. more says that the logs go on; read on at once.
func (o *Operator) ReadLog(ctx context.Context, log Log) (more bool, err error) {
	in, err1 := readLog(ctx, o, LogIn, overlapIn, log.TextsIn, func(t Inbound) time.Time { return t.Sent }, o.takeText)
	lost, err2 := readLog(ctx, o, LogLost, overlapLost, log.TextsLost, func(t LostText) time.Time { return t.At }, o.takeLost)
	calls, err3 := readLog(ctx, o, LogCalls, overlapCall, log.CallsIn, func(c PastCall) time.Time { return c.At }, o.takeCall)
	return in || lost || calls, errors.Join(err1, err2, err3)
}

// readLog reads one of the logs from its mark on and gives take what is old enough. What take fails on
// holds the mark, and keeps nothing after it waiting.
func readLog[T any](ctx context.Context, o *Operator, name string, overlap time.Duration, list func(context.Context, time.Time) (Logged[T], error), at func(T) time.Time,
	take func(context.Context, T) (bool, error)) (more bool, err error) {
	mark, err := o.logMark(ctx, name)
	if err != nil {
		return false, err
	}
	got, err := list(ctx, mark.At.Add(-overlap))
	if err == nil && got.More && !got.Through.After(mark.At) { // the overlap alone is more than one reading takes
		got, err = list(ctx, mark.At)
	}
	if err != nil {
		return false, fmt.Errorf("carrier's log of %s: %w", name, err)
	}
	through, taken, now := got.Through, 0, clock.Later(o.Clock.Wall(), o.now())
	hold := func(t time.Time) { through = clock.Earlier(through, t) }
	var failed []error
	for _, x := range got.Items {
		if now.Sub(at(x)) < logSettles {
			hold(at(x))
			continue
		}
		done := o.Turns.Later(ctx) // whoever is on the phone goes first
		anew, err := take(ctx, x)
		done()
		switch {
		case err != nil:
			hold(at(x))
			failed = append(failed, err)
		case anew:
			taken++
		}
	}
	if err := o.moveMark(ctx, name, through, taken, len(failed) == 0); err != nil {
		return false, err
	}
	if len(failed) > 0 {
		return false, fmt.Errorf("carrier's log of %s: %d could not be taken in, the first: %w", name, len(failed), failed[0])
	}
	return got.More && through.After(mark.At), nil
}

// logMark is where a log is read from: the first time from now on, for what was said before we were
// here was not said to us.
func (o *Operator) logMark(ctx context.Context, name string) (logMark, error) {
	m, err := o.logs.Get(ctx, name)
	if !errors.Is(err, docstore.ErrNotFound) {
		return m, err
	}
	m = logMark{Meta: docstore.Meta{ID: name}, At: clock.Earlier(o.Clock.Wall(), o.now())}
	err = o.Store.Do(ctx, func(b *docstore.Batch) error { o.logs.Ensure(b, &m); return nil })
	if err != nil {
		return m, err
	}
	return o.logs.Get(ctx, name)
}

func (o *Operator) moveMark(ctx context.Context, name string, to time.Time, taken int, whole bool) error {
	_, err := o.logs.Update(ctx, name, func(v *logMark, _ *docstore.Batch) error {
		v.At = clock.Later(v.At, to)
		if whole {
			v.Read = o.Clock.Wall()
		}
		if v.Taken += taken; taken > 0 {
			v.Last = o.Clock.Wall()
		}
		return nil
	})
	return err
}

// takeText takes in a text whose webhook never came, and sends what is owed as an answer.
func (o *Operator) takeText(ctx context.Context, in Inbound) (anew bool, err error) {
	old, err := o.replays.Get(ctx, in.SID)
	if errors.Is(err, docstore.ErrNotFound) {
		anew = true
		if _, err = o.Text(ctx, in); err == nil {
			old, err = o.replays.Get(ctx, in.SID)
		}
	}
	if err != nil {
		return false, err
	}
	return anew, o.sendOwed(ctx, &old)
}

// takeLost takes in that a text of ours did not arrive: as its status report would have. Whoever
// stopped texts with the carrier and has written START since is not stopped again.
func (o *Operator) takeLost(ctx context.Context, x LostText) (anew bool, err error) {
	stopped := outbox.Meaning(x.Code).Number == outbox.Stopped
	if stopped && !x.To.IsZero() {
		if last, _, err := o.saidSince(ctx, o.People.PointHash(x.To.E164()), x.At); err != nil || last == Start {
			return false, err
		}
	}
	err = o.Box.Status(ctx, "", x.SID, x.Status, x.Code, o.Clock.Wall())
	switch {
	case err == nil:
		return false, o.Trial.FollowCarrier(ctx)
	case !errors.Is(err, docstore.ErrNotFound):
		return false, err
	case !stopped || x.To.IsZero():
		return false, nil
	}
	// None of the outbox: an answer we gave in a webhook.
	people, err := o.People.ByPoint(ctx, x.To.E164())
	if err != nil || len(people) == 0 {
		return false, err
	}
	_, err = o.Trial.Stop(ctx, trial.Carrier, x.To, contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.SMS, Source: "carrier", Evidence: "carrier code " + x.Code})
	return false, err
}

// takeCall asks staff to call back whoever called while nothing of ours answered.
func (o *Operator) takeCall(ctx context.Context, x PastCall) (anew bool, err error) {
	if x.From.IsZero() {
		return false, nil // nobody to call back
	}
	if _, err := o.calls.Get(ctx, x.SID); !errors.Is(err, docstore.ErrNotFound) {
		return false, err
	}
	key := "missed_" + x.SID
	if done, err := o.decided(ctx, key); err != nil || done {
		return false, err
	}
	people, _, err := o.at(ctx, x.From)
	if err != nil {
		return false, err
	}
	task := trial.Task{Meta: docstore.Meta{ID: "tsk_" + key}, Kind: "call", Due: o.now().Add(2 * time.Hour), Text: "Called us while this site could not answer. Call back."}
	if len(people) == 1 {
		task.Person = people[0].PersonID()
	} else {
		task.Text = "Somebody called us while this site could not answer. Call back. Number: " + x.From.E164()
	}
	if err := o.Trial.OpenTask(ctx, trial.Carrier, task); err != nil {
		return false, err
	}
	return true, o.decide(ctx, plan{Meta: docstore.Meta{ID: key}, At: o.now()})
}
