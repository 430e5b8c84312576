package docstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Type tags of keys, in MongoDB's comparison order: numbers of every width are one type.
const (
	tagNumber   = 0x10
	tagString   = 0x20
	tagBinary   = 0x40
	tagObjectID = 0x50
	tagBool     = 0x60
	tagDate     = 0x70
)

// ValueOf turns a query value into BSON. Nil, documents, arrays and whatever cannot be
// compared are refused: ErrQuery.
func ValueOf(v any) (bson.RawValue, error) {
	if rv, ok := v.(bson.RawValue); ok {
		_, err := AppendKey(nil, rv)
		return rv, err
	}
	t, data, err := bson.MarshalValue(v)
	if err != nil {
		return bson.RawValue{}, fmt.Errorf("%w: value of type %T: %w", ErrQuery, v, err)
	}
	rv := bson.RawValue{Type: t, Value: data}
	_, err = AppendKey(nil, rv)
	return rv, err
}

// AppendKey appends bytes that compare as MongoDB compares v: by type, then int32, int64 and
// double exactly as numbers, strings by their UTF-8 bytes, false before true, times by instant.
// A key is never the beginning of another, so keys may be joined. ErrQuery for nulls,
// documents, arrays and types Muster does not store.
func AppendKey(dst []byte, v bson.RawValue) ([]byte, error) {
	switch v.Type {
	case bson.TypeInt32:
		return appendInt(append(dst, tagNumber), int64(v.Int32())), nil
	case bson.TypeInt64:
		return appendInt(append(dst, tagNumber), v.Int64()), nil
	case bson.TypeDouble:
		f := v.Double()
		if math.IsNaN(f) {
			return nil, fmt.Errorf("%w: NaN has no order", ErrQuery)
		}
		return appendFloat(append(dst, tagNumber), f), nil
	case bson.TypeString:
		return append(appendEscaped(append(dst, tagString), v.StringValue()), 0, 0), nil
	case bson.TypeBinary:
		sub, data := v.Binary()
		dst = binary.BigEndian.AppendUint32(append(dst, tagBinary), uint32(len(data)))
		return append(append(dst, sub), data...), nil
	case bson.TypeObjectID:
		id := v.ObjectID()
		return append(append(dst, tagObjectID), id[:]...), nil
	case bson.TypeBoolean:
		if v.Boolean() {
			return append(dst, tagBool, 1), nil
		}
		return append(dst, tagBool, 0), nil
	case bson.TypeDateTime:
		return binary.BigEndian.AppendUint64(append(dst, tagDate), uint64(v.DateTime())^1<<63), nil
	default:
		return nil, fmt.Errorf("%w: %s cannot be compared", ErrQuery, v.Type)
	}
}

// A number is its sign, then its binary exponent, then 64 bits of mantissa with the leading
// one on top: enough for every int64 and every double, so 2^53+1 stays apart from 2^53.
// Negative numbers have the latter two inverted.
const (
	signNegative = 0
	signZero     = 1
	signPositive = 2

	exponentBias     = 2048
	exponentInfinite = math.MaxUint16
)

func appendInt(dst []byte, n int64) []byte {
	if n < 0 {
		return appendScaled(dst, true, uint64(-n), 0) // the least int64 negates to itself: 1<<63
	}
	return appendScaled(dst, false, uint64(n), 0)
}

func appendFloat(dst []byte, f float64) []byte {
	negative := math.Signbit(f)
	if math.IsInf(f, 0) {
		return appendNumber(dst, negative, exponentInfinite, math.MaxUint64)
	}
	b := math.Float64bits(f)
	mantissa, exponent := b&(1<<52-1), int(b>>52&0x7ff)
	if exponent == 0 {
		exponent = 1 // subnormal: no hidden bit
	} else {
		mantissa |= 1 << 52
	}
	return appendScaled(dst, negative, mantissa, exponent-1075)
}

// appendScaled encodes ±m·2^e.
func appendScaled(dst []byte, negative bool, m uint64, e int) []byte {
	if m == 0 {
		return append(dst, signZero)
	}
	shift := bits.LeadingZeros64(m)
	return appendNumber(dst, negative, uint16(e-shift+exponentBias), m<<shift)
}

