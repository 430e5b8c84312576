package survey

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// score is a sum that a file declares (urn:muster:score): id, label, item (one for each question it
// adds up), missing (none or prorate), band (from, to, label) and into, the read-only item of the
// response it is written to.
type score struct {
	id      string
	label   phrase
	items   []*item
	prorate bool
	bands   []band
	into    *item
}

// band is what a score from … to means.
type band struct {
	from, to string // inclusive, "" = no limit
	label    phrase
}

// Score is a sum of answers as the questionnaire declares it.
type Score struct {
	ID      string
	Label   string
	Value   string // exact; "" when too much is missing
	Band    string // what the value means, "" where no band holds it
	Missing int    // questions of it that were asked for and have no number
	At      time.Time
	LinkID  string // of the item it is written into, "" if none
}

// Scores adds up what was answered, in lang: the scores of the options chosen (ordinalValue), and
// numbers as they are. A question that is not asked after other answers adds nothing. One that is
// asked and has no number is missing: then there is no value; where the file says prorate, up to half
// of a finished session may be missing, and the mean of the rest stands for them, rounded to a
// whole number where all are whole.
func (q *Questionnaire) Scores(s Session, lang string) []Score {
	st := newState(s.Answers)
	all := make([]Score, len(q.scores))
	for i, sc := range q.scores {
		all[i] = sc.of(st, s.Status, lang)
	}
	return all
}

func (sc score) of(st *state, status Status, lang string) Score {
	out := Score{ID: sc.id, Label: sc.label.to(lang)}
	if sc.into != nil {
		out.LinkID = sc.into.linkID
	}
	sum, counted, asked := new(big.Rat), int64(0), int64(0)
	whole := true
	for _, it := range sc.items {
		if !st.enabled(it) {
			continue
		}
		asked++
		a, ok := st.answers[it.linkID]
		n, number := points(a)
		if !ok || !number {
			out.Missing++
			continue
		}
		if a.AnsweredAt.After(out.At) {
			out.At = a.AnsweredAt
		}
		counted++
		whole = whole && n.IsInt()
		sum.Add(sum, n)
	}
	switch {
	case counted == 0:
		return out
	case out.Missing > 0 && (!sc.prorate || status == InProgress || 2*counted < asked):
		return out
	case out.Missing > 0:
		sum.Mul(sum, big.NewRat(asked, counted))
		if whole {
			sum.SetInt(rounded(sum))
		}
	}
	out.Value = decimalText(sum)
	for _, b := range sc.bands {
		if (b.from == "" || compareText(typeDecimal, out.Value, b.from) >= 0) && (b.to == "" || compareText(typeDecimal, out.Value, b.to) <= 0) {
			out.Band = b.label.to(lang)
			break
		}
	}
	return out
}

// points is the number of an answer, the sum where several were chosen; false if it has none.
func points(a Answer) (*big.Rat, bool) {
	sum := new(big.Rat)
	for _, v := range a.Values {
		if v.Ordinal != "" {
			v = Value{Decimal: v.Ordinal}
		}
		n, ok := rational(v)
		if !ok {
			return nil, false
		}
		sum.Add(sum, n)
	}
	return sum, len(a.Values) > 0
}

// rounded is the nearest whole number, halves away from zero.
func rounded(r *big.Rat) *big.Int {
	n, _ := new(big.Int).SetString(r.FloatString(0), 10)
	return n
}

// decimalText spells a sum exactly where it has an end within two places, else rounded to two.
func decimalText(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	for _, places := range []int{1, 2} {
		if back, ok := new(big.Rat).SetString(r.FloatString(places)); ok && (back.Cmp(r) == 0 || places == 2) {
			return r.FloatString(places)
		}
	}
	return ""
}

