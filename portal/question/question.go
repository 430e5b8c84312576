// Package question puts what the survey engine asks on a web page, and reads what was answered.
// The engine words the question; this package only chooses the control.
package question

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/survey"
)

// The fields of a question's form.
const (
	answer = "answer"
	item   = "item"
	own    = answer + "-own" // the box for own words
	words  = "own"           // the choice that says: what I wrote
)

// Words gives the text of a key in the language of the page.
type Words func(key string, pairs ...any) string

// View is a prompt as one screen. The caller adds where it is sent to and what stands around.
func View(p survey.Prompt, t Words) view.Question {
	f := view.Field{Name: answer, Label: p.Text, Optional: false, Unit: p.Unit, Max: p.MaxLength}
	for _, o := range p.Options {
		f.Options = append(f.Options, view.Option{Value: o.Key, Label: o.Text, On: o.Selected})
	}
	switch p.Hint {
	case survey.HintMany:
		f.Kind, f.Hint = view.KindChecks, t("common.answer.many")
	case survey.HintYesNo, survey.HintOne, survey.HintConfirm:
		f.Kind = view.KindRadio
	case survey.HintWhole, survey.HintDecimal:
		f.Kind, f.Width = view.KindNumber, 6
	case survey.HintDate:
		f.Kind = view.KindDate
	case survey.HintTime:
		f.Kind, f.Width = view.KindText, 6
	case survey.HintMoment:
		f.Kind, f.Time.Label = view.KindDate, t("common.answer.time.label")
	case survey.HintOpen:
		f.Kind = view.KindRadio
		f.Options = append(f.Options, view.Option{Value: words, Label: t("common.answer.other")})
	default:
		f.Kind = view.KindArea
		f.Rows = 4
	}
	if p.Own {
		f.Own = t("common.answer.own")
	}
	for _, u := range p.Units {
		f.Units.Options = append(f.Units.Options, view.Option{Value: u.Code, Label: u.Text, On: u.Selected})
	}
	if len(p.Units) > 0 {
		f.Units.Label, f.Units.Blank = t("common.answer.unit.label"), t("common.answer.unit.pick")
	}
	if p.Each {
		f.Kind, f.Rows, f.Unit, f.Hint, f.Time = view.KindArea, 4, "", t("common.answer.each"), view.Clock{}
		if p.Unit != "" {
			f.Label += " (" + p.Unit + ")"
		}
	}
	f = fill(f, p)
	if p.Problem != nil {
		f.Error = Mend(*p.Problem, t)
		switch {
		case p.Hint == survey.HintMoment:
			f.Error = t("common.answer.moment")
		case p.Problem.Code == survey.ProblemUnit && len(p.Units) > 0:
			f.Error = t("common.answer.whichUnit")
		}
	}
	return view.Question{
		Intro:    strings.Join(append(append([]string{}, p.Intro...), p.Help...), " "),
		Field:    f,
		Hidden:   []view.Hidden{{Name: item, Value: p.LinkID}},
		Skip:     !p.Required,
		Progress: view.Progress{Done: p.Number - 1},
	}
}

// fill shows the answer that is stored.
func fill(f view.Field, p survey.Prompt) view.Field {
	if p.Answer == nil {
		return f
	}
	if p.Own {
		if f.OwnValue = p.OwnText; f.OwnValue != "" && f.Kind == view.KindRadio {
			f.Options[len(f.Options)-1].On = true
		}
		return f
	}
	if p.Each {
		var lines []string
		for _, v := range p.Answer.Values {
			lines = append(lines, written(v))
		}
		f.Value = strings.Join(lines, "\n")
		return f
	}
	if len(p.Answer.Values) != 1 {
		return f
	}
	v := p.Answer.Values[0]
	switch {
	case v.Date != "":
		return f.Date(v.Date)
	case v.DateTime != "":
		date, clock, _ := strings.Cut(written(v), " ")
		f.Time.Value = clock
		return f.Date(date)
	}
	f.Value = written(v)
	return f
}

