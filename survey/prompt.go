package survey

import "slices"

// prompt words the question for the channel and language of this turn.
func (t *turn) prompt(it *item) Prompt {
	c, lang := t.in.Channel, t.s.Lang
	p := Prompt{
		LinkID:      it.linkID,
		Section:     it.section,
		Text:        it.wording(c, lang),
		Type:        it.kind,
		Hint:        hint(it),
		Required:    it.required,
		Min:         it.min,
		Max:         it.max,
		Unit:        it.unit.Display,
		MaxDigits:   it.maxDigits(),
		MaxLength:   it.maxLength,
		Decimals:    it.decimals,
		Number:      t.number(it),
		Sensitivity: it.sensitive,
		Own:         it.kind == typeOpenChoice,
		Each:        it.each(),
	}
	if len(it.units) > 0 {
		p.Min, p.Max = "", "" // they are told in the unit that was chosen
	}
	var chosen []Value
	if a, ok := t.st.answers[it.linkID]; ok {
		p.Answer, chosen = &a, a.Values
	}
	if len(it.units) > 0 {
		p.Units = it.unitOptions(chosen)
	}
	for _, o := range it.options {
		p.Options = append(p.Options, Option{
			Key: o.key, Text: o.wording(c, lang), Code: o.value.Code, System: o.value.System,
			Selected: slices.ContainsFunc(chosen, func(v Value) bool { return sameValue(v, o.value) }),
		})
	}
	for _, v := range chosen {
		if p.Own && it.optionOf(v) < 0 {
			p.OwnText = v.Text
		}
	}
	if it.kind == typeBoolean {
		for i, yes := range []bool{true, false} {
			p.Options = append(p.Options, Option{
				Key: string(rune('1' + i)), Text: yesNo(yes, lang),
				Selected: len(chosen) == 1 && chosen[0].Bool != nil && *chosen[0].Bool == yes,
			})
		}
	}
	if t.problem == nil || t.whole {
		p.Intro = t.intro(it)
		for _, h := range it.help {
			p.Help = append(p.Help, h.to(lang))
		}
	}
	return p
}

// readBack asks whether a keyed number was heard right.
func (t *turn) readBack(it *item) Prompt {
	p := t.prompt(it)
	if p.Answer != nil && len(p.Answer.Values) > 0 {
		p.Unit = it.unitOf(p.Answer.Values[len(p.Answer.Values)-1]).Display
	}
	p.Type, p.Hint, p.MaxDigits = typeConfirm, HintConfirm, 1
	p.Intro, p.Help, p.Own = nil, nil, false
	p.Options = []Option{{Key: "1", Text: yesNo(true, t.s.Lang)}, {Key: "2", Text: yesNo(false, t.s.Lang)}}
	return p
}

// finished is the end, with any closing words.
func (t *turn) finished() Prompt {
	return Prompt{Done: true, Decimals: -1, Intro: t.texts(t.lastAsked(len(t.q.items)), len(t.q.items))}
}

// intro is what is said before a question: the texts since the question before it. When a
// session starts, resumes or repeats, the texts of all groups around it are said again, since
// they may hold the time the question is about ("over the last two weeks …").
func (t *turn) intro(it *item) []string {
	from := t.lastAsked(it.order)
	texts := t.texts(from, it.order)
	if !t.whole {
		return texts
	}
	var around []string
	for up := it.parent; up != nil; up = up.parent {
		if up.order <= from && up.kind == typeGroup {
			if s := up.wording(t.in.Channel, t.s.Lang); s != "" {
				around = append(around, s)
			}
		}
	}
	slices.Reverse(around)
	return append(around, texts...)
}

// lastAsked is the position of the last question before end that is enabled, or -1.
func (t *turn) lastAsked(end int) int {
	for i := end - 1; i >= 0; i-- {
		if t.askable(t.q.items[i]) {
			return i
		}
	}
	return -1
}

// texts are the display items and group texts strictly between two positions.
func (t *turn) texts(from, to int) []string {
	var all []string
	for _, it := range t.q.items[from+1 : to] {
		if it.asked() || it.hidden || it.isHelp || it.kind != typeGroup && it.kind != typeDisplay || !t.st.enabled(it) {
			continue
		}
		if s := it.wording(t.in.Channel, t.s.Lang); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// number counts the enabled questions up to this one.
func (t *turn) number(it *item) int {
	n := 0
	for _, other := range t.q.items[:it.order+1] {
		if t.askable(other) {
			n++
		}
	}
	return n
}

func hint(it *item) Hint {
	switch {
	case len(it.options) > 0 && it.repeats:
		return HintMany
	case it.kind == typeOpenChoice:
		return HintOpen
	case len(it.options) > 0:
		return HintOne
	}
	switch it.kind {
	case typeBoolean:
		return HintYesNo
	case typeInteger:
		return HintWhole
	case typeDecimal, typeQuantity:
		return HintDecimal
	case typeDate:
		return HintDate
	case typeTime:
		return HintTime
	case typeDateTime:
		return HintMoment
	}
	return HintText
}

func yesNo(yes bool, lang string) string {
	switch {
	case yes && base(lang) == "es":
		return "Sí"
	case yes:
		return "Yes"
	}
	return "No"
}

// TakesZero says whether a lone 0 can be an answer here; where it cannot, the phone may use
// it to reach a person.
func (p Prompt) TakesZero() bool {
	if p.Done {
		return false
	}
	if len(p.Options) > 0 {
		return slices.ContainsFunc(p.Options, func(o Option) bool { return o.Key == "0" })
	}
	switch p.Hint {
	case HintWhole, HintDecimal:
		return (p.Min == "" || compareText(typeDecimal, p.Min, "0") <= 0) &&
			(p.Max == "" || compareText(typeDecimal, p.Max, "0") >= 0)
	}
	return false
}
