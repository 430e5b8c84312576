package ivr

import (
	"context"
	"strings"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
)

// menuByText says what can be written now: what the open questions take, and what always works.
func (o *Operator) menuByText(t *text, open []Prompt) ([]string, error) {
	var lines []string
	for _, p := range open {
		switch {
		case len(p.Slots) > 0:
			lines = append(lines, i18n.T(t.lang, "sms.menuSlots"))
		case p.Visit != "":
			lines = append(lines, i18n.T(t.lang, "sms.menuVisit", "yes", p.digit(0), "change", p.digit(1)))
		}
	}
	if asked(open, o.now()) != nil {
		lines = append(lines, i18n.T(t.lang, "sms.menuQuestion"))
	}
	said, err := t.reply("sms.menu")
	return []string{strings.Join(append(lines, said...), "\n")}, err
}

// pause leaves the questionnaire that is asked on the number in peace: it stays open, and what is no
// answer to it is not taken for one, until an answer comes or its time is over. With nothing to pause
// the reply says what can be written.
func (o *Operator) pause(ctx context.Context, t *text, open []Prompt) ([]string, error) {
	p := asked(open, o.now())
	if p == nil {
		return o.menuByText(t, open)
	}
	t.who, t.study, t.asked = p.Person, p.Study, true
	_, err := o.prompts.Update(ctx, p.ID, func(v *Prompt, _ *docstore.Batch) error {
		if v.Paused {
			return docstore.Unchanged
		}
		v.Paused = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	until := p.Expires
	for _, x := range t.people {
		if x.PersonID() != p.Person {
			continue
		}
		t.lang = o.speaks(x.Language, p.Study)
		if zone, ok := contacts.Zone(x); ok {
			until = until.In(zone)
		}
	}
	return t.reply("sms.paused", "when", i18n.When(t.lang, until, o.now().In(until.Location())))
}
