package audit

import (
	"bytes"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// diff lists the fields that differ between two stored bodies, in the order of before, then what
// after adds. The revision and the time stamp are left out: every entry has its own.
func diff(before, after bson.Raw) []Change {
	var out []Change
	diffDocuments(&out, "", before, after)
	return out
}

func diffDocuments(out *[]Change, path string, before, after bson.Raw) {
	olds, _ := before.Elements() // bodies were checked when they were written
	news, _ := after.Elements()
	at := make(map[string]bson.RawValue, len(news))
	for _, e := range news {
		at[e.Key()] = e.Value()
	}
	known := make(map[string]bool, len(olds))
	for _, e := range olds {
		key := e.Key()
		known[key] = true
		if !bookkeeping(path, key) {
			diffValues(out, under(path, key), e.Value(), at[key])
		}
	}
	for _, e := range news {
		if key := e.Key(); !known[key] && !bookkeeping(path, key) {
			diffValues(out, under(path, key), bson.RawValue{}, e.Value())
		}
	}
}

func bookkeeping(path, key string) bool {
	return path == "" && (key == "_id" || key == "rev" || key == "changed")
}

func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func diffValues(out *[]Change, path string, before, after bson.RawValue) {
	switch {
	case before.Type == after.Type && bytes.Equal(before.Value, after.Value):
	case before.Type == bson.TypeEmbeddedDocument && after.Type == bson.TypeEmbeddedDocument:
		diffDocuments(out, path, before.Document(), after.Document())
	case before.Type == bson.TypeArray && after.Type == bson.TypeArray:
		olds, _ := before.Array().Values()
		news, _ := after.Array().Values()
		for i := range max(len(olds), len(news)) {
			var o, n bson.RawValue
			if i < len(olds) {
				o = olds[i]
			}
			if i < len(news) {
				n = news[i]
			}
			diffValues(out, path+"["+strconv.Itoa(i)+"]", o, n)
		}
	default:
		*out = append(*out, Change{Path: path, Old: before, New: after})
	}
}
