package transcript

import (
	"regexp"
	"time"

	"github.com/muster-health/muster/trial"
)

var namedWord = regexp.MustCompile(`(?:word|palabra) (\pL+)`)

// word is the one that a text named last.
func (p *player) word() string {
	p.Helper()
	var word string
	var last time.Time
	for _, id := range p.ids {
		all, err := p.r.People.Timeline(p.ctx(), id, 0, time.Time{})
		p.must(err)
		for _, t := range all {
			if m := namedWord.FindStringSubmatch(t.Body); t.Template == trial.TemplateCodeWord && m != nil && !t.At.Before(last) {
				word, last = m[1], t.At
			}
		}
	}
	if word == "" {
		p.Fatalf("%s: no text named a word", p.where)
	}
	return word
}
