package contacts

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
)

// opener reads stored people and charts for matching: in one go from what is stored, opening what is
// sealed on the way, for somebody is read in microseconds or a large registry takes minutes. It knows
// the fields of Charted and skips the others.
type opener struct {
	ctx   context.Context
	d     *Directory
	words map[string]string // of facts, which say the same of many people
}

// mostWords bounds the words an opener keeps.
const mostWords = 1 << 14

// person reads what matching reads of a person.
func (o *opener) person(stored bson.Raw) (p Person, err error) {
	s := sealedIn{o, "people", ownerOf(stored)}
	err = eachField(stored, func(key []byte, v bsoncore.Value) (err error) {
		switch string(key) {
		case "birthDate":
			p.BirthDate, err = s.text("birthDate", v)
		case "birthYear":
			var n int64
			n, err = integer(v)
			p.BirthYear = int(n)
		case "sex":
			p.Sex, err = s.text("sex", v)
		case "gender":
			p.Gender, err = s.text("gender", v)
		case "area":
			p.Area, err = s.text("area", v)
		case "deceased":
			p.Deceased, err = s.text("deceased", v)
		case "language":
			var lang string
			lang, err = s.text("language", v)
			p.Language = i18n.Lang(lang)
		case "reachMe":
			err = within(v, &p.ReachMe)
		case "basis":
			err = within(v, &p.Basis)
		case "source":
			p.Source, err = s.text("source", v)
		case "test":
			p.Test, err = truth(v)
		case "erased":
			p.Erased, err = moment(v)
		case "address":
			err = eachIn(v, func(key []byte, v bsoncore.Value) (err error) {
				if string(key) == "zip" {
					p.Address.ZIP, err = s.text("address.zip", v)
				}
				return err
			})
		case "points":
			err = eachIn(v, func(_ []byte, v bsoncore.Value) error {
				pt, err := s.point(v)
				p.Points = append(p.Points, pt)
				return err
			})
		default:
			err = s.meta(&p.Meta, key, v)
		}
		return inField(key, err)
	})
	if err != nil {
		return p, fmt.Errorf("read person %s: %w", s.owner, err)
	}
	return p, nil
}

func (s *sealedIn) point(v bsoncore.Value) (pt Point, err error) {
	err = eachIn(v, func(key []byte, v bsoncore.Value) (err error) {
		switch string(key) {
		case "kind":
			var kind string
			kind, err = s.text("points[].kind", v)
			pt.Kind = PointKind(kind)
		case "status":
			pt.Status, err = s.text("points[].status", v)
		case "shared":
			pt.Shared, err = truth(v)
		}
		return inField(key, err)
	})
	return pt, err
}

// chart reads a chart.
func (o *opener) chart(stored bson.Raw) (c Chart, err error) {
	s := sealedIn{o, "charts", ownerOf(stored)}
	err = eachField(stored, func(key []byte, v bsoncore.Value) (err error) {
		switch string(key) {
		case "facts":
			c.Facts, err = s.facts(v)
		case "complete":
			c.Complete = map[string]string{}
			err = eachIn(v, func(list []byte, v bsoncore.Value) error {
				day, err := s.text("complete", v)
				c.Complete[o.word(list)] = day
				return err
			})
		default:
			err = s.meta(&c.Meta, key, v)
		}
		return inField(key, err)
	})
	if err != nil {
		return c, fmt.Errorf("read chart %s: %w", s.owner, err)
	}
	return c, nil
}

func (s *sealedIn) facts(v bsoncore.Value) ([]Fact, error) {
	n := 0
	if err := eachIn(v, func([]byte, bsoncore.Value) error { n++; return nil }); err != nil {
		return nil, err
	}
	all := make([]Fact, 0, n)
	err := eachIn(v, func(_ []byte, v bsoncore.Value) error {
		v, err := s.open("facts[]", v)
		if err != nil || v.Type == 0 { // of one study, whose key was destroyed
			return err
		}
		all = append(all, Fact{})
		f := &all[len(all)-1]
		return eachIn(v, func(key []byte, v bsoncore.Value) error { return inField(key, s.fact(f, key, v)) })
	})
	return all, err
}

func (s *sealedIn) fact(f *Fact, key []byte, v bsoncore.Value) (err error) {
	switch string(key) {
	case "id":
		id, err := s.open("facts[].id", v)
		f.ID = string(textOf(id))
		return err
	case "kind":
		var kind string
		kind, err = s.text("facts[].kind", v)
		f.Kind = FactKind(kind)
	case "code":
		f.Code, err = s.text("facts[].code", v)
	case "display":
		f.Display, err = s.text("facts[].display", v)
	case "number":
		var n float64
		n, err = number(v)
		f.Number = &n
	case "comparator":
		f.Comparator, err = s.text("facts[].comparator", v)
	case "unit":
		f.Unit, err = s.text("facts[].unit", v)
	case "bool":
		var b bool
		b, err = truth(v)
		f.Bool = &b
	case "text":
		f.Text, err = s.text("facts[].text", v)
	case "valueCode":
		f.ValueCode, err = s.text("facts[].valueCode", v)
	case "valueText":
		f.ValueText, err = s.text("facts[].valueText", v)
	case "date":
		f.Date, err = s.text("facts[].date", v)
	case "noted":
		f.Noted, err = s.text("facts[].noted", v)
	case "back":
		f.Back, err = s.text("facts[].back", v)
	case "end":
		f.End, err = s.text("facts[].end", v)
	case "status":
		f.Status, err = s.text("facts[].status", v)
	case "source":
		f.Source, err = s.text("facts[].source", v)
	case "scope":
		f.Scope, err = s.text("facts[].scope", v)
	case "recorded":
		f.Recorded, err = moment(v)
	case "sensitive":
		f.Sensitive, err = s.text("facts[].sensitive", v)
	}
	return err
}

