package txproxy

import (
	"bytes"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// indexOptions are the options of an index that the server behind does not keep. The proxy
// keeps them, shows them again, and refuses a second declaration that differs, as MongoDB does.
// It does not act on them: nothing expires.
type indexOptions bson.Raw

// taken are the parts of a declaration the server behind gets to see.
var taken = []string{"key", "name", "unique"}

// Options that make two indexes different, besides the fields: apart lets them stand beside each
// other, under two names; compared is what a declaration of the same name must repeat.
var (
	apart    = []string{"unique", "sparse", "partialFilterExpression", "collation"}
	compared = append(apart[:4:4], "expireAfterSeconds", "hidden")
)

func (p *Proxy) createIndexes(server *upstream, cmd command) (bson.Raw, error) {
	at := cmd.namespace()
	wanted, err := cmd.documents("indexes")
	if err != nil {
		return refusal(2, "BadValue", err.Error()), nil
	}
	have, err := p.indexesOf(server, at)
	if err != nil {
		return nil, err
	}
	var plain bson.A
	for _, w := range wanted {
		for _, h := range have {
			if no := conflictOf(h, w); no != nil {
				return no, nil
			}
		}
		plain = append(plain, only(w, taken))
	}
	cmd.body = with(cmd.body, bson.D{{Key: "indexes", Value: plain}})
	cmd.lists = nil
	answer, err := server.ask(cmd)
	if err != nil || failed(answer) {
		return answer, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.indexes[at] == nil {
		p.indexes[at] = map[string]indexOptions{}
	}
	for _, w := range wanted {
		p.indexes[at][text(w, "name")] = indexOptions(without(w, append(taken[:2:2], "v")...))
	}
	return answer, nil
}

// conflictOf is how MongoDB refuses an index beside one that is there; nil: it does not.
// https://www.mongodb.com/docs/manual/reference/error-codes/
func conflictOf(have, want bson.Raw) bson.Raw {
	name := text(have, "name")
	sameName, sameKeys := name == text(want, "name"), sameKeys(have, want)
	sameOptions := bytes.Equal(only(have, compared), only(want, compared))
	switch {
	case sameName && !sameKeys:
		return refusal(86, "IndexKeySpecsConflict", "An existing index has the same name as the requested index: "+name)
	case sameName && !sameOptions:
		return refusal(85, "IndexOptionsConflict", "An equivalent index already exists with the same name but different options: "+name)
	case !sameName && sameKeys && bytes.Equal(only(have, apart), only(want, apart)):
		return refusal(85, "IndexOptionsConflict", "Index already exists with a different name: "+name)
	}
	return nil
}

func sameKeys(a, b bson.Raw) bool {
	x, _ := a.Lookup("key").Document().Elements()
	y, _ := b.Lookup("key").Document().Elements()
	return slices.EqualFunc(x, y, func(e, f bson.RawElement) bool {
		m, _ := e.Value().AsInt64OK()
		n, _ := f.Value().AsInt64OK()
		return e.Key() == f.Key() && m == n
	})
}

func text(doc bson.Raw, field string) string {
	s, _ := doc.Lookup(field).StringValueOK()
	return s
}

// only leaves the given fields, in their order.
func only(doc bson.Raw, fields []string) bson.Raw {
	kept := bson.D{}
	for _, f := range fields {
		if v, err := doc.LookupErr(f); err == nil && !(v.Type == bson.TypeBoolean && !v.Boolean()) {
			kept = append(kept, bson.E{Key: f, Value: v})
		}
	}
	return document(kept)
}

// indexesOf lists the indexes of a collection, options included; none if there is no collection.
func (p *Proxy) indexesOf(server *upstream, at namespace) (specs []bson.Raw, err error) {
	list := document(bson.D{{Key: "listIndexes", Value: at.collection}, {Key: "$db", Value: at.db}})
	answer, err := p.listIndexes(server, command{body: list})
	if err != nil || failed(answer) {
		return nil, err
	}
	values, err := answer.Lookup("cursor", "firstBatch").Array().Values()
	for _, v := range values {
		specs = append(specs, v.Document())
	}
	return specs, err
}

func (p *Proxy) listIndexes(server *upstream, cmd command) (bson.Raw, error) {
	answer, err := server.ask(cmd)
	if err != nil || failed(answer) {
		return answer, err
	}
	cursor, ok := answer.Lookup("cursor").DocumentOK()
	if !ok {
		return nil, fmt.Errorf("listIndexes without a cursor")
	}
	values, err := cursor.Lookup("firstBatch").Array().Values()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.indexes[cmd.namespace()]
	specs := bson.A{}
	for _, v := range values {
		spec := v.Document()
		options := bson.D{}
		elements, _ := bson.Raw(kept[text(spec, "name")]).Elements()
		for _, e := range elements {
			options = append(options, bson.E{Key: e.Key(), Value: e.Value()})
		}
		specs = append(specs, with(spec, options))
	}
	return with(answer, bson.D{{Key: "cursor", Value: with(cursor, bson.D{{Key: "firstBatch", Value: specs}})}}), nil
}

func (p *Proxy) dropIndexes(server *upstream, cmd command) (bson.Raw, error) {
	answer, err := server.ask(cmd)
	if err != nil || failed(answer) {
		return answer, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	at := cmd.namespace()
	if name := text(cmd.body, "index"); name == "*" {
		delete(p.indexes, at)
	} else {
		delete(p.indexes[at], name)
	}
	return answer, nil
}
