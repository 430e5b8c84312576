package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/survey"
)

// Schedule is when and how one plan of a study asks for its questionnaire, and how often it tries again: what
// of a DiaryPlan staff may change on a page. What is asked, its red flags and who must be known stay in the
// study's file.
type Schedule struct {
	Plan         string // DiaryPlan.ID
	Days         string
	From, To     string
	Channels     []survey.Channel
	CallAt       string
	Retries      int
	RetryMinutes int
	ReAsks       int
}

// Schedule is that of a plan.
func (d *DiaryPlan) Schedule() Schedule {
	return Schedule{d.ID, d.Days, d.From, d.To, slices.Clone(d.Channels), d.CallAt, d.Retries, d.RetryMinutes, d.ReAsks}
}

// Scheduled is the study with other schedules; plans that none is about stay as they are.
func (s *Study) Scheduled(all []Schedule) Study {
	next := *s
	if s.Diary != nil {
		d := *s.Diary
		next.Diary = &d
	}
	next.Diaries = slices.Clone(s.Diaries)
	for _, x := range all {
		for _, d := range next.Plans() {
			if d.ID == x.Plan {
				d.Days, d.From, d.To, d.Channels, d.CallAt, d.Retries, d.RetryMinutes, d.ReAsks = x.Days, x.From, x.To, x.Channels, x.CallAt, x.Retries, x.RetryMinutes, x.ReAsks
			}
		}
	}
	return next
}

// Most further calls for one entry, and how far apart at least and at most.
const (
	MostRetries       = 9
	LeastRetryMinutes = 5
	MostRetryMinutes  = 240
)

// checkSchedules looks at the plans of a study that staff change, as at those of a file, and at what only
// makes sense together.
func (c *Coordinator) checkSchedules(ctx context.Context, s *Study) error {
	var p problems
	s.checkPlans(&p)
	for _, d := range s.Plans() {
		at := s.planField(d)
		p.when(len(d.Channels) == 0, at+".channels", "is empty: tick at least one way")
		p.when(d.CallAt != "" && !slices.Contains(d.Channels, survey.Voice), at+".callAt", "is given, and calls are no way of this plan: tick the phone, or leave it empty")
		p.when(d.CallAt != "" && !d.holds(d.CallAt), at+".callAt", "%q is outside %s to %s, when an entry can be made", d.CallAt, d.From, d.To)
		p.when(d.Retries < 0 || d.Retries > MostRetries, at+".retries", "%d: 0 to %d further calls", d.Retries, MostRetries)
		p.when(d.CallAt != "" && d.Retries > 0 && (d.RetryMinutes < LeastRetryMinutes || d.RetryMinutes > MostRetryMinutes), at+".retryMinutes", "%d: %d to %d minutes between calls", d.RetryMinutes, LeastRetryMinutes, MostRetryMinutes)
	}
	if err := p.err(); err != nil {
		return err
	}
	return c.checkQuestionnaires(ctx, s)
}

// TrySchedules says whose entries other schedules would change, as WhatEntriesMove does, and stores nothing.
// ErrStudy: they are not right.
func (c *Coordinator) TrySchedules(ctx context.Context, st Study, all []Schedule) ([]EntriesMoved, error) {
	next := st.Scheduled(all)
	if err := c.checkSchedules(ctx, &next); err != nil {
		return nil, err
	}
	return c.WhatEntriesMove(ctx, next)
}

// SetSchedules gives plans of a study other schedules. revision is that of the study which the change was
// made on: ErrChanged if it has another by now. ErrStudy: they are not right.
func (c *Coordinator) SetSchedules(ctx context.Context, by audit.Actor, s StudyID, revision int64, all []Schedule) error {
	return c.changeStudy(ctx, audit.Entry{Actor: by, Action: "study.schedules", Study: string(s)}, revision, func(old Study) (Study, error) {
		next := old.Scheduled(all)
		return next, c.checkSchedules(ctx, &next)
	})
}

// Entry is one entry to come of a plan, as it is laid out for a subject.
type Entry struct {
	Plan, Day     string
	Opens, Closes time.Time
	Call          time.Time // zero: nobody is called for it
	By            []survey.Channel
}

