package contacts

import (
	"context"
	"fmt"

	"github.com/muster-health/muster/internal/docstore"
)

// Died notes with b that somebody has died, on day ("2026-05-03"): from then on the gate refuses
// everything (F25). A date known before stays. The audit entry is the caller's.
func (d *Directory) Died(ctx context.Context, b *docstore.Batch, id PersonID, day string) error {
	if !ValidDate(day) {
		return fmt.Errorf("died: %q is not a day such as 2026-05-03", day)
	}
	p, err := d.people.Get(ctx, string(id))
	if err != nil || p.Deceased != "" && p.Deceased != DiedUnknown {
		return err
	}
	_, err = d.people.Edit(ctx, b, string(id), func(p *Person) error { p.Deceased = day; return nil })
	return err
}
