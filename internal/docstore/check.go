package docstore

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// maxID is the longest id either driver accepts, in bytes.
const maxID = 512

// CheckOps refuses what one of the two databases could not keep or would keep differently:
// ErrInvalid. Drivers call it first in Write.
func CheckOps(ops []Op) error {
	for _, op := range ops {
		if err := checkOp(op); err != nil {
			return fmt.Errorf("%w: %s %s: %w", ErrInvalid, op.Collection, op.ID, err)
		}
	}
	return nil
}

func checkOp(op Op) error {
	switch {
	case op.Collection == "" || strings.ContainsAny(op.Collection, "$.\x00") || strings.HasPrefix(op.Collection, "_"):
		return fmt.Errorf("collection name %q", op.Collection)
	case op.ID == "" || len(op.ID) > maxID || !utf8.ValidString(op.ID) || strings.ContainsRune(op.ID, 0):
		return fmt.Errorf("id of %d bytes; it must be 1 to %d bytes of text", len(op.ID), maxID)
	case op.Rev < 0:
		return fmt.Errorf("revision %d", op.Rev)
	}
	switch op.Kind {
	case Check, Delete:
		return nil
	case Insert, Ensure, Replace:
	default:
		return fmt.Errorf("%s", op.Kind)
	}
	if len(op.Body) > MaxBody {
		return fmt.Errorf("%d bytes, the limit is %d", len(op.Body), MaxBody)
	}
	if err := op.Body.Validate(); err != nil {
		return fmt.Errorf("not BSON: %w", err)
	}
	if id, ok := op.Body.Lookup("_id").StringValueOK(); !ok || id != op.ID {
		return fmt.Errorf("_id in the body differs")
	}
	want := op.Rev + 1
	if op.Kind != Replace {
		want = 1
	}
	if rev, ok := op.Body.Lookup("rev").Int64OK(); !ok || rev != want {
		return fmt.Errorf("rev in the body is not %d", want)
	}
	return checkDocument(op.Body, "", false)
}

// checkDocument walks one level; path is for the error.
func checkDocument(doc bson.Raw, path string, array bool) error {
	elements, err := doc.Elements()
	if err != nil {
		return fmt.Errorf("not BSON: %w", err)
	}
	for _, e := range elements {
		key := e.Key()
		if key == "" || strings.ContainsAny(key, ".$") || !utf8.ValidString(key) {
			return fmt.Errorf("key %q in %q: keys are text without '.' and '$'", key, path)
		}
		if err := checkValue(e.Value(), path+"/"+key, array); err != nil {
			return err
		}
	}
	return nil
}

func checkValue(v bson.RawValue, path string, inArray bool) error {
	switch v.Type {
	case bson.TypeString:
		if !utf8.ValidString(v.StringValue()) {
			return fmt.Errorf("%s is not UTF-8", path)
		}
	case bson.TypeDouble:
		if f := v.Double(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%s is not a finite number", path)
		}
	case bson.TypeEmbeddedDocument:
		return checkDocument(v.Document(), path, false)
	case bson.TypeArray:
		if inArray {
			return fmt.Errorf("%s is an array in an array", path)
		}
		return checkDocument(bson.Raw(v.Array()), path, true)
	case bson.TypeBoolean, bson.TypeInt32, bson.TypeInt64, bson.TypeDateTime, bson.TypeBinary, bson.TypeObjectID:
	default:
		// Null above all: absent is said by leaving the field out ("omitempty").
		return fmt.Errorf("%s is %s; leave an empty field out", path, v.Type)
	}
	return nil
}
