package survey

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-health/muster/internal/i18n"
)

// Fit is what stands between a question and a channel. A study that asks it there is refused, with
// the reason; one with Warning set is asked all the same.
type Fit struct {
	LinkID  string // "" where it is the whole questionnaire
	Text    string // the question, in Lang
	Reason  string // such as "web only: 34 options are 5 parts of a text, and 2 are the most"
	Channel Channel
	Lang    string // "" where it is the same in all
	Warning bool
}

// How many options can be told apart by ear: more are heard badly, and more than nine need two keys.
const (
	heardWell = 5
	oneKey    = 9
)

// Fits lists what cannot be asked on which of the channels, and what is asked with a warning, in
// document order for each channel. Each language is measured in the very words a text would have;
// no language means the one it was written in. The web and an interview take everything.
func (q *Questionnaire) Fits(channels []Channel, langs []string) []Fit {
	if len(langs) == 0 {
		langs = []string{q.lang}
	}
	var all []Fit
	for _, c := range channels {
		switch {
		case c == Web || c == Staff:
			continue
		case c != SMS && c != Voice:
			all = append(all, Fit{Channel: c, Reason: "the channel is not known"})
			continue
		case q.locked != "":
			all = append(all, Fit{Channel: c, Reason: fmt.Sprintf("%s asks about thoughts of dying and is kept to the web and to an interview by staff: take %s out of the channels", q.locked, c)})
		}
		for _, it := range q.items {
			if it.asked() {
				all = append(all, q.fits(it, c, langs)...)
			}
		}
	}
	return all
}

// Ways lists the channels on which everything can be asked in all of langs, the web first.
func (q *Questionnaire) Ways(langs ...string) []Channel {
	ways := []Channel{Web, Staff}
	for _, c := range []Channel{SMS, Voice} {
		if q.Check(c, langs...) == nil {
			ways = append(ways, c)
		}
	}
	return ways
}

// Check says whether the questionnaire can be asked on a channel in all of langs, no language
// meaning the one it was written in: nil, or an error that names every item that cannot and why.
func (q *Questionnaire) Check(c Channel, langs ...string) error {
	var errs []error
	for _, f := range q.Fits([]Channel{c}, langs) {
		switch {
		case f.Warning:
		case f.LinkID == "":
			errs = append(errs, errors.New(f.Reason))
		default:
			errs = append(errs, fmt.Errorf("item %q: %s", f.LinkID, f.Reason))
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("cannot be asked by %s: %w", c, errors.Join(errs...))
	}
	return nil
}

// fits looks at one question on one channel, SMS or Voice.
func (q *Questionnaire) fits(it *item, c Channel, langs []string) []Fit {
	fit := func(lang, reason string) Fit {
		return Fit{LinkID: it.linkID, Text: it.wording(c, lang), Reason: reason, Channel: c, Lang: lang}
	}
	if it.sensitive == "sensitive" {
		return []Fit{fit("", "web only: it is sensitive, and asked after sign-in or by staff")}
	}
	if c == Voice {
		if reason := q.unheard(it); reason != "" {
			return []Fit{fit("", reason)}
		}
		f := fit("", "")
		switch n := len(it.options); {
		case n > oneKey:
			f.Reason = fmt.Sprintf("%d options are many to hear, and need two keys each", n)
		case n > heardWell:
			f.Reason = fmt.Sprintf("%d options are many to hear", n)
		default:
			return nil
		}
		f.Warning = true
		return []Fit{f}
	}
	var all []Fit
	for _, lang := range langs {
		p := q.longest(it, c, lang)
		body, ok := p.SMS(i18n.Lang(lang))
		if ok {
			continue
		}
		what := "it is"
		if n := len(it.options); n > heardWell {
			what = fmt.Sprintf("%d options are", n)
		}
		all = append(all, fit(lang, fmt.Sprintf("web only: %s %d parts of a text in %s, and %d are the most: send a link, or give it a short text", what, i18n.Segments(body), lang, p.parts())))
	}
	return all
}

// longest is a question with every text that may stand before it: those of the groups around it
// and those since the question before, whatever was answered.
func (q *Questionnaire) longest(it *item, c Channel, lang string) Prompt {
	return q.laid(it, c, lang, true)
}

// laid is a question with the texts since the question before it, whatever was answered, and where
// around says so those of the groups around it.
func (q *Questionnaire) laid(it *item, c Channel, lang string, around bool) Prompt {
	t := turn{q: q, s: Session{Lang: lang}, in: Input{Channel: c}, st: newState(nil)}
	p := t.prompt(it)
	p.Intro = nil
	from := it.order - 1
	for from >= 0 && !q.items[from].asked() {
		from--
	}
	for i, other := range q.items[:it.order] {
		group := around && other.kind == typeGroup && it.inside(other)
		since := i > from && (other.kind == typeGroup || other.kind == typeDisplay) && !other.hidden && !other.isHelp
		if s := other.wording(c, lang); s != "" && (group || since) && !slices.Contains(p.Intro, s) {
			p.Intro = append(p.Intro, s)
		}
	}
	p.Help = nil
	for _, h := range it.help {
		p.Help = append(p.Help, h.to(lang))
	}
	return p
}

func (it *item) inside(group *item) bool {
	for up := it.parent; up != nil; up = up.parent {
		if up == group {
			return true
		}
	}
	return false
}

// unheard says why a question cannot be asked by phone, or "".
func (q *Questionnaire) unheard(it *item) string {
	switch {
	case it.kind == typeOpenChoice:
		return "web only: own words cannot be keyed: use choice"
	case len(it.options) > 99:
		return fmt.Sprintf("web only: %d options are too many to hear", len(it.options))
	case len(it.options) > 0:
		return ""
	case it.ownWords() && q.recorded && it.required:
		return "own words that must be given are not asked by phone: let the question be skipped, since nobody has to be recorded"
	case it.ownWords() && q.recorded:
		return ""
	case it.kind == typeString || it.kind == typeText:
		return "own words cannot be keyed: ask them on the web, by text or by staff"
	case it.numeric() && strings.HasPrefix(it.min, "-"):
		return "a number below zero cannot be keyed"
	}
	return ""
}