// written is a plain value as it is typed; of a moment the clock of whoever gave it.
func written(v survey.Value) string {
	switch {
	case v.Int != nil:
		return strconv.FormatInt(*v.Int, 10)
	case v.Decimal != "":
		return v.Decimal
	case v.Date != "":
		return v.Date
	case v.DateTime != "":
		return strings.Replace(v.DateTime[:min(16, len(v.DateTime))], "T", " ", 1)
	case v.Time != "":
		return strings.TrimSuffix(v.Time, ":00")
	}
	return v.Text
}

// Input is what was sent with a question's form, at a moment in the person's zone.
func Input(f *web.Form, at time.Time) survey.Input {
	in := survey.Input{Kind: survey.Reply, LinkID: f.Value(item), Channel: survey.Web, At: at}
	switch {
	case f.Value("skip") == "1":
		in.Kind = survey.Skip
	case f.Has(answer + "-year"):
		y, m, d := f.Value(answer+"-year"), f.Value(answer+"-month"), f.Value(answer+"-day")
		if y+m+d != "" {
			in.Raw = y + "-" + two(m) + "-" + two(d)
		}
		if clock := strings.TrimSpace(f.Value(answer + "-time")); clock != "" {
			in.Raw = strings.TrimSpace(in.Raw + " " + clock)
		}
	case f.Value(answer+"-unit") != "" && f.Value(answer) != "":
		in.Raw = f.Value(answer) + " " + f.Value(answer+"-unit")
	default:
		chosen := slices.DeleteFunc(slices.Clone(f.Values(answer)), func(v string) bool { return v == words })
		in.Raw, in.Words = strings.Join(chosen, ","), strings.TrimSpace(f.Value(own))
	}
	return in
}

func two(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// Before is the item asked before this one, "" for the first. It changes no session.
func Before(q *survey.Questionnaire, s survey.Session, linkID string) string {
	_, p, _, err := q.Next(s, survey.Input{Kind: survey.Back, LinkID: linkID, Channel: survey.Web})
	if err != nil || p.Problem != nil || p.LinkID == linkID {
		return ""
	}
	return p.LinkID
}

// Mend says what was wrong with an answer and how to put it right.
func Mend(p survey.Problem, t Words) string {
	switch p.Code {
	case survey.ProblemRequired:
		return t("common.answer.required")
	case survey.ProblemOneOnly:
		return t("common.answer.one")
	case survey.ProblemOption, survey.ProblemDuplicate:
		return t("common.answer.option")
	case survey.ProblemExclusive:
		return t("common.answer.exclusive")
	case survey.ProblemTooFew:
		return t("common.answer.few", "count", p.Limit)
	case survey.ProblemTooMany:
		return t("common.answer.most", "count", p.Limit)
	case survey.ProblemNumber, survey.ProblemUnclear:
		return t("common.answer.number")
	case survey.ProblemWhole:
		return t("common.answer.whole")
	case survey.ProblemUnit:
		return t("common.answer.unit", "unit", p.Unit)
	case survey.ProblemTooLow, survey.ProblemTooHigh:
		switch {
		case p.Min == "":
			return t("common.answer.high", "max", p.Max)
		case p.Max == "":
			return t("common.answer.low", "min", p.Min)
		}
		return t("common.answer.range", "min", p.Min, "max", p.Max)
	case survey.ProblemDecimals:
		return t("common.answer.decimals", "count", p.Limit)
	case survey.ProblemDate:
		return t("common.answer.date")
	case survey.ProblemTime:
		return t("common.answer.time")
	case survey.ProblemTooShort:
		return t("common.answer.short", "count", p.Limit)
	case survey.ProblemTooLong:
		return t("common.answer.long", "count", p.Limit)
	}
	return t("common.answer.empty")
}
