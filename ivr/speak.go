package ivr

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/survey"
)

// speak turns a question into words and keys, and where it is answered in own words, a recording.
func (c *call) speak(p survey.Prompt) Script {
	var out []Say
	text := func(s string) {
		if s != "" {
			out = append(out, Say{Text: s, Lang: c.Lang})
		}
	}
	if p.Problem != nil {
		text(problem(c.Lang, p))
	}
	if p.Hint == survey.HintConfirm {
		g := c.ask(1, append(out, say(c.Lang, "voice.readBack", "value", readBack(c.Lang, p.Answer, p.Unit)))...)
		return Script{g}
	}
	p.DayFirst = c.dayFirst()
	if p.Step == survey.StepUnit {
		for i, o := range p.Options {
			if name, ok := spokenUnits[o.Code]; ok {
				p.Options[i].Text = i18n.T(c.Lang, name)
			}
		}
	}
	for _, s := range p.Spoken(c.Lang) {
		text(s)
	}
	digits := p.MaxDigits
	switch p.Hint {
	case survey.HintYesNo:
		digits = 1
	case survey.HintMany:
		digits = 0
	}
	if c.Silent > 0 && !p.TakesZero() {
		out = append(out, say(c.Lang, "voice.person"))
	}
	if p.Hint == survey.HintText {
		return c.listen(tape{Person: c.Person, Proved: true, Study: c.Study, Response: c.Response, Item: p.LinkID}, announcedLast(out, c.Lang)...)
	}
	g := c.ask(digits, out...)
	if digits != 1 {
		g.Finish = "#"
	}
	return Script{g}
}

// announcedLast puts the words that announce a recording at the end, where they have to be.
func announcedLast(words []Say, lang i18n.Lang) []Say {
	last := say(lang, "voice.recorded")
	words = slices.DeleteFunc(words, func(s Say) bool { return s == last })
	return append(words, last)
}

// dayFirst says whether dates are keyed with the day before the month, as they are written wherever
// numbers do not begin with 1: outside the United States and Canada.
func (c *call) dayFirst() bool { return c.Number != "" && !strings.HasPrefix(c.Number, "+1") }

// readBack is a stored value in words, so that it is heard as it was meant: dates and times as they
// are spoken, numbers with the name of their unit. Of several it is the last. unit is what a page prints, where there is no word.
func readBack(lang i18n.Lang, a *survey.Answer, unit string) string {
	if a == nil || len(a.Values) == 0 {
		return ""
	}
	v := a.Values[len(a.Values)-1]
	if name, ok := spokenUnits[v.Unit]; ok {
		unit = i18n.T(lang, name)
	}
	switch {
	case v.Int != nil:
		return strings.TrimSpace(i18n.Words(lang, int(*v.Int)) + " " + unit)
	case v.Decimal != "":
		return strings.TrimSpace(i18n.DecimalWords(lang, v.Decimal) + " " + unit)
	case v.Date != "":
		if t, err := time.Parse(time.DateOnly, v.Date); err == nil {
			return i18n.DayYear(lang, t)
		}
		return v.Date
	case v.Time != "":
		if t, err := time.Parse(time.TimeOnly, v.Time); err == nil {
			return i18n.TimeOfDay(lang, t)
		}
		return v.Time
	case v.DateTime != "":
		if t, err := time.Parse(time.RFC3339, v.DateTime); err == nil {
			return i18n.DayYear(lang, t) + ", " + i18n.TimeOfDay(lang, t)
		}
		return v.DateTime
	case v.Display != "":
		return v.Display
	}
	return v.Text + v.Code
}

// spokenUnits are UCUM codes that a voice would spell, and the messages that say them.
var spokenUnits = map[string]string{
	"mm[Hg]": "voice.unit.mmhg", "Cel": "voice.unit.celsius", "[degF]": "voice.unit.fahrenheit", "kg": "voice.unit.kg", "[lb_av]": "voice.unit.pounds",
	"cm": "voice.unit.cm", "[in_i]": "voice.unit.inches", "min": "voice.unit.minutes", "h": "voice.unit.hours", "d": "voice.unit.days", "%": "voice.unit.percent", "/min": "voice.unit.permin",
}

func problem(lang i18n.Lang, p survey.Prompt) string {
	switch p.Problem.Code {
	case survey.ProblemTooLow, survey.ProblemTooHigh:
		if p.Problem.Min != "" && p.Problem.Max != "" {
			return i18n.T(lang, "voice.outside", "min", inWords(lang, p.Problem.Min), "max", inWords(lang, p.Problem.Max))
		}
	case survey.ProblemRequired, survey.ProblemTooFew:
		return i18n.T(lang, "voice.required")
	}
	return i18n.T(lang, "voice.invalid")
}

func inWords(lang i18n.Lang, number string) string {
	if n, err := strconv.Atoi(number); err == nil && n >= 0 && n < 10000 {
		return i18n.Words(lang, n)
	}
	return number
}
