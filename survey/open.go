package survey

import (
	"cmp"
	"strings"
)

// said is all that an input says: what names options, and own words beside it.
func said(in Input) string {
	if in.Raw == "" || in.Words == "" {
		return cmp.Or(in.Raw, in.Words)
	}
	return in.Raw + "; " + in.Words
}

// readOpen takes options and own words: from a form, where these have a box of their own, or from
// one text. Where several answers may be given, a text may begin with options and go on in own
// words: "1, 3, and a sore throat".
func readOpen(it *item, in Input) ([]Value, *Problem) {
	var chosen []int
	raw, words := in.Raw, in.Words
	if strings.TrimSpace(raw) != "" {
		var problem *Problem
		if chosen, problem = writtenOptions(it, raw); problem != nil {
			switch {
			case problem.Code != ProblemOption || words != "" || numeral(raw):
				return nil, problem
			case it.repeats:
				chosen, words = leading(it, raw)
			default:
				words = raw
			}
			if numeral(words) { // 9 where there are three options is a slip, not words
				return nil, problem
			}
		}
	}
	if strings.TrimSpace(words) == "" {
		return it.choose(chosen, nil)
	}
	in.Raw = words
	own, problem := readText(it, in)
	if problem != nil {
		return nil, problem
	}
	return it.choose(chosen, own)
}

// leading takes the options a text begins with; what follows are own words.
func leading(it *item, raw string) (chosen []int, words string) {
	for {
		part, rest, more := cut(raw)
		i, _ := oneOption(it, part)
		if i < 0 || !more {
			return chosen, raw
		}
		chosen, raw = append(chosen, i), strings.TrimSpace(rest)
	}
}

// cut parts a text at its first separator.
func cut(s string) (before, after string, found bool) {
	i := strings.IndexAny(s, ",;\n")
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
