package transcript

import (
	"strings"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// wishes has somebody choose when and how they are reached.
func (p *player) wishes(id contacts.PersonID, said []string) {
	p.Helper()
	var w trial.Wishes
	for _, s := range said {
		switch what, value, _ := strings.Cut(s, "="); what {
		case "from":
			w.From = value
		case "to":
			w.To = value
		case "callAt":
			w.CallAt = value
		case "remind":
			w.Remind = contacts.Channel(value)
		case "away":
			from, to, _ := strings.Cut(value, "..")
			w.Away = append(w.Away, contacts.Away{From: from, To: to})
		default:
			p.Fatalf("%s: no such wish", p.where)
		}
	}
	p.must(p.r.Trial.SetWishes(p.ctx(), rig.Staff, id, "said so", w))
}
