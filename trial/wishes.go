package trial

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/survey"
)

// Wishes is when and how somebody wants to be reached by what we send ourselves: the part of
// contacts.ReachMe that is theirs to choose and to change. What is empty is left to the study.
type Wishes struct {
	From, To string           // hours for texts and calls, "09:00" and "18:30": both or none
	CallAt   string           // when a machine calls for a check-in
	SkipDays []string         // weekdays, "Sun"
	Away     []contacts.Away  // dates
	Remind   contacts.Channel // which way a reminder of a visit is tried first
}

// WishesOf are a person's wishes as they stand; days away that are over are left out.
func WishesOf(p *contacts.Person, now time.Time) Wishes {
	r, today := p.ReachMe, localDay(p, now)
	w := Wishes{From: r.From, To: r.To, CallAt: r.CallAt, SkipDays: r.SkipDays, Remind: r.Remind}
	for _, a := range r.Away {
		if a.To >= today {
			w.Away = append(w.Away, a)
		}
	}
	return w
}

// localDay is the date where a person is, in UTC where that is not known.
func localDay(p *contacts.Person, now time.Time) string {
	if z, ok := contacts.Zone(*p); ok {
		now = now.In(z)
	}
	return now.Format(time.DateOnly)
}

// Unfit is a wish that cannot be kept: which field of Wishes it is ("from", "callAt", "skipDays", "away",
// "remind"), and which of these the matter is, with the times to choose between where there are any.
type Unfit struct {
	Field, Code string
	From, To    string
}

// What is wrong with a wish.
const (
	UnfitHalf   = "half"   // one hour of two, or one day
	UnfitSame   = "same"   // the two hours are one
	UnfitLaw    = "law"    // outside the hours of the law
	UnfitStudy  = "study"  // outside the hours of a study they are in, From to To
	UnfitHours  = "hours"  // a call outside the hours in which calls are made
	UnfitWindow = "window" // no check-in is open then, but From to To
	UnfitWeek   = "week"   // no day is left
	UnfitOrder  = "order"  // the last day is before the first
	UnfitPast   = "past"   // the days are over
	UnfitLong   = "long"   // away for too long, or too often
	UnfitAgreed = "agreed" // the way was not agreed to
)

// Unfits is the error of wishes that cannot be kept; nothing is stored.
type Unfits []Unfit

func (u Unfits) Error() string {
	var s []string
	for _, x := range u {
		s = append(s, strings.TrimSpace(x.Field+" "+x.Code+" "+x.From+" "+x.To))
	}
	return "wishes that cannot be kept: " + strings.Join(s, "; ")
}

// Takes is what the studies somebody is in leave to choose.
type Takes struct {
	Studies []Study
	Calls   bool // one of them calls for check-ins
}

// Takes says what a person can choose about, for a page that asks.
func (c *Coordinator) Takes(ctx context.Context, p contacts.PersonID) (t Takes, err error) {
	subs, err := c.SubjectsOf(ctx, p)
	if err != nil {
		return t, err
	}
	for _, s := range subs {
		if !s.Status.AfterConsent() {
			continue
		}
		st, err := c.studies.Get(ctx, string(s.Study))
		if err != nil {
			return t, err
		}
		t.Studies = append(t.Studies, st)
		t.Calls = t.Calls || slices.ContainsFunc(st.Plans(), calls)
	}
	return t, nil
}

// calls says whether a plan calls people.
func calls(d *DiaryPlan) bool { return d.CallAt != "" && slices.Contains(d.Channels, survey.Voice) }

// SetWishes stores when and how somebody wants to be reached. The consent gate and all that is planned
// read nothing else, so it counts from the next moment; what waits already is planned anew. Unfits: what
// of it cannot be kept, and nothing is stored.
func (c *Coordinator) SetWishes(ctx context.Context, by audit.Actor, id contacts.PersonID, why string, w Wishes) error {
	p, err := c.People.Get(ctx, id)
	if err != nil {
		return err
	}
	takes, err := c.Takes(ctx, id)
	if err != nil {
		return fmt.Errorf("wishes of %s: %w", id, err)
	}
	if no := w.unfit(&p, takes, c.now()); len(no) > 0 {
		return no
	}
	_, err = c.People.Edit(ctx, by, id, why, func(p *contacts.Person) error {
		r := &p.ReachMe
		r.From, r.To, r.CallAt, r.SkipDays, r.Away, r.Remind = w.From, w.To, w.CallAt, w.SkipDays, w.Away, w.Remind
		return nil
	})
	return err
}