func (e Entry) alike(o Entry) bool {
	return e.Plan == o.Plan && e.Day == o.Day && e.Opens.Equal(o.Opens) && e.Closes.Equal(o.Closes) && e.Call.Equal(o.Call) && slices.Equal(e.By, o.By)
}

// entryDays is how far ahead entries are laid out for a preview.
const entryDays = 14

// entries lays out a subject's entries that are open or to come, by plan and day.
func (s *Study) entries(p *contacts.Person, zone *time.Location, anchor string, visits []Visit, now time.Time) ([]Entry, error) {
	var all []Entry
	for _, d := range s.Plans() {
		for ahead := -1; ahead < entryDays; ahead++ {
			day := now.In(zone).AddDate(0, 0, ahead).Format(time.DateOnly)
			if !d.DueOn(day, anchor, visits) {
				continue
			}
			opens, closes, err := d.Window(day, zone)
			if err != nil {
				return nil, err
			}
			if !now.Before(closes) {
				continue
			}
			e := Entry{Plan: d.ID, Day: day, Opens: opens, Closes: closes, By: d.Channels}
			if calls(d) && !p.ReachMe.Skips(day) {
				if e.Call, err = d.CallTime(p, day, opens, closes); err != nil {
					return nil, err
				}
			}
			all = append(all, e)
		}
	}
	return all, nil
}

// CallTime is when the first call of an entry is due: at the person's own time where that lies in the
// entry's window, else at the plan's.
func (d *DiaryPlan) CallTime(p *contacts.Person, day string, opens, closes time.Time) (time.Time, error) {
	zone, ok := contacts.Zone(*p)
	if !ok {
		return opens, nil
	}
	if p.ReachMe.CallAt != "" {
		own, err := Instant(day, p.ReachMe.CallAt, zone.String())
		if err != nil || !own.Before(opens) && own.Before(closes) {
			return own, err
		}
	}
	return Instant(day, d.CallAt, zone.String())
}

// EntriesMoved is one subject whose entries a changed plan would change: those that would be no more as they
// are, and those that would come in their place.
type EntriesMoved struct {
	Subject     Subject
	Zone        *time.Location
	Before, Now []Entry
}

// WhatEntriesMove says what would become of the entries of the coming two weeks if a study were stored as
// next, before it is, subject by subject. It is laid out as asking lays it out. A study that is new moves
// nothing. next has been checked.
func (c *Coordinator) WhatEntriesMove(ctx context.Context, next Study) ([]EntriesMoved, error) {
	st, err := c.studies.Get(ctx, next.ID)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []EntriesMoved
	for _, status := range Statuses() {
		if !status.AfterConsent() {
			continue
		}
		subs, err := c.SubjectsIn(ctx, st.StudyID(), status)
		if err != nil {
			return nil, err
		}
		for i := range subs {
			m, err := c.entriesMoved(ctx, &subs[i], &st, &next)
			if err != nil {
				return nil, fmt.Errorf("entries of %s: %w", subs[i].ID, err)
			}
			if len(m.Before)+len(m.Now) > 0 {
				all = append(all, m)
			}
		}
	}
	return all, nil
}

func (c *Coordinator) entriesMoved(ctx context.Context, s *Subject, old, next *Study) (m EntriesMoved, err error) {
	p, err := c.People.Get(ctx, s.Person)
	if err != nil || p.Deceased != "" || !p.Erased.IsZero() {
		return m, err
	}
	visits, err := c.visits.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("subject", s.ID)}})
	if err != nil {
		return m, err
	}
	zone, ok := contacts.Zone(p)
	if !ok {
		zone = old.siteZone(s.Site)
	}
	before, err := old.entries(&p, zone, s.Anchor, visits, c.now())
	if err != nil {
		return m, err
	}
	after, err := next.entries(&p, zone, s.Anchor, visits, c.now())
	return EntriesMoved{Subject: *s, Zone: zone, Before: notIn(before, after), Now: notIn(after, before)}, err
}

// notIn are the entries of a that are not in b as they are.
func notIn(a, b []Entry) []Entry {
	return slices.DeleteFunc(slices.Clone(a), func(e Entry) bool { return slices.ContainsFunc(b, e.alike) })
}
