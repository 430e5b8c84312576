// Package engine puts together what speaks with people over one store: the directory, the outbox, the
// coordinator and the operator. The server, a rehearsal and the rig of the tests are all made by Open,
// so that what is rehearsed is what runs.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/id"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/internal/turns"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// Deps is what an engine works with. The first five are required.
type Deps struct {
	Store *docstore.Store
	Audit *audit.Log
	Keys  *seal.Keys
	Clock *clock.Clock
	NewID id.New

	Office    phone.Number // the number messages come from
	PublicURL string
	Paces     map[outbox.Kind]outbox.Pace // how fast each kind goes; nil: as fast as it can
	Carrier   Carrier                     // nil: nothing is sent
	Mail      outbox.Sender               // nil: no e-mails
	OptOut    ivr.OptOut                  // "" the carrier answers STOP
	Parallel  int                         // most calls to a carrier at once; 0 = outbox.Parallel
	Turns     *turns.Turns                // what goes before plans and sending; nil: nothing
	Beside    int                         // for how many people at once plans are made; 0 = ivr.Beside
	Drafts    bool                        // texts whose translation is a draft may be sent (F19)
	CodesADay int                         // 0 = the usual limit
	TextsADay int                         // for studies, to one person; 0 = the usual limit
	Digits    func(n int) string          // of codes of alerts; nil: random

	Questionnaire func(name string) (*survey.Questionnaire, error) // nil: survey.Library
	CheckCriteria func(yaml string) error                          // nil: criteria are taken as they are
	OnPerson      func(ctx context.Context, p contacts.PersonID)   // what a person's facts changed; nil: nothing
	Observe       func(k outbox.Kind, outcome string)              // how each call to the carrier ended; nil: nobody
	Logger        *slog.Logger                                     // nil: the default
}

// Carrier takes texts and calls, and lists what it took.
type Carrier interface {
	outbox.Sender
	outbox.Finder
}

// Engine is what speaks with people.
type Engine struct {
	People   *contacts.Directory
	Box      *outbox.Box
	Trial    *trial.Coordinator
	Operator *ivr.Operator

	clock *clock.Clock
}

// Unaudited names the collections of an engine that need no audit entry.
func Unaudited() []string {
	return slices.Concat(contacts.Unaudited(), trial.Unaudited(), ivr.Unaudited())
}

// Open makes the collections exist and returns the engine.
func Open(ctx context.Context, d Deps) (*Engine, error) {
	e := &Engine{clock: d.Clock}
	var err error
	if e.People, err = contacts.Open(ctx, d.Store, d.Keys, d.Audit, d.NewID, d.Clock, contacts.Options{CodesADay: d.CodesADay, TextsADay: d.TextsADay}); err != nil {
		return nil, err
	}
	links := &trial.Links{}
	opts := outbox.Options{OnChange: links.MessageChanged, Stuck: links.MessageStuck, Halted: links.CarrierHalted, Paces: d.Paces, Parallel: d.Parallel, Turns: d.Turns, Observe: d.Observe, Logger: d.Logger}
	opts.Senders = map[outbox.Kind]outbox.Sender{}
	if d.Mail != nil {
		opts.Senders[outbox.Email] = d.Mail
	}
	if d.Carrier != nil {
		opts.Senders[outbox.SMS], opts.Senders[outbox.Call] = d.Carrier, d.Carrier
		opts.Finders = map[outbox.Kind]outbox.Finder{outbox.SMS: d.Carrier, outbox.Call: d.Carrier}
	}
	if e.Box, err = outbox.Open(ctx, d.Store, d.Clock, d.Keys, links, opts); err != nil {
		return nil, err
	}
	e.Trial, err = trial.Open(ctx, trial.Deps{Store: d.Store, Audit: d.Audit, Keys: d.Keys, People: e.People, Box: e.Box, NewID: d.NewID, Clock: d.Clock,
		Office: d.Office, Drafts: d.Drafts, Digits: d.Digits, Mails: d.Mail != nil, Links: links, OnPerson: d.OnPerson, Questionnaire: d.Questionnaire, CheckCriteria: d.CheckCriteria})
	if err != nil {
		return nil, err
	}
	e.Operator, err = ivr.Open(ctx, ivr.Deps{Store: d.Store, Audit: d.Audit, Keys: d.Keys, People: e.People, Box: e.Box, Trial: e.Trial, Clock: d.Clock,
		Us: d.Office, PublicURL: d.PublicURL, OptOut: d.OptOut, Beside: d.Beside, Turns: d.Turns})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Plan queues what follows from plans and facts as they are now, and closes questionnaires whose time
// is over. Alerts do not wait for it: see Escalate.
func (e *Engine) Plan(ctx context.Context) error {
	now := e.clock.Now()
	err1 := e.Trial.ReleaseLanguages(ctx)
	_, err2 := e.Trial.CloseDue(ctx, now)
	return errors.Join(e.Operator.Tick(ctx, now), err1, err2)
}

// Escalate sends for the next person on call about each alert that nobody took in time.
func (e *Engine) Escalate(ctx context.Context) error { return e.Trial.Escalate(ctx, e.clock.Now()) }

// Deliver sends until nothing is due.
func (e *Engine) Deliver(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := e.Box.Deliver(ctx, e.clock.Now())
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}

// Next is the first time after now at which something happens by itself, and what: a message that
// waits is due, or Plan has something to do. ok is false when nothing is in sight, which is a day and
// a half.
func (e *Engine) Next(ctx context.Context) (at time.Time, what string, ok bool, err error) {
	now := e.clock.Now()
	if at, ok, err = e.Operator.Next(ctx, now); err != nil {
		return at, "", false, err
	}
	what = "a call or reminder"
	next, err := e.Box.Next(ctx)
	switch {
	case errors.Is(err, docstore.ErrNotFound):
	case err != nil:
		return at, "", false, err
	case next.After(now) && (!ok || next.Before(at)):
		at, what, ok = next, "a message that waits", true
	}
	return at, what, ok, nil
}
