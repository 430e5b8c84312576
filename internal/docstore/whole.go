package docstore

import (
	"context"
	"fmt"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Snapshot is the whole database for a copy of it. Close it soon: the database keeps what is
// overwritten meanwhile.
type Snapshot interface {
	// Collections names what holds documents, in order; the driver's own are left out.
	Collections(ctx context.Context) ([]string, error)
	// Documents yields one collection as stored, by id.
	Documents(ctx context.Context, collection string) iter.Seq2[bson.Raw, error]
	// Exact says that all of it is of one moment. Otherwise Documents may show a batch in part,
	// and a copy is whole only with Later.
	Exact() bool
	// Later yields what was written since the snapshot began, each document as it is now, until
	// nothing more comes: ErrBusy when that does not happen. An exact snapshot has none.
	Later(ctx context.Context) iter.Seq2[Change, error]
	Close() error
}

// Whole is the part of a Driver that copies databases.
type Whole interface {
	Snapshot(ctx context.Context) (Snapshot, error)
	// Load puts documents as they are, with their revision and their stamp, over whatever has
	// their id, and takes away those Deleted. It is for filling an empty database: nobody is told
	// of conflicts. Loading the same again is harmless.
	Load(ctx context.Context, documents []Change) error
}

// CheckLoad refuses what CheckOps would, at any revision: ErrInvalid. Drivers call it first in Load.
func CheckLoad(documents []Change) error {
	for _, c := range documents {
		op := Op{Kind: Insert, Collection: c.Collection, ID: c.ID, Body: c.Body}
		switch {
		case c.Deleted:
			op.Kind = Delete
		default:
			rev, _ := c.Body.Lookup("rev").AsInt64OK()
			if rev < 1 {
				return fmt.Errorf("%w: %s %s: revision %d", ErrInvalid, c.Collection, c.ID, rev)
			}
			if rev > 1 {
				op.Kind, op.Rev = Replace, rev-1
			}
		}
		if err := checkOp(op); err != nil {
			return fmt.Errorf("%w: %s %s: %w", ErrInvalid, c.Collection, c.ID, err)
		}
	}
	return nil
}
