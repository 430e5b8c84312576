package ivr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// visitAhead is how long before a visit its reminder goes; lastMinute how late one still helps.
const (
	visitAhead = 24 * time.Hour
	lastMinute = 30 * time.Minute
)

// plan marks something that was decided once: a reminder that was queued, or refused and given to
// staff; a call that was ordered, with when and how it ended.
type plan struct {
	docstore.Meta `bson:",inline"`
	At            time.Time `bson:"at"`
	Message       string    `bson:"message,omitempty"`
	Ended         time.Time `bson:"ended,omitempty"`
	Outcome       string    `bson:"outcome,omitempty"`
}

// Tick derives what is due from visits, plans and facts as they are now, and queues it: reminders
// 24 hours before visits, check-in calls, links to diaries. Each has a key of its own, so that
// ticking twice, or in two processes, queues it once.
func (o *Operator) Tick(ctx context.Context, now time.Time) error {
	return errors.Join(o.remindVisits(ctx, now), o.askDiaries(ctx, now))
}

func (o *Operator) remindVisits(ctx context.Context, now time.Time) error {
	visits, err := o.Trial.VisitsBetween(ctx, now.Add(lastMinute), now.Add(visitAhead))
	if err != nil {
		return err
	}
	for _, v := range visits {
		if err := o.remindVisit(ctx, &v, now); err != nil {
			return fmt.Errorf("remind of %s: %w", v.ID, err)
		}
	}
	return nil
}

func (o *Operator) remindVisit(ctx context.Context, v *trial.Visit, now time.Time) error {
	key := fmt.Sprintf("visit_%s_%d_24h", v.ID, v.Sequence)
	if done, err := o.decided(ctx, key); err != nil || done || v.Reply != "" {
		return err
	}
	p, err := o.People.Get(ctx, v.Person)
	if err != nil {
		return err
	}
	lang := langOr(p.Language)
	of, err := o.officeOf(ctx, v.Study, v.Site, lang)
	if err != nil {
		return err
	}
	gate, err := o.Trial.May(ctx, v.Person, contacts.StudyCare, contacts.SMS, v.Study)
	if err != nil {
		return err
	}
	r := trial.Reach{Key: key, Person: v.Person, Study: v.Study, Purpose: contacts.StudyCare, Visit: v.ID, NotAfter: v.Start.Add(-lastMinute),
		Vars: map[string]string{"sequence": fmt.Sprint(v.Sequence)}, Template: "sms.reminder", Version: "1"}
	if !gate.OK && gate.NotBefore.IsZero() {
		return o.remindByVoice(ctx, key, r, gate, now)
	}
	prompt, ok, err := o.newPrompt(ctx, "prm_"+key, gate.Point.Hash, v, now)
	if err != nil {
		return err
	}
	if !ok { // nine digits in use on one number: rather a person than a riddle
		return o.giveToStaff(ctx, key, r, "Too many open questions on one number to remind of a visit by text.", now)
	}
	local := v.Local()
	r.Kind = outbox.SMS
	if gate.Point.Discreet {
		r.Template = "sms.discreet"
		r.Body, err = i18n.Text(lang, "sms.discreet", "phone", of.Phone)
	} else {
		r.Body, err = i18n.Text(lang, "sms.reminder", "when", i18n.When(lang, local, now.In(local.Location())), "yes", prompt.digit(0), "change", prompt.digit(1), "phone", of.Phone)
	}
	if err != nil {
		return err
	}
	if err := o.Store.Do(ctx, func(b *docstore.Batch) error { o.prompts.Ensure(b, &prompt); return nil }); err != nil {
		return err
	}
	t, gate, err := o.Trial.Reach(ctx, trial.System, r)
	if err != nil {
		return err
	}
	if !gate.OK && gate.NotBefore.IsZero() {
		return o.giveToStaff(ctx, key, r, gate.Sentence(), now)
	}
	return o.decide(ctx, key, t.Message, now)
}

// remindByVoice calls somebody who takes no texts, where they agreed to that; else staff do.
func (o *Operator) remindByVoice(ctx context.Context, key string, r trial.Reach, why contacts.Gate, now time.Time) error {
	r.Kind, r.Template = outbox.Call, CallVisit
	t, gate, err := o.Trial.Reach(ctx, trial.System, r)
	if err != nil {
		return err
	}
	if !gate.OK && gate.NotBefore.IsZero() {
		return o.giveToStaff(ctx, key, r, why.Sentence(), now)
	}
	return o.decide(ctx, key, t.Message, now)
}

