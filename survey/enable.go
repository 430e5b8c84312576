package survey

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// condition is one enableWhen.
type condition struct {
	source *item
	op     string
	value  Value
	exists bool // the wanted truth of "exists"
}

// conditions compiles every enableWhen and refuses those that could never work.
func (p *parser) conditions() {
	for i, it := range p.q.items {
		w := p.wires[i]
		if it.hidden {
			continue
		}
		switch w.EnableBehavior {
		case "", "all":
		case "any":
			it.enableAny = true
		default:
			p.fail("item %q: enableBehavior %q: use all or any", it.linkID, short(w.EnableBehavior))
		}
		for _, c := range w.EnableWhen {
			if made, err := p.condition(c); err != nil {
				p.fail("item %q: enableWhen: %w", it.linkID, err)
			} else {
				it.enable = append(it.enable, made)
			}
		}
	}
	if len(p.errs) == 0 {
		p.cycles()
	}
}

func (p *parser) condition(w wireCondition) (condition, error) {
	c := condition{op: w.Operator, source: p.q.byID[w.Question]}
	switch {
	case c.source == nil:
		return c, fmt.Errorf("there is no item %q: correct the question it looks at", w.Question)
	case c.source.kind == typeGroup || c.source.kind == typeDisplay:
		return c, fmt.Errorf("item %q is a %s and has no answer: look at a question", w.Question, c.source.kind)
	case !c.source.asked():
		return c, fmt.Errorf("item %q is hidden, read-only or calculated and never asked: look at a question", w.Question)
	case !slices.Contains([]string{"exists", "=", "!=", ">", "<", ">=", "<="}, w.Operator):
		return c, fmt.Errorf("operator %q: use exists, =, !=, >, <, >= or <=", short(w.Operator))
	}
	if w.Operator == "exists" {
		if w.Boolean == nil {
			return c, fmt.Errorf("exists on %q needs answerBoolean", w.Question)
		}
		c.exists = *w.Boolean
		return c, nil
	}
	var err error
	if c.value, err = conditionValue(w); err != nil {
		return c, err
	}
	if ordered := w.Operator != "=" && w.Operator != "!="; ordered && (c.value.Bool != nil || c.value.Text == "" && rank(c.value) == "code") {
		return c, fmt.Errorf("operator %s on %q needs a number, date, time or string", w.Operator, w.Question)
	}
	if c.value.Unit != "" {
		c.value.Unit = c.source.unitCode(c.value.Unit)
		if err := c.source.against(c.value.Unit); err != nil {
			return c, err
		}
	} else if len(c.source.units) > 0 && rank(c.value) == "number" {
		return c, fmt.Errorf("item %q is answered in one of several units: write answerQuantity with a unit", w.Question)
	}
	if !comparable(c.source, c.value) {
		return c, fmt.Errorf("item %q is of type %s and never has such an answer: give an answer of its type", w.Question, c.source.kind)
	}
	return c, nil
}

func conditionValue(w wireCondition) (Value, error) {
	switch {
	case w.Boolean != nil:
		return Value{Bool: w.Boolean}, nil
	case w.Integer != "" || w.Decimal != "" || w.Quantity != nil:
		text, unit := cmp.Or(w.Integer.String(), w.Decimal.String()), ""
		if w.Quantity != nil {
			text, unit = cmp.Or(text, w.Quantity.Value.String()), cmp.Or(w.Quantity.Code, clean(w.Quantity.Unit))
		}
		d, ok := normalDecimal(text)
		if !ok {
			return Value{}, fmt.Errorf("answer %q is no number", short(text))
		}
		return Value{Decimal: d, Unit: unit}, nil
	case w.Date != "":
		if !validDate(w.Date) {
			return Value{}, fmt.Errorf("answerDate %q is no full date: write YYYY-MM-DD", short(w.Date))
		}
		return Value{Date: w.Date}, nil
	case w.Time != "":
		if !validTime(w.Time) {
			return Value{}, fmt.Errorf("answerTime %q is no time: write HH:MM:SS", short(w.Time))
		}
		return Value{Time: w.Time}, nil
	case w.DateTime != "":
		if !validMoment(w.DateTime) {
			return Value{}, fmt.Errorf("answerDateTime %q is no moment: write 2026-03-04T09:30:00-05:00", short(w.DateTime))
		}
		return Value{DateTime: w.DateTime}, nil
	case w.String != nil:
		return Value{Text: clean(*w.String)}, nil
	case w.Coding != nil:
		return Value{Code: w.Coding.Code, System: w.Coding.System, Display: clean(w.Coding.Display)}, nil
	}
	return Value{}, fmt.Errorf("looking at %q needs an answer to compare with", w.Question)
}

// rank names the kind of a value.
func rank(v Value) string {
	switch {
	case v.Bool != nil:
		return "boolean"
	case v.Int != nil || v.Decimal != "":
		return "number"
	case v.Date != "":
		return "date"
	case v.Time != "":
		return "time"
	case v.DateTime != "":
		return "dateTime"
	case v.Code != "" || v.Display != "":
		return "code"
	}
	return "text"
}

