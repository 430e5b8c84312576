package mongodoc

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	randv2 "math/rand/v2"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/muster-health/muster/internal/docstore"
)

// Limits of time. writeLimit and maxSkew together stay below the overlap of the change feed:
// what is stamped now is visible before the feed stops looking for it.
const (
	transactionLimit = 5 * time.Second
	writeLimit       = 15 * time.Second
	settleLimit      = 5 * time.Second
)

// Labels the server and the driver put on errors.
// https://www.mongodb.com/docs/manual/core/transactions-in-applications/
const (
	labelTransient = "TransientTransactionError"
	labelUnknown   = "UnknownTransactionCommitResult"
)

// errAgain marks an attempt that left nothing and may be made again.
var errAgain = errors.New("the transaction must be made again")

// errUnknown marks a commit whose outcome was lost.
var errUnknown = errors.New("the outcome of the commit is unknown")

func transactionOptions() *options.TransactionOptionsBuilder {
	return options.Transaction().
		SetReadConcern(readconcern.Snapshot()).
		SetWriteConcern(writeconcern.Majority()).
		SetReadPreference(readpref.Primary())
}

// Write applies all ops or none in one transaction, and returns once a majority has them. It
// makes the transaction again after transient errors, and settles lost commits by the marker
// each batch inserts.
func (d *Driver) Write(ctx context.Context, ops []docstore.Op) error {
	if err := docstore.CheckOps(ops); err != nil {
		return err
	}
	if err := d.checkIndexed(ops); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil || len(ops) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	if d.loose {
		return d.writeLoose(ctx, ops)
	}
	for attempt := 0; ; attempt++ {
		marker := rand.Text()
		err := d.attempt(ctx, marker, ops)
		if errors.Is(err, errUnknown) {
			committed, settleErr := d.settle(ctx, marker)
			if settleErr != nil {
				return fmt.Errorf("write: %w: %w", err, settleErr)
			}
			if committed {
				return nil
			}
			err = fmt.Errorf("%w: %w", errAgain, err)
		}
		if !errors.Is(err, errAgain) {
			return err
		}
		if waitErr := pause(ctx, attempt); waitErr != nil {
			return fmt.Errorf("write, attempt %d: %w: %w", attempt+1, waitErr, err)
		}
	}
}

// pause spreads those that conflict.
func pause(ctx context.Context, attempt int) error {
	t := time.NewTimer(randv2.N(time.Millisecond << min(attempt+1, 7)))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// attempt makes the transaction once. errAgain: nothing was left, try again. errUnknown: the
// marker tells. Anything else is final and left nothing.
func (d *Driver) attempt(ctx context.Context, marker string, ops []docstore.Op) error {
	session, err := d.client.StartSession()
	if err != nil {
		return fmt.Errorf("start session: %w", err)
	}
	// Ending a session aborts what it has open. That must reach the server although ctx has ended, and
	// has a time of its own: what is not aborted keeps its documents from others for a minute.
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleLimit)
		defer cancel()
		session.EndSession(end)
	}()
	if err := session.StartTransaction(transactionOptions()); err != nil {
		return fmt.Errorf("start transaction: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, transactionLimit)
	defer cancel()
	tx := mongo.NewSessionContext(limited, session)
	for _, op := range contestedFirst(ops) {
		if err := d.apply(tx, op); err != nil {
			return fmt.Errorf("%s %s %s: %w", op.Kind, op.Collection, op.ID, again(ctx, err))
		}
	}
	_, err = d.db.Collection(batchesCollection).InsertOne(tx, d.marker(marker))
	if err != nil {
		return fmt.Errorf("insert marker: %w", again(ctx, err))
	}
	// The driver repeats a commit whose connection is lost, as long as tx lasts.
	switch err := session.CommitTransaction(tx); {
	case err == nil:
		return nil
	case hasLabel(err, labelTransient):
		return fmt.Errorf("commit: %w: %w", errAgain, err)
	case hasLabel(err, labelUnknown) || !refused(err) || concernFailed(err):
		return fmt.Errorf("%w: %w", errUnknown, err)
	default:
		return fmt.Errorf("commit: %w", err)
	}
}

// contestedFirst puts what others may be changing too before what is new. A document in a
// transaction is the transaction's until it ends, so whoever comes second fails at its first
// statement, before it has done anything in vain.
func contestedFirst(ops []docstore.Op) []docstore.Op {
	return ranked(ops, map[docstore.OpKind]int{docstore.Insert: 1, docstore.Ensure: 2})
}

// ranked orders operations by the rank of their kind, and otherwise as they are. A batch that
// touches a document twice keeps its own order.
func ranked(ops []docstore.Op, rank map[docstore.OpKind]int) []docstore.Op {
	touched := map[docKey]bool{}
	for _, op := range ops {
		k := docKey{op.Collection, op.ID}
		if touched[k] {
			return ops
		}
		touched[k] = true
	}
	ordered := slices.Clone(ops)
	slices.SortStableFunc(ordered, func(a, b docstore.Op) int { return cmp.Compare(rank[a.Kind], rank[b.Kind]) })
	return ordered
}

func (d *Driver) marker(id string) bson.D {
	return bson.D{{Key: "_id", Value: id}, {Key: "changed", Value: d.wall()}}
}

// settle finds out what became of a commit. The marker's id is taken for good: if it is free,
// the transaction that wanted it cannot commit any more, not even late.
func (d *Driver) settle(ctx context.Context, marker string) (committed bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleLimit)
	defer cancel()
	_, err = d.db.Collection(batchesCollection).InsertOne(ctx, d.marker(marker))
	switch {
	case mongo.IsDuplicateKeyError(err) && !concernFailed(err):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("settle by marker: %w", err)
	}
	return false, nil
}

