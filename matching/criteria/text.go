package criteria

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-health/muster/matching/eval"
)

// ParseText reads the text form. The error is Problems.
func ParseText(data []byte) (eval.Criteria, error) {
	p := &textParser{b: &builder{ids: map[string]int{}}}
	for i, line := range strings.Split(string(data), "\n") {
		p.line(i+1, line)
	}
	p.c.Sets = p.b.newSets()
	for _, it := range p.roots {
		p.c.Items = append(p.c.Items, p.b.criterion(*it.item(), 0))
	}
	return finish(p.c, p.b)
}

type textParser struct {
	b     *builder
	c     eval.Criteria
	seen  map[string]bool
	roots []*node
	open  []*node // the groups the next line may belong to, outermost first
}

// node is an item whose members may still come.
type node struct {
	it     item
	indent int
	under  []*node
}

func (n *node) item() *item {
	for _, m := range n.under {
		n.it.members = append(n.it.members, *m.item())
	}
	return &n.it
}

func (p *textParser) line(number int, line string) {
	list, wrong, column := tokens(line)
	p.b.id = ""
	if wrong != "" {
		p.b.wrong(number, column, "", "%s", wrong)
		p.b.lost = true
		return
	}
	if len(list) == 0 {
		return
	}
	indent := list[0].column - 1
	if strings.Contains(line[:indent], "\t") {
		p.b.wrong(number, 1, "", "is indented with a tab; use spaces")
		p.b.lost = true
		return
	}
	if indent == 0 && p.header(number, list) {
		p.open = nil
		return
	}
	n := &node{indent: indent, it: p.item(number, list)}
	for len(p.open) > 0 && p.open[len(p.open)-1].indent >= indent {
		p.open = p.open[:len(p.open)-1]
	}
	switch {
	case len(p.open) > 0:
		parent := p.open[len(p.open)-1]
		if parent.it.group == "" {
			p.b.wrong(number, indent+1, "", "is indented under line %d, which is no group", parent.it.line)
			return
		}
		if len(parent.under) > 0 && parent.under[0].indent != indent {
			p.b.wrong(number, indent+1, "", "is indented differently from line %d", parent.under[0].it.line)
			return
		}
		parent.under = append(parent.under, n)
	case indent > 0:
		p.b.wrong(number, indent+1, "", "is indented, but there is no group above it")
		return
	default:
		p.roots = append(p.roots, n)
	}
	p.open = append(p.open, n)
}

// header reads "study X", "version 3", "as of screening" and "not encoded …".
func (p *textParser) header(number int, list []token) bool {
	rest := list[1:]
	key := list[0].text
	switch {
	case list[0].quoted:
		return false
	case key == "study", key == "version":
	case key == "valueSet":
		p.b.readSetLine(number, list[0].column, rest)
		return true
	case key == "as" && len(rest) > 0 && rest[0].is("of"):
		key, rest = "as of", rest[1:]
	case key == "not" && len(rest) > 0 && rest[0].is("encoded"):
		key, rest = "not encoded", rest[1:]
	default:
		return false
	}
	f := field{key: key, line: number, column: list[0].column}
	for _, t := range rest {
		f.values = append(f.values, t.text)
	}
	if key != "not encoded" {
		if p.seen[key] {
			p.b.at(&f, "is there twice")
			return true
		}
		if p.seen == nil {
			p.seen = map[string]bool{}
		}
		p.seen[key] = true
	}
	switch key {
	case "study":
		p.c.Study = p.b.line(&f)
	case "version":
		n, err := strconv.Atoi(p.b.one(&f))
		if err != nil || n < 1 {
			p.b.at(&f, "%s is not a version; write 1, 2, 3 …", shown(strings.Join(f.values, " ")))
		}
		p.c.Version = n
	case "as of":
		p.c.AsOf = p.b.line(&f)
	case "not encoded":
		p.b.notEncoded(&p.c, &f)
	}
	return true
}

