package ivr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// subjects calls do for everybody living who is in a study with a diary, several at a time; what fails
// for one is reported at the end. Each person is read once.
func (o *Operator) subjects(ctx context.Context, do func(st *trial.Study, s *trial.Subject, p *contacts.Person) error) error {
	studies, err := o.Trial.Studies(ctx)
	if err != nil {
		return err
	}
	known := &readers{people: map[contacts.PersonID]*contacts.Person{}}
	var errs []error
	for _, st := range studies {
		if len(st.Plans()) == 0 || st.State == trial.StudySetup || st.State == trial.StudyClosed {
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
			errs = append(errs, beside(ctx, o, subs, func(s trial.Subject) error {
				p, err := known.read(ctx, o.People, s.Person)
				if err == nil && p.Deceased == "" && p.Erased.IsZero() {
					err = do(&st, &s, p)
				}
				if err != nil {
					return fmt.Errorf("diary of %s: %w", s.ID, err)
				}
				return nil
			}))
		}
	}
	return errors.Join(errs...)
}

// readers keep who was read already.
type readers struct {
	mu     sync.Mutex
	people map[contacts.PersonID]*contacts.Person
}

func (r *readers) read(ctx context.Context, from *contacts.Directory, id contacts.PersonID) (*contacts.Person, error) {
	r.mu.Lock()
	p := r.people[id]
	r.mu.Unlock()
	if p != nil {
		return p, nil
	}
	got, err := from.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.people[id] = &got
	return &got, nil
}

// askDiaries calls or texts those whose entry is due and not finished.
func (o *Operator) askDiaries(ctx context.Context, now time.Time) error {
	return o.subjects(ctx, func(st *trial.Study, s *trial.Subject, p *contacts.Person) error {
		return o.askDiary(ctx, st, s, p, now)
	})
}

