package matching

import (
	"cmp"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/matching/eval"
)

// Result says how a study's criteria split the registry on a day.
type Result struct {
	Study    string    `json:"study"`
	Version  int       `json:"version"`
	AsOf     eval.Date `json:"asOf"`
	Counts   Counts    `json:"counts"`
	Criteria []Cost    `json:"criteria"`
}

// Counts is how many people are in each class. Those who have died are excluded.
type Counts struct {
	Eligible int `json:"eligible"`
	Possible int `json:"possible"`
	Excluded int `json:"excluded"`
}

// Cost is what one criterion does, among the living.
type Cost struct {
	ID       string `json:"id"`
	Text     string `json:"text"`
	Excluded int    `json:"excluded"` // people known to fail it
	Only     int    `json:"only"`     // of these, those who fail nothing else: without it they would be eligible or possible
	Unknown  int    `json:"unknown"`  // possible people about whom it is not known
	Left     int    `json:"left"`     // people not known to fail it or any before it
	Dropped  Counts `json:"dropped"`  // by how much each class would grow without it, or shrink, below zero
}

// Candidate is one person held against one study.
type Candidate struct {
	Study   string            `json:"-"`
	Person  contacts.PersonID `json:"person"`
	Verdict eval.Class        `json:"verdict"`
	Unknown []string          `json:"unknown"` // ids of criteria, in their order
	Reasons []Reason          `json:"reasons"` // one for each criterion, in their order

	Deceased    bool      `json:"-"` // which excludes, whatever the reasons say
	CountsOnly  bool      `json:"-"` // from medical records, or a waiver that is over: not to be contacted
	Metres      int       `json:"-"` // to the nearest site; -1: unknown
	LastContact time.Time `json:"-"` // by us; zero: never
}

// Reason is why one criterion is met, not met or unknown.
type Reason struct {
	eval.Reason
	Text      string `json:"text"` // "HbA1c 7.4 % on 3 Feb 2026 (records): within 7.0–10.5 %"
	Criterion string `json:"-"`    // what it asks for: "Aged 40 to 75"
	Name      string `json:"-"`    // of what it looks at: "smoking"
	Only      bool   `json:"-"`    // nothing else excludes the person
}

// tally counts verdicts.
type tally struct {
	counts Counts
	costs  []Cost
}

func (t *tally) add(v *eval.Verdict) {
	switch v.Class {
	case eval.Eligible:
		t.counts.Eligible++
	case eval.Possible:
		t.counts.Possible++
	default:
		t.counts.Excluded++
	}
	if v.Deceased {
		return
	}
	failed, unknown, left := 0, 0, true
	for i := range v.Reasons {
		switch v.Reasons[i].Outcome {
		case eval.NotMet:
			failed++
			left = false
			t.costs[i].Excluded++
		case eval.OutcomeUnknown:
			unknown++
			if v.Class == eval.Possible {
				t.costs[i].Unknown++
			}
		}
		if left {
			t.costs[i].Left++
		}
	}
	for i := range v.Reasons {
		c := &t.costs[i]
		switch o := v.Reasons[i].Outcome; {
		case o == eval.NotMet && failed == 1:
			c.Only++
			c.Dropped.Excluded--
			if unknown == 0 {
				c.Dropped.Eligible++
			} else {
				c.Dropped.Possible++
			}
		case o == eval.OutcomeUnknown && failed == 0 && unknown == 1:
			c.Dropped.Possible--
			c.Dropped.Eligible++
		}
	}
}

func (c *Counts) add(o Counts) {
	c.Eligible += o.Eligible
	c.Possible += o.Possible
	c.Excluded += o.Excluded
}

func (t *tally) merge(o *tally) {
	t.counts.add(o.counts)
	for i := range o.costs {
		t.costs[i].Excluded += o.costs[i].Excluded
		t.costs[i].Only += o.costs[i].Only
		t.costs[i].Unknown += o.costs[i].Unknown
		t.costs[i].Left += o.costs[i].Left
		t.costs[i].Dropped.add(o.costs[i].Dropped)
	}
}

// judged is one verdict with what ranks it.
type judged struct {
	id      contacts.PersonID
	verdict eval.Verdict
	unknown int
	metres  int // -1: unknown
	last    time.Time
	profile *profile
}

// before is the order people should be called in, and a total one: the fewest unknowns, so that
// the eligible come first; then the nearest; then who has waited longest for a word from us.
func (a *judged) compare(b *judged) int {
	return cmp.Or(
		cmp.Compare(a.unknown, b.unknown),
		cmp.Compare(uint(a.metres), uint(b.metres)), // -1 is far away
		a.last.Compare(b.last),
		cmp.Compare(a.id, b.id),
	)
}

func nearest(d []eval.SiteDistance) int {
	if len(d) == 0 {
		return -1
	}
	return slices.MinFunc(d, func(a, b eval.SiteDistance) int { return cmp.Compare(a.Metres, b.Metres) }).Metres
}

// words are what a study's criteria are called, in their order.
type words struct {
	say        eval.Lookup
	teller     *eval.Teller
	text, name []string
}

func (s *Study) words() words { return s.wordsIn(eval.English()) }

func (s *Study) wordsIn(say eval.Lookup) words {
	w := words{say: say, teller: eval.NewTeller(s.Criteria.Items, say)}
	for i := range s.Criteria.Items {
		c := &s.Criteria.Items[i]
		text := c.Text
		if text == "" {
			text = eval.Describe(*c, w.say)
		}
		w.text, w.name = append(w.text, text), append(w.name, cmp.Or(w.named(c), text))
	}
	return w
}

// named is a short name of what a criterion looks at, "" if nobody has given it one.
func (w words) named(c *eval.Criterion) string {
	switch {
	case c.Name != "":
		return c.Name
	case c.ValueSet != "":
		return eval.Name(*c, w.say)
	case len(c.Codes) > 0:
		return w.say.Text("code." + string(c.Codes[0]))
	}
	return w.say.Text("kind." + string(c.Kind))
}

// In returns the candidate with the reasons in the words of another language. s must be the study it
// was held against. What the study's file and the records say stays in their language.
func (c Candidate) In(s Study, say eval.Lookup) Candidate {
	w := s.wordsIn(say)
	c.Reasons = slices.Clone(c.Reasons)
	for i := range c.Reasons {
		r := &c.Reasons[i]
		r.Text, r.Criterion, r.Name = w.teller.Sentence(i, &r.Reason), w.text[i], w.name[i]
	}
	return c
}

// candidate puts a verdict into words.
func (a *judged) candidate(s *Study, w words, asOf eval.Date) Candidate {
	c := Candidate{
		Study: s.ID, Person: a.id, Verdict: a.verdict.Class, Unknown: a.verdict.Unknown(), Reasons: make([]Reason, len(a.verdict.Reasons)),
		Deceased: a.verdict.Deceased, CountsOnly: a.profile.countsOnly(asOf), Metres: a.metres, LastContact: a.last,
	}
	if c.Unknown == nil {
		c.Unknown = []string{}
	}
	alone := !a.verdict.Deceased && len(a.verdict.Failed()) == 1
	for i, r := range a.verdict.Reasons {
		c.Reasons[i] = Reason{
			Reason: r, Text: w.teller.Sentence(i, &r), Criterion: w.text[i], Name: w.name[i],
			Only: alone && r.Outcome == eval.NotMet,
		}
	}
	return c
}
