package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// longestShift keeps a slip of the pen from covering a year.
const longestShift = 14 * 24 * time.Hour

// ShiftProblem is why a shift cannot be: the field, and what to do about it. It is ErrRefused.
type ShiftProblem struct{ Field, Mend string }

func (p *ShiftProblem) Error() string { return "`" + p.Field + "` " + p.Mend }

// Unwrap makes it ErrRefused.
func (p *ShiftProblem) Unwrap() error { return ErrRefused }

// AddShift puts somebody on call for a time. *ShiftProblem: nobody of that name has a number, or
// somebody else is on call then.
func (c *Coordinator) AddShift(ctx context.Context, by audit.Actor, x Shift) (Shift, error) {
	err := c.changeRota(ctx, audit.Entry{Actor: by, Action: "rota.add"}, x.Study, func(b *docstore.Batch, st *Study, now time.Time) error {
		if !x.To.After(now) {
			return &ShiftProblem{"to", "is over already: a shift ends later than now"}
		}
		if err := c.checkShift(ctx, st, &x, ""); err != nil {
			return err
		}
		x.Meta = docstore.Meta{ID: c.NewID("shf_")}
		c.shifts.Insert(b, &x)
		return nil
	})
	return x, err
}

// HandOver gives a shift to somebody else; of one that has begun, what is left of it. why is kept in the
// audit trail.
func (c *Coordinator) HandOver(ctx context.Context, by audit.Actor, id, to, backup, why string) (Shift, error) {
	old, err := c.shifts.Get(ctx, id)
	if err != nil {
		return Shift{}, err
	}
	var next Shift
	err = c.changeRota(ctx, audit.Entry{Actor: by, Action: "rota.handover", Reason: why}, old.Study, func(b *docstore.Batch, st *Study, now time.Time) error {
		begun := false
		_, err := c.shifts.Edit(ctx, b, id, func(v *Shift) error {
			if !v.To.After(now) {
				return &ShiftProblem{"shift", "is over: nothing of it can be handed over"}
			}
			if v.Who == to && v.Backup == backup {
				return docstore.Unchanged
			}
			next = *v
			next.Who, next.Backup = to, backup
			if err := c.checkShift(ctx, st, &next, id); err != nil {
				return err
			}
			if begun = v.From.Before(now); begun {
				v.To, next.From = now, now
				return nil
			}
			v.Who, v.Backup = to, backup
			return nil
		})
		if err == nil && begun {
			next.Meta = docstore.Meta{ID: c.NewID("shf_")}
			c.shifts.Insert(b, &next)
		}
		return err
	})
	return next, err
}

// DropShift takes a shift out; one that has begun ends now.
func (c *Coordinator) DropShift(ctx context.Context, by audit.Actor, id, why string) error {
	old, err := c.shifts.Get(ctx, id)
	if err != nil {
		return err
	}
	return c.changeRota(ctx, audit.Entry{Actor: by, Action: "rota.drop", Reason: why}, old.Study, func(b *docstore.Batch, st *Study, now time.Time) error {
		if old.From.After(now) {
			c.shifts.Delete(b, &old)
			return nil
		}
		_, err := c.shifts.Edit(ctx, b, id, func(v *Shift) error {
			if !v.To.After(now) {
				return docstore.Unchanged
			}
			v.To = now
			return nil
		})
		return err
	})
}

// ShiftByID returns one, or docstore.ErrNotFound.
func (c *Coordinator) ShiftByID(ctx context.Context, id string) (Shift, error) {
	return c.shifts.Get(ctx, id)
}

// changeRota commits a change of a study's shifts. Changes of one study go one after the other, so that
// two of them never make shifts that overlap.
func (c *Coordinator) changeRota(ctx context.Context, e audit.Entry, study StudyID, change func(*docstore.Batch, *Study, time.Time) error) error {
	commit := func() error { return c.commitRota(ctx, e, study, change) }
	err := commit()
	if errors.Is(err, docstore.ErrExists) { // both were the study's first
		err = commit()
	}
	return err
}

