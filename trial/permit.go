package trial

import (
	"context"
	"errors"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// Permit is the gate's answer about one contact together with what was read for it, so that the contact
// is queued without reading it again. It holds for the moment: whoever sends asks the gate once more.
type Permit struct {
	contacts.Gate
	person   contacts.Person
	approval string // the board's number a message about the study goes under now, "" for none (F17)
}

// Permit asks the gate about one contact with p, as they were read just now; ask.Now is when the contact
// is to be, zero for now.
func (c *Coordinator) Permit(ctx context.Context, p *contacts.Person, ask contacts.Ask, study StudyID) (Permit, error) {
	var st Study
	if study != "" {
		var err error
		if st, err = c.studies.Get(ctx, string(study)); err != nil {
			return Permit{}, err
		}
	}
	if ask.Now.IsZero() {
		ask.Now = c.now()
	}
	ask, err := c.askOf(ctx, p, ask, &st)
	if err != nil {
		return Permit{}, err
	}
	return Permit{Gate: contacts.May(*p, ask), person: *p, approval: st.Approval(c.now())}, nil
}

// Queue stores, where the permit allows a contact or puts it off, the touch, the message, the audit
// entry and what also adds, together. A refusal writes nothing but its audit entry. What was queued
// under the key of r before is not queued again; then what also adds is stored alone, for its writer
// may have been stopped before it could.
func (c *Coordinator) Queue(ctx context.Context, by audit.Actor, r Reach, p Permit, also func(b *docstore.Batch, message string)) (contacts.Touch, error) {
	entry := audit.Entry{Actor: by, Action: "person.reach", Person: string(r.Person), Study: string(r.Study), Reason: r.Template}
	if !p.OK && p.NotBefore.IsZero() {
		entry.Action = "person.reach.refused"
		if len(p.Reasons) > 0 {
			entry.Reason = p.Reasons[0].Code
		}
		return contacts.Touch{}, c.Audit.Read(ctx, entry)
	}
	if also == nil {
		also = func(*docstore.Batch, string) {}
	}
	var t contacts.Touch
	err := c.commit(ctx, entry, func(b *docstore.Batch, e *audit.Entry) error {
		t = c.send(b, &p.person, p.Point, r, p.approval, p.NotBefore)
		also(b, t.Message)
		return nil
	})
	if !errors.Is(err, docstore.ErrExists) || r.Key == "" {
		return t, err
	}
	if t, err = c.People.TouchByID(ctx, t.ID); err != nil {
		return t, err
	}
	return t, c.Store.Do(ctx, func(b *docstore.Batch) error { also(b, t.Message); return nil })
}