// comparable says whether answers to an item can be of the kind of v.
func comparable(it *item, v Value) bool {
	want := rank(v)
	if len(it.options) > 0 {
		if want == "text" && it.kind == typeOpenChoice {
			return true
		}
		return slices.ContainsFunc(it.options, func(o option) bool { return rank(o.value) == want })
	}
	switch it.kind {
	case typeBoolean:
		return want == "boolean"
	case typeInteger, typeDecimal, typeQuantity:
		return want == "number"
	case typeDate, typeTime, typeDateTime:
		return want == it.kind
	}
	return want == "text"
}

// cycles refuses items that wait for each other: neither could ever be asked with a meaning.
func (p *parser) cycles() {
	const (
		fresh = iota
		open
		done
	)
	state := make([]int, len(p.q.items))
	var path []string
	var visit func(*item) bool
	visit = func(it *item) bool {
		switch state[it.order] {
		case done:
			return true
		case open:
			from := max(slices.Index(path, it.linkID), 0)
			p.fail("items %s wait for each other through enableWhen: break the loop", strings.Join(append(path[from:], it.linkID), " → "))
			return false
		}
		state[it.order] = open
		path = append(path, it.linkID)
		if it.parent != nil && !visit(it.parent) {
			return false
		}
		for _, c := range it.enable {
			if !visit(c.source) {
				return false
			}
		}
		path = path[:len(path)-1]
		state[it.order] = done
		return true
	}
	for _, it := range p.q.items {
		if !visit(it) {
			return
		}
	}
}

// state answers "is this item enabled?" for one set of answers.
type state struct {
	answers map[string]Answer
	memo    map[*item]bool
}

func newState(answers []Answer) *state {
	st := &state{answers: make(map[string]Answer, len(answers)), memo: map[*item]bool{}}
	for _, a := range answers {
		st.answers[a.LinkID] = a
	}
	return st
}

// enabled: an item in a disabled group is disabled; without conditions it is enabled.
func (st *state) enabled(it *item) bool {
	on, known := st.memo[it]
	if !known {
		on = (it.parent == nil || st.enabled(it.parent)) && st.met(it)
		st.memo[it] = on
	}
	return on
}

func (st *state) met(it *item) bool {
	if len(it.enable) == 0 {
		return true
	}
	if it.enableAny {
		return slices.ContainsFunc(it.enable, st.holds)
	}
	return !slices.ContainsFunc(it.enable, func(c condition) bool { return !st.holds(c) })
}

// holds evaluates one condition. The answer to a disabled question does not count. By the
// definitions of FHIR's questionnaire-enable-operator every comparison needs one answer that
// matches, but != is true when no answer is equal, so also when there is none.
func (st *state) holds(c condition) bool {
	var values []Value
	recorded := false
	if a, ok := st.answers[c.source.linkID]; ok && st.enabled(c.source) {
		values, recorded = a.Values, a.Recorded()
	}
	if c.op == "exists" {
		return (len(values) > 0 || recorded) == c.exists
	}
	if c.op == "!=" {
		return !slices.ContainsFunc(values, func(v Value) bool { return test(v, "=", c.value, c.source.measures) })
	}
	return slices.ContainsFunc(values, func(v Value) bool { return test(v, c.op, c.value, c.source.measures) })
}

// test compares an answer with a wanted value; values of different kinds never match. Numbers are
// compared in the unit of the wanted one, by what measures tells of the question.
func test(v Value, op string, want Value, measures []string) bool {
	kind := rank(v)
	if kind != rank(want) {
		return false
	}
	var order int
	switch kind {
	case "boolean":
		if op != "=" || *v.Bool != *want.Bool {
			return false
		}
	case "number":
		a, okA := rational(v)
		b, okB := rational(want)
		if !okA || !okB {
			return false
		}
		if a, okA = inUnit(measures, a, v.Unit, want.Unit); !okA {
			return false
		}
		order = a.Cmp(b)
	case "code":
		if op != "=" {
			return false
		}
		sameSystem := v.System == want.System || v.System == "" || want.System == ""
		if want.Code == "" {
			return want.Display != "" && want.Display == v.Display && sameSystem
		}
		return v.Code == want.Code && sameSystem
	case "date":
		order = strings.Compare(v.Date, want.Date)
	case "time":
		order = strings.Compare(v.Time, want.Time)
	case "dateTime":
		order = compareMoments(v.DateTime, want.DateTime)
	default:
		order = strings.Compare(v.Text, want.Text)
	}
	switch op {
	case "=":
		return order == 0
	case ">":
		return order > 0
	case "<":
		return order < 0
	case ">=":
		return order >= 0
	case "<=":
		return order <= 0
	}
	return false
}

// rational is the exact number of a value.
func rational(v Value) (*big.Rat, bool) {
	if v.Int != nil {
		return new(big.Rat).SetInt64(*v.Int), true
	}
	if v.Decimal == "" {
		return nil, false
	}
	return new(big.Rat).SetString(v.Decimal)
}
