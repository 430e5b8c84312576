package percolate

import (
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// Study is one study of an index.
type Study struct {
	ID       string
	Criteria eval.Criteria
	Sites    []Site // those whose position is known
}

// Site is a place people would travel to.
type Site struct {
	ID string
	At geo.Point
}

// Person is somebody held against all studies.
type Person struct {
	eval.Person           // Distances are not looked at: they follow from Home and the sites
	Home        geo.Point // not Located: unknown
	// Alone is the first day since which they were in no other study, by their own word; "": they did
	// not say. For a study that looks no further back, Lists.Trials counts as confirmed.
	Alone eval.Date
	Own   map[string]Own // what studies with facts of their own know, in place of the above
	Only  string         // the one study they may be held against; "": all
}

// Own is a person as one study knows them.
type Own struct {
	eval.Person
	Alone eval.Date
}

// of is the person as eval reads them for one study.
func (s *entry) of(p *eval.Person, home geo.Point, alone eval.Date) *eval.Person {
	q := *p
	q.Distances = nil
	if home.Located() {
		q.Distances = make([]eval.SiteDistance, len(s.Sites))
		for i, x := range s.Sites {
			q.Distances[i] = eval.SiteDistance{Site: x.ID, Metres: geo.Distance(home, x.At)}
		}
	}
	if q.Lists.Trials == "" && alone != "" && !(s.back != "" && s.back < alone) {
		q.Lists.Trials = alone
	}
	return &q
}

// lookBack is the earliest day criteria about other studies ask for; "": none has a window.
func lookBack(items []eval.Criterion, asOf eval.Date) (first eval.Date) {
	for i := range items {
		d := lookBack(items[i].Of, asOf)
		if c := &items[i]; c.Kind == eval.OtherTrial && !c.Within.IsZero() {
			d = earlier(d, c.Within.Before(asOf))
		}
		first = earlier(first, d)
	}
	return first
}

func earlier(a, b eval.Date) eval.Date {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}
