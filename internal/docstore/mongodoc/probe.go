package mongodoc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// How long the driver's own documents are kept.
const (
	keepBatches = 24 * time.Hour
	keepGone    = 30 * 24 * time.Hour
)

// proveTransactions writes a document in a transaction, aborts it, and looks. It returns why
// the server does not keep transactions, "" if it does. Some compatible servers accept
// startTransaction and ignore it, so that nothing less than looking will do.
func (d *Driver) proveTransactions(ctx context.Context) (why string, err error) {
	session, err := d.client.StartSession()
	if err != nil {
		return "it has no sessions", nil
	}
	defer session.EndSession(context.WithoutCancel(ctx))
	if err := session.StartTransaction(transactionOptions()); err != nil {
		return "it has no transactions", nil
	}
	state := d.db.Collection(stateCollection)
	probe := byID("probe-" + rand.Text())
	if _, err := state.InsertOne(mongo.NewSessionContext(ctx, session), probe); err != nil {
		_ = session.AbortTransaction(ctx) // it has already failed
		if refused(err) {
			return fmt.Sprintf("it refuses a write in one: %v", err), nil
		}
		return "", err
	}
	if err := session.AbortTransaction(ctx); err != nil && !refused(err) {
		return "", err
	}
	err = state.FindOne(ctx, probe).Err()
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return "", nil
	case err != nil:
		return "", err
	}
	if _, err := state.DeleteOne(ctx, probe); err != nil {
		return "", err
	}
	return "it accepts them, but what an aborted one wrote is there", nil
}

// refused says that the server answered, and answered no.
func refused(err error) bool {
	var answer mongo.ServerError
	return errors.As(err, &answer) && !mongo.IsNetworkError(err) && !mongo.IsTimeout(err) &&
		!answer.HasErrorCode(codeUnauthorized) && !answer.HasErrorLabel(labelTransient)
}

const codeUnauthorized = 13

// prepareOwn makes the driver's own collections and has the server clear them by age.
func (d *Driver) prepareOwn(ctx context.Context) error {
	for name, keep := range map[string]time.Duration{batchesCollection: keepBatches, goneCollection: keepGone} {
		err := d.build(ctx, name, map[string]serverIndex{"expire": {bson.D{{Key: "changed", Value: int32(1)}}, keep}})
		if err != nil {
			return fmt.Errorf("index %s: %w", name, err)
		}
	}
	return nil
}
