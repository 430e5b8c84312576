package survey

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-health/muster/internal/ucum"
)

// A number's unit is fixed by the file, or one of several that the person names: the answer keeps
// the unit it was given in. Whatever numbers are held against — limits, conditions, red flags —
// both are reckoned in one unit by the table of internal/ucum; what cannot be is refused.

// units fixes the unit a number has, or reads those that may be chosen from.
func (p *parser) units(it *item, w wireItem) {
	if it.kind != typeInteger && it.kind != typeDecimal && it.kind != typeQuantity {
		return
	}
	var found []Coding
	for _, e := range w.Extension {
		if (e.URL == extUnit || e.URL == extUnitOption) && e.Coding != nil {
			c := Coding{Code: e.Coding.Code, System: e.Coding.System, Display: cmp.Or(clean(e.Coding.Display), e.Coding.Code)}
			if e.URL == extUnit {
				found = []Coding{c}
				break
			}
			found = append(found, c)
		}
	}
	if len(found) == 0 && len(w.Initial) > 0 && w.Initial[0].Quantity != nil {
		u := w.Initial[0].Quantity
		if u.Unit != "" || u.Code != "" {
			found = []Coding{{Code: u.Code, System: u.System, Display: cmp.Or(clean(u.Unit), u.Code)}}
		}
	}
	if len(found) < 2 {
		if len(found) == 1 {
			it.unit = found[0]
		}
		return
	}
	switch {
	case it.kind != typeQuantity:
		p.fail("item %q: several units are offered and type %s keeps none: use quantity, or fix one with questionnaire-unit", w.LinkID, it.kind)
		return
	case it.repeats:
		p.fail("item %q: several units are offered and it repeats: fix one unit with questionnaire-unit", w.LinkID)
		return
	case len(found) > oneKey:
		p.fail("item %q: %d units are offered: %d at most", w.LinkID, len(found), oneKey)
		return
	}
	for i, u := range found {
		if u.Code == "" {
			p.fail("item %q: unit option %d has no code: give it one, such as kg", w.LinkID, i+1)
		} else if slices.ContainsFunc(found[:i], func(other Coding) bool { return other.Code == u.Code }) {
			p.fail("item %q: unit %s is offered twice: remove one", w.LinkID, u.Code)
		}
	}
	it.units = found
}

// boundUnits brings the limits into the unit of the item, or sees that they can be held against each
// of its units.
func (p *parser) boundUnits(it *item) {
	for _, b := range []struct {
		name  string
		value *string
		unit  *string
	}{{"min", &it.min, &it.minUnit}, {"max", &it.max, &it.maxUnit}} {
		switch {
		case *b.value == "" || !it.numeric():
		case len(it.units) > 0 && *b.unit == "":
			p.fail("item %q: its %s %s has no unit and several are offered: use %sQuantity with a unit", it.linkID, b.name, *b.value, b.name)
		case *b.unit == "":
		default:
			*b.unit = it.unitCode(*b.unit)
			if err := it.against(*b.unit); err != nil {
				p.fail("item %q: its %s %s %s: %w", it.linkID, b.name, *b.value, *b.unit, err)
			} else if len(it.units) == 0 {
				*b.value, *b.unit = it.boundIn(*b.value, *b.unit, it.unit.Code), ""
			}
		}
	}
	if it.min != "" && it.max != "" && it.minUnit == it.maxUnit && compareText(it.kind, it.min, it.max) > 0 {
		p.fail("item %q: minValue %s is above maxValue %s: swap them", it.linkID, it.min, it.max)
	}
}

// given are the units an answer may have.
func (it *item) given() []Coding {
	if len(it.units) > 0 {
		return it.units
	}
	return []Coding{it.unit}
}

// against says why answers to the item cannot be held against a number in unit, with the mend.
func (it *item) against(unit string) error {
	for _, u := range it.given() {
		switch {
		case u.Code == unit || u.Code == "" && u.Display == unit:
		case u.Code == "" && u.Display == "":
			return fmt.Errorf("item %q has no unit: leave out %s, or give it questionnaire-unit", it.linkID, unit)
		case !comparableUnits(it.measures, cmp.Or(u.Code, u.Display), unit):
			return fmt.Errorf("item %q is answered in %s, which cannot be compared with %s: write it in %s", it.linkID, cmp.Or(u.Code, u.Display), unit, cmp.Or(u.Code, u.Display))
		}
	}
	return nil
}

// unitCode is the code of a unit that is written by its name.
func (it *item) unitCode(unit string) string {
	for _, u := range it.given() {
		if u.Display == unit && u.Code != "" {
			return u.Code
		}
	}
	return unit
}

