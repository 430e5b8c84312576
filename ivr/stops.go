package ivr

import (
	"context"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/trial"
)

// stop revokes for everyone at the number. The carrier confirms the words it knows itself; to
// others, and in Self mode to all, we do, once. Somebody with an open alert hears with it how to
// get help (F10); where the carrier lets nothing through any more, staff are asked to call.
func (o *Operator) stop(ctx context.Context, t *text, of office) ([]string, error) {
	already, err := o.confirmedStop(ctx, t)
	if err != nil {
		return nil, err
	}
	urgent, err := o.openAlert(ctx, t)
	if err != nil {
		return nil, err
	}
	said := contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.SMS, Source: "sms", Evidence: t.Body}
	if _, err := o.Trial.Stop(ctx, trial.Carrier, t.From, said); err != nil {
		return nil, err
	}
	if urgent != nil {
		task := trial.Task{Meta: docstore.Meta{ID: "tsk_stop_" + urgent.ID}, Kind: "stopped-texts", Person: urgent.Person, Study: urgent.Study, Site: urgent.Site, Urgent: true, Due: o.now(),
			Text: "Stopped texts while an alert is open. Call."}
		if err := o.Trial.OpenTask(ctx, trial.Carrier, task); err != nil {
			return nil, err
		}
	}
	t.asked = true // one confirmation is owed, however many texts came before it
	switch {
	case already || o.carrierAnswers(t, stopAtCarrier):
		return nil, nil
	case urgent != nil:
		return t.reply("sms.stoppedUrgent", "emergency", of.Emergency, "phone", of.Phone)
	}
	return t.reply("sms.stopped", "caller", of.Name, "phone", of.Phone)
}

// confirmedStop says whether this number stopped texts before and was told so.
func (o *Operator) confirmedStop(ctx context.Context, t *text) (bool, error) {
	for _, p := range t.people {
		for _, purpose := range []contacts.Purpose{contacts.StudyCare, contacts.Recruitment} {
			if _, granted, _ := contacts.Stands(p.Consents, purpose, contacts.SMS, ""); granted {
				return false, nil
			}
		}
	}
	before, err := o.People.AtPoint(ctx, t.point, 100, time.Time{})
	if err != nil {
		return false, err
	}
	for _, x := range before { // newest first
		switch {
		case !x.Out && Understand(x.Body) == Start:
			return false, nil
		case x.Out && (x.Template == "sms.stopped" || x.Template == "sms.stoppedUrgent"):
			return true, nil
		}
	}
	return false, nil
}

// openAlert is an alert of somebody at the number that nobody has taken, nil when there is none.
func (o *Operator) openAlert(ctx context.Context, t *text) (*trial.Alert, error) {
	for _, p := range t.people {
		alerts, err := o.Trial.AlertsOf(ctx, p.PersonID())
		if err != nil {
			return nil, err
		}
		for _, a := range alerts {
			if a.State == trial.AlertOpen && !a.Practice {
				return &a, nil
			}
		}
	}
	return nil, nil
}

// own is a reply that the carrier gives by itself to the words it knows, unless we were asked to.
func (o *Operator) own(t *text, words []string, key string, args ...any) ([]string, error) {
	if o.carrierAnswers(t, words) {
		return nil, nil
	}
	return t.reply(key, args...)
}

// carrierAnswers says whether the carrier answers this text: it knows single words only, and where it
// says which, they are the account's own.
func (o *Operator) carrierAnswers(t *text, words []string) bool {
	switch o.OptOut {
	case OptOutSelf:
		return false
	case OptOutAdvanced:
		return t.OptOut != ""
	}
	return t.OptOut != "" || slices.Contains(words, fold(t.Body))
}
