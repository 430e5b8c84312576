package survey

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Longest text that is taken where an item sets no limit, in characters.
const maxText = 10_000

// read turns what was keyed, texted or posted into values, or says why it cannot.
func read(it *item, in Input, lang string) ([]Value, *Problem) {
	if in.Channel == Voice {
		in.Raw = strings.TrimSuffix(strings.TrimSpace(in.Raw), "#")
	}
	if strings.TrimSpace(said(in)) == "" {
		return nil, &Problem{Code: ProblemEmpty}
	}
	if it.each() && in.Channel != Voice {
		return readEach(it, in, lang)
	}
	return readOne(it, in, lang)
}

// readOne is read for a question of one answer, or of several options.
func readOne(it *item, in Input, lang string) ([]Value, *Problem) {
	if it.kind == typeOpenChoice && in.Channel != Voice {
		return readOpen(it, in)
	}
	if len(it.options) > 0 {
		return readOptions(it, in)
	}
	switch it.kind {
	case typeBoolean:
		return readBool(in)
	case typeInteger, typeDecimal, typeQuantity:
		return readNumber(it, in, lang, it.unit)
	case typeDate:
		return readDate(it, in, lang)
	case typeTime:
		return readTime(it, in)
	case typeDateTime:
		return readMoment(it, in, lang)
	}
	return readText(it, in)
}

// readBool takes 1 for yes and 2 for no, and the words of both languages in writing.
func readBool(in Input) ([]Value, *Problem) {
	yes, no := []string{"1"}, []string{"2"}
	word := in.Raw
	if in.Channel != Voice {
		word = fold(in.Raw)
		yes = append(yes, "yes", "y", "yeah", "yep", "yup", "true", "si", "s", "claro", "verdadero")
		no = append(no, "no", "n", "nope", "nah", "false", "falso")
	}
	if key, rest, ok := strings.Cut(word, " "); ok && (key == "1" && slices.Contains(yes, rest) || key == "2" && slices.Contains(no, rest)) {
		word = key // "1 yes"
	}
	answer := slices.Contains(yes, word)
	if !answer && !slices.Contains(no, word) {
		return nil, &Problem{Code: ProblemOption}
	}
	return []Value{{Bool: &answer}}, nil
}

// readText takes own words, cleaned of control characters.
func readText(it *item, in Input) ([]Value, *Problem) {
	if in.Channel == Voice {
		return nil, &Problem{Code: ProblemNotByPhone}
	}
	text := clean(in.Raw)
	n, most := utf8.RuneCountInString(text), maxText
	if it.maxLength > 0 {
		most = min(most, it.maxLength)
	}
	switch {
	case text == "":
		return nil, &Problem{Code: ProblemEmpty}
	case n > most:
		return nil, &Problem{Code: ProblemTooLong, Limit: most}
	case n < it.minLength:
		return nil, &Problem{Code: ProblemTooShort, Limit: it.minLength}
	case it.pattern != nil && !it.pattern.MatchString(text):
		return nil, &Problem{Code: ProblemFormat}
	}
	return []Value{{Text: text}}, nil
}

// readOptions takes keys, and in writing also the wording or the code of an option.
func readOptions(it *item, in Input) ([]Value, *Problem) {
	read := writtenOptions
	if in.Channel == Voice {
		read = keyedOptions
	}
	chosen, problem := read(it, in.Raw)
	if problem != nil {
		return nil, problem
	}
	return it.choose(chosen, nil)
}

// choose makes values of the options chosen and of own words beside them, if these go together.
func (it *item) choose(chosen []int, own []Value) ([]Value, *Problem) {
	count := len(chosen) + len(own)
	if !it.repeats && count > 1 {
		return nil, &Problem{Code: ProblemOneOnly}
	}
	slices.Sort(chosen) // the order on paper, not the order said
	if len(slices.Compact(slices.Clone(chosen))) < len(chosen) {
		return nil, &Problem{Code: ProblemDuplicate}
	}
	if it.repeats {
		only := slices.ContainsFunc(chosen, func(i int) bool { return it.options[i].exclusive })
		switch {
		case only && count > 1:
			return nil, &Problem{Code: ProblemExclusive}
		case !only && count < it.least:
			return nil, &Problem{Code: ProblemTooFew, Limit: it.least}
		case it.most > 0 && count > it.most:
			return nil, &Problem{Code: ProblemTooMany, Limit: it.most}
		}
	}
	values := make([]Value, 0, count)
	for _, n := range chosen {
		values = append(values, it.options[n].value)
	}
	return append(values, own...), nil
}

