package ivr

import (
	"context"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// remindByMail reminds of a visit by e-mail whoever prefers that, or can be reached by a machine in no
// other way. Not done: another way is to be tried.
func (o *Operator) remindByMail(ctx context.Context, mark plan, n notice, v *trial.Visit) (done bool, err error) {
	if !o.Trial.Mails || n.Template == "sms.moved" { // a correction follows the reminder it corrects
		return false, nil
	}
	gate, err := o.Trial.Permit(ctx, &n.who, contacts.Ask{Purpose: contacts.StudyCare, Channel: contacts.ByEmail}, v.Study)
	if err != nil || !gate.OK && gate.NotBefore.IsZero() || gate.NotBefore.After(n.NotAfter) {
		return false, err
	}
	if !gate.Point.Preferred {
		voice, err := o.Trial.Permit(ctx, &n.who, contacts.Ask{Purpose: contacts.StudyCare, Channel: contacts.Voice}, v.Study)
		if err != nil || n.may() || voice.OK || !voice.NotBefore.IsZero() {
			return false, err
		}
	}
	n.Kind, n.Template, n.gate = outbox.Email, "email.reminder", gate
	n.goes = later(o.now(), gate.NotBefore).In(v.Local().Location())
	n.onTheDay()
	words := []any{"when", i18n.When(n.lang, v.Local(), n.goes), "url", o.PublicURL + "/me/visits", "phone", n.of.Phone}
	if gate.Point.Discreet {
		n.Template = "email.discreet"
	}
	if n.Body, err = i18n.Text(n.lang, n.Template, words...); err != nil {
		return false, err
	}
	subject, err := i18n.Text(n.lang, "email.subject", "name", n.of.Name)
	if err != nil {
		return false, err
	}
	n.Vars = map[string]string{"sequence": n.Vars["sequence"], email.Subject: subject}
	return true, o.send(ctx, &n, mark, nil)
}
