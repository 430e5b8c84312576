package transcript

import (
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// narrate has somebody read words of the study aloud.
func (p *player) narrate(lang, words string) {
	p.Helper()
	said := trial.Spoken{Lang: lang, Words: words}
	_, err := p.r.Trial.PutNarration(p.ctx(), rig.Staff, "STEADY", said.Key(), "", rig.Tone(said.Key()))
	p.must(err)
}

// unnarrate takes that away again.
func (p *player) unnarrate(lang, words string) {
	p.Helper()
	p.must(p.r.Trial.RemoveNarration(p.ctx(), rig.Staff, "STEADY", p.narration(lang, words).ID))
}

func (p *player) narration(lang, words string) trial.Narration {
	p.Helper()
	there, err := p.r.Trial.Narrations(p.ctx(), "STEADY")
	p.must(err)
	n, ok := there[trial.Spoken{Lang: lang, Words: words}]
	if !ok {
		p.Fatalf("%s: nobody reads that", p.where)
	}
	return n
}
