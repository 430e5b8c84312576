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
	own := func(v columns.Own) percolate.Own {
		o := percolate.Own{Person: v.Person}
		if known != nil {
			o.Participations = slices.Concat(o.Participations, known.trials)
			if n := len(known.visits); n > 0 { // visits that were kept: none lies ahead
				o.LastVisit = max(o.LastVisit, known.visits[n-1])
			}
		}
		if v.Asked != "" {
			if o.Alone = addDays(v.Asked, -columns.AskedDays); o.Alone == "" {
				o.Lists.Trials = v.Asked
			}
		}
		return o
	}
	all := own(r.registry)
	out.Person, out.Alone, out.Home = all.Person, all.Alone, r.profile.at
	if r.profile.basis.Kind == contacts.ByWaiver {
		out.Only = cmp.Or(r.profile.basis.Study, "-")
	}
	for study, v := range r.own {
		if out.Own == nil {
			out.Own = map[string]percolate.Own{}
		}
		out.Own[study] = own(v)
	}
	return out, true
}

// percolated is a study as the percolator reads it.
func (s *Study) percolated() percolate.Study {
	out := percolate.Study{ID: s.ID, Criteria: s.Criteria}
	for _, x := range s.places() {
		out.Sites = append(out.Sites, percolate.Site(x))
	}
	return out
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
