package ivr

import (
	"context"
	"errors"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/trial"
)

// openMenu is what a caller who proved to be somebody can do: questions that are due, the next
// visit, a person.
func (o *Operator) openMenu(ctx context.Context, c *call) (Script, error) {
	c.Stage, c.Silent = atMenu, 0
	g, err := o.menuWords(ctx, c)
	return Script{g}, err
}

func (o *Operator) menuWords(ctx context.Context, c *call) (Gather, error) {
	var words []Say
	if _, err := o.due(ctx, c); err == nil {
		words = append(words, say(c.Lang, "voice.menuQuestions"))
	} else if !errors.Is(err, docstore.ErrNotFound) {
		return Gather{}, err
	}
	next, err := o.nextVisit(ctx, c.Person)
	if err != nil {
		return Gather{}, err
	}
	if next != nil {
		words = append(words, say(c.Lang, "voice.menuVisit"))
	}
	return c.ask(1, append(words, say(c.Lang, "voice.noCalls"), say(c.Lang, "voice.person"))...), nil
}

func (o *Operator) menu(ctx context.Context, c *call, keys string) (Script, error) {
	switch keys {
	case "1":
		return o.beginSurvey(ctx, c)
	case "2":
		next, err := o.nextVisit(ctx, c.Person)
		if err != nil {
			return nil, err
		}
		if next == nil {
			return o.then(ctx, c, "voice.nothingDue")
		}
		c.Visit, c.Study = next.ID, next.Study
		return o.tellVisit(ctx, c)
	}
	return o.again(ctx, c)
}

// nextVisit is the person's next booked visit in any study, nil when there is none.
func (o *Operator) nextVisit(ctx context.Context, p contacts.PersonID) (*trial.Visit, error) {
	all, err := o.Trial.VisitsOf(ctx, p)
	if err != nil {
		return nil, err
	}
	var next *trial.Visit
	for i := range all {
		v := &all[i]
		if v.State == trial.Booked && v.Start.After(o.now()) && (next == nil || v.Start.Before(next.Start)) {
			next = v
		}
	}
	return next, nil
}

// local is now on the person's own clock, which decides what "today" is.
func (o *Operator) local(ctx context.Context, c *call) time.Time {
	if p, err := o.People.Get(ctx, c.Person); err == nil {
		if z, ok := contacts.Zone(p); ok {
			return o.now().In(z)
		}
	}
	return o.now()
}
