package matching

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
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

// day is the study's local day.
func (s *Study) day(now time.Time) eval.Date {
	if s.Zone != nil {
		now = now.In(s.Zone)
	}
	return eval.DateOf(now)
}

// openStudies are the open studies, each in the index of its local day.
type openStudies struct {
	studies  map[string]*openStudy
	order    []string // of studies, as they are shown
	indexes  indexes
	compared map[string]compared
}

// openStudy is one open study.
type openStudy struct {
	Study
	edition string
	day     eval.Date
}

// take makes these the open studies, and changes in the indexes what is different.
func (x *openStudies) take(all []Study, now time.Time) error {
	if x.studies == nil {
		x.studies, x.indexes = map[string]*openStudy{}, indexes{}
	}
	open := map[string]bool{}
	x.order = nil
	for i := range all {
		s := &openStudy{Study: all[i], edition: all[i].edition(), day: all[i].day(now)}
		open[s.ID], x.order = true, append(x.order, s.ID)
		old := x.studies[s.ID]
		if old != nil && old.edition == s.edition && old.day == s.day {
			continue
		}
		if old != nil && old.day != s.day {
			x.indexes[old.day].Remove(s.ID)
		}
		if err := x.indexes.put(s.day, s); err != nil {
			return err
		}
		x.studies[s.ID] = s
	}
	used := map[eval.Date]bool{}
	for id, s := range x.studies {
		if !open[id] {
			x.indexes[s.day].Remove(id)
			delete(x.studies, id)
			continue
		}
		used[s.day] = true
	}
	for day := range x.indexes {
		if !used[day] {
			delete(x.indexes, day)
		}
	}
	return nil
}

// indexes hold studies by the day they are looked at on.
type indexes map[eval.Date]*percolate.Index

func (x indexes) put(day eval.Date, s *openStudy) (err error) {
	if x[day] == nil {
		if x[day], err = percolate.New(day); err != nil {
			return fmt.Errorf("%s on %q: %w", s.ID, day, err)
		}
	}
	x[day].Put(s.percolated())
	return nil
}

// classes are the studies somebody fits.
func (x indexes) classes(p *percolate.Person) map[string]eval.Class {
	var found []percolate.Match
	for _, ix := range x {
		found = ix.Match(found, p)
	}
	out := make(map[string]eval.Class, len(found))
	for _, m := range found {
		out[m.Study] = m.Class
	}
	return out
}

// settled says whether everybody was held against the study as it is, so that what changes is news.
func (x *openStudies) settled(s *openStudy) bool {
	c, ok := x.compared[s.ID]
	return ok && c.Edition == s.edition && !c.Closed
}
