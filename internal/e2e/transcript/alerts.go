package transcript

import (
	"fmt"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// alert is the newest that waits, or that somebody took.
func (p *player) alert() trial.Alert {
	p.Helper()
	for _, state := range []string{trial.AlertOpen, trial.AlertAcknowledged} {
		all, err := p.r.Trial.Alerts(p.ctx(), state)
		p.must(err)
		if len(all) > 0 {
			return all[0]
		}
	}
	p.Fatalf("%s: there is no alert", p.where)
	return trial.Alert{}
}

// coded puts the code of the newest alert for {code}, and another one for {wrong}.
func (p *player) coded(words string) string {
	if !strings.Contains(words, "{") {
		return words
	}
	code := p.alert().Code
	other := string('0'+(code[0]-'0'+1)%10) + code[1:]
	return strings.NewReplacer("{code}", code, "{wrong}", other).Replace(words)
}

// logged looks for "18:36 Noor Haddad: call queued" in the record of the newest alert, or a part of it.
func (p *player) logged(want string, there bool) {
	p.Helper()
	ny, err := time.LoadLocation("America/New_York")
	p.must(err)
	var lines []string
	for _, x := range p.alert().Log {
		lines = append(lines, fmt.Sprintf("%s %s: %s.", x.At.In(ny).Format("15:04"), x.Who, x.What))
	}
	if strings.Contains(strings.Join(lines, "\n"), want) != there {
		p.Errorf("%s: the record is\n%s", p.where, strings.Join(lines, "\n"))
	}
}

// shift puts somebody on call from one local time to another, such as 2026-03-09T08:00.
func (p *player) shift(who, backup, from, to string) {
	p.Helper()
	at := func(local string) time.Time {
		day, clock, _ := strings.Cut(local, "T")
		t, err := trial.Instant(day, clock, "America/New_York")
		p.must(err)
		return t
	}
	if backup == "no body" {
		backup = ""
	}
	_, err := p.r.Trial.AddShift(p.ctx(), rig.Staff, trial.Shift{Study: "STEADY", Who: who, Backup: backup, From: at(from), To: at(to)})
	p.must(err)
}
