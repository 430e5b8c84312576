package mongodoc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/muster-health/muster/internal/docstore"
)

// feedIndex is the index each collection has for the change feed.
const feedIndex = "_changed"

// codeNamespaceExists is the server's answer when a collection is there already.
const codeNamespaceExists = 48

// Index makes the declared indexes of a collection exist. One whose fields have changed is
// dropped and built again; indexes Muster does not declare are left alone.
//
// Each index ends with _id, which breaks ties in the order of results; since every document
// has that, a sparse index would leave nothing out. None is unique: claims are ids.
func (d *Driver) Index(ctx context.Context, collection string, ix []docstore.Index) error {
	want := map[string]bson.D{feedIndex: keysOf([]string{"changed"})}
	for _, i := range ix {
		if err := i.Check(); err != nil {
			return err
		}
		want[i.Name] = keysOf(i.Fields)
		if slices.Equal(i.Fields, []string{"changed"}) {
			delete(want, feedIndex) // two indexes over the same fields are refused
		}
	}
	if err := d.build(ctx, collection, want); err != nil {
		return fmt.Errorf("index %s: %w", collection, err)
	}
	d.mu.Lock()
	d.indexes[collection] = slices.Clone(ix)
	d.mu.Unlock()
	return nil
}

func (d *Driver) build(ctx context.Context, collection string, want map[string]bson.D) error {
	err := d.db.CreateCollection(ctx, collection)
	var answer mongo.ServerError
	if err != nil && !(errors.As(err, &answer) && answer.HasErrorCode(codeNamespaceExists)) {
		return err
	}
	view := d.db.Collection(collection).Indexes()
	have, err := view.ListSpecifications(ctx)
	if err != nil {
		return err
	}
	for _, spec := range have {
		keys, wanted := want[spec.Name]
		if !wanted {
			continue
		}
		if sameKeys(spec.KeysDocument, keys) {
			delete(want, spec.Name)
			continue
		}
		if err := view.DropOne(ctx, spec.Name); err != nil {
			return err
		}
	}
	for name, keys := range want {
		if _, err := view.CreateOne(ctx, mongo.IndexModel{Keys: keys, Options: options.Index().SetName(name)}); err != nil {
			return err
		}
	}
	return nil
}

func keysOf(fields []string) bson.D {
	var keys bson.D
	for _, f := range fields {
		keys = append(keys, bson.E{Key: plainPath(f), Value: int32(1)})
	}
	return append(keys, bson.E{Key: "_id", Value: int32(1)})
}

// plainPath is how MongoDB writes a path: it goes through arrays without being told.
func plainPath(path string) string { return strings.ReplaceAll(path, "[]", "") }

func sameKeys(have bson.Raw, want bson.D) bool {
	elements, err := have.Elements()
	return err == nil && slices.EqualFunc(elements, want, func(a bson.RawElement, b bson.E) bool {
		n, number := a.Value().AsInt64OK()
		return number && n == 1 && a.Key() == b.Key
	})
}

func (d *Driver) declared(collection string) []docstore.Index {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.indexes[collection]
}

// checkIndexed refuses documents that do not have the form their indexes declare: MongoDB
// would index them all the same, but otherwise than Muster reads the query.
func (d *Driver) checkIndexed(ops []docstore.Op) error {
	for _, op := range ops {
		if op.Body == nil {
			continue
		}
		for _, ix := range d.declared(op.Collection) {
			if _, err := ix.Keys(op.Body); err != nil {
				return fmt.Errorf("%s %s %s: %w", op.Kind, op.Collection, op.ID, err)
			}
		}
	}
	return nil
}
