package ivr

import (
	"context"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// remindByMail reminds of a visit by e-mail whoever wants that first, or can be reached by a machine in no
// other way; corrects says that it is the correction of one that went by e-mail. Not done: another way is to
// be tried.
func (o *Operator) remindByMail(ctx context.Context, mark plan, n notice, v *trial.Visit, corrects bool) (done bool, err error) {
	if !o.Trial.Mails || n.Template == "sms.moved" && !corrects { // a correction follows the reminder it corrects
		return false, nil
	}
	gate, err := o.mailGate(ctx, &n, v)
	if err != nil || !gate.OK && gate.NotBefore.IsZero() || gate.NotBefore.After(n.NotAfter) {
		return false, err
	}
	first := n.who.ReachMe.Remind
	if !corrects && first != contacts.ByEmail && (first != "" || !gate.Point.Preferred) {
		voice, err := o.Trial.Permit(ctx, &n.who, contacts.Ask{Purpose: contacts.StudyCare, Channel: contacts.Voice}, v.Study)
		if err != nil || n.may() || voice.OK || !voice.NotBefore.IsZero() {
			return false, err
		}
	}
	template := "email.reminder"
	if corrects {
		template = byMail
	}
	mark.Mail = true
	n.goesByMail(gate, v)
	n.onTheDay()
	if err := n.writeMail(template, "when", i18n.When(n.lang, v.Local(), n.goes), "url", o.PublicURL+"/me/visits"); err != nil {
		return false, err
	}
	return true, o.send(ctx, &n, mark, nil)
}

// mailGate says whether an e-mail about a visit may go.
func (o *Operator) mailGate(ctx context.Context, n *notice, v *trial.Visit) (trial.Permit, error) {
	return o.Trial.Permit(ctx, &n.who, contacts.Ask{Purpose: contacts.StudyCare, Channel: contacts.ByEmail}, v.Study)
}

// goesByMail makes the notice an e-mail that gate let through.
func (n *notice) goesByMail(gate trial.Permit, v *trial.Visit) {
	n.Kind, n.gate = outbox.Email, gate
	n.goes = clock.Later(n.asked, gate.NotBefore).In(v.Local().Location())
}

// writeMail words the e-mail and its subject. An address that others read gets nothing but where to call.
func (n *notice) writeMail(template string, words ...any) (err error) {
	n.Template = template
	if n.gate.Point.Discreet {
		n.Template, words = "email.discreet", nil
	}
	if n.Body, err = i18n.Text(n.lang, n.Template, append(words, "phone", n.of.Phone)...); err != nil {
		return err
	}
	subject, err := i18n.Text(n.lang, "email.subject", "name", n.of.Name)
	if err != nil {
		return err
	}
	vars := map[string]string{email.Subject: subject}
	if s, ok := n.Vars["sequence"]; ok {
		vars["sequence"] = s
	}
	n.Vars = vars
	return nil
}
