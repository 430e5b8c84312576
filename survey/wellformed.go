package survey

import (
	"regexp"
	"strings"
	"unicode"
)

// FHIR's code: no space around it, single ones within (hl7.org/fhir/R4/datatypes.html#code).
var codePattern = regexp.MustCompile(`^[^\s]+( [^\s]+)*$`)

// wellFormed refuses ids, codes and addresses that no response could hold, since they go into it as
// they are.
func (p *parser) wellFormed(w *wireQuestionnaire) {
	for name, s := range map[string]string{"url": w.URL, "version": w.Version} {
		if strings.ContainsFunc(s, unicode.IsSpace) || clean(s) != s {
			p.fail("%s %q has spaces in it: remove them", name, short(s))
		}
	}
	p.code("language", p.q.lang)
	for _, it := range p.q.items {
		if clean(it.linkID) != it.linkID {
			p.fail("item %q: its linkId has spaces around it or signs that cannot be printed: remove them", short(it.linkID))
		}
		p.coding(it, it.unit)
		for _, o := range it.options {
			p.coding(it, Coding{Code: o.value.Code, System: o.value.System})
		}
	}
}

func (p *parser) coding(it *item, c Coding) {
	p.code("item "+it.linkID+": code", c.Code)
	if strings.ContainsFunc(c.System, unicode.IsSpace) || clean(c.System) != c.System {
		p.fail("item %q: system %q has spaces in it: remove them", it.linkID, short(c.System))
	}
}

func (p *parser) code(what, s string) {
	if s != "" && (!codePattern.MatchString(s) || clean(s) != s) {
		p.fail("%s %q has spaces around or between: remove them", what, short(s))
	}
}
