package txproxy

import (
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// remember keeps what a write is about to change, and holds it until the transaction ends. What
// a write looks for and does not find stays free, as with MongoDB.
func (p *Proxy) remember(t *transaction, cmd command) error {
	at := cmd.namespace()
	if cmd.name() == "insert" {
		_, ids, _ := cmd.targets()
		for _, id := range ids {
			docs, err := find(p.own, at, document(bson.D{{Key: "_id", Value: id}}))
			if err != nil {
				return err
			}
			p.hold(t, image{at, id, append(docs, nil)[0]})
		}
		return nil
	}
	if cmd.name() == "find" {
		return nil
	}
	filters, err := cmd.filters()
	if err != nil {
		return err
	}
	for _, f := range filters {
		docs, err := find(p.own, at, f)
		if err != nil {
			return err
		}
		for _, doc := range docs {
			p.hold(t, image{at, doc.Lookup("_id"), doc})
		}
	}
	return nil
}

// rememberUpserts keeps that what an update has inserted was not there.
func (p *Proxy) rememberUpserts(t *transaction, at namespace, answer bson.Raw) {
	if array, ok := answer.Lookup("upserted").ArrayOK(); ok {
		values, _ := array.Values()
		for _, v := range values {
			if doc, ok := v.DocumentOK(); ok {
				p.hold(t, image{at, doc.Lookup("_id"), nil})
			}
		}
	}
	if id, err := answer.LookupErr("lastErrorObject", "upserted"); err == nil {
		p.hold(t, image{at, id, nil})
	}
}

// hold keeps the first image of a document.
func (p *Proxy) hold(t *transaction, i image) {
	k := idOf(i.at, i.id)
	if p.isolation.held[k] != t {
		p.isolation.held[k] = t
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
func find(own *upstream, at namespace, filter bson.Raw) (docs []bson.Raw, err error) {
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
