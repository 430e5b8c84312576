package ivr

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// ladder is the automatic calls about one thing, such as an entry of a diary or a booking: one
// after the other until somebody is reached, each some time after the end of the one before.
type ladder struct {
	key   func(n int) string // names the nth call, from 0
	reach trial.Reach        // what a call is; NotAfter is the end of the ladder too
	calls int                // at most
	wait  time.Duration
	once  bool // who has a message from us on their machine is not called again
}

// again says whether a call that ended so is followed by another.
func (l *ladder) again(outcome string) bool {
	return retried(outcome) && !(l.once && outcome == leftMessage)
}

// rung is where a ladder stands.
type rung int

const (
	waiting rung = iota // a call is ordered, under way, or not yet due again
	settled             // a call ended in a way that calls for no other
	refused             // this person may not be called by a machine
	noTime              // the hours for calls are over before what it is about is, and none was made
	spent               // the calls are used up, or there is no time for another, and nobody was reached
)

// lostAfter is how long after a call was handed over its end should be known. No call takes so long;
// then the carrier's word was lost, and the ladder goes on without it.
const lostAfter = time.Hour

// climb orders the call that is due, if one is, and says where the ladder stands. message is the
// last call's. It may be asked as often as one likes.
func (o *Operator) climb(ctx context.Context, l ladder, now time.Time) (at rung, message string, err error) {
	for n := range l.calls {
		a, err := o.plans.Get(ctx, callPlan(l.key(n)))
		if errors.Is(err, docstore.ErrNotFound) {
			at, message, err = o.order(ctx, l, n, now)
			if at == noTime && n > 0 {
				at = spent
			}
			return at, message, err
		}
		if err != nil {
			return waiting, "", err
		}
		message = a.Message
		if a.Ended.IsZero() {
			if a, err = o.lookAfter(ctx, a, now); err != nil {
				return waiting, message, err
			}
		}
		switch {
		case a.Ended.IsZero():
			return waiting, message, nil
		case a.Outcome == notAllowed:
			return refused, message, nil
		case a.Outcome == tooLate && n == 0:
			return noTime, message, nil
		case a.Outcome == tooLate, a.Outcome == notMade:
			return spent, message, nil
		case !retried(a.Outcome):
			return settled, message, nil
		case !l.again(a.Outcome):
			return spent, message, nil
		case n+1 < l.calls && now.Before(a.Ended.Add(l.wait)):
			return waiting, message, nil
		}
	}
	return spent, message, nil
}

// callPlan is the plan of the call with a key, under the id its message has.
func callPlan(key string) string { return "call_" + outbox.ID("reach", key) }

// Outcomes of calls that were not made.
const (
	notAllowed = "refused"
	tooLate    = "too late" // the hours for calls are over before what it is about is
	notMade    = "not made" // the carrier takes no call to this number
)

// order puts the nth call of a ladder into the outbox, with the text before it where one goes, or notes
// why it cannot be.
func (o *Operator) order(ctx context.Context, l ladder, n int, now time.Time) (rung, string, error) {
	r := l.reach
	if r.Key = l.key(n); !r.Due.After(now) {
		r.Due = time.Time{}
	}
	mark := plan{Meta: docstore.Meta{ID: callPlan(r.Key)}, At: now}
	gate, err := o.Trial.May(ctx, r.Person, r.Purpose, contacts.Voice, r.Study)
	if err != nil {
		return waiting, "", err
	}
	at := waiting
	switch {
	case !gate.OK && gate.NotBefore.IsZero():
		at, mark.Outcome, mark.Ended = refused, notAllowed, now
	case !gate.NotBefore.Before(r.NotAfter):
		at, mark.Outcome, mark.Ended = noTime, tooLate, now
	default:
		r, sendWord, err := o.withWord(ctx, l, n, r, now)
		if err != nil || sendWord == nil && r.Due.After(now) { // nothing goes before it: it is ordered when it is due
			return waiting, "", err
		}
		t, _, err := o.Trial.Reach(ctx, trial.System, r)
		if err == nil && sendWord != nil && t.Message != "" {
			err = sendWord(ctx)
		}
		if err != nil {
			return waiting, "", err
		}
		mark.Message = t.Message
	}
	return at, mark.Message, o.decide(ctx, mark)
}

// lookAfter ends an attempt whose end nobody told us of: the outbox gave it up, or its last word
// came and was not noted, or did not come at all.
func (o *Operator) lookAfter(ctx context.Context, a plan, now time.Time) (plan, error) {
	if a.Message == "" {
		return a, nil
	}
	m, err := o.Box.Get(ctx, a.Message)
	if errors.Is(err, docstore.ErrNotFound) {
		m.State = outbox.Cancelled // taken away with whom it went to
	} else if err != nil {
		return a, err
	}
	outcome := ""
	switch m.State {
	case outbox.Undelivered:
		outcome = "no-answer"
	case outbox.Failed:
		outcome = "failed"
	case outbox.Refused, outbox.Expired:
		outcome = notMade
	case outbox.Cancelled:
		outcome = "cancelled"
	case outbox.Accepted, outbox.Sent, outbox.Unknown:
		if now.Sub(clock.Later(a.At, m.Due)) < lostAfter {
			return a, nil
		}
		outcome = "failed"
		fallthrough
	case outbox.Delivered:
		c, err := o.calls.Get(ctx, m.SID)
		if err == nil {
			outcome = cmp.Or(c.Outcome, hungUp)
		} else if !errors.Is(err, docstore.ErrNotFound) {
			return a, err
		}
		outcome = cmp.Or(outcome, hungUp)
	default:
		return a, nil
	}
	if err := o.attemptEnded(ctx, a.Message, outcome, now); err != nil {
		return a, err
	}
	return o.plans.Get(ctx, a.ID)
}

// nextCall is when a ladder has its next call, if the one before ended without success.
func (o *Operator) nextCall(ctx context.Context, l ladder) (time.Time, bool) {
	for n := range l.calls - 1 {
		a, err := o.plans.Get(ctx, callPlan(l.key(n)))
		if err != nil || a.Ended.IsZero() || !l.again(a.Outcome) {
			return time.Time{}, false
		}
		if _, err := o.plans.Get(ctx, callPlan(l.key(n+1))); errors.Is(err, docstore.ErrNotFound) {
			return a.Ended.Add(l.wait), true
		}
	}
	return time.Time{}, false
}
