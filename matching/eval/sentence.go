package eval

import "github.com/muster-health/muster/internal/ucum"

// Sentence says in one line what a recruiter needs to know about the outcome of c, such as
// "HbA1c 7.4 % on 3 Feb 2026 (sign-up, web): within 7.0–10.5 %" or "Unknown: smoking (never
// asked)". r must be the reason Evaluate gave for c.
func Sentence(c Criterion, r Reason, say Lookup) string {
	w, x := newWriter(say), newTold(&c)
	w.sentence(&x, &r)
	return string(w.b)
}

// Teller is Sentence for a study's criteria and one person after the other: what is said of everybody
// alike is put together once. Not safe for concurrent use.
type Teller struct {
	w     writer
	items []told
}

// NewTeller returns a teller of the outcomes of items.
func NewTeller(items []Criterion, say Lookup) *Teller {
	return &Teller{newWriter(say), newTolds(items)}
}

// Sentence is the sentence for the outcome of item i.
func (t *Teller) Sentence(i int, r *Reason) string {
	t.w.b = t.w.b[:0]
	t.w.sentence(&t.items[i], r)
	return string(t.w.b)
}

// told is a criterion with what was said of it before.
type told struct {
	*Criterion
	of                             []told
	causes                         []causeText
	called, bounds, wanted, window string
}

// causeText is the text for a cause where it was said in a way; see said.
type causeText struct {
	why  Cause
	said string
	text *text
}

func newTold(c *Criterion) told { return told{Criterion: c, of: newTolds(c.Of)} }

func newTolds(items []Criterion) []told {
	if len(items) == 0 {
		return nil
	}
	all := make([]told, len(items))
	for i := range items {
		all[i] = newTold(&items[i])
	}
	return all
}

func (w *writer) sentence(x *told, r *Reason) {
	if o := r.Overridden; o != nil {
		w.override(o)
		w.add(" ")
	}
	from := len(w.b)
	switch {
	case !x.Kind.Group():
		w.finding(x, r)
		w.capital(from)
	case r.Why == Grouped && len(r.Of) == len(x.of):
		w.group(x.Criterion)
		w.capital(from)
		w.add(": ")
		for i := range x.of {
			if i > 0 {
				w.add(" · ")
			}
			w.sentence(&x.of[i], &r.Of[i])
		}
	default:
		w.fill(w.text("cause.", string(r.Why)), func(name string) bool {
			if name == "name" {
				w.name(x.Criterion, nil)
			}
			return name == "name"
		})
		w.capital(from)
	}
	if r.FutureDated && r.Why != FutureDated {
		w.add(w.say["note.future"].String())
	}
	if r.Policy != "" {
		w.add(w.text("policy.", string(r.Policy)).String())
	}
}

func (w *writer) override(o *Override) {
	key := "override.notMet"
	if o.Met {
		key = "override.met"
	}
	w.fill(w.say[key], func(name string) bool {
		switch name {
		case "by":
			w.add(o.By)
		case "on":
			w.date(o.On)
		case "why":
			w.add(o.Why)
		default:
			return false
		}
		return true
	})
}

func (w *writer) finding(x *told, r *Reason) {
	found := r.Fact
	if found == nil {
		found = &Fact{}
	}
	w.fill(w.cause(x, r.Why, found), func(part string) bool { // most sentences have few of these
		switch part {
		case "name":
			w.subject(x, r)
		case "value":
			w.found(x.Criterion, r, found)
		case "on", "since":
			w.when(part, found.Date)
		case "until":
			w.when(part, found.End)
		case "date":
			w.date(found.Date)
		case "source":
			if found.Source != "" {
				w.add(" (")
				w.source(found.Source)
				w.add(")")
			}
		case "within":
			w.once(&x.bounds, func() { w.within(x.Range, x.Unit) })
		case "wanted":
			w.once(&x.wanted, func() { w.wanted(x.Criterion) })
		case "unit":
			w.unit(found.Unit)
		case "wantedUnit":
			w.unit(x.Unit)
		case "window":
			w.once(&x.window, func() { w.period(x.Within) })
		case "back":
			w.period(found.Back)
		case "confirmed":
			w.date(r.Confirmed)
		default:
			return false
		}
		return true
	})
}

func (w *writer) wanted(c *Criterion) {
	if c.Kind == LastVisit {
		w.since(c)
	} else {
		w.words(c.In)
	}
}

// cause is the text for a cause: for this kind and for how it was said, as far as there is one.
func (w *writer) cause(x *told, why Cause, f *Fact) *text {
	said := said(x.Criterion, f)
	for i := range x.causes {
		if k := &x.causes[i]; k.why == why && k.said == said {
			return k.text
		}
	}
	var room [96]byte
	key := append(append(room[:0], "cause."...), why...)
	n := len(key)
	best := w.say[string(key)]
	special := func(said string, kind bool) {
		key = append(key[:n], said...)
		if kind {
			key = append(append(key, '.'), x.Kind...)
		}
		if t := w.say[string(key)]; t.String() != "" {
			best = t
		}
	}
	special("", true)
	if said != "" {
		special(said, false)
		special(said, true)
	}
	x.causes = append(x.causes, causeText{why, said, best})
	return best
}

// subject writes what a sentence is about.
func (w *writer) subject(x *told, r *Reason) {
	switch {
	case r.Fact == nil:
		w.once(&x.called, func() { w.name(x.Criterion, nil) })
	case r.Fact.Display != "" && (x.Kind == Condition && x.Name == "" || len(x.Codes) > 1):
		w.add(r.Fact.Display)
	default:
		w.name(x.Criterion, r.Fact)
	}
}

// found writes the value a sentence tells of.
func (w *writer) found(c *Criterion, r *Reason, f *Fact) {
	from := len(w.b)
	switch {
	case c.Kind == LastVisit:
		w.when("on", Date(r.Value))
		w.trim(from)
		return
	case r.Fact == nil:
		w.word(r.Value)
		w.add(" ")
		w.unit(r.Unit)
		w.trim(from)
		return
	case c.Kind.Coded() || c.Kind == Pregnancy && f.Kind == FactCondition:
		return
	}
	w.value(f)
	if c.Kind == Lab && f.Number != nil && f.Unit != c.Unit {
		if v, ok := ucum.Convert(string(f.Code), *f.Number, f.Unit, c.Unit); ok {
			w.add(" (")
			w.amount(f.Comparator, v, c.Unit)
			w.add(")")
		}
	}
}

// said tells apart what somebody said of a list from what a record says: ".said", ".back" for an
// answer about a stretch of time, or nothing.
func said(c *Criterion, f *Fact) string {
	switch {
	case f.Kind != FactAnswer || !c.Kind.Coded():
		return ""
	case !f.Back.IsZero():
		return ".back"
	}
	return ".said"
}
