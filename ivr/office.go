package ivr

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/trial"
)

// office is who we say we are, and where people can call.
type office struct {
	Name, Phone, Emergency string
	places                 []place // whom a call can be put through to
}

// place is one site with its clock.
type place struct {
	site trial.Site
	zone *time.Location
}

// officeOf is the office of a study at a site, "" for its first. A name that strangers may hear is
// the only one we ever say (F11).
func (o *Operator) officeOf(ctx context.Context, study trial.StudyID, site string, lang i18n.Lang) (office, error) {
	st, err := o.Trial.Study(ctx, study)
	if err != nil {
		return o.neutral(lang), err
	}
	s, ok := st.Site(site)
	if !ok && len(st.Sites) > 0 {
		s = st.Sites[0]
	}
	return o.placed(&st, s, lang), nil
}

func (o *Operator) placed(st *trial.Study, s trial.Site, lang i18n.Lang) office {
	out := o.neutral(lang)
	out.Name = cmp.Or(st.NeutralName[string(lang)], st.NeutralName["en"], out.Name)
	out.Phone, out.Emergency = cmp.Or(s.Phone, out.Phone), cmp.Or(s.Emergency, out.Emergency)
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		zone = time.UTC
	}
	out.places = []place{{s, zone}}
	return out
}

// neutral is who we are where more than one office may be meant: no name of anybody's, and the
// number everybody knows.
func (o *Operator) neutral(lang i18n.Lang) office {
	return office{Name: i18n.T(lang, "voice.office"), Phone: o.Us.National(), Emergency: "911"}
}

// theirOffice is the one of a person in a study: at their site.
func (o *Operator) theirOffice(ctx context.Context, study trial.StudyID, p contacts.PersonID, lang i18n.Lang) (office, error) {
	s, err := o.Trial.Subject(ctx, trial.SubjectID(p, study))
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return o.neutral(lang), err
	}
	return o.officeOf(ctx, study, s.Site, lang)
}

// officeFor is the office of some people, such as those who share a number: of the studies they are
// in now, or were in. Where these have several, or there are none, it is what everybody's is.
func (o *Operator) officeFor(ctx context.Context, people []contacts.PersonID, lang i18n.Lang) (office, error) {
	var now, past []office
	for _, p := range people {
		subs, err := o.Trial.SubjectsOf(ctx, p)
		if err != nil {
			return o.neutral(lang), err
		}
		for _, s := range subs {
			of, err := o.officeOf(ctx, s.Study, s.Site, lang)
			if err != nil {
				return of, err
			}
			if past = append(past, of); !s.Status.Over() {
				now = append(now, of)
			}
		}
	}
	switch {
	case len(now) > 0:
		return o.oneOf(now, lang), nil
	case len(past) > 0:
		return o.oneOf(past, lang), nil
	}
	return o.everybodys(ctx, lang)
}

// everybodys is the office of whoever runs this, where all studies and sites have one and the same
// name and number; else it is neutral. It is what strangers hear, and people before they have proved who they are.
func (o *Operator) everybodys(ctx context.Context, lang i18n.Lang) (office, error) {
	all, err := o.Trial.Studies(ctx)
	if err != nil {
		return o.neutral(lang), err
	}
	var every []office
	for _, open := range []bool{true, false} { // studies that are over count where there is no other
		for _, st := range all {
			if (st.State != trial.StudyClosed) != open {
				continue
			}
			for _, s := range st.Sites {
				every = append(every, o.placed(&st, s, lang))
			}
		}
		if len(every) > 0 {
			break
		}
	}
	return o.oneOf(every, lang), nil
}

// oneOf joins offices: what all have in common is said, and what differs is neutral.
func (o *Operator) oneOf(all []office, lang i18n.Lang) office {
	out := o.neutral(lang)
	if len(all) == 0 {
		return out
	}
	same := func(of func(office) string, other string) string {
		first := of(all[0])
		if slices.ContainsFunc(all, func(x office) bool { return of(x) != first }) {
			return other
		}
		return first
	}
	out.Name = same(func(x office) string { return x.Name }, out.Name)
	out.Phone = same(func(x office) string { return x.Phone }, out.Phone)
	out.Emergency = same(func(x office) string { return x.Emergency }, out.Emergency)
	for _, x := range all {
		out.places = append(out.places, x.places...)
	}
	return out
}

// office is the one to speak for on a call: of what it is about, of whoever has proved to be who
// they are, else everybody's.
func (o *Operator) office(ctx context.Context, c *call) (office, error) {
	theirs := c.Person != "" && (c.Outbound || c.Level > trial.Nobody)
	switch {
	case c.Study != "" && theirs:
		return o.theirOffice(ctx, c.Study, c.Person, c.Lang)
	case c.Study != "":
		return o.officeOf(ctx, c.Study, "", c.Lang)
	case theirs:
		return o.officeFor(ctx, []contacts.PersonID{c.Person}, c.Lang)
	}
	return o.everybodys(ctx, c.Lang)
}

// open says whether somebody answers now, and on what number: at the first of its places that does.
func (of office) open(now time.Time, us phone.Number) (phone.Number, bool) {
	for _, p := range of.places {
		n, err := phone.Parse(p.site.Phone, "US")
		if err == nil && n != us && p.site.Answers(now.In(p.zone)) {
			return n, true
		}
	}
	return phone.Number{}, false
}
