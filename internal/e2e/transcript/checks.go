package transcript

import (
	"strconv"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/trial"
)

// check is something that must be so.
func (p *player) check(verb, rest string) bool {
	p.Helper()
	ctx := p.ctx()
	rest = p.worded(rest)
	switch verb {
	case "<":
		p.reply(rest)
	case "hear", "not":
		heard, err := p.line.Heard()
		p.must(err)
		if strings.Contains(heard, rest) != (verb == "hear") {
			p.Errorf("%s: the call says %q", p.where, heard)
		}
	case "ended":
		over, err := p.line.Over()
		p.must(err)
		if !over {
			heard, _ := p.line.Heard()
			p.Errorf("%s: the call goes on: %q", p.where, heard)
		}
	case "waits":
		d, err := p.line.Waits()
		p.must(err)
		p.count(rest, int(d.Round(time.Second)/time.Second))
	case "slowly", "usual":
		slow, err := p.line.Slowly()
		p.must(err)
		if slow != (verb == "slowly") {
			p.Errorf("%s: all of it slowly: %v", p.where, slow)
		}
	case "sent":
		p.sent(rest)
	case "alerts":
		open, err := p.r.Trial.Alerts(ctx, trial.AlertOpen)
		p.must(err)
		p.count(rest, len(open))
	case "logged", "unlogged":
		p.logged(rest, verb == "logged")
	case "tasks":
		kind, n, _ := strings.Cut(rest, " ")
		all, err := p.r.Trial.Tasks(ctx, "")
		p.must(err)
		got := 0
		for _, x := range all {
			if x.Kind == kind {
				got++
			}
		}
		p.count(n, got)
	case "answers":
		got := 0
		for _, id := range p.ids {
			all, err := p.r.Trial.ResponsesOf(ctx, id)
			p.must(err)
			for _, x := range all {
				got += len(x.Session.Answers)
			}
		}
		p.count(rest, got)
	case "recordings":
		state, n, _ := strings.Cut(rest, " ")
		all, err := p.r.Trial.Recordings(ctx, state)
		p.must(err)
		p.count(n, len(all))
	case "declined":
		got := 0
		for _, id := range p.ids {
			all, err := p.r.Trial.ResponsesOf(ctx, id)
			p.must(err)
			for _, x := range all {
				for _, a := range x.Session.Answers {
					if a.Declined {
						got++
					}
				}
			}
		}
		p.count(rest, got)
	case "unread":
		got, err := p.r.People.CountUnread(ctx)
		p.must(err)
		p.count(rest, got)
	case "reply":
		f := strings.SplitN(rest, " ", 3)
		v, err := p.r.Trial.Visit(ctx, p.visit(f[0], f[1]))
		p.must(err)
		if v.Reply != strings.Join(f[2:], " ") {
			p.Errorf("%s: the visit's reply is %q", p.where, v.Reply)
		}
	case "stopped", "reached":
		people, err := p.r.People.ByPoint(ctx, rest)
		p.must(err)
		for _, x := range people {
			g, err := p.r.Trial.May(ctx, x.PersonID(), contacts.StudyCare, contacts.SMS, "STEADY")
			p.must(err)
			if may := g.OK || !g.NotBefore.IsZero(); may != (verb == "reached") {
				p.Errorf("%s: %s may be texted: %v", p.where, x.ID, may)
			}
		}
	default:
		return false
	}
	return true
}

func (p *player) reply(want string) {
	p.Helper()
	if len(p.replies) == 0 {
		p.Errorf("%s: no reply", p.where)
		return
	}
	if got := strings.ReplaceAll(p.replies[0], "\n", "|"); got != want {
		p.Errorf("%s: the reply is %q", p.where, got)
	}
	p.replies = p.replies[1:]
}

func (p *player) sent(rest string) {
	p.Helper()
	if number, n, ok := strings.Cut(rest, " times "); ok {
		all, err := p.line.Sent(number)
		p.must(err)
		p.count(n, len(all))
		return
	}
	number, words, _ := strings.Cut(rest, ": ")
	all, err := p.line.Sent(number)
	p.must(err)
	for _, body := range all {
		if strings.Contains(body, words) {
			return
		}
	}
	p.Errorf("%s: sent was %q", p.where, all)
}

func (p *player) count(want string, got int) {
	p.Helper()
	if n, err := strconv.Atoi(strings.TrimSpace(want)); err != nil || n != got {
		p.Errorf("%s: there are %d", p.where, got)
	}
}

// records is what must be so of whatever was sent, in every transcript: it is kept with the
// wording's name, version and language, and about a study with the board's approval (F17).
func (p *player) records() {
	p.Helper()
	whole := func(what, study, template, version, lang, approval string) {
		if template == "" || version == "" || lang == "" || study != "" && approval == "" {
			p.Errorf("%s about %q: kept with template %q, version %q, language %q, approval %q", what, study, template, version, lang, approval)
		}
	}
	for _, m := range p.r.Sent.All() {
		whole("a "+string(m.Kind), m.Study, m.Template, m.Version, m.Lang, m.Approval)
	}
	for name, id := range p.ids {
		touches, err := p.r.People.Timeline(p.ctx(), id, 0, time.Time{})
		p.must(err)
		for _, t := range touches {
			if t.Out && (t.Message != "" || t.Reply) {
				whole("a "+t.Kind+" to "+name, t.Study, t.Template, t.Version, t.Lang, t.Approval)
			}
		}
	}
}
