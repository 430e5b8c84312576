// Package weekly e-mails members of staff who asked for it how the last week was where they work: numbers,
// and a link to where the people are.
package weekly

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// Template names the e-mail.
const Template = "staff.weekly.mail"

// Reports sends them. All fields are required; Safe for concurrent use, in several processes.
type Reports struct {
	Store     *docstore.Store
	Members   *staff.Members
	Trial     *trial.Coordinator
	Box       *outbox.Box
	PublicURL string
}

// sendAt is the hour of a Monday at which a report goes; late is how long after it still does.
const (
	sendAt = 8
	late   = 3 * 24 * time.Hour
)

// Last is the last whole week, Monday to Monday, before now in a zone, and when its report goes.
func Last(now time.Time, zone *time.Location) (from, to, due time.Time) {
	local := now.In(zone)
	monday := local.Day() - (int(local.Weekday())+6)%7
	day := func(d, hour int) time.Time { return time.Date(local.Year(), local.Month(), d, hour, 0, 0, 0, zone) }
	if due = day(monday, sendAt); now.Before(due) {
		monday -= 7
		due = day(monday, sendAt)
	}
	return day(monday-7, 0), day(monday, 0), due
}

// Tick queues the reports that are due and were not queued: one for each member and week, whatever process
// asks. What waits for a member who may have it no more is taken back.
func (w *Reports) Tick(ctx context.Context, now time.Time) error {
	all, err := w.Members.All(ctx)
	if err != nil {
		return fmt.Errorf("weekly reports: %w", err)
	}
	var errs []error
	for i := range all {
		if err := w.report(ctx, &all[i], now); err != nil {
			errs = append(errs, fmt.Errorf("weekly report of %s: %w", all[i].ID, err))
		}
	}
	return errors.Join(errs...)
}

func (w *Reports) report(ctx context.Context, m *staff.Member, now time.Time) error {
	if !m.Reported() {
		if m.ReportSince.IsZero() {
			return nil
		}
		return w.Store.Do(ctx, func(b *docstore.Batch) error {
			return w.Box.CancelFor(ctx, b, outbox.About{Ref: ref(m), Kind: outbox.Email}, "the report is not wanted any more, or not allowed")
		})
	}
	zone, err := w.zone(ctx, m)
	if err != nil {
		return err
	}
	from, to, due := Last(now, zone)
	if !m.ReportSince.Before(due) || !now.Before(due.Add(late)) {
		return nil
	}
	id := outbox.ID("weekly", m.ID, from.Format(time.DateOnly))
	if _, err := w.Box.Get(ctx, id); !errors.Is(err, docstore.ErrNotFound) {
		return err
	}
	weeks, err := w.Trial.Weeks(ctx, Covers(*m), trial.Span{From: from, To: to})
	if err != nil {
		return err
	}
	week := weeks[0]
	body, err := i18n.Text(i18n.En, "staff.weekly.mail", "from", i18n.DayYear(i18n.En, from), "to", i18n.DayYear(i18n.En, to.AddDate(0, 0, -1)), "signed", week.SignedUp, "reminded", week.Reminded,
		"answered", week.Answered, "stopped", week.Stopped, "tasks", week.Tasks, "url", w.PublicURL+"/staff/report")
	if err != nil {
		return err
	}
	return w.Store.Do(ctx, func(b *docstore.Batch) error {
		w.Box.Put(b, outbox.Message{Meta: docstore.Meta{ID: id}, Kind: outbox.Email, To: m.Report, Purpose: trial.ToStaff, Ref: ref(m), Template: Template, Version: i18n.Version(i18n.En, Template), Lang: "en",
			Body: body, Vars: map[string]string{email.Subject: i18n.T(i18n.En, "staff.weekly.subject")}, Priority: outbox.Bulk, NotAfter: due.Add(late)})
		return nil
	})
}

// ref names a member's reports in the outbox.
func ref(m *staff.Member) string { return "weekly_" + m.ID }

// Covers says whether a member works at a place.
func Covers(m staff.Member) func(study trial.StudyID, site string) bool {
	return func(study trial.StudyID, site string) bool { return m.In(string(study)) && m.At(site) }
}

// zone is that of the first place a member works at; where no study is at any of them, of the first there is.
func (w *Reports) zone(ctx context.Context, m *staff.Member) (*time.Location, error) {
	studies, err := w.Trial.Studies(ctx)
	if err != nil {
		return nil, err
	}
	first := time.UTC
	for _, st := range studies {
		for _, x := range st.Sites {
			z, err := time.LoadLocation(x.Zone)
			if err == nil && m.In(st.ID) && m.At(x.ID) {
				return z, nil
			}
			if err == nil && first == time.UTC {
				first = z
			}
		}
	}
	return first, nil
}
