package e2e

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/id"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/ivr/engine"
	"github.com/muster-health/muster/ivr/phonesim"
	"github.com/muster-health/muster/trial"
)

// crowd are the people of a soak, put into the house's store by the product's own parts.
type crowd struct {
	engine  *engine.Engine
	visits  []string // numbers of those with a visit tomorrow
	callers []caller

	calls   map[string]call      // the last of each caller
	wrote   map[string]bool      // who writes STOP
	stopped map[string]time.Time // of these, when the site was known to know it
}

// caller is somebody who calls in and answers every question in a way of their own.
type caller struct {
	number string
	person contacts.PersonID
	seed   int
}

const soakPIN = "4471"

// questions are those of weekly-check, with words of each that no other has.
var questions = []struct {
	item, words string
	scale       bool
}{
	{"pain", "how much pain", true}, {"tired", "how tired", true}, {"sleep", "did you sleep", true}, {"appetite", "your appetite", true},
	{"medicine", "all your study medicine", false}, {"new", "start a new medicine", false}, {"dizzy", "feel dizzy", false}, {"fell", "did you fall", false},
	{"doctor", "see a doctor", false}, {"call", "would you like us to call", false},
}

// answer is what a caller says to question i: 0 to 10, or 0 for yes and 1 for no.
func (c caller) answer(i int) int {
	if questions[i].scale {
		return (c.seed*7 + i*3) % 11
	}
	return (c.seed>>(i%8) + i) % 2
}

// keys are what the caller's phone presses at what it says.
func (c caller) keys(think time.Duration) (out []phonesim.AutoKeys) {
	after := phonesim.Seconds(think.Seconds())
	add := func(when, keys string) {
		out = append(out, phonesim.AutoKeys{When: when, Keys: keys, After: after})
	}
	add("if that is right", "1")
	for i, q := range questions {
		keys := strconv.Itoa(c.answer(i)) + "#"
		if !q.scale {
			keys = strconv.Itoa(c.answer(i) + 1)
		}
		add(q.words, keys)
	}
	add("answer your questions", "1")
	add("enter your 4 digit number", soakPIN)
	add("4 digit number from us", "1")
	return out
}

// fill makes the people of a soak: with a visit tomorrow and texts allowed, and with questions that
// are due and calls allowed.
func (x *exchange) fill(reminders, callers int) *crowd {
	x.t.Helper()
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			x.t.Error(err)
		}
	}
	ticks := clock.Fixed(noon)
	ring, err := seal.Open(x.dir+".keyring.json", false)
	must(err)
	keys, err := seal.OpenKeys(ctx, x.store, ring)
	must(err)
	trail, err := audit.Open(ctx, x.store, ring, ticks, audit.Options{Unaudited: engine.Unaudited()})
	must(err)
	ours, err := phone.Parse(office, "US")
	must(err)
	e, err := engine.Open(ctx, engine.Deps{Store: x.store, Audit: trail, Keys: keys, Clock: ticks, NewID: id.ULID(ticks.Wall), Office: ours, PublicURL: "http://" + x.site})
	must(err)
	if x.t.Failed() {
		x.t.FailNow()
	}
	by := audit.Actor{Kind: audit.Staff, ID: "maria", Role: "coordinator"}
	c := &crowd{engine: e, visits: make([]string, reminders), callers: make([]caller, callers), calls: map[string]call{}, wrote: map[string]bool{}, stopped: map[string]time.Time{}}
	enrol := func(i int, more func(person contacts.PersonID, subject string) error) {
		out, err := e.Trial.Apply(ctx, by, trial.Application{Study: "SOAK", Source: "staff", NoCode: true, SignUp: contacts.SignUp{
			Consents: []contacts.Consent{{Purpose: contacts.StudyCare, Channel: contacts.SMS, Granted: true, Source: "staff"}, {Purpose: contacts.StudyCare, Channel: contacts.Voice, Granted: true, Source: "staff"}},
			Person:   contacts.Person{Given: "P" + strconv.Itoa(i), Family: "Soak", BirthDate: "1960-01-02", Language: "en", Zone: "America/New_York", Points: []contacts.Point{{Kind: contacts.Mobile, Value: numbered(i)}}}}})
		must(err)
		for _, to := range []trial.Status{trial.Contacting, trial.Considering, trial.Prescreened} {
			_, err = e.Trial.Move(ctx, by, out.Subject, to, "", "", "")
			must(err)
		}
		_, err = e.Trial.RecordConsent(ctx, by, out.Subject, trial.InformedConsent{FormVersion: "1", Signed: noon.Add(-time.Hour), ObtainedBy: "maria"}, "")
		must(err)
		must(more(out.Person, out.Subject))
	}
	work := make(chan func())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for f := range work {
				if !x.t.Failed() {
					f()
				}
			}
		})
	}
	for i := range reminders {
		c.visits[i] = numbered(i)
		work <- func() {
			enrol(i, func(_ contacts.PersonID, subject string) error {
				_, err := e.Trial.Book(ctx, by, trial.VisitID(subject, "V1"), "2026-03-03", fmt.Sprintf("%02d:%02d", 8+i%3, i%60), "soak")
				return err
			})
		}
	}
	for i := range callers {
		work <- func() {
			enrol(reminders+i, func(p contacts.PersonID, _ string) error {
				c.callers[i] = caller{numbered(reminders + i), p, i}
				return e.People.SetPIN(ctx, by, p, soakPIN, "soak")
			})
		}
	}
	close(work)
	wg.Wait()
	must(trail.Close(ctx))
	if x.t.Failed() {
		x.t.FailNow()
	}
	return c
}