func (o *Operator) askDiary(ctx context.Context, st *trial.Study, s *trial.Subject, p *contacts.Person, now time.Time) error {
	due, err := o.Trial.DueIn(ctx, p, s, st, now)
	if err != nil {
		return err
	}
	calling := false    // one call at a time: it goes on with what else is due
	var quiet time.Time // when the last entry was done: nobody is called again at once
	for _, r := range due {
		if r.Session.Ended.After(quiet) {
			quiet = r.Session.Ended
		}
	}
	for _, r := range due {
		if r.State == trial.ResponseCompleted || p.ReachMe.Skips(r.Day) {
			continue // on a day of theirs without messages the entry is open, and nobody asks for it
		}
		d := st.PlanOf(&r)
		settled, err := o.offerRest(ctx, st, p, &r, now)
		if err != nil {
			return err
		}
		switch {
		case settled:
		case byText(st, d, p):
			err = o.askByText(ctx, st, p, r, now)
		case byPhone(d, p) && (calling || now.Before(quiet.Add(pause(d)))):
		case byPhone(d, p):
			calling, err = o.callDiary(ctx, st, d, p, &r, now)
		default:
			err = o.linkDiary(ctx, st, p, &r, "", now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pause is how long a plan waits before it calls again.
func pause(d *trial.DiaryPlan) time.Duration { return time.Duration(d.RetryMinutes) * time.Minute }

// byPhone says whether a machine calls this person for the diary. Text-only people and those with
// a relay are never called (F8), nor those whom staff must identify (F12).
func byPhone(d *trial.DiaryPlan, p *contacts.Person) bool {
	return slices.Contains(d.Channels, survey.Voice) && d.CallAt != "" && d.Identity != "staff" && !p.ReachMe.TextOnly && !p.ReachMe.Relay
}

// checkInKey names the nth call for an entry.
func checkInKey(response string, n int) string { return fmt.Sprintf("checkin_%s_%d", response, n) }

// callDiary orders the check-in call: at the study's time on the person's own clock, and again
// some minutes after an attempt ended without success, as often as the study says. Who may not be
// called, or was reached by none of the calls, gets a link. calling says that calls for it go on.
func (o *Operator) callDiary(ctx context.Context, st *trial.Study, d *trial.DiaryPlan, p *contacts.Person, r *trial.Response, now time.Time) (calling bool, err error) {
	at, err := d.CallTime(p, r.Day, r.Opens, r.Closes)
	if err != nil || now.Before(tellsFrom(st, at)) {
		return false, err
	}
	if busy, err := o.onRequest(ctx, r.ID, now); err != nil || busy {
		return busy, err // they are on the phone about it
	}
	switch rung, _, err := o.climb(ctx, diaryLadder(d, r, at), now); {
	case err != nil:
		return false, err
	case rung == refused:
		return false, o.linkDiary(ctx, st, p, r, "", now)
	case rung == spent:
		return false, o.linkDiary(ctx, st, p, r, "Calls for the check-in reached nobody.", now)
	}
	return true, nil
}

// diaryLadder is the calls for one entry, the first of them at a time.
func diaryLadder(d *trial.DiaryPlan, r *trial.Response, at time.Time) ladder {
	return ladder{calls: d.Retries + 1, wait: pause(d),
		key: func(n int) string { return checkInKey(r.ID, n) },
		reach: trial.Reach{Person: r.Person, Study: r.Study, Purpose: contacts.StudyCare, Kind: outbox.Call,
			Template: CallCheckIn, Version: r.Session.Ref, Ref: r.ID, Due: at, NotAfter: r.Closes}}
}

// retried says whether a call that ended so is tried again. Somebody who answered and said nothing
// is left in peace, and a wrong number, a failed PIN or a question that proved too hard are for
// people to settle.
func retried(outcome string) bool {
	switch outcome {
	case "not here", "no-answer", "busy", "failed", leftMessage, "voicemail", hungUp:
		return true
	}
	return false
}

// linkDiary texts once a day where to fill the diary in. The link says nothing and opens nothing
// without a code. Somebody who can be asked in no way is for staff to settle, once; so is an entry
// for which calls were tried, for the reason why.
func (o *Operator) linkDiary(ctx context.Context, st *trial.Study, p *contacts.Person, r *trial.Response, why string, now time.Time) error {
	key := "diary_" + r.ID
	if done, err := o.decided(ctx, key); err != nil || done {
		return err
	}
	mark := plan{Meta: docstore.Meta{ID: key}, At: now}
	gate, err := o.Trial.May(ctx, r.Person, contacts.StudyCare, contacts.SMS, r.Study)
	if err != nil {
		return err
	}
	switch {
	case st.AnswersByText == "no", !slices.Contains(st.PlanOf(r).Channels, survey.Web), !gate.OK && (gate.NotBefore.IsZero() || !gate.NotBefore.Before(r.Closes)): // or may be texted only once it is over
		task := trial.Task{Meta: docstore.Meta{ID: "tsk_nodiary_" + r.Subject}, Kind: "call", Person: r.Person, Study: r.Study, Due: now.Add(24 * time.Hour),
			Text: "Nothing reminds this person of the diary: agree on a way. " + gate.Sentence()}
		if why != "" {
			task.ID, task.Due, task.Text = "tsk_unreached_"+r.ID, clock.Earlier(now.Add(2*time.Hour), r.Closes), why+" Call, or agree on another way."
		}
		if err := o.Trial.OpenTask(ctx, trial.System, task); err != nil {
			return err
		}
		return o.decide(ctx, mark)
	}
	body, err := i18n.Text(o.speaks(p.Language, st.StudyID()), "sms.diary", "url", o.PublicURL+"/me")
	if err != nil {
		return err
	}
	t, _, err := o.Trial.Reach(ctx, trial.System, trial.Reach{Key: key, Person: r.Person, Study: r.Study, Purpose: contacts.StudyCare, Kind: outbox.SMS,
		Template: "sms.diary", Body: body, Ref: r.ID, NotAfter: r.Closes})
	if err != nil {
		return err
	}
	mark.Message = t.Message
	return o.decide(ctx, mark)
}