// unfit looks at wishes before they are stored. The bounds of package contacts hold in any case.
func (w *Wishes) unfit(p *contacts.Person, t Takes, now time.Time) (no Unfits) {
	add := func(field, code, from, to string) { no = append(no, Unfit{field, code, from, to}) }
	wish := contacts.ReachMe{From: w.From, To: w.To}
	switch {
	case (w.From == "") != (w.To == ""):
		add("from", UnfitHalf, "", "")
		wish = contacts.ReachMe{}
	case w.From != "" && w.From == w.To:
		add("from", UnfitSame, "", "")
	case w.From != "" && !contacts.WithinLaw(w.From, w.To):
		add("from", UnfitLaw, "08:00", "21:00")
	default:
		for _, st := range t.Studies {
			if !wish.LeavesTime(hoursOf(&st)) {
				add("from", UnfitStudy, st.Contact.From, st.Contact.To)
				break
			}
		}
	}
	if w.CallAt != "" {
		if x, ok := w.callUnfit(wish, t); ok && (x.Code != UnfitHours || len(no) == 0) {
			no = append(no, x)
		}
	}
	if len(w.SkipDays) >= len(contacts.Weekdays()) {
		add("skipDays", UnfitWeek, "", "")
	}
	days, today := 0, localDay(p, now)
	for _, a := range w.Away {
		n := a.Days()
		days += n
		switch {
		case a.From == "" || a.To == "":
			add("away", UnfitHalf, "", "")
		case n == 0:
			add("away", UnfitOrder, "", "")
		case a.To < today:
			add("away", UnfitPast, "", "")
		}
	}
	if len(w.Away) > contacts.MostAway || days > contacts.MostAwayDays {
		add("away", UnfitLong, "", "")
	}
	if w.Remind != "" && w.Remind != p.ReachMe.Remind && !agreed(p, w.Remind, t) {
		add("remind", UnfitAgreed, "", "")
	}
	return no
}

// callUnfit says why nobody can be called for a check-in at a time.
func (w *Wishes) callUnfit(wish contacts.ReachMe, t Takes) (Unfit, bool) {
	var open *DiaryPlan // one that calls
	fits := false
	for i := range t.Studies {
		if !wish.Open(w.CallAt, hoursOf(&t.Studies[i])) {
			return Unfit{"callAt", UnfitHours, "", ""}, true
		}
		for _, d := range t.Studies[i].Plans() {
			if calls(d) {
				open, fits = d, fits || d.holds(w.CallAt)
			}
		}
	}
	switch {
	case !wish.Open(w.CallAt, nil):
		return Unfit{"callAt", UnfitHours, "", ""}, true
	case open != nil && !fits:
		return Unfit{"callAt", UnfitWindow, open.From, open.To}, true
	}
	return Unfit{}, false
}

// holds says whether an entry of a plan is open at a local time of day. A window that ends at or before
// it starts ends on the next day.
func (d *DiaryPlan) holds(clock string) bool {
	if d.From < d.To {
		return d.From <= clock && clock < d.To
	}
	return d.From <= clock || clock < d.To
}

// hoursOf are the hours of a study as the gate reads them.
func hoursOf(st *Study) *contacts.StudyGate {
	return &contacts.StudyGate{ID: st.ID, From: st.Contact.From, To: st.Contact.To}
}

// agreed says whether somebody agreed to be reminded by a way, in one of their studies at least.
func agreed(p *contacts.Person, ch contacts.Channel, t Takes) bool {
	if _, granted, _ := contacts.Stands(p.Consents, contacts.StudyCare, ch, ""); granted {
		return true
	}
	return slices.ContainsFunc(t.Studies, func(st Study) bool {
		_, granted, _ := contacts.Stands(p.Consents, contacts.StudyCare, ch, st.ID)
		return granted
	})
}
