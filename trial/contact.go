package trial

import (
	"fmt"

	"github.com/muster-health/muster/contacts"
)

// ContactRules are a study's own limits on what it sends by itself. They narrow what the law and a
// person's wish allow, and never widen it; the zero value is the default of package contacts.
type ContactRules struct {
	From        string   `bson:"from,omitempty" yaml:"from"`               // local hours for texts and automated calls, "09:00" to "20:00"
	To          string   `bson:"to,omitempty" yaml:"to"`                   // by default
	MaxPerMonth int      `bson:"maxPerMonth,omitempty" yaml:"maxPerMonth"` // contacts about studies in 31 days, 1 to 4; 0 = 4
	Blackout    []string `bson:"blackout,omitempty" yaml:"blackout"`       // local dates without texts and automated calls: "2026-12-25"
}

func (r *ContactRules) check(p *problems) {
	p.when(r.MaxPerMonth < 0 || r.MaxPerMonth > contacts.DefaultCap, "contact.maxPerMonth", "%d: use 1 to %d, which is what people agree to", r.MaxPerMonth, contacts.DefaultCap)
	for i, day := range r.Blackout {
		p.day(fmt.Sprintf("contact.blackout[%d]", i), day, true)
	}
	if r.From == "" && r.To == "" {
		return
	}
	for field, v := range map[string]string{"contact.from": r.From, "contact.to": r.To} {
		if _, err := contacts.ParseHour(v); err != nil {
			p.when(true, field, "%q is not a time such as 09:00; give both or neither", v)
			return
		}
	}
	p.when(r.From == r.To, "contact.to", "is the same as contact.from")
	p.when(r.From != r.To && !contacts.WithinLaw(r.From, r.To), "contact.from", "leaves no time between 08:00 and 21:00, the hours the law allows")
}