// bare is a text in ASCII digits without the marks people put around a number.
func bare(raw string) string { return strings.Trim(plain(raw), " .,;:#()") }

func numeral(raw string) bool { return digits(bare(raw)) }

// keyedOptions: one key, or the keys one after another for several; two digits each from
// ten options on. * may stand between them.
func keyedOptions(it *item, raw string) ([]int, *Problem) {
	bad := &Problem{Code: ProblemOption}
	width := len(it.options[len(it.options)-1].key)
	var chosen []int
	for _, run := range strings.Split(raw, "*") {
		if !digits(run) {
			return nil, bad
		}
		if len(run) < width {
			run = strings.Repeat("0", width-len(run)) + run
		}
		if len(run)%width != 0 {
			return nil, bad
		}
		for ; run != ""; run = run[width:] {
			i := byKey(it, run[:width])
			if i < 0 {
				return nil, bad
			}
			chosen = append(chosen, i)
		}
	}
	return chosen, nil
}

func byKey(it *item, key string) int {
	key = strings.TrimLeft(key, "0")
	if key == "" {
		key = "0"
	}
	return slices.IndexFunc(it.options, func(o option) bool { return o.key == key })
}

// writtenOptions: the whole text as one option first, then a list of them.
func writtenOptions(it *item, raw string) ([]int, *Problem) {
	i, ambiguous := oneOption(it, raw)
	if i >= 0 {
		return []int{i}, nil
	}
	lists := []string{",;/&+\n", ",;/&+\n "}
	for _, separators := range lists {
		parts := strings.FieldsFunc(plain(raw), func(r rune) bool { return strings.ContainsRune(separators, r) })
		var chosen []int
		for _, part := range parts {
			if word := fold(part); word == "" || word == "and" || word == "y" {
				continue
			}
			n, _ := oneOption(it, part)
			if n < 0 {
				chosen = nil
				break
			}
			chosen = append(chosen, n)
		}
		if len(chosen) > 0 {
			return chosen, nil
		}
	}
	if ambiguous {
		return nil, &Problem{Code: ProblemUnclear}
	}
	return nil, &Problem{Code: ProblemOption}
}

// oneOption finds the option a short text means: its key, else its wording in any language,
// else its code. A number is always a key.
func oneOption(it *item, raw string) (index int, ambiguous bool) {
	if numeral(raw) {
		return byKey(it, bare(raw)), false
	}
	word := fold(raw)
	if word == "" {
		return -1, false
	}
	if key, rest, ok := strings.Cut(word, " "); ok && numeral(key) { // "2 green"
		if i := byKey(it, bare(key)); i >= 0 && slices.Contains(it.options[i].names(), fold(rest)) {
			return i, false
		}
	}
	for _, names := range []func(option) []string{option.names, option.shorthand} {
		index = -1
		for i, o := range it.options {
			if slices.Contains(names(o), word) {
				if index >= 0 {
					return -1, true
				}
				index = i
			}
		}
		if index >= 0 {
			return index, false
		}
	}
	return -1, false
}

// names are the wordings of an option, folded.
func (o option) names() []string {
	all := []string{fold(o.text.source)}
	for _, t := range o.text.in {
		all = append(all, fold(t))
	}
	for _, p := range o.short {
		all = append(all, fold(p.source))
		for _, t := range p.in {
			all = append(all, fold(t))
		}
	}
	return all
}

// shorthand is what else means an option: its code, a letter for yes and no, a number word.
func (o option) shorthand() []string {
	all := []string{fold(o.value.Code)}
	for _, name := range o.names() {
		switch name {
		case "yes", "si":
			all = append(all, "y", "yes", "yeah", "yep", "s", "si")
		case "no":
			all = append(all, "n", "no", "nope")
		}
	}
	for n := range 21 {
		if o.key == strconv.Itoa(n) {
			all = append(all, numberWords(n)...)
		}
	}
	return all
}
