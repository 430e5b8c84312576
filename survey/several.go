package survey

import (
	"slices"
	"strings"
)

// each says whether several plain answers are taken, such as numbers or dates, not options.
func (it *item) each() bool { return it.repeats && len(it.options) == 0 }

// readEach takes several plain answers from one text: on a page one on each line; in a text message
// also with commas or semicolons between them. What reads as one answer as a whole is one. Own words
// in a message are parted at every comma, as the question tells.
func readEach(it *item, in Input, lang string) ([]Value, *Problem) {
	typed := in.Channel == Web || in.Channel == Staff
	parts := pieces(in.Raw, "\n")
	if !typed {
		parts = pieces(in.Raw, "\n;")
	}
	var all []Value
	for _, part := range parts {
		if it.unclearComma(part) {
			return nil, &Problem{Code: ProblemUnclear}
		}
		one := in
		one.Raw = part
		words := it.kind == typeString || it.kind == typeText
		values, problem := readOne(it, one, lang)
		if inner := pieces(part, ","); !typed && len(inner) > 1 && (words || problem != nil) {
			values = nil
			for _, p := range inner {
				one.Raw = p
				v, problem := readOne(it, one, lang)
				if problem != nil {
					return nil, problem
				}
				values = append(values, v...)
			}
		} else if problem != nil {
			return nil, problem
		}
		all = append(all, values...)
	}
	switch {
	case len(all) == 0:
		return nil, &Problem{Code: ProblemEmpty}
	case len(all) < it.least:
		return nil, &Problem{Code: ProblemTooFew, Limit: it.least}
	case it.most > 0 && len(all) > it.most:
		return nil, &Problem{Code: ProblemTooMany, Limit: it.most}
	}
	return all, nil
}

// unclearComma finds "37,38", which is one number to some and two to others, where both are taken.
func (it *item) unclearComma(s string) bool {
	if it.kind != typeDecimal && it.kind != typeQuantity {
		return false
	}
	r := []rune(plain(s))
	for i := 1; i+1 < len(r); i++ {
		if r[i] == ',' && digits(string(r[i-1])) && digits(string(r[i+1])) {
			return true
		}
	}
	return false
}

// pieces parts a text at any of the separators; empty ones are left out.
func pieces(s, separators string) []string {
	all := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(separators, ascii(r)) })
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return slices.DeleteFunc(all, func(p string) bool { return p == "" })
}
