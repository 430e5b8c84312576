package matching

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/percolate"
)

// percolated is a person as the percolator reads them; not ok if nobody is to find them.
func percolated(p *contacts.Person, c *contacts.Chart, known *here) (out percolate.Person, ok bool) {
	return percolatedRecord(newRecord(p, c), known)
}

func percolatedRecord(r *record, known *here) (out percolate.Person, ok bool) {
	if r.profile == nil {
		return out, false
	}
	fold := func(o columns.Own) columns.Own {
		if known != nil {
			o.Person.Participations = slices.Concat(o.Person.Participations, known.trials)
			if n := len(known.visits); n > 0 { // visits that were kept: none lies ahead
				o.Person.LastVisit = max(o.Person.LastVisit, known.visits[n-1])
			}
		}
		return o
	}
	all := fold(r.registry)
	out.Person, out.Asked, out.Home = all.Person, all.Asked, r.profile.at
	if r.profile.basis.Kind == contacts.ByWaiver {
		out.Only = cmp.Or(r.profile.basis.Study, "-")
	}
	for study, o := range r.own {
		if out.Own == nil {
			out.Own = map[string]columns.Own{}
		}
		out.Own[study] = fold(o)
	}
	return out, true
}

// percolated is a study as the percolator reads it.
func (s *Study) percolated() percolate.Study {
	return percolate.Study{ID: s.ID, Criteria: s.Criteria, Sites: s.places()}
}

// edition names what people are held against: another one, and everybody is held against it anew.
func (s *Study) edition() string {
	h := fnv.New64a()
	text, err := json.Marshal(s.Criteria)
	if err != nil { // a bound that is no number
		text = fmt.Append(nil, s.Criteria)
	}
	h.Write(text)
	fmt.Fprint(h, s.Sites)
	return fmt.Sprintf("%d-%016x", s.Version, h.Sum64())
}
