package ivr

import (
	"strconv"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/survey"
)

// speak turns a question into words and keys.
func (c *call) speak(p survey.Prompt) Gather {
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
		g := c.ask(1, append(out, say(c.Lang, "voice.readBack", "value", readBack(c.Lang, p.Answer)))...)
		return g
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
	g := c.ask(digits, out...)
	if digits != 1 {
		g.Finish = "#"
	}
	return g
}

// readBack is a stored number in words, so that it is heard as it was meant.
func readBack(lang i18n.Lang, a *survey.Answer) string {
	if a == nil || len(a.Values) == 0 {
		return ""
	}
	v := a.Values[0]
	switch {
	case v.Int != nil:
		return i18n.Words(lang, int(*v.Int))
	case v.Decimal != "":
		return i18n.DecimalWords(lang, v.Decimal)
	case v.Date != "":
		return v.Date
	case v.Display != "":
		return v.Display
	}
	return v.Text + v.Time + v.Code
}

func problem(lang i18n.Lang, p survey.Prompt) string {
	switch p.Problem.Code {
	case survey.ProblemTooLow, survey.ProblemTooHigh:
		if p.Problem.Min != "" && p.Problem.Max != "" {
			return i18n.T(lang, "voice.outside", "min", inWords(lang, p.Problem.Min), "max", inWords(lang, p.Problem.Max))
		}
	case survey.ProblemRequired:
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
