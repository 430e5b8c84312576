package transcript

import (
	"github.com/muster-health/muster/internal/docstore"
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

// damage cuts the stored sound of what is read short.
func (p *player) damage(lang, words string) {
	p.Helper()
	type raw struct {
		docstore.Meta `bson:",inline"`
		Data          []byte `bson:"data"`
	}
	sounds, err := docstore.Open[raw](p.ctx(), p.r.Store, docstore.Spec{Name: "narrationSounds", Version: 1})
	p.must(err)
	_, err = sounds.Update(p.ctx(), p.narration(lang, words).ID, func(v *raw, _ *docstore.Batch) error { v.Data = v.Data[:100]; return nil })
	p.must(err)
}
