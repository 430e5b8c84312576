package trial

import (
	"cmp"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/wording"
)

// WordingRules are what a text about the study is held against.
func (s *Study) WordingRules(lang string) wording.Rules {
	return wording.Rules{Names: []string{s.ID}, Conditions: s.Conditions, Neutral: cmp.Or(s.NeutralName[lang], s.NeutralName["en"])}
}

// textMostParts is how many parts of a text are read to the end.
const textMostParts = 3

// Wording looks at the study's own words that go out, and at every text of the script book as it would
// read in this study: what names the study or its condition, what nothing fills in, what is long, and
// what the safety words leave out (F10, F11).
func (s *Study) Wording() []wording.Finding {
	all := s.ownWording()
	for _, x := range s.ScriptBook() {
		if x.Channel != "sms" && x.Channel != "email" && x.Channel != "voice" {
			continue
		}
		r := s.WordingRules(string(x.Lang))
		r.Fields = i18n.Placeholders(x.Key)
		all = append(all, wording.Look(x.Key+" ("+string(x.Lang)+")", x.Text, r)...)
	}
	return all
}

// ownWording is Wording of what the study's file says itself and sends: the safety words. What to
// bring to a visit is read after sign-in alone.
func (s *Study) ownWording() []wording.Finding {
	var all []wording.Finding
	emergency := "911"
	if len(s.Sites) > 0 {
		emergency = cmp.Or(s.Sites[0].Emergency, emergency)
	}
	for _, d := range s.Plans() {
		for _, lang := range s.languages() {
			if text := d.SafetyText[lang]; text != "" {
				r := s.WordingRules(lang)
				r.Parts, r.Emergency = textMostParts, emergency
				all = append(all, wording.Look(s.planField(d)+".safetyText."+lang, text, r)...)
			}
		}
	}
	return all
}
