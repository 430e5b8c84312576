package survey

import (
	"strings"

	"github.com/muster-health/muster/internal/i18n"
)

// A question by text takes so many parts at most; a longer one, or a long list, is asked behind a
// link, since nobody reads further.
const (
	maxParts     = 4
	manyOptions  = 10
	maxPartsMany = 2 // of a list of ten options and more
)

// SMS words a prompt for a text message. ok is false when it must not or cannot be asked that way:
// it is sensitive (F17), or longer than anybody reads in a text.
func (p Prompt) SMS(lang i18n.Lang) (body string, ok bool) {
	var lines []string
	add := func(s string) {
		if s != "" {
			lines = append(lines, s)
		}
	}
	if p.Problem != nil {
		if p.Problem.Code == ProblemRequired {
			add(i18n.T(lang, "voice.required"))
		} else {
			add(i18n.T(lang, "sms.notUnderstood"))
		}
	}
	for _, s := range p.Intro {
		add(s)
	}
	add(p.Text)
	for _, s := range p.Help {
		add(s)
	}
	for _, x := range p.Options {
		add(x.Key + " " + x.Text)
	}
	switch p.Hint {
	case HintMany:
		add(i18n.T(lang, "sms.askSome"))
	case HintWhole, HintDecimal:
		add(p.asksNumber(lang))
	case HintDate:
		add(i18n.T(lang, "sms.askDate"))
	case HintTime:
		add(i18n.T(lang, "sms.askTime"))
	case HintMoment:
		add(i18n.T(lang, "sms.askMoment"))
	}
	if p.Each {
		add(i18n.T(lang, "sms.askEach"))
	}
	if p.Own {
		add(i18n.T(lang, "sms.askOpen"))
	}
	if !p.Required {
		add(i18n.T(lang, "sms.askSkip"))
	}
	body = strings.Join(lines, "\n")
	return body, p.Sensitivity != "sensitive" && i18n.Segments(body) <= p.parts()
}

// asksNumber says which numbers are taken, and after a refusal in which unit too.
func (p Prompt) asksNumber(lang i18n.Lang) string {
	if len(p.Units) > 0 {
		names := make([]string, len(p.Units))
		for i, u := range p.Units {
			names[i] = u.Text
		}
		return i18n.T(lang, "sms.askNumberUnits", "units", strings.Join(names, ", "))
	}
	unit := ""
	if p.Problem != nil {
		unit = p.Unit
	}
	switch limits := p.Min != "" && p.Max != ""; {
	case limits && unit != "":
		return i18n.T(lang, "sms.askNumberUnit", "min", p.Min, "max", p.Max, "unit", unit)
	case limits:
		return i18n.T(lang, "sms.askNumber", "min", p.Min, "max", p.Max)
	case unit != "":
		return i18n.T(lang, "sms.askAnyNumberUnit", "unit", unit)
	}
	return i18n.T(lang, "sms.askAnyNumber")
}

// parts is how many parts of a text the question may take.
func (p Prompt) parts() int {
	if len(p.Options) >= manyOptions {
		return maxPartsMany
	}
	return maxParts
}
