package ivr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// lastMinute is how long before a visit a message about it still helps.
const lastMinute = 30 * time.Minute

// plan marks something that was decided once: a reminder that was queued, or refused and given to
// staff; a call that was ordered, with when and how it ended.
type plan struct {
	docstore.Meta `bson:",inline"`
	At            time.Time `bson:"at"`
	Message       string    `bson:"message,omitempty"`
	Ended         time.Time `bson:"ended,omitempty"`
	Outcome       string    `bson:"outcome,omitempty"`
	Visit         string    `bson:"visit,omitempty"` // a reminder: of what visit, of which booking
	Sequence      int       `bson:"sequence,omitempty"`
	Until         time.Time `bson:"until,omitempty"` // and when that was to begin
	Early         bool      `bson:"early,omitempty"` // another reminder of it follows
	Word          string    `bson:"word,omitempty"`  // a text before calls: the word it names
	Mail          bool      `bson:"mail,omitempty"`  // it went by e-mail
	Open          bool      `bson:"open,omitempty"`  // taken back, and not decided anew yet
	Again         int       `bson:"again,omitempty"` // how often it was taken back
}

// key names what is sent for a decision: another thing each time it is decided anew.
func (p plan) key() string {
	if p.Again > 0 {
		return fmt.Sprintf("%s~%d", p.ID, p.Again)
	}
	return p.ID
}

// Tick derives what is due from visits, plans and facts as they are now, and queues it: reminders
// of visits as the study's rule says, corrections of those that moved, check-in calls, questions by text,
// links to diaries. Each has a key of its own, so that ticking twice, or in two processes, queues
// it once. What fails for one person keeps nobody else waiting.
func (o *Operator) Tick(ctx context.Context, now time.Time) error {
	held, err := o.heldReminders(ctx, now)
	if err != nil {
		return err
	}
	return errors.Join(o.Trial.FollowCarrier(ctx), o.correctReminders(ctx, held, now), o.remindVisits(ctx, held, now), o.askDiaries(ctx, now))
}

// heldReminders are the reminders that were decided of visits still to come, by when those begin.
func (o *Operator) heldReminders(ctx context.Context, now time.Time) ([]plan, error) {
	return o.plans.List(ctx, docstore.Query{Range: &docstore.Range{Path: "until", From: now, To: now.AddDate(1, 0, 0)}, Order: "until"})
}

// remindVisits queues what the rules say is due of the visits to come. Of several steps that are due
// the latest alone goes.
func (o *Operator) remindVisits(ctx context.Context, held []plan, now time.Time) error {
	rules, ahead, err := o.rules(ctx)
	if err != nil {
		return err
	}
	visits, err := o.Trial.VisitsBetween(ctx, now, now.Add(ahead+time.Millisecond))
	if err != nil {
		return err
	}
	decided := map[string]bool{}
	for _, p := range held {
		decided[p.ID] = !p.Open
	}
	type due struct {
		v trial.Visit
		p trial.Planned
	}
	var all []due
	for _, v := range visits {
		if p, ok := trial.DueNow(rules[v.Study].Plan(&v), now); ok && v.Reply == "" && !decided[p.Key] {
			all = append(all, due{v, p})
		}
	}
	return beside(ctx, o, all, func(d due) error {
		if err := o.remindVisit(ctx, &d.v, d.p, now); err != nil {
			return fmt.Errorf("remind of %s: %w", d.v.ID, err)
		}
		return nil
	})
}

// rules are the studies by id, and how far ahead any of them reminds.
func (o *Operator) rules(ctx context.Context) (map[trial.StudyID]*trial.Study, time.Duration, error) {
	studies, err := o.Trial.Studies(ctx)
	if err != nil {
		return nil, 0, err
	}
	all, ahead := map[trial.StudyID]*trial.Study{}, time.Duration(0)
	for i := range studies {
		all[studies[i].StudyID()] = &studies[i]
		ahead = max(ahead, studies[i].RemindersAhead())
	}
	return all, ahead, nil
}

// What remind is asked for, besides texts by their template.
const (
	byVoice = "voice"       // another try, after the phone could not take the text
	bySMS   = "text"        // another try, after calls reached nobody who wants to be called first
	byMail  = "email.moved" // the correction of an e-mail
)

// remindVisit queues one planned reminder of a booking, once.
func (o *Operator) remindVisit(ctx context.Context, v *trial.Visit, p trial.Planned, now time.Time) error {
	return o.remind(ctx, v, p, p.Key, "sms.reminder", now)
}

