package transcript

import (
	"regexp"
	"time"

	"github.com/muster-health/muster/trial"
)

var (
	asksWord  = regexp.MustCompile(`\{(\pL+)'s word\}`)
	namedWord = regexp.MustCompile(`(?:word|palabra) (\pL+)`)
)

// worded puts the word that a text last named to Uma for {Uma's word}.
func (p *player) worded(words string) string {
	p.Helper()
	return asksWord.ReplaceAllStringFunc(words, func(asked string) string {
		name := asksWord.FindStringSubmatch(asked)[1]
		all, err := p.r.People.Timeline(p.ctx(), p.ids[name], 0, time.Time{})
		p.must(err)
		for _, t := range all { // newest first
			if m := namedWord.FindStringSubmatch(t.Body); t.Template == trial.TemplateCodeWord && m != nil {
				return m[1]
			}
		}
		p.Fatalf("%s: no text named a word to %s", p.where, name)
		return ""
	})
}
