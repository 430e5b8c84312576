package txproxy

import (
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// remember keeps what a write is about to change.
func (t *transaction) remember(own *upstream, cmd command) error {
	at := cmd.namespace()
	switch cmd.name() {
	case "insert":
		docs, err := cmd.documents("documents")
		if err != nil {
			return err
		}
		for _, doc := range docs {
			id, err := doc.LookupErr("_id")
			if err != nil {
				return fmt.Errorf("insert of a document without _id")
			}
			if err := t.rememberMatches(own, at, bson.D{{Key: "_id", Value: id}}, &id); err != nil {
				return err
			}
		}
	case "update", "delete":
		statements, err := cmd.documents(cmd.name() + "s")
		if err != nil {
			return err
		}
		for _, s := range statements {
			if err := t.rememberMatches(own, at, s.Lookup("q"), nil); err != nil {
				return err
			}
		}
	case "findAndModify", "findandmodify":
		return t.rememberMatches(own, at, cmd.body.Lookup("query"), nil)
	}
	return nil
}

// rememberMatches keeps the documents that match, or that there is none with the id sought.
func (t *transaction) rememberMatches(own *upstream, at namespace, filter any, sought *bson.RawValue) error {
	if v, raw := filter.(bson.RawValue); raw && v.IsZero() {
		filter = bson.D{}
	}
	docs, err := find(own, at, filter)
	if err != nil {
		return fmt.Errorf("read what was before: %w", err)
	}
	for _, doc := range docs {
		t.add(image{at, doc.Lookup("_id"), doc})
	}
	if len(docs) == 0 && sought != nil {
		t.add(image{at, *sought, nil})
	}
	return nil
}

// rememberUpserts keeps that what an update has inserted was not there.
func (t *transaction) rememberUpserts(at namespace, answer bson.Raw) {
	if array, ok := answer.Lookup("upserted").ArrayOK(); ok {
		values, _ := array.Values()
		for _, v := range values {
			if doc, ok := v.DocumentOK(); ok {
				t.add(image{at, doc.Lookup("_id"), nil})
			}
		}
	}
	if id, err := answer.LookupErr("lastErrorObject", "upserted"); err == nil {
		t.add(image{at, id, nil})
	}
}

// add keeps the first image of a document.
func (t *transaction) add(i image) {
	known := slices.ContainsFunc(t.before, func(o image) bool { return o.at == i.at && o.id.Equal(i.id) })
	if !known {
		t.before = append(t.before, i)
	}
}

func (i image) restore(own *upstream) error {
	id := bson.D{{Key: "_id", Value: i.id}}
	change := bson.D{
		{Key: "update", Value: i.at.collection},
		{Key: "updates", Value: bson.A{bson.D{{Key: "q", Value: id}, {Key: "u", Value: i.doc}, {Key: "upsert", Value: true}}}},
	}
	if i.doc == nil {
		change = bson.D{
			{Key: "delete", Value: i.at.collection},
			{Key: "deletes", Value: bson.A{bson.D{{Key: "q", Value: id}, {Key: "limit", Value: int32(1)}}}},
		}
	}
	_, err := own.must(append(change, bson.E{Key: "$db", Value: i.at.db}))
	return err
}

// find reads all documents that match.
func find(own *upstream, at namespace, filter any) (docs []bson.Raw, err error) {
	answer, err := own.must(bson.D{{Key: "find", Value: at.collection}, {Key: "filter", Value: filter}, {Key: "$db", Value: at.db}})
	for batch := "firstBatch"; err == nil; batch = "nextBatch" {
		array, ok := answer.Lookup("cursor", batch).ArrayOK()
		if !ok {
			return nil, fmt.Errorf("find without %s", batch)
		}
		values, err := array.Values()
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			docs = append(docs, slices.Clone(v.Document()))
		}
		cursor, _ := answer.Lookup("cursor", "id").AsInt64OK()
		if cursor == 0 {
			return docs, nil
		}
		if answer, err = own.must(bson.D{{Key: "getMore", Value: cursor}, {Key: "collection", Value: at.collection}, {Key: "$db", Value: at.db}}); err != nil {
			return nil, err
		}
	}
	return docs, err
}