// remindMoved corrects a reminder of what the visit was before: it takes the place of the reminder
// that is due, if one is. What went by e-mail is corrected by e-mail.
func (o *Operator) remindMoved(ctx context.Context, v *trial.Visit, mailed bool, now time.Time) error {
	st, err := o.Trial.Study(ctx, v.Study)
	if err != nil {
		return err
	}
	p, ok := trial.DueNow(st.Plan(v), now)
	if !ok { // the reminder itself comes later
		p = trial.Planned{Key: bookingKey(v) + "_moved", Until: v.Start.Add(-lastMinute)}
	}
	p.Last = true // who cannot be told is for staff
	template := "sms.moved"
	if mailed {
		template = byMail
	}
	return o.remind(ctx, v, p, p.Key, template, now)
}

// bookingKey names a booking; what says that it moved or is cancelled, or calls about it, has it in its key.
func bookingKey(v *trial.Visit) string { return fmt.Sprintf("visit_%s_%d_24h", v.ID, v.Sequence) }

// remind queues a reminder of a booking under key, once: by the way the person wants to be tried first, else
// a text with its own digits, or a call for who takes no texts; where none may be, staff call, unless another
// step follows.
func (o *Operator) remind(ctx context.Context, v *trial.Visit, p trial.Planned, key, what string, now time.Time) error {
	voice, mailed, template := what == byVoice, what == byMail, what
	switch what {
	case byVoice, bySMS:
		template = "sms.reminder"
	case byMail:
		template = "sms.moved"
	}
	n, done, err := o.notice(ctx, key, template, v, now)
	if err != nil || done {
		return err
	}
	n.Visit, n.NotAfter, n.Vars = v.ID, p.Until, map[string]string{"sequence": fmt.Sprint(v.Sequence)}
	mark := plan{Meta: docstore.Meta{ID: key}, At: now, Visit: v.ID, Sequence: v.Sequence, Until: v.Start, Early: !p.Last, Again: n.again}
	if !voice && what != bySMS && (mailed || p.Step.Uses(contacts.ByEmail)) {
		if done, err := o.remindByMail(ctx, mark, n, v, mailed); err != nil || done {
			return err
		}
	}
	if what == "sms.reminder" && p.Step.Uses(contacts.Voice) && n.who.ReachMe.Remind == contacts.Voice {
		if voice, err = o.callsInTime(ctx, &n, v); err != nil {
			return err
		}
	}
	text := !voice && n.may() && p.Step.Uses(contacts.SMS)
	if !text && !p.Step.Uses(contacts.Voice) {
		return o.giveToStaff(ctx, mark, n.Reach, cmp.Or(n.gate.Sentence(), "No way that the study's rule names is open."), now)
	}
	if !text {
		return o.remindByVoice(ctx, mark, n.Reach, n.gate.Gate, now)
	}
	if n.gate.NotBefore.After(n.NotAfter) {
		return o.giveToStaff(ctx, mark, n.Reach, "The hours for messages begin too late. "+n.gate.Sentence(), now)
	}
	n.onTheDay()
	words := []any{"when", i18n.When(n.lang, v.Local(), n.goes)}
	var asks *Prompt
	if !n.gate.Point.Discreet { // who is asked for nothing answers nothing
		defer o.digits.enter(n.gate.Point.Hash)() // whoever else is reminded on this number takes others
		prompt, ok, err := o.newPrompt(ctx, "prm_"+key, n.gate.Point.Hash, v, now)
		if err != nil {
			return err
		}
		if !ok { // nine digits in use on one number: rather a person than a riddle
			return o.giveToStaff(ctx, mark, n.Reach, "Too many open questions on one number to remind of a visit by text.", now)
		}
		asks = &prompt
		words = append(words, "yes", prompt.digit(0), "change", prompt.digit(1))
	}
	if err := n.write(words...); err != nil {
		return err
	}
	return o.send(ctx, &n, mark, asks)
}

// remindByVoice calls somebody who takes no texts, where they agreed to that; else staff do.
func (o *Operator) remindByVoice(ctx context.Context, mark plan, r trial.Reach, why contacts.Gate, now time.Time) error {
	rung, message, err := o.climb(ctx, visitLadder(mark.key(), r), now)
	switch {
	case err != nil:
		return err
	case rung == refused:
		return o.giveToStaff(ctx, mark, r, why.Sentence(), now)
	case rung == noTime, rung == spent:
		return o.giveToStaff(ctx, mark, r, "The hours for calls begin too late.", now)
	}
	mark.Message = message
	return o.decide(ctx, mark)
}

