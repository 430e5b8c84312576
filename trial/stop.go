package trial

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
)

// Stop takes back, for everyone with this number, the permission to text (or call) it. Pending
// messages are cancelled in the same batch, and every study that somebody is in gets a task to
// agree on another way: the subject itself never changes (F14). Said again it changes nothing.
func (c *Coordinator) Stop(ctx context.Context, by audit.Actor, n phone.Number, said contacts.Consent) ([]contacts.Person, error) {
	return c.StopAt(ctx, by, n.E164(), said)
}

// StopAt is Stop for a number or an e-mail address as it is written.
func (c *Coordinator) StopAt(ctx context.Context, by audit.Actor, value string, said contacts.Consent) ([]contacts.Person, error) {
	people, err := c.People.ByPoint(ctx, value)
	if err != nil {
		return nil, err
	}
	if len(people) > 0 && !slices.ContainsFunc(people, func(p contacts.Person) bool { return !stopped(p.Consents, said) }) {
		return people, nil
	}
	return c.People.Revoke(ctx, by, value, said, func(b *docstore.Batch, people []contacts.Person) error {
		for i := range people {
			if err := c.afterStop(ctx, b, &people[i], said); err != nil {
				return err
			}
		}
		return nil
	})
}

// stopped says whether the ledger refuses already what said takes back.
func stopped(ledger []contacts.Consent, said contacts.Consent) bool {
	purposes := []contacts.Purpose{contacts.Recruitment, contacts.StudyCare, contacts.Requested}
	if said.Purpose != "" && said.Purpose != contacts.AnyPurpose {
		purposes = []contacts.Purpose{said.Purpose}
	}
	channels := []contacts.Channel{contacts.SMS, contacts.Voice, contacts.Call, contacts.ByEmail, contacts.Letter}
	if said.Channel != "" && said.Channel != contacts.AnyChannel {
		channels = []contacts.Channel{said.Channel}
	}
	for _, p := range purposes {
		for _, ch := range channels {
			if _, granted, found := contacts.Stands(ledger, p, ch, said.Study); !found || granted {
				return false
			}
		}
	}
	return true
}

// Withdraw is Stop for one person who said so on a page or to staff, for any purposes and channels.
func (c *Coordinator) Withdraw(ctx context.Context, by audit.Actor, p contacts.PersonID, reason string, entries ...contacts.Consent) (contacts.Person, error) {
	person, err := c.People.AddConsent(ctx, by, p, reason, entries...)
	if err != nil {
		return person, err
	}
	// The gate already refuses whatever is queued; this opens the tasks and shows the cancellations.
	for _, e := range entries {
		if e.Granted {
			continue
		}
		err := c.commit(ctx, audit.Entry{Actor: by, Action: "consent.follow-up", Person: string(p)}, func(b *docstore.Batch, _ *audit.Entry) error {
			return c.afterStop(ctx, b, &person, e)
		})
		if err != nil {
			return person, err
		}
	}
	return person, nil
}

func (c *Coordinator) afterStop(ctx context.Context, b *docstore.Batch, p *contacts.Person, said contacts.Consent) error {
	for _, k := range []outbox.Kind{outbox.SMS, outbox.Call, outbox.Email} {
		if said.Channel != contacts.AnyChannel && said.Channel != channelOf(k) {
			continue
		}
		about := outbox.About{Person: p.ID, Kind: k}
		if said.Purpose != "" && said.Purpose != contacts.AnyPurpose {
			about.Purpose = string(said.Purpose)
		}
		if err := c.Box.CancelFor(ctx, b, about, "permission was taken back"); err != nil {
			return err
		}
	}
	subs, err := c.SubjectsOf(ctx, p.PersonID())
	if err != nil {
		return err
	}
	for _, s := range subs {
		if !s.Status.AfterConsent() {
			continue
		}
		what := map[contacts.Channel]string{contacts.SMS: "texts", contacts.Voice: "automated calls", contacts.ByEmail: "e-mails"}[said.Channel]
		if what == "" {
			what = "messages"
		}
		next, err := c.nextVisit(ctx, s.ID)
		if err != nil {
			return err
		}
		before, due := ".", c.now().Add(24*time.Hour)
		if next != nil {
			before = fmt.Sprintf(" before visit %s on %s.", next.Code, inWords(next.Day))
			if next.Start.Before(due) {
				due = next.Start.Add(-2 * time.Hour)
			}
		}
		day := c.now().Format(time.DateOnly)
		c.AddTask(b, Task{Meta: docstore.Meta{ID: "tsk_stop_" + s.ID + "_" + string(said.Channel) + "_" + day}, Kind: "stopped-texts", Person: p.PersonID(), Study: s.Study, Site: s.Site,
			Text: fmt.Sprintf("%s stopped %s: agree another way to reach them%s", p.Given, what, before), Due: due})
	}
	return nil
}

// nextVisit is the next booked visit of a subject, nil when there is none.
func (c *Coordinator) nextVisit(ctx context.Context, subject string) (*Visit, error) {
	var next *Visit
	now := c.now()
	for v, err := range c.visits.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("subject", subject)}}) {
		if err != nil {
			return nil, err
		}
		if v.State == Booked && v.Start.After(now) && (next == nil || v.Start.Before(next.Start)) {
			next = &v
		}
	}
	return next, nil
}

// Resume undoes a Stop: START. It grants what stood before and no more, and brings no cancelled
// message back.
func (c *Coordinator) Resume(ctx context.Context, by audit.Actor, n phone.Number, said contacts.Consent) ([]contacts.Person, error) {
	return c.People.Resume(ctx, by, n.E164(), said, nil)
}

// WrongNumber quarantines a number for everyone who has it: somebody else answered (F12). Pending
// messages to it are cancelled and staff get a task for each person.
func (c *Coordinator) WrongNumber(ctx context.Context, by audit.Actor, n phone.Number, how string) error {
	point := c.People.PointHash(n.E164())
	_, err := c.People.MarkPoint(ctx, by, point, contacts.StatusWrong, how, func(b *docstore.Batch, people []contacts.Person) error {
		for i := range people {
			p := &people[i]
			if err := c.Box.CancelFor(ctx, b, outbox.About{Person: p.ID, Point: point}, "wrong number"); err != nil {
				return err
			}
			c.AddTask(b, Task{Kind: "wrong-number", Person: p.PersonID(), Text: "The number is somebody else's. Find another way to reach " + p.Given + ".", Due: c.now().Add(8 * time.Hour)})
		}
		return nil
	})
	return err
}

// CannotText marks a number as one that takes no texts (the carrier said so) and opens a task.
func (c *Coordinator) CannotText(ctx context.Context, by audit.Actor, p contacts.PersonID, hash, code string) error {
	person, err := c.People.SetNoText(ctx, by, p, hash, "carrier code "+code)
	if err != nil {
		return err
	}
	which := slices.IndexFunc(person.Points, func(pt contacts.Point) bool { return pt.Hash == hash }) // no hash of a number in an id: those are for good
	return c.OpenTask(ctx, by, Task{Meta: docstore.Meta{ID: fmt.Sprintf("tsk_notext_%s_%d_%s", p, which, c.now().Format(time.DateOnly))}, Kind: "message-failed", Person: p,
		Text: person.Given + "'s number cannot take texts (carrier code " + code + "). Call, or ask for another number.", Due: c.now().Add(8 * time.Hour)})
}