func appendNumber(dst []byte, negative bool, exponent uint16, mantissa uint64) []byte {
	if negative {
		dst = append(dst, signNegative)
		exponent, mantissa = ^exponent, ^mantissa
	} else {
		dst = append(dst, signPositive)
	}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(dst, exponent), mantissa)
}

// appendEscaped writes s so that two zero bytes may end it.
func appendEscaped(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, s[i])
		if s[i] == 0 {
			dst = append(dst, 0xff)
		}
	}
	return dst
}

// Span is a half-open interval of keys: From <= key < To.
type Span struct{ From, To []byte }

// Holds reports whether key lies in the span.
func (s Span) Holds(key []byte) bool {
	return bytes.Compare(s.From, key) <= 0 && bytes.Compare(key, s.To) < 0
}

// Under returns the span with prefix before both ends.
func (s Span) Under(prefix []byte) Span {
	return Span{slices.Concat(prefix, s.From), slices.Concat(prefix, s.To)}
}

// AllUnder is the span of all keys that begin with prefix, which must not be empty.
func AllUnder(prefix []byte) Span { return Span{prefix, successor(prefix)} }

// successor is the least byte string above everything that begins with p. Keys begin with a
// type tag or an equality, so p has a byte below 0xff.
func successor(p []byte) []byte {
	out := bytes.Clone(p)
	for i := len(out) - 1; i >= 0; i-- {
		if out[i] < 0xff {
			out[i]++
			return out[:i+1]
		}
	}
	return append(out, 0xff, 0xff, 0xff, 0xff)
}

// Span returns the keys the range covers: those of the bounds' type.
func (r Range) Span() (Span, error) {
	var s Span
	for _, bound := range []struct {
		value any
		key   *[]byte
	}{{r.From, &s.From}, {r.To, &s.To}} {
		if bound.value == nil {
			continue
		}
		v, err := ValueOf(bound.value)
		if err != nil {
			return Span{}, err
		}
		if *bound.key, err = AppendKey(nil, v); err != nil {
			return Span{}, err
		}
	}
	switch {
	case s.From == nil && s.To == nil:
		return Span{}, fmt.Errorf("%w: range on %q has no bound", ErrQuery, r.Path)
	case s.From == nil:
		s.From = s.To[:1]
	case s.To == nil:
		s.To = []byte{s.From[0] + 1}
	case s.From[0] != s.To[0]:
		return Span{}, fmt.Errorf("%w: bounds of the range on %q differ in type", ErrQuery, r.Path)
	}
	return s, nil
}

// Span returns the keys of the strings that begin with the prefix.
func (p Prefix) Span() Span { return AllUnder(appendEscaped([]byte{tagString}, p.Value)) }

// Keys returns what the index holds for a document: nothing when a field is absent, one key
// for each distinct array element when a field goes through an array. ErrInvalid when a
// declared path meets something else than it says.
func (ix Index) Keys(body bson.Raw) ([][]byte, error) {
	keys := [][]byte{nil}
	for _, path := range ix.Fields {
		values, err := lookup(body, path, true)
		if err != nil {
			return nil, fmt.Errorf("index %s: %w", ix.Name, err)
		}
		next := make([][]byte, 0, len(keys)*len(values))
		for _, k := range keys {
			for _, v := range values {
				joined, err := AppendKey(slices.Clip(k), v)
				if err != nil {
					return nil, fmt.Errorf("%w: index %s: %s at %q", ErrInvalid, ix.Name, v.Type, path)
				}
				next = append(next, joined)
			}
		}
		if keys = next; len(keys) == 0 {
			return nil, nil
		}
	}
	slices.SortFunc(keys, bytes.Compare)
	return slices.CompactFunc(keys, bytes.Equal), nil
}

// Check refuses an index with more than one field through an array, or with no fields.
func (ix Index) Check() error {
	arrays := 0
	for _, f := range ix.Fields {
		arrays += strings.Count(f, "[]")
	}
	if ix.Name == "" || len(ix.Fields) == 0 || arrays > 1 {
		return fmt.Errorf("%w: index %q needs a name, fields, and at most one array", ErrQuery, ix.Name)
	}
	return nil
}