// How often and after what time a reminder by voice is tried.
const (
	visitCalls = 3
	visitWait  = 30 * time.Minute
)

// visitLadder is the calls that remind of a booking; key names the first.
func visitLadder(key string, r trial.Reach) ladder {
	r.Kind, r.Template, r.Body = outbox.Call, CallVisit, ""
	return ladder{calls: visitCalls, wait: visitWait, once: true, reach: r, key: func(n int) string {
		if n == 0 {
			return key
		}
		return fmt.Sprintf("%s_again_%d", key, n)
	}}
}

// remindAgain goes on with the calls that remind of a booking: the first is p's. Who was reached by
// none of them is for staff, once.
func (o *Operator) remindAgain(ctx context.Context, p plan, v *trial.Visit, now time.Time) error {
	if v.Reply != "" || !now.Before(v.Start.Add(-lastMinute)) {
		return nil
	}
	mark := plan{Meta: docstore.Meta{ID: p.ID + "_unreached"}, At: now, Early: p.Early}
	if done, err := o.decided(ctx, mark.ID); err != nil || done {
		return err
	}
	r := visitCall(v)
	if rung, _, err := o.climb(ctx, visitLadder(p.key(), r), now); err != nil || rung == waiting || rung == settled {
		return err
	}
	if done, err := o.textInstead(ctx, p, v, now); err != nil || done {
		return err
	}
	return o.giveToStaff(ctx, mark, r, "Calls reached nobody.", now)
}

func visitCall(v *trial.Visit) trial.Reach {
	return trial.Reach{Person: v.Person, Study: v.Study, Purpose: contacts.StudyCare, Visit: v.ID, NotAfter: v.Start.Add(-lastMinute), Vars: map[string]string{"sequence": fmt.Sprint(v.Sequence)}}
}

func (o *Operator) giveToStaff(ctx context.Context, mark plan, r trial.Reach, why string, now time.Time) error {
	if mark.Early {
		return o.decide(ctx, mark) // there will be another try
	}
	err := o.Trial.OpenTask(ctx, trial.System, trial.Task{Meta: docstore.Meta{ID: "tsk_" + mark.ID}, Kind: "call", Person: r.Person, Study: r.Study, Visit: r.Visit,
		Due: clock.Earlier(now.Add(2*time.Hour), r.NotAfter), Text: "Remind of a visit by phone. " + why})
	if err != nil {
		return err
	}
	return o.decide(ctx, mark)
}

// decided says whether something was planned before; decide marks it so.
func (o *Operator) decided(ctx context.Context, key string) (bool, error) {
	_, done, err := o.decision(ctx, key)
	return done, err
}

// decision is what was decided under a key. Not done: nothing was, or it was taken back.
func (o *Operator) decision(ctx context.Context, key string) (p plan, done bool, err error) {
	p, err = o.plans.Get(ctx, key)
	if errors.Is(err, docstore.ErrNotFound) {
		return plan{}, false, nil
	}
	return p, err == nil && !p.Open, err
}

func (o *Operator) decide(ctx context.Context, p plan) error {
	return o.Store.Do(ctx, func(b *docstore.Batch) error { return o.settle(ctx, b, p) })
}

// settle adds a decision to b. One that stands stays as it is.
func (o *Operator) settle(ctx context.Context, b *docstore.Batch, p plan) error {
	if p.Again == 0 { // it was never taken back
		o.plans.Ensure(b, &p)
		return nil
	}
	_, err := o.plans.Edit(ctx, b, p.ID, func(old *plan) error {
		if !old.Open || old.Again != p.Again {
			return docstore.Unchanged
		}
		p.Meta = old.Meta
		*old = p
		return nil
	})
	if errors.Is(err, docstore.Unchanged) {
		return nil
	}
	return err
}

// markAnew adds to b a mark of something that happens again and again, as of now.
func (o *Operator) markAnew(ctx context.Context, b *docstore.Batch, key, message string) error {
	_, err := o.plans.Edit(ctx, b, key, func(p *plan) error { p.At, p.Message = o.now(), message; return nil })
	if errors.Is(err, docstore.ErrNotFound) {
		o.plans.Insert(b, &plan{Meta: docstore.Meta{ID: key}, At: o.now(), Message: message})
		return nil
	}
	return err
}