// concernFailed says that a write was done and could not be known to reach a majority. The
// driver calls only some of these commits unknown.
func concernFailed(err error) bool {
	var commit mongo.CommandError
	if errors.As(err, &commit) {
		_, lookErr := commit.Raw.LookupErr("writeConcernError")
		return lookErr == nil
	}
	var write mongo.WriteException
	return errors.As(err, &write) && write.WriteConcernError != nil
}

// again adds errAgain to what a new transaction may cure: what the server says is transient,
// and a transaction that took too long while its caller still waits.
func again(ctx context.Context, err error) error {
	if hasLabel(err, labelTransient) || ctx.Err() == nil && (mongo.IsTimeout(err) || lostConnection(err)) {
		return fmt.Errorf("%w: %w", errAgain, err)
	}
	return err
}

func hasLabel(err error, label string) bool {
	var labeled mongo.LabeledError
	return errors.As(err, &labeled) && labeled.HasErrorLabel(label)
}

// apply does one operation inside the transaction.
func (d *Driver) apply(tx context.Context, op docstore.Op) error {
	c := d.db.Collection(op.Collection)
	switch op.Kind {
	case docstore.Insert:
		_, err := c.InsertOne(tx, op.Body)
		if mongo.IsDuplicateKeyError(err) {
			return docstore.ErrExists
		}
		return err
	case docstore.Ensure:
		// A duplicate key would end the transaction, so this looks first.
		err := c.FindOne(tx, byID(op.ID), options.FindOne().SetProjection(bson.D{{Key: "_id", Value: 1}})).Err()
		if !errors.Is(err, mongo.ErrNoDocuments) {
			return err
		}
		_, err = c.InsertOne(tx, op.Body)
		if mongo.IsDuplicateKeyError(err) { // another was first, after our snapshot
			return fmt.Errorf("%w: %w", errAgain, err)
		}
		return err
	case docstore.Replace:
		r, err := c.ReplaceOne(tx, atRev(op), op.Body)
		if err == nil && r.MatchedCount == 0 {
			return docstore.ErrConflict
		}
		return err
	case docstore.Delete:
		r, err := c.DeleteOne(tx, atRev(op))
		if err == nil && r.DeletedCount == 0 {
			return docstore.ErrConflict
		}
		if err != nil {
			return err
		}
		return d.bury(tx, op)
	default:
		return d.hold(tx, c, op)
	}
}

// hold is Check. A read does not conflict with a concurrent write of the same document, so
// the document is written and restored, or inserted and deleted: that does.
func (d *Driver) hold(tx context.Context, c *mongo.Collection, op docstore.Op) error {
	if op.Rev == 0 {
		_, err := c.InsertOne(tx, byID(op.ID))
		if mongo.IsDuplicateKeyError(err) {
			return docstore.ErrConflict
		}
		if err == nil {
			_, err = c.DeleteOne(tx, byID(op.ID))
		}
		return err
	}
	mark := bson.D{{Key: "_held", Value: true}}
	r, err := c.UpdateOne(tx, atRev(op), bson.D{{Key: "$set", Value: mark}})
	if err == nil && r.MatchedCount == 0 {
		return docstore.ErrConflict
	}
	if err == nil {
		_, err = c.UpdateOne(tx, atRev(op), bson.D{{Key: "$unset", Value: mark}})
	}
	return err
}

func atRev(op docstore.Op) bson.D {
	return bson.D{{Key: "_id", Value: op.ID}, {Key: "rev", Value: op.Rev}}
}

// bury leaves a tombstone for the change feed.
func (d *Driver) bury(ctx context.Context, op docstore.Op) error {
	t := tombstone{Key: op.Collection + "/" + op.ID, Collection: op.Collection, ID: op.ID, Rev: op.Rev, Changed: d.wall()}
	_, err := d.db.Collection(goneCollection).ReplaceOne(ctx, byID(t.Key), t, options.Replace().SetUpsert(true))
	return err
}

type tombstone struct {
	Key        string    `bson:"_id"`
	Collection string    `bson:"c"`
	ID         string    `bson:"id"`
	Rev        int64     `bson:"rev"`
	Changed    time.Time `bson:"changed"`
}
