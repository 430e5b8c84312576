package percolate

import (
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// Study is one study of an index.
type Study struct {
	ID       string
	Criteria eval.Criteria
	Sites    []columns.Site // those whose position is known
}

// Person is somebody held against all studies.
type Person struct {
	eval.Person                        // Distances are not looked at: they follow from Home and the sites
	Asked       eval.Date              // as in columns.Own
	Home        geo.Point              // not Located: unknown
	Own         map[string]columns.Own // what studies with facts of their own know, in place of Person and Asked
	Only        string                 // the one study they may be held against; "": all
}

// everywhere is the person as studies without facts of their own know them.
func (p *Person) everywhere() columns.Own { return columns.Own{Person: p.Person, Asked: p.Asked} }

// ready is a person as eval reads them for one study.
func (x *Index) ready(s *entry, own columns.Own, home geo.Point) *eval.Person {
	p := own.For(s.Criteria.Items, x.day, home, s.Sites, nil, nil)
	return &p
}
