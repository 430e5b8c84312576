package contacts

import (
	"context"
	"errors"
	"slices"

	"github.com/muster-health/muster/internal/docstore"
)

// DropFacts takes out, with b, every fact of one scope: a study's own, when the days it may be
// kept are over. The scope of the registry is never dropped this way. The audit entry is the
// caller's.
func (d *Directory) DropFacts(ctx context.Context, b *docstore.Batch, id PersonID, scope string) error {
	if scope == "" || scope == Registry {
		return errors.New("drop facts: only the facts of one study")
	}
	c, err := d.Chart(ctx, id)
	if err != nil || !slices.ContainsFunc(c.Facts, func(f Fact) bool { return f.Scope == scope }) {
		return err
	}
	_, err = d.charts.Edit(ctx, b, string(id), func(c *Chart) error {
		c.Facts = slices.DeleteFunc(c.Facts, func(f Fact) bool { return f.Scope == scope })
		return nil
	})
	return err
}
