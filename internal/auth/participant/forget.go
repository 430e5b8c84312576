package participant

import (
	"context"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/auth/session"
	"github.com/muster-health/muster/internal/docstore"
)

// Audience is the name of participants' sessions.
const Audience = "me"

// Visits is the part of sessions in erasing somebody: theirs end, wherever they are open.
type Visits struct{ Records *session.Records }

// Keeps is nothing.
func (Visits) Keeps(context.Context, contacts.PersonID) ([]contacts.Kept, error) { return nil, nil }

// Forget ends the person's sessions.
func (v Visits) Forget(ctx context.Context, b *docstore.Batch, p *contacts.Person, _ []contacts.Kept) error {
	return v.Records.Delete(ctx, b, Audience, p.ID)
}

// Clear has nothing left to do.
func (Visits) Clear(context.Context, *docstore.Batch, contacts.PersonID) (bool, error) {
	return false, nil
}
