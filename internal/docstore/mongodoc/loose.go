package mongodoc

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/muster-health/muster/internal/docstore"
)

// writeLoose writes a batch on a server without transactions. Batches of this process take
// turns, and each is rehearsed against what is stored before anything is written, so that a
// batch that must fail leaves nothing. A crash in the middle can leave a part: audit entries
// and messages are then there without their change, never the change without them.
func (d *Driver) writeLoose(ctx context.Context, ops []docstore.Op) error {
	d.looseTurn.Lock()
	defer d.looseTurn.Unlock()
	if err := d.rehearse(ctx, ops); err != nil {
		return err
	}
	for _, op := range safeOrder(ops) {
		if err := d.applyLoose(ctx, op); err != nil {
			return fmt.Errorf("%s %s %s: %w", op.Kind, op.Collection, op.ID, err)
		}
	}
	return nil
}

// rehearse plays the batch over the stored revisions.
func (d *Driver) rehearse(ctx context.Context, ops []docstore.Op) error {
	revs := map[docKey]int64{}
	for _, op := range ops {
		k := docKey{op.Collection, op.ID}
		rev, known := revs[k]
		if !known {
			var err error
			if rev, err = d.revision(ctx, k); err != nil {
				return err
			}
		}
		var err error
		switch op.Kind {
		case docstore.Insert:
			if rev != 0 {
				err = docstore.ErrExists
			}
			rev = 1
		case docstore.Ensure:
			rev = max(rev, 1)
		case docstore.Check:
			if rev != op.Rev {
				err = docstore.ErrConflict
			}
		default:
			if rev == 0 || rev != op.Rev {
				err = docstore.ErrConflict
			}
			if rev++; op.Kind == docstore.Delete {
				rev = 0
			}
		}
		if err != nil {
			return fmt.Errorf("%s %s %s: %w", op.Kind, op.Collection, op.ID, err)
		}
		revs[k] = rev
	}
	return nil
}

type docKey struct{ collection, id string }

// revision is 0 for a document that does not exist.
func (d *Driver) revision(ctx context.Context, k docKey) (int64, error) {
	var doc struct {
		Rev int64 `bson:"rev"`
	}
	err := d.db.Collection(k.collection).FindOne(ctx, byID(k.id),
		options.FindOne().SetProjection(bson.D{{Key: "rev", Value: 1}})).Decode(&doc)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return 0, nil
	}
	return doc.Rev, err
}

// safeOrder puts what is new first, then changes, then deletions.
func safeOrder(ops []docstore.Op) []docstore.Op {
	return ranked(ops, map[docstore.OpKind]int{docstore.Replace: 1, docstore.Delete: 2})
}

func (d *Driver) applyLoose(ctx context.Context, op docstore.Op) error {
	if op.Kind == docstore.Check {
		return nil // rehearsed; nothing can hold it
	}
	if op.Kind != docstore.Ensure {
		return d.apply(ctx, op)
	}
	_, err := d.db.Collection(op.Collection).InsertOne(ctx, op.Body)
	if mongo.IsDuplicateKeyError(err) {
		return nil
	}
	return err
}
