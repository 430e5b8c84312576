package contacts

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// ofOneStudy names the study whose pre-screen alone a stored fact may be used for (F5), "" for none.
// Such facts are sealed under a key of that person and study, so that they can be deleted where
// they were written down on the way, too: in the audit trail, which is never rewritten.
func ofOneStudy(_, fact bson.Raw) string {
	scope, _ := fact.Lookup("scope").StringValueOK()
	if scope == Registry {
		return ""
	}
	return scope
}

// DropFacts takes out, with b, every fact of one scope: a study's own, when the days it may be
// kept are over; and destroys the key that opens what the audit trail holds of them. The scope of
// the registry is never dropped this way. The audit entry is the caller's.
func (d *Directory) DropFacts(ctx context.Context, b *docstore.Batch, id PersonID, scope string) error {
	if scope == "" || scope == Registry {
		return errors.New("drop facts: only the facts of one study")
	}
	if err := d.keys.ShredPart(ctx, b, string(id), scope); err != nil {
		return err
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
