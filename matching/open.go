package matching

import (
	"fmt"
	"time"

	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/matching/percolate"
)

// openStudies are the open studies, those of each time zone in an index that goes from day to day.
type openStudies struct {
	studies  map[string]*openStudy
	order    []string // of studies, as they are shown
	zones    map[string]*time.Location
	indexes  indexes // by zone
	compared map[string]compared
}

// openStudy is one open study.
type openStudy struct {
	Study
	edition string
	day     eval.Date
}

// zone is where the study's days begin and end.
func (s *Study) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// day is the study's local day.
func (s *Study) day(now time.Time) eval.Date { return eval.DateOf(now.In(s.zone())) }

// take makes these the open studies, and changes in the indexes what is different.
func (x *openStudies) take(all []Study, now time.Time) error {
	if x.studies == nil {
		x.studies, x.zones, x.indexes = map[string]*openStudy{}, map[string]*time.Location{}, indexes{}
	}
	open, used := map[string]bool{}, map[string]bool{}
	x.order = nil
	for i := range all {
		s := &openStudy{Study: all[i], edition: all[i].edition(), day: all[i].day(now)}
		zone := s.zone().String()
		open[s.ID], used[zone], x.zones[zone] = true, true, s.zone()
		x.order = append(x.order, s.ID)
		old := x.studies[s.ID]
		if old != nil && old.zone().String() != zone {
			x.indexes[old.zone().String()].Remove(s.ID)
			old = nil
		}
		ix, err := x.indexes.on(zone, s.day)
		if err != nil {
			return fmt.Errorf("%s: %w", s.ID, err)
		}
		if old == nil || old.edition != s.edition {
			ix.Put(s.percolated())
		}
		x.studies[s.ID] = s
	}
	for id, s := range x.studies {
		if !open[id] {
			x.indexes[s.zone().String()].Remove(id)
			delete(x.studies, id)
		}
	}
	for zone := range x.indexes {
		if !used[zone] {
			delete(x.indexes, zone)
			delete(x.zones, zone)
		}
	}
	return nil
}

// yesterdays says whether a new day has begun somewhere.
func (x *openStudies) yesterdays(now time.Time) bool {
	for zone, ix := range x.indexes {
		if eval.DateOf(now.In(x.zones[zone])) != ix.Day() {
			return true
		}
	}
	return false
}

// settled says whether everybody was held against the study as it is, so that what changes is news.
func (x *openStudies) settled(s *openStudy) bool {
	c, ok := x.compared[s.ID]
	return ok && c.Edition == s.edition && !c.Closed
}

// indexes hold studies that may be looked at on different days, by what keeps them apart.
type indexes map[string]*percolate.Index

// on is an index, made if need be, on a day.
func (x indexes) on(name string, day eval.Date) (*percolate.Index, error) {
	ix, err := x[name], error(nil)
	if ix == nil {
		if ix, err = percolate.New(day); err == nil {
			x[name] = ix
		}
	} else {
		err = ix.Turn(day)
	}
	if err != nil {
		return nil, fmt.Errorf("index of %q: %w", day, err)
	}
	return ix, nil
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
