package docstore

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ErrNewer: a newer program wrote a collection.
var ErrNewer = errors.New("the database is newer than this program")

// SchemaCollection says of each other collection which version its documents have; the id is the
// name. It is machinery and has no version itself.
const SchemaCollection = "schema"

// SchemaVersion is a document of SchemaCollection. While documents are brought to a later version,
// To, Through, Done and Altered say how far that is.
type SchemaVersion struct {
	Meta    `bson:",inline"`
	Version int    `bson:"version"`           // of every document, but for those a migration under way has passed
	To      int    `bson:"to,omitempty"`      // of those
	Through string `bson:"through,omitempty"` // the id of the last one passed
	Done    int    `bson:"done,omitempty"`    // how many were passed
	Altered int    `bson:"altered,omitempty"` // how many of them were rewritten
}

// Step rewrites one stored document from a version to the next. It is pure, sees sealed fields
// sealed, leaves _id, rev and changed alone, and given what it made it returns that: a step may see a
// document twice. A document that stays as it is comes back as it was.
type Step func(stored bson.Raw) (bson.Raw, error)

// version refuses a collection that is newer than the program, and notes the version of one that
// has none yet: this program's where it is empty, 1 where it was written before versions were kept.
func (s *Store) version(ctx context.Context, spec Spec) error {
	if spec.Version == 0 {
		return nil
	}
	if err := s.declareSchema(ctx); err != nil {
		return err
	}
	have, err := s.SchemaVersion(ctx, spec.Name)
	if errors.Is(err, ErrNotFound) {
		fresh := SchemaVersion{Meta: Meta{ID: spec.Name, Rev: 1, Changed: s.wall().UTC().Truncate(1e6)}, Version: spec.Version}
		for _, err := range s.driver.Find(ctx, spec.Name, Query{Limit: 1}) {
			if err != nil {
				return err
			}
			fresh.Version = 1
		}
		body, err := bson.Marshal(fresh)
		if err != nil {
			return err
		}
		if err := s.driver.Write(ctx, []Op{{Kind: Ensure, Collection: SchemaCollection, ID: spec.Name, Body: body}}); err != nil {
			return err
		}
		have, err = s.SchemaVersion(ctx, spec.Name)
		if err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if newest := max(have.Version, have.To); newest > spec.Version {
		return fmt.Errorf("%w: its documents have version %d and this program knows up to %d; run the newer program, or restore a backup from before it", ErrNewer, newest, spec.Version)
	}
	return nil
}

// declareSchema makes SchemaCollection exist, once.
func (s *Store) declareSchema(ctx context.Context) error {
	s.mu.Lock()
	_, there := s.specs[SchemaCollection]
	s.mu.Unlock()
	if there {
		return nil
	}
	if err := s.driver.Index(ctx, SchemaCollection, nil); err != nil {
		return err
	}
	s.mu.Lock()
	s.specs[SchemaCollection] = Spec{Name: SchemaCollection}
	s.mu.Unlock()
	return nil
}

// SchemaVersion returns what is stored about a collection's version; ErrNotFound if nothing is.
func (s *Store) SchemaVersion(ctx context.Context, collection string) (v SchemaVersion, err error) {
	raw, err := s.driver.Get(ctx, SchemaCollection, collection)
	if err != nil {
		return v, fmt.Errorf("version of %s: %w", collection, err)
	}
	if err := bson.Unmarshal(raw, &v); err != nil {
		return v, fmt.Errorf("version of %s: %w", collection, err)
	}
	return v, nil
}
