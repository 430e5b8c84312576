package docstore_test

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/docstore"
)

// scalar draws a value of one of the kinds that may be compared, edges included.
func scalar() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.Int32(), func(n int32) any { return n }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }),
		// Doubles beside integers that a double cannot hold.
		rapid.Map(rapid.Int64(), func(n int64) any { return float64(n) }),
		rapid.Custom(func(t *rapid.T) any {
			return int64(1)<<rapid.IntRange(50, 62).Draw(t, "bit") + int64(rapid.IntRange(-2, 2).Draw(t, "off"))
		}),
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"\x00", "\x01", "a", "é", "𝄞"}), 0, 4), func(s []string) any { return strings.Join(s, "") }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64Range(-1e14, 1e14), func(ms int64) any { return time.UnixMilli(ms).UTC() }),
	)
}

func TestKeysCompareAsValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := scalar().Draw(t, "a"), scalar().Draw(t, "b")
		ka, kb := key(t, a), key(t, b)
		if got, want := bytes.Compare(ka, kb), order(a, b); got != want {
			t.Fatalf("%v (%T) against %v (%T): keys say %d, values %d", a, a, b, b, got, want)
		}
		if !bytes.Equal(ka, kb) && (bytes.HasPrefix(ka, kb) || bytes.HasPrefix(kb, ka)) {
			t.Fatalf("one key begins with the other: %x, %x", ka, kb)
		}
	})
}

func TestKeysOfPairsCompareInTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pair := func(name string) (any, any) {
			return scalar().Draw(t, name), scalar().Draw(t, name+" second")
		}
		a1, a2 := pair("a")
		b1, b2 := pair("b")
		got := bytes.Compare(append(key(t, a1), key(t, a2)...), append(key(t, b1), key(t, b2)...))
		if want := cmp.Or(order(a1, b1), order(a2, b2)); got != want {
			t.Fatalf("(%v, %v) against (%v, %v): keys say %d, values %d", a1, a2, b1, b2, got, want)
		}
	})
}

func TestPrefixSpanHoldsWhatBeginsWithIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"\x00", "\x01", "a", "\u007f", "é", "\U0010ffff"}), 0, 4),
			func(s []string) string { return strings.Join(s, "") })
		p, s := part.Draw(t, "prefix"), part.Draw(t, "text")
		if got, want := (docstore.Prefix{Value: p}).Span().Holds(key(t, s)), strings.HasPrefix(s, p); got != want {
			t.Fatalf("prefix %q holds %q: %t, want %t", p, s, got, want)
		}
	})
}

func TestNoKeyForWhatHasNoOrder(t *testing.T) {
	for name, v := range map[string]any{
		"nil": nil, "NaN": math.NaN(), "document": bson.D{}, "array": bson.A{1}, "null": bson.Null{},
		"unsigned beyond int64": uint64(1 << 63), "function": func() {}, "regular expression": bson.Regex{Pattern: "a"},
	} {
		if _, err := docstore.ValueOf(v); !errors.Is(err, docstore.ErrQuery) {
			t.Errorf("%s: error %v, want ErrQuery", name, err)
		}
	}
}

func key(t *rapid.T, v any) []byte {
	rv, err := docstore.ValueOf(v)
	if err != nil {
		t.Fatal(err)
	}
	k, err := docstore.AppendKey(nil, rv)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// order compares by arithmetic of any precision.
func order(a, b any) int {
	rank := func(v any) int {
		switch v.(type) {
		case string:
			return 1
		case bool:
			return 2
		case time.Time:
			return 3
		default:
			return 0
		}
	}
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case bool:
		switch {
		case a == b.(bool):
			return 0
		case a:
			return 1
		default:
			return -1
		}
	case time.Time:
		return a.Compare(b.(time.Time))
	default:
		return exact(a).Cmp(exact(b))
	}
}

func exact(v any) *big.Float {
	f := new(big.Float).SetPrec(200)
	switch v := v.(type) {
	case int32:
		return f.SetInt64(int64(v))
	case int64:
		return f.SetInt64(v)
	default:
		return f.SetFloat64(v.(float64))
	}
}
