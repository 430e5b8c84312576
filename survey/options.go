package survey

import (
	"cmp"
	"slices"
	"strings"
)

const maxOptions = 500

// options compiles the choices of an item, from answerOption or a contained value set.
func (p *parser) options(it *item, w wireItem) {
	if it.kind == typeBoolean || it.kind == typeDecimal || it.kind == typeQuantity || it.kind == typeText || it.kind == typeDateTime {
		return
	}
	var all []option
	switch {
	case len(w.AnswerOption) > 0:
		for _, o := range w.AnswerOption {
			all = append(all, p.answerOption(it, o))
		}
	case w.AnswerValueSet != "":
		id, contained := strings.CutPrefix(w.AnswerValueSet, "#")
		if !contained {
			p.fail("item %q: value set %s is outside the file: add it as contained and refer to it by #id", w.LinkID, short(w.AnswerValueSet))
			return
		}
		set, ok := p.sets[id]
		if !ok {
			p.fail("item %q: there is no contained ValueSet %q: add it", w.LinkID, id)
			return
		}
		all = p.valueSet(it, set)
	}
	if len(all) > maxOptions {
		p.fail("item %q: %d options are too many: %d at most", w.LinkID, len(all), maxOptions)
		return
	}
	if len(all) == 0 && (it.kind == typeChoice || it.kind == typeOpenChoice) {
		p.fail("item %q: it has no options: add answerOption or a contained answerValueSet", w.LinkID)
		return
	}
	seen := map[string]bool{}
	for _, o := range all {
		if o.text.source == "" {
			p.fail("item %q: an option has neither display nor code: give it one", w.LinkID)
			return
		}
		if id := identity(o.value); seen[id] {
			p.fail("item %q: option %q is there twice: remove one", w.LinkID, short(o.text.source))
		} else {
			seen[id] = true
		}
	}
	number(all)
	it.options = all
}

// identity tells two options of one item apart.
func identity(v Value) string {
	return strings.Join([]string{v.System, v.Code, v.Text, v.Date, v.Time, v.DateTime, numberText(v), v.Unit, v.codeless()}, "\x00")
}

// optionOf is the index of the option that a value is, -1 for own words.
func (it *item) optionOf(v Value) int {
	return slices.IndexFunc(it.options, func(o option) bool { return sameValue(o.value, v) })
}

// codeless is the display of a coding that has nothing else.
func (v Value) codeless() string {
	if v.Code == "" {
		return v.Display
	}
	return ""
}

func (p *parser) answerOption(it *item, w wireOption) option {
	o := option{short: shortTexts(w.Extension), exclusive: isTrue(w.Extension, extExclusive)}
	fits := true
	switch {
	case w.Coding != nil:
		o.value, o.text = coded(w.Coding.System, w.Coding.Code, w.Coding.Display, w.Coding.DisplayExt)
		o.value.Ordinal = p.score(it, append(w.Coding.Extension, w.Extension...))
		fits = it.kind == typeChoice || it.kind == typeOpenChoice
		if o.short == nil {
			o.short = shortTexts(w.Coding.Extension)
		}
	case w.String != "":
		o.text = phraseOf(w.String, w.StringExt)
		o.value.Text = clean(w.String)
		o.value.Ordinal = p.score(it, w.Extension)
		fits = it.kind != typeInteger && it.kind != typeDate && it.kind != typeTime
	case w.Integer != "":
		n, problem := parseInt(w.Integer.String())
		if problem != nil {
			p.fail("item %q: option %s is no whole number", it.linkID, w.Integer)
		}
		o.value.Int, o.text.source = &n, w.Integer.String()
		o.value.Ordinal = p.score(it, w.Extension)
		fits = it.kind != typeDate && it.kind != typeTime && it.kind != typeString
	case w.Date != "":
		o.value.Date, o.text.source = w.Date, w.Date
		fits = validDate(w.Date) && (it.kind == typeDate || it.kind == typeChoice)
	case w.Time != "":
		o.value.Time, o.text.source = w.Time, w.Time
		fits = validTime(w.Time) && (it.kind == typeTime || it.kind == typeChoice)
	case w.Reference != nil:
		p.fail("item %q: an option is a reference: use valueCoding", it.linkID)
	}
	if !fits {
		p.fail("item %q: option %q does not fit type %s", it.linkID, short(o.text.source), it.kind)
	}
	return o
}

// coded makes a value of a coding and its text; a coding without display shows its code.
func coded(system, code, display string, beside *wireElement) (Value, phrase) {
	text := phraseOf(display, beside)
	v := Value{Code: code, System: system, Display: clean(display)}
	if text.source == "" {
		text.source = clean(code)
	}
	return v, text
}

// score reads ordinalValue or itemWeight as exact text; "" if the option has none.
func (p *parser) score(it *item, exts []wireExtension) string {
	for _, url := range []string{extOrdinal, extItemWeight} {
		if e := find(exts, url); e != nil {
			text, ok := normalDecimal(cmp.Or(e.Decimal.String(), e.Integer.String()))
			if !ok {
				p.fail("item %q: ordinalValue of an option is no number", it.linkID)
			}
			return text
		}
	}
	return ""
}

func (p *parser) valueSet(it *item, w wireContained) []option {
	var all []option
	add := func(system, code, display string, beside *wireElement, other []wireDesignation, exts []wireExtension) {
		o := option{short: shortTexts(exts), exclusive: isTrue(exts, extExclusive)}
		o.value, o.text = coded(system, code, display, beside)
		for _, d := range other {
			o.text.add(d.Language, d.Value)
		}
		o.value.Ordinal = p.score(it, exts)
		all = append(all, o)
	}
	if w.Expansion != nil && len(w.Expansion.Contains) > 0 {
		var walk func([]wireContains)
		walk = func(list []wireContains) {
			for _, c := range list {
				if !c.Abstract {
					add(c.System, c.Code, c.Display, c.DisplayExt, c.Designation, c.Extension)
				}
				walk(c.Contains)
			}
		}
		walk(w.Expansion.Contains)
		return all
	}
	if w.Compose == nil {
		return nil
	}
	for _, include := range w.Compose.Include {
		if len(include.Concept) == 0 || len(include.Filter) > 0 || len(include.ValueSet) > 0 || len(w.Compose.Exclude) > 0 {
			p.fail("item %q: ValueSet %q does not list its codes: write them out under compose.include.concept", it.linkID, w.ID)
			return nil
		}
		for _, c := range include.Concept {
			add(include.System, c.Code, c.Display, c.DisplayExt, c.Designation, c.Extension)
		}
	}
	return all
}