// item reads one criterion's line.
func (p *textParser) item(number int, list []token) item {
	it := item{line: number, column: list[0].column}
	add := func(key string, at token, values ...string) {
		if it.field(key) != nil {
			p.b.wrong(number, at.column, key, "is there twice")
			return
		}
		it.fields = append(it.fields, field{key: key, line: number, column: at.column, values: values})
	}
	if t := list[0]; t.quoted || !reserved(t.text) {
		add("id", t, t.text)
		list = list[1:]
	}
	if len(list) > 0 && list[0].is("not") {
		add("exclude", list[0], "true")
		list = list[1:]
	}
	if len(list) == 0 {
		return it
	}
	kind := list[0]
	list = list[1:]
	k := eval.Kind(kind.text)
	if k.Group() && !kind.quoted {
		it.group = kind.text
		if k == eval.AtLeastOf && len(list) > 0 { // else the builder says so
			add("atLeast", kind, list[0].text)
			list = list[1:]
		}
	} else {
		add("kind", kind, kind.text)
	}
	if k == "observation" {
		k = eval.Lab
	}
	if !slices.Contains(eval.Kinds(), k) {
		return it // the builder says so
	}
	arguments := 0
	for arguments < len(list) && !isOption(list[arguments]) {
		arguments++
	}
	wrong := len(p.b.problems)
	p.arguments(number, k, list[:arguments], add, &it)
	p.options(number, list[arguments:], add)
	it.broken = len(p.b.problems) > wrong
	return it
}

func isOption(t token) bool {
	_, ok := optionWords(t.text)
	return ok && !t.quoted
}

func (p *textParser) options(number int, list []token, add func(string, token, ...string)) {
	for len(list) > 0 {
		t := list[0]
		n, ok := optionWords(t.text)
		switch {
		case t.quoted || !ok:
			hint := ""
			if !t.quoted {
				hint = near(t.text, []string{
					"within", "atLeastAgo", "pick", "missing", "sensitivity", "question", "appliesTo",
					"name", "text", "unit", "descendants", "ever", "active",
				})
			}
			p.b.wrong(number, t.column, "", "%s is not expected here%s", t.text, hint)
			return
		case n == 0:
			add(t.text, t, "true")
			list = list[1:]
		case len(list) < 2:
			p.b.wrong(number, t.column, t.text, "needs a value")
			return
		default:
			add(t.text, t, list[1].text)
			list = list[2:]
		}
	}
}

// arguments reads what a kind needs without naming it, in this order: codes, or the site; a
// range with its unit; words.
func (p *textParser) arguments(number int, k eval.Kind, list []token, add func(string, token, ...string), it *item) {
	lists, wrong := joined(list)
	if wrong != nil {
		p.b.wrong(number, wrong.column, "", "a comma goes between two values")
		return
	}
	unit := slices.Contains(keysOf(k), "unit")
	for i, l := range lists {
		first := l[0]
		values := make([]string, len(l))
		for n, t := range l {
			values[n] = t.text
		}
		switch {
		case i == 0 && len(l) == 1 && strings.HasPrefix(first.text, "vs/") && slices.Contains(keysOf(k), "valueSet"):
			add("valueSet", first, values...)
		case i == 0 && slices.Contains(keysOf(k), "codes"):
			add("codes", first, values...)
		case len(l) == 1 && isRange(first) && slices.Contains(keysOf(k), "range"):
			p.bounds(number, first, add)
		case len(l) == 1 && unit && firstOf(*it, "min", "max") != nil && it.field("unit") == nil:
			add("unit", first, values...)
		case i == 0 && k == eval.Distance && len(l) == 1:
			add("site", first, values...)
		case slices.Contains(keysOf(k), "value") && it.field("value") == nil:
			add("value", first, values...)
		default:
			p.b.wrong(number, first.column, "", "%s is not expected here", shown(first.text))
			return
		}
	}
}

// joined puts tokens with commas between them into one list. wrong is a comma between nothing.
func joined(list []token) (lists [][]token, wrong *token) {
	for i := range list {
		t := list[i]
		comma := t.is(",")
		after := i > 0 && list[i-1].is(",")
		switch {
		case comma && (i == 0 || after || i == len(list)-1):
			return nil, &t
		case comma:
		case after:
			lists[len(lists)-1] = append(lists[len(lists)-1], t)
		default:
			lists = append(lists, []token{t})
		}
	}
	return lists, nil
}

func isRange(t token) bool { return !t.quoted && strings.Contains(t.text, "..") }

// bounds reads "40..75", "..80", ">30..", ">30..<40".
func (p *textParser) bounds(number int, t token, add func(string, token, ...string)) {
	from, to, _ := strings.Cut(t.text, "..")
	from, above := strings.CutPrefix(from, ">")
	to, below := strings.CutPrefix(to, "<")
	if from != "" || above {
		add("min", t, from)
	}
	if to != "" || below {
		add("max", t, to)
	}
	switch {
	case above && below:
		add("exclusive", t, "both")
	case above:
		add("exclusive", t, "min")
	case below:
		add("exclusive", t, "max")
	}
}