func (c *Coordinator) commitRota(ctx context.Context, e audit.Entry, study StudyID, change func(*docstore.Batch, *Study, time.Time) error) error {
	return c.commit(ctx, e, func(b *docstore.Batch, e *audit.Entry) error {
		st, err := c.studies.Get(ctx, string(study))
		if err != nil {
			return err
		}
		e.Study = st.ID
		_, err = c.rotas.Edit(ctx, b, st.ID, func(v *rota) error { v.Changes++; return nil })
		switch {
		case errors.Is(err, docstore.ErrNotFound):
			c.rotas.Insert(b, &rota{Meta: docstore.Meta{ID: st.ID}, Changes: 1})
		case err != nil:
			return err
		}
		return change(b, &st, c.now().Truncate(time.Minute))
	})
}

// rota is one document for each study that has shifts, changed with each of them: of two changes at the
// same time one starts again and sees the other.
type rota struct {
	docstore.Meta `bson:",inline"`
	Changes       int `bson:"changes"`
}

// checkShift says what is wrong with a shift. own is the one it takes the place of.
func (c *Coordinator) checkShift(ctx context.Context, st *Study, x *Shift, own string) error {
	who := st.nameOnCall(x.Who)
	switch _, known := st.Site(x.Site); {
	case who == nil:
		return &ShiftProblem{"who", fmt.Sprintf("%q is not under onCall of the study: add the name with its number to the study's file first", x.Who)}
	case who.Phone == "":
		return &ShiftProblem{"who", fmt.Sprintf("%s has no number: write it under onCall in the study's file", x.Who)}
	case x.Backup != "" && st.nameOnCall(x.Backup) == nil:
		return &ShiftProblem{"backup", fmt.Sprintf("%q is not under onCall of the study: add the name with its number to the study's file first", x.Backup)}
	case x.Backup == x.Who:
		return &ShiftProblem{"backup", "is who is on call anyway: choose somebody else, or nobody"}
	case x.Site != "" && !known:
		return &ShiftProblem{"site", fmt.Sprintf("%q is not a site of the study", x.Site)}
	case !x.From.Before(x.To):
		return &ShiftProblem{"to", "is not after the start: a night shift ends on the next day"}
	case x.To.Sub(x.From) > longestShift:
		return &ShiftProblem{"to", "is more than 14 days after the start: write several shifts"}
	}
	others, err := c.Shifts(ctx, st.StudyID(), x.From, x.To)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(others, func(o Shift) bool { return o.Site == x.Site && o.ID != own })
	if i < 0 {
		return nil
	}
	o := &others[i]
	return &ShiftProblem{"from", fmt.Sprintf("overlaps: %s is on call %s already; start when it ends, or hand that shift over", o.Who, st.ShiftWords(o.Site, o.From, o.To))}
}

// ShiftWords says when a time is, on the clocks of a site: "Sat 5 Dec 08:00–20:00".
func (s *Study) ShiftWords(site string, from, to time.Time) string {
	zone := s.siteZone(site)
	from, to = from.In(zone), to.In(zone)
	end := to.Format("15:04")
	switch {
	case from.Format(time.DateOnly) == to.Format(time.DateOnly):
	case end == "00:00" && from.AddDate(0, 0, 1).Format(time.DateOnly) == to.Format(time.DateOnly):
		end = "24:00"
	default:
		end = to.Format("Mon 2 Jan 15:04")
	}
	return from.Format("Mon 2 Jan 15:04") + "–" + end
}

// checkShiftNames refuses a study file that takes the number away from somebody who has a shift.
func (c *Coordinator) checkShiftNames(ctx context.Context, s *Study) error {
	now := c.now()
	shifts, err := c.Shifts(ctx, s.StudyID(), now, now.AddDate(2, 0, 0))
	if err != nil {
		return err
	}
	var p problems
	for _, x := range shifts {
		for _, name := range []string{x.Who, x.Backup} {
			p.when(name != "" && s.nameOnCall(name) == nil, "onCall", "has no %s any more, who has the shift %s: hand it over first", name, s.ShiftWords(x.Site, x.From, x.To))
		}
	}
	return p.err()
}
