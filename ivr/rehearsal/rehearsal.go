// Package rehearsal plays a study's weeks with somebody made up, in seconds: the engine that runs for
// real, over a store in memory, with a clock that jumps to whatever is due next and a phone company
// that only listens. Nothing is sent, and the real store learns of it by one audit entry.
package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
	"github.com/muster-health/muster/trial/rehearsed"
)

// limit is how long one may take, in real time.
const limit = 30 * time.Second

// Deps is what rehearsals are made with; the first three are required.
type Deps struct {
	Audit   *audit.Log                                     // of the real store: who rehearsed what
	Scratch func(context.Context) (docstore.Driver, error) // an empty store, gone with Close
	Now     func() time.Time                               // the day on which the weeks begin

	// Questionnaire is what people are asked by a name, as the real store has it; nil: survey.Library.
	Questionnaire func(ctx context.Context, name string) (*survey.Questionnaire, error)

	// Narrations are what a recorded voice reads in a study, as the real store has them; nil: none.
	Narrations func(context.Context, trial.StudyID) (map[trial.Spoken]trial.Narration, error)

	Office    phone.Number
	PublicURL string
	OptOut    ivr.OptOut       // "" the carrier answers STOP
	Limit     time.Duration    // 0 = 30 s
	Prices    rehearsed.Prices // the zero value is rehearsed.List

	// Speaks is the language a study really uses with somebody: trial.Coordinator.Speaks.
	Speaks func(l i18n.Lang, study trial.StudyID) i18n.Lang
}

// Rehearsal plays studies.
type Rehearsal struct {
	deps    Deps
	running sync.Mutex
}

// New returns a rehearsal.
func New(d Deps) *Rehearsal {
	if d.Limit == 0 {
		d.Limit = limit
	}
	if d.Prices == (rehearsed.Prices{}) {
		d.Prices = rehearsed.List()
	}
	return &Rehearsal{deps: d}
}

// Rehearse plays a study for ask.Weeks weeks from today's 09:05 at its first site, on which the persona
// consents and every later visit is booked. When the time is over before, the report says how far it
// came. Errors: rehearsed.ErrBusy, *rehearsed.Problem, trial.ErrStudy.
func (x *Rehearsal) Rehearse(ctx context.Context, by audit.Actor, st trial.Study, ask rehearsed.Ask) (rehearsed.Report, error) {
	if err := ask.Check(); err != nil {
		return rehearsed.Report{}, err
	}
	if !x.running.TryLock() {
		return rehearsed.Report{}, rehearsed.ErrBusy
	}
	defer x.running.Unlock()
	err := x.deps.Audit.Read(ctx, audit.Entry{Actor: by, Action: "study.rehearsed", Study: st.ID, Reason: fmt.Sprintf("%s, %d weeks", ask.Persona, ask.Weeks)})
	if err != nil {
		return rehearsed.Report{}, err
	}
	driver, err := x.deps.Scratch(ctx)
	if err != nil {
		return rehearsed.Report{}, fmt.Errorf("open a store to rehearse in: %w", err)
	}
	defer driver.Close()
	within, cancel := context.WithTimeout(ctx, x.deps.Limit)
	defer cancel()
	p, err := x.stage(within, driver, st, ask)
	if err == nil {
		err = p.play(within)
	}
	if err != nil && within.Err() == nil || ctx.Err() != nil || p == nil {
		return rehearsed.Report{}, fmt.Errorf("rehearse %s: %w", st.ID, errors.Join(err, ctx.Err()))
	}
	p.report.Reached = clock.Earlier(p.clock.Now(), p.end)
	if err == nil {
		p.report.Reached = p.end
	}
	p.report.Count()
	return p.report, nil
}
