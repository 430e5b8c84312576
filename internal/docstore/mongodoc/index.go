package mongodoc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/muster-health/muster/internal/docstore"
)

// feedIndex is the index each collection has for the change feed.
const feedIndex = "_changed"

// Codes of answers that declaring indexes knows.
// https://www.mongodb.com/docs/manual/reference/error-codes/
const (
	codeIndexNotFound         = 27
	codeNamespaceExists       = 48
	codeIndexOptionsConflict  = 85
	codeIndexKeySpecsConflict = 86
)

// serverIndex is an index as the server is to have it. It has no option but expire: none is
// unique (claims are ids), none partial.
type serverIndex struct {
	keys   bson.D
	expire time.Duration // documents older than that are removed; 0 = never
}

// Index makes the declared indexes of a collection exist. What the server has under their names
// is compared, fields and options; what differs is dropped and built again, and logged. Indexes
// under other names are left alone.
//
// Each index ends with _id, which breaks ties in the order of results; since every document
// has that, a sparse index would leave nothing out.
func (d *Driver) Index(ctx context.Context, collection string, ix []docstore.Index) error {
	want := map[string]serverIndex{feedIndex: {keys: keysOf([]string{"changed"})}}
	for _, i := range ix {
		if err := i.Check(); err != nil {
			return err
		}
		want[i.Name] = serverIndex{keys: keysOf(i.Fields)}
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

func (d *Driver) build(ctx context.Context, collection string, want map[string]serverIndex) error {
	if err := d.db.CreateCollection(ctx, collection); err != nil && !hasCode(err, codeNamespaceExists) {
		return err
	}
	view := d.db.Collection(collection).Indexes()
	found, err := view.List(ctx)
	if err != nil {
		return err
	}
	var have []bson.Raw
	if err := found.All(ctx, &have); err != nil {
		return err
	}
	others := map[string]bson.Raw{} // not declared
	for _, spec := range have {
		name, _ := spec.Lookup("name").StringValueOK()
		ix, declared := want[name]
		if !declared {
			others[name] = spec
			continue
		}
		differs := ix.differs(spec)
		if len(differs) == 0 {
			delete(want, name)
			continue
		}
		d.log.Warn("an index on the server differs from its declaration and is built again",
			"collection", collection, "index", name, "server", differs)
		if err := view.DropOne(ctx, name); err != nil && !hasCode(err, codeIndexNotFound) { // another process did
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if err := d.create(ctx, collection, name, want[name], others); err != nil {
			return err
		}
	}
	return nil
}

// create builds one index, unless the server has the same under another name: the declaration
// may have been renamed, and the server would refuse a second.
func (d *Driver) create(ctx context.Context, collection, name string, ix serverIndex, others map[string]bson.Raw) error {
	for _, spec := range others {
		if len(ix.differs(spec)) == 0 {
			return nil
		}
	}
	o := options.Index().SetName(name)
	if ix.expire > 0 {
		o.SetExpireAfterSeconds(int32(ix.expire.Seconds()))
	}
	_, err := d.db.Collection(collection).Indexes().CreateOne(ctx, mongo.IndexModel{Keys: ix.keys, Options: o})
	if hasCode(err, codeIndexOptionsConflict) || hasCode(err, codeIndexKeySpecsConflict) {
		for other, spec := range others {
			if sameKeys(spec.Lookup("key").Document(), ix.keys) {
				return fmt.Errorf("index %q cannot be built beside %q, which has the same fields with %s; if nothing needs that one, "+
					"remove it with db.getCollection(%q).dropIndex(%q): %w", name, other, strings.Join(ix.differs(spec), ", "), collection, other, err)
			}
		}
	}
	return err
}

func hasCode(err error, code int) bool {
	var answer mongo.ServerError
	return errors.As(err, &answer) && answer.HasErrorCode(code)
}

// differs says how an index of the server is not ix, in words; empty: it is. The name counts
// for nothing.
func (ix serverIndex) differs(spec bson.Raw) (how []string) {
	elements, err := spec.Elements()
	if err != nil {
		return []string{"a description that cannot be read"}
	}
	expires := false
	for _, e := range elements {
		switch v := e.Value(); e.Key() {
		case "v", "name", "ns", "background":
		case "key":
			if keys, ok := v.DocumentOK(); !ok || !sameKeys(keys, ix.keys) {
				how = append(how, "fields "+v.String())
			}
		case "expireAfterSeconds":
			expires = true
			if seconds, ok := v.AsInt64OK(); !ok || ix.expire == 0 || seconds != int64(ix.expire.Seconds()) {
				how = append(how, "expireAfterSeconds "+v.String())
			}
		default:
			if on, ok := v.BooleanOK(); !ok || on {
				how = append(how, e.Key()+" "+v.String())
			}
		}
	}
	if ix.expire > 0 && !expires {
		how = append(how, "no expireAfterSeconds")
	}
	return how
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