// sealedIn is a document whose values may be sealed.
type sealedIn struct {
	*opener
	collection string
	owner      string // and the document's id
}

func ownerOf(stored bson.Raw) string {
	id, _ := stored.Lookup("_id").StringValueOK()
	return id
}

func (s *sealedIn) meta(m *docstore.Meta, key []byte, v bsoncore.Value) (err error) {
	switch string(key) {
	case "_id":
		m.ID = s.owner
	case "rev":
		m.Rev, err = integer(v)
	case "changed":
		m.Changed, err = moment(v)
	}
	return err
}

// open opens a value that is sealed, and gives any other back. No type: what sealed it is gone.
func (s *sealedIn) open(path string, v bsoncore.Value) (bsoncore.Value, error) {
	if v.Type != bsoncore.TypeBinary {
		return v, nil
	}
	plain, err := s.d.keys.Reveal(s.ctx, s.owner, s.collection, s.owner, path, bson.RawValue{Type: bson.TypeBinary, Value: v.Data})
	return bsoncore.Value{Type: bsoncore.Type(plain.Type), Data: plain.Value}, err
}

// text reads a string, sealed or not.
func (s *sealedIn) text(path string, v bsoncore.Value) (string, error) {
	v, err := s.open(path, v)
	if err != nil || v.Type == 0 || v.Type == bsoncore.TypeNull {
		return "", err
	}
	if v.Type != bsoncore.TypeString {
		return "", unexpected(v)
	}
	return s.word(textOf(v)), nil
}

func (o *opener) word(b []byte) string {
	if w, known := o.words[string(b)]; known {
		return w
	}
	w := string(b)
	if len(o.words) < mostWords {
		o.words[w] = w
	}
	return w
}

// textOf is what stands in a string, nothing if v is none.
func textOf(v bsoncore.Value) []byte {
	if v.Type != bsoncore.TypeString || len(v.Data) < 5 {
		return nil
	}
	return v.Data[4 : len(v.Data)-1]
}

func integer(v bsoncore.Value) (int64, error) {
	switch v.Type {
	case bsoncore.TypeInt32:
		return int64(int32(binary.LittleEndian.Uint32(v.Data))), nil
	case bsoncore.TypeInt64:
		return int64(binary.LittleEndian.Uint64(v.Data)), nil
	}
	return 0, unexpected(v)
}

func number(v bsoncore.Value) (float64, error) {
	if v.Type == bsoncore.TypeDouble {
		return math.Float64frombits(binary.LittleEndian.Uint64(v.Data)), nil
	}
	n, err := integer(v)
	return float64(n), err
}

func truth(v bsoncore.Value) (bool, error) {
	if v.Type != bsoncore.TypeBoolean {
		return false, unexpected(v)
	}
	return v.Data[0] != 0, nil
}

func moment(v bsoncore.Value) (time.Time, error) {
	if v.Type != bsoncore.TypeDateTime {
		return time.Time{}, unexpected(v)
	}
	return time.UnixMilli(int64(binary.LittleEndian.Uint64(v.Data))).UTC(), nil
}

// within reads a document inside, which few people have much in.
func within(v bsoncore.Value, into any) error {
	if v.Type != bsoncore.TypeEmbeddedDocument {
		return unexpected(v)
	}
	return bson.Unmarshal(v.Data, into)
}

// eachIn calls f with what stands in a document or array inside another.
func eachIn(v bsoncore.Value, f func(key []byte, v bsoncore.Value) error) error {
	if v.Type != bsoncore.TypeEmbeddedDocument && v.Type != bsoncore.TypeArray {
		return unexpected(v)
	}
	return eachField(v.Data, f)
}

// eachField calls f with the fields of a document in their order.
func eachField(doc []byte, f func(key []byte, v bsoncore.Value) error) error {
	if len(doc) < 5 {
		return docstore.ErrInvalid
	}
	for rest := doc[4:]; rest[0] != 0; {
		end := bytes.IndexByte(rest[1:], 0)
		if end < 0 {
			return docstore.ErrInvalid
		}
		key := rest[1 : 1+end]
		v, after, ok := bsoncore.ReadValue(rest[end+2:], bsoncore.Type(rest[0]))
		if !ok || len(after) == 0 {
			return docstore.ErrInvalid
		}
		if err := f(key, v); err != nil {
			return err
		}
		rest = after
	}
	return nil
}

func unexpected(v bsoncore.Value) error {
	return fmt.Errorf("%w: a %s stands there", docstore.ErrInvalid, v.Type)
}

// inField says in which field something went wrong.
func inField(key []byte, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}
