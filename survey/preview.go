package survey

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-health/muster/internal/i18n"
)

// Script is a questionnaire as people meet it in one language, before anybody is asked: every
// question in document order, whatever is answered.
type Script struct {
	Lang    string   `json:"lang"`
	Status  string   `json:"status"`            // as TranslationStatus
	Missing []string `json:"missing,omitempty"` // linkIds without a translation: they are asked in the source language
	Asked   []Asked  `json:"asked"`
	End     []string `json:"end,omitempty"` // closing words, after the last question
	Parts   int      `json:"parts"`         // parts of text that asking everything by text takes
}

// Asked is one question on each channel. Where it cannot be asked, the reason stands instead.
type Asked struct {
	LinkID   string   `json:"linkId"`
	When     string   `json:"when,omitempty"` // which answers it is asked after, "" for everybody
	Required bool     `json:"required,omitempty"`
	Lead     []string `json:"lead,omitempty"` // above the question on the web page, and its help
	Question string   `json:"question"`
	Options  []string `json:"options,omitempty"`
	Answer   string   `json:"answer"` // what is taken: "a whole number from 0 to 10"
	Text     string   `json:"text,omitempty"`
	Segments int      `json:"segments,omitempty"`
	NoText   string   `json:"noText,omitempty"`
	Said     []string `json:"said,omitempty"`
	NoVoice  string   `json:"noVoice,omitempty"`
}

// Languages lists what the questionnaire is written in, the source language first, then those its
// texts or a translation status name, in alphabetical order.
func (q *Questionnaire) Languages() []string {
	seen := maps.Clone(q.drafts)
	for _, it := range q.items {
		for lang := range it.text.in {
			seen[base(lang)] = ""
		}
	}
	delete(seen, base(q.lang))
	return append([]string{base(q.lang)}, slices.Sorted(maps.Keys(seen))...)
}

// Script lays the questionnaire out in lang.
func (q *Questionnaire) Script(lang string) Script {
	s := Script{Lang: lang, Status: q.TranslationStatus(lang), Missing: q.Missing(lang)}
	why := map[Channel]map[string]string{SMS: {}, Voice: {}}
	for _, f := range q.Fits([]Channel{SMS, Voice}, []string{lang}) {
		if !f.Warning {
			why[f.Channel][f.LinkID] = f.Reason
		}
	}
	reason := func(c Channel, linkID string) string {
		if r := why[c][""]; r != "" {
			return r
		}
		return why[c][linkID]
	}
	for _, it := range q.items {
		if !it.asked() {
			continue
		}
		web := q.laid(it, Web, lang, true)
		a := Asked{LinkID: it.linkID, When: it.when(), Required: it.required, Lead: append(web.Intro, web.Help...), Question: web.Text, Answer: web.taken(),
			NoText: reason(SMS, it.linkID), NoVoice: reason(Voice, it.linkID)}
		for _, o := range web.Options {
			a.Options = append(a.Options, o.Text)
		}
		if a.NoText == "" {
			a.Text, _ = q.laid(it, SMS, lang, false).SMS(i18n.Lang(lang))
			a.Segments = i18n.Segments(a.Text)
			s.Parts += a.Segments
		}
		if a.NoVoice == "" {
			a.Said = q.laid(it, Voice, lang, false).Spoken(i18n.Lang(lang))
		}
		s.Asked = append(s.Asked, a)
	}
	end := len(q.items)
	for end > 0 && !q.items[end-1].asked() {
		end--
	}
	for _, it := range q.items[end:] {
		if words := it.wording(Voice, lang); words != "" && !it.hidden && !it.isHelp && (it.kind == typeGroup || it.kind == typeDisplay) {
			s.End = append(s.End, words)
		}
	}
	return s
}

// taken says what a page takes for an answer, for whoever writes questionnaires.
func (p Prompt) taken() string {
	limits := ""
	switch {
	case p.Min != "" && p.Max != "":
		limits = fmt.Sprintf(" from %s to %s", p.Min, p.Max)
	case p.Min != "":
		limits = " from " + p.Min
	case p.Max != "":
		limits = " up to " + p.Max
	}
	if p.Each {
		p.Each = false
		return "several answers, each " + p.taken()
	}
	if len(p.Units) > 0 {
		var names []string
		for _, u := range p.Units {
			names = append(names, u.Text)
		}
		return "a number in one of " + strings.Join(names, ", ")
	}
	switch p.Hint {
	case HintYesNo:
		return "yes or no"
	case HintOne:
		return "one of these"
	case HintMany:
		return "any of these"
	case HintOpen:
		return "one of these, or own words"
	case HintWhole:
		return strings.TrimSpace("a whole number" + limits + " " + p.Unit)
	case HintDecimal:
		return strings.TrimSpace("a number" + limits + " " + p.Unit)
	case HintDate:
		return "a date" + limits
	case HintTime:
		return "a time of day" + limits
	case HintMoment:
		return "a date and time" + limits
	}
	return "own words"
}

// when says after which answers a question is asked: its own conditions and those of the groups
// around it.
func (it *item) when() string {
	var all []string
	for up := it; up != nil; up = up.parent {
		var own []string
		for _, c := range up.enable {
			own = append(own, c.plain())
		}
		joint := " and "
		if up.enableAny {
			joint = " or "
		}
		if s := strings.Join(own, joint); s != "" && len(own) > 1 && up.enableAny {
			all = append(all, "("+s+")")
		} else if s != "" {
			all = append(all, s)
		}
	}
	slices.Reverse(all)
	if len(all) == 1 {
		return strings.Trim(all[0], "()")
	}
	return strings.Join(all, " and ")
}

func (c condition) plain() string {
	if c.op == "exists" {
		return c.source.linkID + map[bool]string{true: " is answered", false: " is not answered"}[c.exists]
	}
	v := c.value
	text := v.Display + v.Text + v.Date + v.Time + v.DateTime
	switch {
	case v.Bool != nil:
		text = map[bool]string{true: "yes", false: "no"}[*v.Bool]
	case v.Int != nil:
		text = fmt.Sprint(*v.Int)
	case v.Decimal != "":
		text = strings.TrimSpace(v.Decimal + " " + v.Unit)
	case text == "":
		text = v.Code
		for _, o := range c.source.options {
			if o.value.Code == v.Code {
				text = "“" + o.text.source + "”"
			}
		}
	}
	return c.source.linkID + " " + c.op + " " + text
}
