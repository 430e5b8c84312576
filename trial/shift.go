package trial

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// Shift is a time for which somebody is on call in place of the hours of the week: from one instant up
// to another, for a whole study or for one of its sites.
type Shift struct {
	docstore.Meta `bson:",inline"`
	Study         StudyID   `bson:"study"`
	Site          string    `bson:"site,omitempty"` // "" = every site that has no shift of its own then
	From          time.Time `bson:"from"`
	To            time.Time `bson:"to"`
	Who           string    `bson:"who"`              // a name under onCall
	Backup        string    `bson:"backup,omitempty"` // who is sent for next; "" = whose hours of the week it is
}

// at says whether the shift may count at a site.
func (x *Shift) at(site string) bool { return x.Site == "" || x.Site == site }

// Shifts returns the shifts of a study that are not over at from and begin before to, in order.
func (c *Coordinator) Shifts(ctx context.Context, study StudyID, from, to time.Time) ([]Shift, error) {
	all, err := c.shifts.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("study", string(study))},
		Range: &docstore.Range{Path: "to", From: from.Add(time.Millisecond)}, Order: "to", Limit: 1000})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(x Shift) bool { return !x.From.Before(to) })
	slices.SortStableFunc(all, func(a, b Shift) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Site, b.Site)) })
	return all, nil
}

// shiftsAround are the shifts that say who is on call at now and in the four weeks after.
func (c *Coordinator) shiftsAround(ctx context.Context, study StudyID, now time.Time) ([]Shift, error) {
	return c.Shifts(ctx, study, now, now.AddDate(0, 0, 28))
}

// OnCallNow is who is sent for about an alert at now, in order: the first on of them are on call, the
// others are not. shifts are those of the study around now. It is pure.
func (s *Study) OnCallNow(shifts []Shift, site string, now time.Time) (order []OnCall, on int) {
	add := func(who *OnCall) {
		if who != nil && !slices.ContainsFunc(order, func(x OnCall) bool { return x == *who }) {
			order = append(order, *who)
		}
	}
	if x := runs(shifts, site, now); x != nil {
		add(s.nameOnCall(x.Who))
		add(s.nameOnCall(x.Backup))
	}
	local := now.In(s.siteZone(site))
	for i, x := range s.OnCall {
		if x.Hours == Always || OfficeOpen(x.Hours, local) {
			add(&s.OnCall[i])
		}
	}
	on = len(order)
	for i := range s.OnCall {
		add(&s.OnCall[i])
	}
	return order, on
}

// runs is the shift that counts at a site at now: its own before one of the whole study. nil: none.
func runs(shifts []Shift, site string, now time.Time) (found *Shift) {
	for i := range shifts {
		x := &shifts[i]
		if x.at(site) && !now.Before(x.From) && now.Before(x.To) && (found == nil || found.Site == "") {
			found = x
		}
	}
	return found
}

// nameOnCall is who has a name under onCall, nil for nobody.
func (s *Study) nameOnCall(name string) *OnCall {
	if i := slices.IndexFunc(s.OnCall, func(x OnCall) bool { return x.Name == name && name != "" }); i >= 0 {
		return &s.OnCall[i]
	}
	return nil
}