// readScores compiles the scores a file declares, once all items are known.
func (p *parser) readScores(exts []wireExtension) {
	for _, e := range exts {
		if e.URL != extScore {
			continue
		}
		sc := score{}
		for _, x := range e.Extension {
			switch x.URL {
			case "id":
				sc.id = clean(x.Code + x.String)
			case "label":
				sc.label = phraseOf(x.String, x.StringExt)
			case "item":
				if it := p.q.byID[x.String]; it == nil || !it.asked() {
					p.fail("score %q: there is no question %q: name one by its linkId", sc.id, short(x.String))
				} else if reason := it.unscored(); reason != "" {
					p.fail("score %q: item %q %s", sc.id, x.String, reason)
				} else if slices.Contains(sc.items, it) {
					p.fail("score %q: item %q is there twice: remove one", sc.id, x.String)
				} else {
					sc.items = append(sc.items, it)
				}
			case "missing":
				if sc.prorate = x.Code == "prorate"; !sc.prorate && x.Code != "none" {
					p.fail("score %q: missing %q: use none or prorate", sc.id, short(x.Code))
				}
			case "band":
				sc.bands = append(sc.bands, p.band(sc.id, x))
			case "into":
				sc.into = p.q.byID[x.String]
				if sc.into == nil || !sc.into.readOnly || !slices.Contains([]string{typeInteger, typeDecimal, typeQuantity}, sc.into.kind) {
					p.fail("score %q: %q is no read-only item of type integer, decimal or quantity to write into", sc.id, short(x.String))
				}
			}
		}
		switch {
		case sc.id == "":
			p.fail("a score has no id: give it one before its items")
		case slices.ContainsFunc(p.q.scores, func(other score) bool { return other.id == sc.id }):
			p.fail("score %q is there twice: give one another id", sc.id)
		case sc.into != nil && slices.ContainsFunc(p.q.scores, func(other score) bool { return other.into == sc.into }):
			p.fail("score %q: another score is written into %q already", sc.id, sc.into.linkID)
		case len(sc.items) == 0:
			p.fail("score %q adds nothing up: name its items", sc.id)
		case sc.label.source == "":
			p.fail("score %q has no label: say what it is", sc.id)
		}
		if sc.into != nil && sc.into.kind == typeInteger && slices.ContainsFunc(sc.items, func(it *item) bool { return !it.scoresWhole() }) {
			p.fail("score %q: %q is of type integer and the sum may not be whole: use decimal", sc.id, sc.into.linkID)
		}
		p.q.scores = append(p.q.scores, sc)
	}
}

func (p *parser) band(id string, e wireExtension) band {
	var b band
	for _, x := range e.Extension {
		text := x.Decimal.String() + x.Integer.String()
		norm, ok := normalDecimal(text)
		switch {
		case x.URL == "label":
			b.label = phraseOf(x.String, x.StringExt)
			continue
		case !ok:
			p.fail("score %q: a band's %s %q is no number", id, x.URL, short(text))
		case x.URL == "from":
			b.from = norm
		case x.URL == "to":
			b.to = norm
		}
	}
	if b.label.source == "" {
		p.fail("score %q: a band has no label: say what it means", id)
	}
	if b.from != "" && b.to != "" && compareText(typeDecimal, b.from, b.to) > 0 {
		p.fail("score %q: the band %q runs from %s to %s: swap them", id, b.label.source, b.from, b.to)
	}
	return b
}

// unscored says why a question has no number to add, or "".
func (it *item) unscored() string {
	if it.numeric() && len(it.units) > 0 {
		return "is answered in one of several units: fix one with questionnaire-unit"
	}
	if it.numeric() {
		return ""
	}
	if len(it.options) == 0 || it.kind == typeOpenChoice {
		return "has no number to add: use a number, or options with ordinalValue"
	}
	for _, o := range it.options {
		if o.value.Ordinal == "" && o.value.Int == nil && o.value.System != systemAbsent {
			return fmt.Sprintf("has no number to add: give option %q an ordinalValue", short(o.text.source))
		}
	}
	return ""
}

func (it *item) scoresWhole() bool {
	if len(it.options) == 0 {
		return it.kind == typeInteger
	}
	return !slices.ContainsFunc(it.options, func(o option) bool { return strings.Contains(o.value.Ordinal, ".") })
}
