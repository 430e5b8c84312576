package trial

import (
	"context"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
)

// MailCode sends a fresh sign-up code to an e-mail address of a person's. To an address that is not
// theirs nothing goes, and the answer is the same: a repeat of a sign-up may bring a stranger's.
// *contacts.TooManyCodes.
func (c *Coordinator) MailCode(ctx context.Context, by audit.Actor, p contacts.PersonID, study StudyID, address string) (challenge string, err error) {
	person, err := c.People.Get(ctx, p)
	if err != nil {
		return "", err
	}
	err = c.commit(ctx, audit.Entry{Actor: by, Action: "code.send", Person: string(p)}, func(b *docstore.Batch, _ *audit.Entry) error {
		challenge, err = c.mailCode(ctx, b, &person, study, address)
		return err
	})
	return challenge, err
}

func (c *Coordinator) mailCode(ctx context.Context, b *docstore.Batch, p *contacts.Person, study StudyID, address string) (challenge string, err error) {
	started, err := c.People.StartCode(ctx, b, address, "signup", p.PersonID())
	if err != nil {
		return "", err
	}
	lang := c.Speaks(p.Language, study)
	name, err := c.neutralName(ctx, study, lang)
	if err != nil {
		return "", err
	}
	for _, pt := range p.Points {
		if pt.Hash != started.Point || pt.Kind != contacts.Email {
			continue
		}
		m := outbox.Message{Meta: docstore.Meta{ID: outbox.ID("code", started.ID)}, Kind: outbox.Email, Person: p.ID, To: pt.Value, Point: pt.Hash, Purpose: string(contacts.Requested),
			Template: "email.code", Version: i18n.Version(lang, "email.code"), Lang: string(lang), Priority: outbox.Urgent, NotAfter: c.now().Add(10 * time.Minute)}
		if m.Body, err = i18n.Text(lang, "email.code", "code", started.Code); err != nil {
			return "", err
		}
		m.Vars = map[string]string{email.Subject: i18n.T(lang, "email.subject", "name", name)}
		c.Box.Put(b, m)
		return started.ID, nil
	}
	c.putNoCode(b, started)
	return started.ID, nil
}

// putNoCode adds a row that has run out before it is looked at, where nobody may get the code, so that
// the store does as much as for somebody. It is addressed to ourselves and never sent.
func (c *Coordinator) putNoCode(b *docstore.Batch, s contacts.Started) {
	c.Box.Put(b, outbox.Message{Meta: docstore.Meta{ID: outbox.ID("code", s.ID)}, Kind: outbox.SMS, To: c.Office.E164(), Purpose: string(contacts.Requested),
		Template: "sms.code", Priority: outbox.Urgent, NotAfter: c.now().Add(-time.Second)})
}

// neutralName is the only name of a study, or else of the first there is, that strangers may read (F11).
func (c *Coordinator) neutralName(ctx context.Context, study StudyID, lang i18n.Lang) (string, error) {
	var st Study
	if study != "" {
		s, err := c.Study(ctx, study)
		if err != nil {
			return "", err
		}
		st = s
	} else if all, err := c.Studies(ctx); err != nil {
		return "", err
	} else if len(all) > 0 {
		st = all[0]
	}
	for _, l := range []i18n.Lang{lang, i18n.En} {
		if n := st.NeutralName[string(l)]; n != "" {
			return n, nil
		}
	}
	return i18n.T(lang, "email.office"), nil
}