func (o *Operator) giveToStaff(ctx context.Context, key string, r trial.Reach, why string, now time.Time) error {
	err := o.Trial.OpenTask(ctx, trial.System, trial.Task{Meta: docstore.Meta{ID: "tsk_" + key}, Kind: "call", Person: r.Person, Study: r.Study, Visit: r.Visit, Due: now.Add(2 * time.Hour),
		Text: "Remind of tomorrow's visit by phone. " + why})
	if err != nil {
		return err
	}
	return o.decide(ctx, key, "", now)
}

// decided says whether something was planned before; decide marks it so.
func (o *Operator) decided(ctx context.Context, key string) (bool, error) {
	_, err := o.plans.Get(ctx, key)
	if errors.Is(err, docstore.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (o *Operator) decide(ctx context.Context, key, message string, now time.Time) error {
	return o.Store.Do(ctx, func(b *docstore.Batch) error {
		o.plans.Ensure(b, &plan{Meta: docstore.Meta{ID: key}, At: now, Message: message})
		return nil
	})
}

// askDiaries goes through the people in studies with a diary and calls or texts those whose entry
// is due and not finished.
func (o *Operator) askDiaries(ctx context.Context, now time.Time) error {
	studies, err := o.Trial.Studies(ctx)
	if err != nil {
		return err
	}
	for _, st := range studies {
		if st.Diary == nil || st.State == trial.StudySetup || st.State == trial.StudyClosed {
			continue
		}
		for _, status := range trial.Statuses() {
			if !status.AfterConsent() {
				continue
			}
			subs, err := o.Trial.SubjectsIn(ctx, st.StudyID(), status)
			if err != nil {
				return err
			}
			for _, s := range subs {
				if err := o.askDiary(ctx, &st, &s, now); err != nil {
					return fmt.Errorf("diary of %s: %w", s.ID, err)
				}
			}
		}
	}
	return nil
}

func (o *Operator) askDiary(ctx context.Context, st *trial.Study, s *trial.Subject, now time.Time) error {
	p, err := o.People.Get(ctx, s.Person)
	if err != nil {
		return err
	}
	due, err := o.Trial.Due(ctx, s.Person, now)
	if err != nil {
		return err
	}
	for _, r := range due {
		if r.Subject != s.ID || r.State == trial.ResponseCompleted {
			continue
		}
		byPhone := slices.Contains(st.Diary.Channels, survey.Voice) && st.Diary.CallAt != "" && !p.ReachMe.TextOnly && !p.ReachMe.Relay
		if byPhone {
			err = o.callDiary(ctx, st, &p, &r, now)
		} else {
			err = o.linkDiary(ctx, &p, &r, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// callDiary orders the check-in call: at the study's time on the person's own clock, and again
// some minutes after an attempt ended without success, as often as the study says.
func (o *Operator) callDiary(ctx context.Context, st *trial.Study, p *contacts.Person, r *trial.Response, now time.Time) error {
	at, err := o.callTime(st, p, r)
	if err != nil || now.Before(at) {
		return err
	}
	for n := 0; n <= st.Diary.Retries; n++ {
		reach := trial.Reach{Key: fmt.Sprintf("checkin_%s_%d", r.ID, n), Person: r.Person, Study: r.Study, Purpose: contacts.StudyCare, Kind: outbox.Call,
			Template: CallCheckIn, Version: "1", Ref: r.ID, NotAfter: r.Closes}
		id := outbox.ID("reach", reach.Key)
		attempt, err := o.plans.Get(ctx, "call_"+id)
		if err == nil {
			again := attempt.Ended.Add(time.Duration(st.Diary.RetryMinutes) * time.Minute)
			switch {
			case attempt.Ended.IsZero() && attempt.Outcome == "", !retried(attempt.Outcome), now.Before(again):
				return nil
			}
			continue
		}
		if !errors.Is(err, docstore.ErrNotFound) {
			return err
		}
		_, gate, err := o.Trial.Reach(ctx, trial.System, reach)
		if err != nil {
			return err
		}
		mark := plan{Meta: docstore.Meta{ID: "call_" + id}, At: now, Message: id}
		if !gate.OK && gate.NotBefore.IsZero() {
			mark.Outcome = "refused"
			mark.Ended = now
		}
		return o.Store.Do(ctx, func(b *docstore.Batch) error { o.plans.Ensure(b, &mark); return nil })
	}
	return nil
}

// retried says whether a call that ended so is tried again. Somebody who answered and said nothing
// is left in peace, and a refusal, a wrong number or a failed PIN are for people to settle.
func retried(outcome string) bool {
	switch outcome {
	case "not here", "no answer", "no-answer", "busy", "failed", "voicemail left", "voicemail", "hung up":
		return true
	}
	return false
}

// callTime is when the first call of an entry is due.
func (o *Operator) callTime(st *trial.Study, p *contacts.Person, r *trial.Response) (time.Time, error) {
	zone, ok := contacts.Zone(*p)
	if !ok {
		zone = r.Opens.Location()
	}
	return trial.Instant(r.Day, st.Diary.CallAt, zone.String())
}

// linkDiary texts once a day where to fill the diary in. The link says nothing and opens nothing
// without a code.
func (o *Operator) linkDiary(ctx context.Context, p *contacts.Person, r *trial.Response, now time.Time) error {
	key := "diary_" + r.ID
	if done, err := o.decided(ctx, key); err != nil || done {
		return err
	}
	body, err := i18n.Text(langOr(p.Language), "sms.diary", "url", o.PublicURL+"/me")
	if err != nil {
		return err
	}
	t, _, err := o.Trial.Reach(ctx, trial.System, trial.Reach{Key: key, Person: r.Person, Study: r.Study, Purpose: contacts.StudyCare, Kind: outbox.SMS,
		Template: "sms.diary", Version: "1", Body: body, Ref: r.ID, NotAfter: r.Closes})
	if err != nil {
		return err
	}
	return o.decide(ctx, key, t.Message, now)
}

// Next is the first time after now at which Tick will have something to do, as far as it can be
// told from what is booked and due within a day and a half; ok is false when there is nothing.
func (o *Operator) Next(ctx context.Context, now time.Time) (next time.Time, ok bool, err error) {
	consider := func(t time.Time) {
		if t.After(now) && (!ok || t.Before(next)) {
			next, ok = t, true
		}
	}
	visits, err := o.Trial.VisitsBetween(ctx, now, now.Add(visitAhead+36*time.Hour))
	if err != nil {
		return next, false, err
	}
	for _, v := range visits {
		if v.Reply == "" {
			consider(v.Start.Add(-visitAhead))
		}
	}
	studies, err := o.Trial.Studies(ctx)
	if err != nil {
		return next, false, err
	}
	for _, st := range studies {
		if st.Diary == nil || st.Diary.CallAt == "" || st.State == trial.StudySetup {
			continue
		}
		for _, status := range trial.Statuses() {
			if !status.AfterConsent() {
				continue
			}
			subs, err := o.Trial.SubjectsIn(ctx, st.StudyID(), status)
			if err != nil {
				return next, false, err
			}
			for _, s := range subs {
				if err := o.nextCalls(ctx, &st, &s, now, consider); err != nil {
					return next, false, err
				}
			}
		}
	}
	return next, ok, nil
}

// nextCalls considers the calls of one subject: today's and tomorrow's first, and the retry of
// one that ended.
func (o *Operator) nextCalls(ctx context.Context, st *trial.Study, s *trial.Subject, now time.Time, consider func(time.Time)) error {
	p, err := o.People.Get(ctx, s.Person)
	if err != nil || p.ReachMe.TextOnly || p.ReachMe.Relay {
		return err
	}
	zone, ok := contacts.Zone(p)
	if !ok {
		return nil
	}
	for ahead := range 2 {
		probe, err := trial.Instant(now.In(zone).AddDate(0, 0, ahead).Format(time.DateOnly), st.Diary.CallAt, zone.String())
		if err != nil {
			return err
		}
		due, err := o.Trial.Due(ctx, s.Person, maxTime(probe, now))
		if err != nil {
			return err
		}
		for _, r := range due {
			if r.Subject != s.ID || r.State == trial.ResponseCompleted {
				continue
			}
			consider(probe)
			for n := 0; n < st.Diary.Retries; n++ {
				id := outbox.ID("reach", fmt.Sprintf("checkin_%s_%d", r.ID, n))
				if a, err := o.plans.Get(ctx, "call_"+id); err == nil && !a.Ended.IsZero() && retried(a.Outcome) {
					consider(a.Ended.Add(time.Duration(st.Diary.RetryMinutes) * time.Minute))
				}
			}
		}
	}
	return nil
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
