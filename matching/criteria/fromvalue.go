package criteria

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-health/muster/matching/eval"
)

// value reads value[x].
func (r *groupReader) value(it *item, ch *characteristic, k eval.Kind, path string) {
	allowed, found := valuesOf(k), ""
	for _, v := range []struct {
		name  string
		there bool
		read  func(*item, *characteristic, eval.Kind, string)
	}{
		{"valueCodeableConcept", ch.Concept != nil, r.concept}, {"valueBoolean", ch.Boolean != nil, r.boolean},
		{"valueQuantity", ch.Quantity != nil, r.quantity}, {"valueRange", ch.Range != nil, r.span}, {"valueReference", ch.Reference != nil, r.group},
	} {
		at := path + "." + v.name
		switch {
		case !v.there:
		case found != "":
			r.wrong(at, "is a second value; only one may be there")
		case !slices.Contains(allowed, v.name):
			r.wrong(at, "does not go with %s; write %s", kindName(k), strings.Join(allowed, " or "))
			found = v.name
		default:
			found = v.name
			v.read(it, ch, k, at)
		}
	}
	if found == "" && !it.broken {
		r.wrong(path, "has no value; write %s", strings.Join(allowed, " or "))
	}
}

func kindName(k eval.Kind) string {
	if k.Group() {
		return groupKind
	}
	return string(k)
}

func (r *groupReader) concept(it *item, ch *characteristic, k eval.Kind, path string) {
	if len(ch.Concept.Coding) == 0 && !it.broken {
		r.wrong(path+".coding", "missing")
	}
	if k.Coded() {
		it.fields = append(it.fields, r.codes(ch.Concept, path))
		return
	}
	f := r.field("in", path)
	for i, x := range ch.Concept.Coding {
		at := fmt.Sprintf("%s.coding[%d]", path, i)
		switch {
		case x.System != wordSystem(k):
			r.wrong(at+".system", "%s is not %s", shown(x.System), wordSystem(k))
		case (x.Code == "") == (x.Display == ""):
			r.wrong(at, "needs either a code or, for words that cannot be one, a display")
		default:
			f.values = append(f.values, x.Code+x.Display)
		}
	}
	f.broken = len(f.values) < max(1, len(ch.Concept.Coding))
	it.fields = append(it.fields, f)
}

func (r *groupReader) boolean(_ *item, ch *characteristic, _ eval.Kind, path string) {
	if !*ch.Boolean {
		r.wrong(path, "must be true; for the opposite turn exclude round")
	}
}

// quantity reads one bound.
func (r *groupReader) quantity(it *item, ch *characteristic, _ eval.Kind, path string) {
	q := ch.Quantity
	bound := "max"
	switch q.Comparator {
	case ">", ">=":
		bound = "min"
	case "<", "<=":
	default:
		r.wrong(path+".comparator", "%s is none of <, <=, >=, >; for one exact value write a valueRange with low and high the same", shown(q.Comparator))
	}
	it.fields = append(it.fields, r.bound(q, bound, path))
	if f := it.field("exclusive"); f != nil {
		r.b.at(f, "goes with valueRange; the comparator of a valueQuantity says it already")
	} else if len(q.Comparator) == 1 {
		it.fields = append(it.fields, r.field("exclusive", path+".comparator", bound))
	}
	r.unit(it, q, path)
}

func (r *groupReader) span(it *item, ch *characteristic, _ eval.Kind, path string) {
	low, high := ch.Range.Low, ch.Range.High
	for _, bound := range []struct {
		name string
		q    *quantity
	}{{".low", low}, {".high", high}} {
		switch {
		case bound.q == nil:
			r.wrong(path+bound.name, "missing; write one bound as a valueQuantity with a comparator")
			return
		case bound.q.Comparator != "":
			r.wrong(path+bound.name+".comparator", "not known here")
		}
	}
	if low.Unit != high.Unit || low.System != high.System || low.Code != high.Code {
		r.wrong(path+".high", "is in another unit than low")
	}
	it.fields = append(it.fields, r.bound(low, "min", path+".low"), r.bound(high, "max", path+".high"))
	r.unit(it, low, path+".low")
}

func (r *groupReader) bound(q *quantity, key, path string) field {
	if q.Value == nil {
		r.wrong(path+".value", "missing")
		f := r.field(key, path)
		f.broken = true
		return f
	}
	f := r.field(key, path+".value", q.Value.String())
	if v, err := strconv.ParseFloat(f.values[0], 64); err == nil && numberForm.MatchString(f.values[0]) && !exactly(v, f.values[0]) {
		r.b.at(&f, "%s has more digits than are kept", f.values[0])
	}
	return f
}

func (r *groupReader) unit(it *item, q *quantity, path string) {
	switch {
	case (q.System != "" || q.Code != "") && q.System != unitSystem:
		r.wrong(path+".system", "%s is not %s", shown(q.System), unitSystem)
	case q.Code == "" && q.System != "":
		r.wrong(path+".code", "missing")
	case q.Code != "" && q.Unit != "" && q.Unit != q.Code:
		r.wrong(path+".unit", "%s says something else than the code %s; leave it out", q.Unit, q.Code)
	case q.Code != "":
		it.fields = append(it.fields, r.field("unit", path+".code", q.Code))
	case q.Unit != "":
		it.fields = append(it.fields, r.field("unit", path+".unit", q.Unit))
	}
}

// exactly reports whether v, printed, is the decimal s.
func exactly(v float64, s string) bool {
	a, okA := new(big.Rat).SetString(number(&v))
	b, okB := new(big.Rat).SetString(s)
	return okA && okB && a.Cmp(b) == 0
}
