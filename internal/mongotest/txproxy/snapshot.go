package txproxy

import (
	"go.mongodb.org/mongo-driver/v2/bson"
)

// document of a collection, as a key.
type docID struct {
	at namespace
	id string // type and bytes
}

func idOf(at namespace, id bson.RawValue) docID {
	return docID{at, string(id.Type) + string(id.Value)}
}

// isolation keeps transactions that overlap apart, as MongoDB's snapshots do: a transaction sees
// what was committed when it began, and of two that change one document the second to come
// fails. It knows documents by _id. A statement that looks for anything else is refused while
// others have changed something, which is more than MongoDB refuses.
//
// Its fields are used by whoever holds Proxy.step.
type isolation struct {
	commits int64 // so far
	changed map[docID]int64
	held    map[docID]*transaction
}

// sees decides on a statement of t: nil: it may run. Otherwise the answer to it.
func (s *isolation) sees(t *transaction, cmd command) bson.Raw {
	at, ids, exact := cmd.targets()
	if ids == nil {
		others := s.commits != t.snapshot
		for _, holder := range s.held {
			others = others || holder != t
		}
		if others {
			return writeConflict()
		}
		return nil
	}
	for _, id := range ids {
		k := idOf(at, id)
		holder := s.held[k]
		beaten := s.changed[k] > t.snapshot
		switch {
		case cmd.name() != "find":
			if beaten || holder != nil && holder != t {
				return writeConflict()
			}
		case beaten:
			return refusal(246, "SnapshotUnavailable", "The document has changed since the snapshot.", labelTransient)
		case holder != nil && holder != t:
			if !exact {
				return writeConflict()
			}
			return holder.was(at, id)
		}
	}
	return nil
}

// was answers a find by _id with what the document was before t.
func (t *transaction) was(at namespace, id bson.RawValue) bson.Raw {
	batch := bson.A{}
	for _, i := range t.before {
		if i.at == at && i.id.Equal(id) && i.doc != nil {
			batch = append(batch, i.doc)
		}
	}
	return document(bson.D{
		{Key: "cursor", Value: bson.D{{Key: "firstBatch", Value: batch}, {Key: "id", Value: int64(0)}, {Key: "ns", Value: at.db + "." + at.collection}}},
		{Key: "ok", Value: 1.0},
	})
}

// ends lets go of what t held; how says whether others must see that it has changed.
func (s *isolation) ends(t *transaction, how state) {
	if how == committed && len(t.before) > 0 {
		s.commits++
	}
	for _, i := range t.before {
		k := idOf(i.at, i.id)
		delete(s.held, k)
		if how == committed {
			s.changed[k] = s.commits
		}
	}
}

// targets are the ids a statement names; nil: it looks for documents in another way. exact: it
// looks for nothing but one id.
func (c command) targets() (at namespace, ids []bson.RawValue, exact bool) {
	at = c.namespace()
	if c.name() == "insert" {
		docs, err := c.documents("documents")
		if err != nil {
			return at, nil, false
		}
		for _, d := range docs {
			ids = append(ids, d.Lookup("_id"))
		}
		return at, ids, false
	}
	filters, err := c.filters()
	if err != nil {
		return at, nil, false
	}
	for _, f := range filters {
		id, err := f.LookupErr("_id")
		if err != nil || id.Type == bson.TypeEmbeddedDocument || id.Type == bson.TypeRegex {
			return at, nil, false
		}
		ids = append(ids, id)
		elements, _ := f.Elements()
		exact = len(filters) == 1 && len(elements) == 1
	}
	return at, ids, exact
}

// filters are what a statement looks for.
func (c command) filters() (filters []bson.Raw, err error) {
	read := func(doc bson.Raw, field string) {
		filter, ok := doc.Lookup(field).DocumentOK()
		if !ok {
			filter = document(bson.D{})
		}
		filters = append(filters, filter)
	}
	switch c.name() {
	case "update", "delete":
		statements, err := c.documents(c.name() + "s")
		for _, s := range statements {
			read(s, "q")
		}
		return filters, err
	case "findAndModify", "findandmodify":
		read(c.body, "query")
	case "find":
		read(c.body, "filter")
	}
	return filters, nil
}
