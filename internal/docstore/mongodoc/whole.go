package mongodoc

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/muster-health/muster/internal/docstore"
)

// snapshot reads everything at one cluster time where the server can do that; otherwise (session
// nil) it reads what there is, and Later follows the change feed until it is quiet.
type snapshot struct {
	d       *Driver
	session *mongo.Session
	began   time.Time
}

// Snapshot shows the database for a copy. Exact needs MongoDB 5.0 as a replica set, and a server
// that remembers its past long enough (minSnapshotHistoryWindowInSeconds, five minutes by default).
func (d *Driver) Snapshot(ctx context.Context) (docstore.Snapshot, error) {
	s := &snapshot{d: d, began: d.wall()}
	if d.loose {
		return s, nil
	}
	session, err := d.client.StartSession(options.Session().SetSnapshot(true))
	if err != nil {
		return s, nil // it has none
	}
	// The first read fixes the time. A server that ignores the wish names no time.
	err = d.db.Collection(stateCollection).FindOne(mongo.NewSessionContext(ctx, session), byID("cursor")).Err()
	switch {
	case err == nil && !session.SnapshotTime().IsZero():
		s.session = session
		return s, nil
	case err != nil && !refused(err):
		session.EndSession(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	session.EndSession(context.WithoutCancel(ctx))
	return s, nil
}

func (s *snapshot) Collections(ctx context.Context) ([]string, error) {
	names, err := s.d.db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, "_") || strings.HasPrefix(n, "system.") })
	slices.Sort(names)
	return names, nil
}

// codeSnapshotTooOld is the server's answer when it no longer remembers the time asked for.
const codeSnapshotTooOld = 239

func (s *snapshot) Documents(ctx context.Context, collection string) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		if s.session != nil {
			ctx = mongo.NewSessionContext(ctx, s.session)
		}
		fail := func(err error) {
			var answer mongo.ServerError
			if errors.As(err, &answer) && answer.HasErrorCode(codeSnapshotTooOld) {
				err = fmt.Errorf("the server forgot the snapshot before the copy was done; raise its parameter minSnapshotHistoryWindowInSeconds above the time a backup takes: %w", err)
			}
			yield(nil, fmt.Errorf("snapshot of %s: %w", collection, err))
		}
		found, err := s.d.db.Collection(collection).Find(ctx, bson.D{}, options.Find().SetSort(byOne("_id")).SetBatchSize(docstore.PageSize))
		if err != nil {
			fail(err)
			return
		}
		defer found.Close(context.WithoutCancel(ctx))
		for found.Next(ctx) {
			if !yield(slices.Clone(found.Current), nil) {
				return
			}
		}
		if err := found.Err(); err != nil {
			fail(err)
		}
	}
}

func byOne(field string) bson.D { return bson.D{{Key: field, Value: int32(1)}} }

func (s *snapshot) Exact() bool { return s.session != nil }

// laterRounds and laterPause bound how long Later waits for a quiet moment: about a minute.
const (
	laterRounds = 60
	laterPause  = time.Second
)

// Later looks at the change feed until two looks, a pause apart, find nothing: then whatever was
// committed before has been yielded. One look would do where batches are transactions; elsewhere it
// could fall into the middle of one.
func (s *snapshot) Later(ctx context.Context) iter.Seq2[docstore.Change, error] {
	return func(yield func(docstore.Change, error) bool) {
		if s.session != nil {
			return
		}
		token, err := bson.Marshal(token{Upto: s.began})
		quiet := 0
		for round := 0; err == nil; round++ {
			n := 0
			for item, failed := range s.d.Changes(ctx, token) {
				if failed != nil {
					yield(docstore.Change{}, failed)
					return
				}
				n, token = n+1, item.Token
				if !yield(item.Change, nil) {
					return
				}
			}
			if n > 0 {
				quiet = 0
			} else if quiet++; quiet == 2 {
				return
			}
			switch {
			case round == laterRounds:
				err = fmt.Errorf("%w: something was written in each of %d looks; stop what writes, or use a replica set, which keeps snapshots", docstore.ErrBusy, laterRounds)
			default:
				err = wait(ctx, laterPause)
			}
		}
		yield(docstore.Change{}, fmt.Errorf("what was written since the snapshot: %w", err))
	}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (s *snapshot) Close() error {
	if s.session != nil {
		s.session.EndSession(context.Background())
	}
	return nil
}

// Load puts documents as they are. New ones go in together; where an id is taken, one after the other.
func (d *Driver) Load(ctx context.Context, documents []docstore.Change) error {
	if err := docstore.CheckLoad(documents); err != nil {
		return err
	}
	for len(documents) > 0 {
		n := 0
		for n < len(documents) && documents[n].Collection == documents[0].Collection && documents[n].Deleted == documents[0].Deleted {
			n++
		}
		if err := d.load(ctx, documents[:n]); err != nil {
			return fmt.Errorf("load %s: %w", documents[0].Collection, err)
		}
		documents = documents[n:]
	}
	return nil
}

// load puts documents of one collection, or takes them away.
func (d *Driver) load(ctx context.Context, documents []docstore.Change) error {
	c := d.db.Collection(documents[0].Collection)
	if !documents[0].Deleted {
		bodies := make([]bson.Raw, len(documents))
		for i, x := range documents {
			bodies[i] = x.Body
		}
		_, err := c.InsertMany(ctx, bodies)
		if !mongo.IsDuplicateKeyError(err) {
			return err
		}
	}
	for _, x := range documents {
		var err error
		if x.Deleted {
			_, err = c.DeleteOne(ctx, byID(x.ID))
		} else {
			_, err = c.ReplaceOne(ctx, byID(x.ID), x.Body, options.Replace().SetUpsert(true))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", x.ID, err)
		}
	}
	return nil
}
