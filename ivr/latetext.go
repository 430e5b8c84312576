package ivr

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// A text that the carrier never brought us is found in its log, up to an hour after it was written or
// when the site is up again. It goes the way of any other, with three differences: it answers nothing
// when its number has written since, its answer is a text of its own, and nobody is called for it by
// itself. See docs/decisions/0091.

// late says whether the text was found in the carrier's log.
func (t *text) late() bool { return !t.Sent.IsZero() }

// saidSince is what a number has written since a time: the last STOP or START, None where it was
// neither, and whether there was anything.
func (o *Operator) saidSince(ctx context.Context, point string, at time.Time) (last Keyword, any bool, err error) {
	all, err := o.People.AtPoint(ctx, point, 200, at.Add(time.Second)) // the carrier's times are whole seconds
	if err != nil {
		return None, false, err
	}
	for _, x := range all { // newest first
		if x.Out || x.Channel != contacts.SMS || x.Kind != "message" {
			continue
		}
		any = true
		if word := Understand(x.Body); word == Stop || word == Start {
			return word, true, nil
		}
	}
	return None, any, nil
}

// overtaken says whether a late text has nothing to say any more, since its number has written
// meanwhile. STOP and START give way to one another alone, and a wrong number stays one.
func (o *Operator) overtaken(ctx context.Context, t *text, word Keyword) (bool, error) {
	if !t.late() || word == Wrong {
		return false, nil
	}
	last, any, err := o.saidSince(ctx, t.point, t.Sent)
	if word == Stop || word == Start {
		return last != None && last != word, err
	}
	return any, err
}

// lateReply is the answer to a late text, which no webhook waits for: it goes as a text of its own.
type lateReply struct {
	Person   contacts.PersonID `bson:"person"`
	Study    trial.StudyID     `bson:"study"`
	Template string            `bson:"template"`
	Version  string            `bson:"version,omitempty"`
	Lang     i18n.Lang         `bson:"lang"`
}

// atOnceOnly are answers that help nobody later: one confirmation of a stop comes within minutes or
// not at all (47 CFR 64.1200(a)(12)).
var atOnceOnly = []string{"sms.stopped", "sms.stoppedUrgent", "sms.started", "sms.wrongNumber"}

// answerLater keeps the replies to a late text to be sent, where the text answers something of a
// study's; any other is for staff to answer.
func (t *text) answerLater(replies []string) {
	t.owes = nil
	switch {
	case !t.late() || len(replies) == 0:
	case t.who != "" && t.study != "":
		t.owes = &lateReply{t.who, t.study, t.template, t.version, t.lang}
	case !slices.Contains(atOnceOnly, t.template):
		t.unread = true
	}
}

// said are the replies a webhook is answered with.
func (r *replay) said() []string {
	if r.Owed != nil {
		return nil
	}
	return r.Replies
}

// stillHelps is how long the answer to a late text is worth sending.
const stillHelps = 12 * time.Hour

// sendOwed sends the answer to a late text through the gate, in the hours for texts, once. Who may not
// get it is for staff.
func (o *Operator) sendOwed(ctx context.Context, r *replay) error {
	if r.Owed == nil {
		return nil
	}
	w := r.Owed
	_, gate, err := o.Trial.Reach(ctx, trial.System, trial.Reach{Key: "late_" + r.ID, Person: w.Person, Study: w.Study, Purpose: contacts.StudyCare, Kind: outbox.SMS,
		Template: w.Template, Version: w.Version, Lang: w.Lang, Body: strings.Join(r.Replies, "\n"), NotAfter: o.now().Add(stillHelps)})
	if err != nil {
		return err
	}
	if !gate.OK && gate.NotBefore.IsZero() {
		err := o.Trial.OpenTask(ctx, trial.System, trial.Task{Meta: docstore.Meta{ID: "tsk_late_" + r.ID}, Kind: "review", Person: w.Person, Study: w.Study, Due: o.now().Add(4 * time.Hour),
			Text: "A text reached us late and could not be answered. Read it and call if needed. " + gate.Sentence()})
		if err != nil {
			return err
		}
	}
	_, err = o.replays.Update(ctx, r.ID, func(v *replay, _ *docstore.Batch) error {
		if v.Owed == nil {
			return docstore.Unchanged
		}
		v.Replies, v.Owed = nil, nil
		return nil
	})
	return err
}
