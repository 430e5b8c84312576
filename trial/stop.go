package trial

import (
	"cmp"
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

// Stop is StopPoint for a phone number.
func (c *Coordinator) Stop(ctx context.Context, by audit.Actor, n phone.Number, said contacts.Consent) ([]contacts.Person, error) {
	return c.StopPoint(ctx, by, n.E164(), said)
}

// StopPoint takes back, for everyone with this phone number or e-mail address, the permission to use
// said.Channel ("" = any). Pending messages are cancelled in the same batch, and every study that
// somebody is in gets a task to agree on another way: the subject itself never changes (F14). Said
// again it changes nothing. Where nobody has it, it goes on the do-not-contact list.
func (c *Coordinator) StopPoint(ctx context.Context, by audit.Actor, value string, said contacts.Consent) ([]contacts.Person, error) {
	said.Channel = cmp.Or(said.Channel, contacts.AnyChannel)
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

// Withdraw is StopPoint for one person who said so on a page or to staff, for any purposes and
// channels, whichever way they are reached.
func (c *Coordinator) Withdraw(ctx context.Context, by audit.Actor, p contacts.PersonID, reason string, entries ...contacts.Consent) (person contacts.Person, err error) {
	err = c.commit(ctx, audit.Entry{Actor: by, Action: "consent.revoke", Person: string(p), Reason: reason}, func(b *docstore.Batch, _ *audit.Entry) error {
		if person, err = c.People.Agree(ctx, b, p, entries...); err != nil {
			return err
		}
		return c.afterStop(ctx, b, &person, slices.DeleteFunc(slices.Clone(entries), func(e contacts.Consent) bool { return e.Granted })...)
	})
	return person, err
}

// afterStop cancels what the revocations cover and opens the tasks that follow from them, one for
// each study and channel.
func (c *Coordinator) afterStop(ctx context.Context, b *docstore.Batch, p *contacts.Person, said ...contacts.Consent) error {
	if err := c.cancelStopped(ctx, b, p, said); err != nil {
		return err
	}
	asked := map[contacts.Channel]bool{}
	for _, x := range said {
		if asked[x.Channel] {
			continue
		}
		asked[x.Channel] = true
		if err := c.askAnotherWay(ctx, b, p, x); err != nil {
			return err
		}
	}
	return nil
}

// cancelStopped takes back what waits for p and is covered by one of the revocations. Of two that
// cover the same message one is enough: a batch changes a row once.
func (c *Coordinator) cancelStopped(ctx context.Context, b *docstore.Batch, p *contacts.Person, said []contacts.Consent) error {
	done := map[outbox.About]bool{}
	for _, k := range []outbox.Kind{outbox.SMS, outbox.Call, outbox.Email} {
		for _, x := range said {
			if x.Channel != contacts.AnyChannel && x.Channel != channelOf(k) {
				continue
			}
			about := outbox.About{Person: p.ID, Kind: k, Purpose: string(x.Purpose)}
			if x.Purpose == contacts.AnyPurpose {
				about.Purpose = ""
			}
			if done[about] || done[outbox.About{Person: p.ID, Kind: k}] {
				continue
			}
			done[about] = true
			if err := c.Box.CancelFor(ctx, b, about, "permission was taken back"); err != nil {
				return err
			}
		}
	}
	return nil
}

// askAnotherWay opens a task for every study the person is in, to agree on another way (F14).
func (c *Coordinator) askAnotherWay(ctx context.Context, b *docstore.Batch, p *contacts.Person, said contacts.Consent) error {
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
