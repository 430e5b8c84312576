package columns

import (
	"slices"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// Query is one question to a table.
type Query struct {
	Study   string
	Items   []eval.Criterion
	AsOf    eval.Date // a full date, the table's day or later
	Sites   []Site
	Settled map[string]bool                 // who is neither counted nor listed, by id
	Busy    map[string][]eval.Participation // in studies of ours, by id
	Visits  map[string][]eval.Date          // to us, by id, in order
	BusyRev int                             // another number whenever Busy or Visits are others
}

// Site is a place people would travel to.
type Site struct {
	ID string
	At geo.Point
}

// Counts is how many people are in each class. Those who have died are excluded.
type Counts struct{ Eligible, Possible, Excluded int }

// Cost is what one item does among the living. Dropped is by how much the classes would grow
// (or shrink, below zero) if the item were dropped.
type Cost struct {
	Excluded int // known to fail it
	Only     int // of these, those who fail nothing else
	Unknown  int // possible people about whom it is not known
	Left     int // not known to fail it or any item before it
	Dropped  Counts
}

// Answer is what one pass over the table gives; Costs are in the order of the items.
type Answer struct {
	Counts
	Costs []Cost
}

// At makes what is known of somebody ready for a query.
func (o *Own) At(id string, home geo.Point, q *Query) eval.Person {
	return o.For(q.Items, q.AsOf, home, q.Sites, q.Busy[id], q.Visits[id])
}

// For makes what is known of somebody ready for a study's criteria on a day: how far they live from its
// sites, what studies of ours they are in, when they last came to us, and whether what they said of
// other studies still holds. Row evaluators and tables both read people so.
func (o *Own) For(items []eval.Criterion, asOf eval.Date, home geo.Point, sites []Site, busy []eval.Participation, visits []eval.Date) eval.Person {
	p := o.Person
	p.Distances = nil
	if home.Located() {
		for _, x := range sites {
			p.Distances = append(p.Distances, eval.SiteDistance{Site: x.ID, Metres: geo.Distance(home, x.At)})
		}
	}
	if len(busy) > 0 {
		p.Participations = slices.Concat(p.Participations, busy)
	}
	if len(visits) > 0 {
		p.LastVisit = max(p.LastVisit, lastOf(visits, asOf))
	}
	if o.Asked != "" && p.Lists.Trials == "" && o.answers(AsksBackTo(items, asOf)) {
		p.Lists.Trials = o.Asked
	}
	return p
}

// lastOf is the latest visit not after a day, "" for none: looking at a past day, later ones had not
// been.
func lastOf(visits []eval.Date, day eval.Date) eval.Date {
	i, found := slices.BinarySearch(visits, day)
	switch {
	case found:
		return day
	case i == 0:
		return ""
	}
	return visits[i-1]
}

// answers says whether what they said reaches back to the day since.
func (o *Own) answers(since int) bool {
	day, full := o.Asked.Day()
	return !full || day-AskedDays <= since
}

// asksBackTo is the earliest day on which the study's criteria ask after other studies.
func (q *Query) asksBackTo() int { return AsksBackTo(q.Items, q.AsOf) }

// AsksBackTo is the earliest day, as a number, on which criteria ask after other studies; a day that
// never comes if they ask for none.
func AsksBackTo(items []eval.Criterion, asOf eval.Date) int {
	since := 1<<31 - 1
	for i := range items {
		c := &items[i]
		if c.Kind == eval.OtherTrial && !c.Within.IsZero() {
			if day, ok := c.Within.Before(asOf).Day(); ok {
				since = min(since, day)
			}
		}
		since = min(since, AsksBackTo(c.Of, asOf))
	}
	return since
}
