package trial

import (
	"context"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
)

// died stops everything towards a person with the batch that records the death (F25): what waits
// to be sent, and the visits of every study they were in. People who share the number keep theirs.
func (c *Coordinator) died(ctx context.Context, b *docstore.Batch, p contacts.PersonID, day string) error {
	if err := c.People.Died(ctx, b, p, day); err != nil {
		return err
	}
	subs, err := c.SubjectsOf(ctx, p)
	if err != nil {
		return err
	}
	for _, s := range subs {
		if err := c.cancelVisits(ctx, b, s, "has died"); err != nil {
			return err
		}
	}
	return c.Box.CancelFor(ctx, b, outbox.About{Person: string(p)}, "has died")
}
