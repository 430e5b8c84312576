package survey

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// limits reads ranges, lengths and patterns.
func (p *parser) limits(it *item, w wireItem) {
	it.min, it.minUnit = p.bound(it, w, extMinValue, extMinQuantity)
	it.max, it.maxUnit = p.bound(it, w, extMaxValue, extMaxQuantity)
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

// bound reads a limit, with its unit where it has one.
func (p *parser) bound(it *item, w wireItem, urls ...string) (value, unit string) {
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
		case typeDateTime:
			text = e.DateTime
		default:
			text = cmp.Or(e.Integer.String(), e.Decimal.String())
			if e.Quantity != nil {
				text, unit = cmp.Or(text, e.Quantity.Value.String()), cmp.Or(e.Quantity.Code, clean(e.Quantity.Unit))
			}
		}
		if e.DateExt != nil || e.DateTimeExt != nil {
			p.fail("item %q: %s is an expression, which is not evaluated: give a fixed value", w.LinkID, name)
			return "", ""
		}
		norm, ok := limit(it.kind, text)
		if !ok {
			p.fail("item %q: %s %q does not fit type %s", w.LinkID, name, short(text), it.kind)
		}
		return norm, unit
	}
	return "", ""
}

// limit checks that a bound is a value of its type and returns it in the engine's spelling.
func limit(kind, text string) (string, bool) {
	switch kind {
	case typeDate:
		return text, validDate(text)
	case typeTime:
		return text, validTime(text)
	case typeDateTime:
		return text, validMoment(text)
	case typeInteger, typeDecimal, typeQuantity:
		return normalDecimal(text)
	}
	return "", false
}