func comparableUnits(measures []string, from, to string) bool {
	return slices.ContainsFunc(append(slices.Clone(measures), ""), func(code string) bool { return ucum.Comparable(code, from, to) })
}

// inUnit gives a number of what measures are the codes of in another unit. One without a unit is
// in the unit it is held against.
func inUnit(measures []string, n *big.Rat, from, to string) (*big.Rat, bool) {
	if from == "" || to == "" || from == to {
		return n, true
	}
	for _, code := range append(slices.Clone(measures), "") {
		if v, ok := ucum.ConvertExact(code, n, from, to); ok {
			return v, true
		}
	}
	return nil, false
}

// boundIn is a limit in another unit, as text.
func (it *item) boundIn(limit, from, to string) string {
	n, ok := new(big.Rat).SetString(limit)
	if !ok || from == to || from == "" {
		return limit
	}
	if n, ok = inUnit(it.measures, n, from, to); !ok {
		return limit
	}
	return decimalText(n)
}

// measured reads a number with one of several units; half is the number where none was named.
func (it *item) measured(in Input, lang string) (values []Value, half string, problem *Problem) {
	if in.Channel == Voice {
		in.Raw = strings.TrimSuffix(strings.TrimSpace(in.Raw), "#")
	}
	raw := plain(in.Raw)
	if in.Channel != Voice {
		for _, u := range it.units { // the code as it is, such as 10*9/L, which is no word
			if n, ok := strings.CutSuffix(raw, " "+u.Code); ok {
				in.Raw = n
				v, problem := readNumber(it, in, lang, u)
				return v, "", problem
			}
		}
		if m := numberPattern.FindStringSubmatch(raw); m != nil && m[5] != "" {
			fits := it.unitsNamed(m[5])
			switch {
			case len(fits) == 1:
				v, problem := readNumber(it, in, lang, fits[0])
				return v, "", problem
			case len(fits) == 0 && unitLike(m[5]):
				return nil, "", &Problem{Code: ProblemUnit, Unit: it.unitNames()}
			case len(fits) > 1: // "38 degrees" where there are two kinds
				in.Raw = strings.TrimSuffix(raw, m[5])
			}
		}
	}
	bare := *it // without limits, which are looked at with the unit
	bare.min, bare.max = "", ""
	v, problem := readNumber(&bare, in, lang, Coding{})
	if problem != nil {
		return nil, "", problem
	}
	return nil, numberText(v[0]), nil
}

// withUnit is a number whose unit was asked after it: by its key, its name, or both again.
func (it *item) withUnit(number string, in Input, lang string) ([]Value, *Problem) {
	in.Raw = strings.TrimSuffix(strings.TrimSpace(in.Raw), "#")
	var fits []Coding
	if n, err := strconv.Atoi(bare(in.Raw)); err == nil && n >= 1 && n <= len(it.units) {
		fits = it.units[n-1 : n]
	} else if in.Channel != Voice {
		if fits = it.unitsNamed(in.Raw); len(fits) != 1 {
			if v, half, problem := it.measured(in, lang); half == "" && problem == nil {
				return v, nil
			}
		}
	}
	if len(fits) != 1 {
		return nil, &Problem{Code: ProblemOption}
	}
	return readNumber(it, Input{Channel: Web, Raw: number}, "en", fits[0])
}

// unitsNamed are the units a word may mean.
func (it *item) unitsNamed(word string) []Coding {
	if unitKey(word) == "" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(it.units), func(u Coding) bool { return !sameUnit(u, word) })
}

// unitOptions are the units as choices; in is the unit of the stored answer.
func (it *item) unitOptions(stored []Value) []Option {
	all := make([]Option, len(it.units))
	for i, u := range it.units {
		all[i] = Option{Key: strconv.Itoa(i + 1), Text: u.Display, Code: u.Code, System: u.System, Selected: len(stored) == 1 && stored[0].Unit == u.Code}
	}
	return all
}

// unitNames are the units as they are printed: "kg, lb".
func (it *item) unitNames() string {
	names := make([]string, len(it.units))
	for i, u := range it.units {
		names[i] = u.Display
	}
	return strings.Join(names, ", ")
}

// unitOf is the unit an answer was given in.
func (it *item) unitOf(v Value) Coding {
	if i := slices.IndexFunc(it.units, func(u Coding) bool { return u.Code == v.Unit }); i >= 0 {
		return it.units[i]
	}
	return it.unit
}

// quantityOf takes "100 kg" of a rule apart; number is "" where it is none.
func quantityOf(s string) (number, unit string) {
	number, unit, _ = strings.Cut(strings.TrimSpace(s), " ")
	return decimalOr(number), strings.TrimSpace(unit)
}
