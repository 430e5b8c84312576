package survey

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// limits reads ranges, lengths and patterns.
func (p *parser) limits(it *item, w wireItem) {
	it.min = p.bound(it, w, extMinValue, extMinQuantity)
	it.max = p.bound(it, w, extMaxValue, extMaxQuantity)
	if it.min != "" && it.max != "" && compareText(it.kind, it.min, it.max) > 0 {
		p.fail("item %q: minValue %s is above maxValue %s: swap them", w.LinkID, it.min, it.max)
	}
	it.maxLength = p.count(it, "maxLength", w.MaxLength.String())
	for _, c := range []struct {
		url, name string
		into      *int
	}{
		{extMinLength, "minLength", &it.minLength}, {extDecimals, "maxDecimalPlaces", &it.decimals},
		{extMinOccurs, "minOccurs", &it.least}, {extMaxOccurs, "maxOccurs", &it.most},
	} {
		if e := find(w.Extension, c.url); e != nil {
			*c.into = p.count(it, c.name, e.Integer.String())
		}
	}
	if e := find(w.Extension, extRegex); e != nil && (it.kind == typeString || it.kind == typeText) {
		re, err := regexp.Compile(`\A(?:` + e.String + `)\z`)
		if err != nil {
			p.fail("item %q: regex cannot be used here: %v: write it without look-around", w.LinkID, err)
			return
		}
		it.pattern = re
	}
}

func (p *parser) count(it *item, name, text string) int {
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1_000_000 {
		p.fail("item %q: %s is %q: use a whole number from 0", it.linkID, name, short(text))
		return 0
	}
	return n
}

func (p *parser) bound(it *item, w wireItem, urls ...string) string {
	for _, url := range urls {
		e := find(w.Extension, url)
		if e == nil {
			continue
		}
		name := url[strings.LastIndexByte(url, '/')+1:]
		text := ""
		switch it.kind {
		case typeDate:
			text = e.Date
		case typeTime:
			text = e.Time
		default:
			text = cmp.Or(e.Integer.String(), e.Decimal.String())
			if e.Quantity != nil {
				text = cmp.Or(text, e.Quantity.Value.String())
			}
		}
		if e.DateExt != nil {
			p.fail("item %q: %s is an expression, which is not evaluated: give a fixed value", w.LinkID, name)
			return ""
		}
		norm, ok := limit(it.kind, text)
		if !ok {
			p.fail("item %q: %s %q does not fit type %s", w.LinkID, name, short(text), it.kind)
		}
		return norm
	}
	return ""
}

// limit checks that a bound is a value of its type and returns it in the engine's spelling.
func limit(kind, text string) (string, bool) {
	switch kind {
	case typeDate:
		return text, validDate(text)
	case typeTime:
		return text, validTime(text)
	case typeInteger, typeDecimal, typeQuantity:
		return normalDecimal(text)
	}
	return "", false
}

// units fixes the one unit a number has.
func (p *parser) units(it *item, w wireItem) {
	if it.kind != typeInteger && it.kind != typeDecimal && it.kind != typeQuantity {
		return
	}
	var found []Coding
	for _, e := range w.Extension {
		if (e.URL == extUnit || e.URL == extUnitOption) && e.Coding != nil {
			c := Coding{Code: e.Coding.Code, System: e.Coding.System, Display: clean(e.Coding.Display)}
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
			found = []Coding{{Code: u.Code, System: u.System, Display: clean(u.Unit)}}
		}
	}
	switch {
	case len(found) > 1:
		p.fail("item %q: several units are offered: fix one with questionnaire-unit", w.LinkID)
	case len(found) == 1:
		it.unit = found[0]
		if it.unit.Display == "" {
			it.unit.Display = it.unit.Code
		}
	}
}
