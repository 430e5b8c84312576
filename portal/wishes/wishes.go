// Package wishes asks for when and how somebody wants to be reached, and reads what was chosen: on their
// own page and on the desk alike, so that both offer and refuse the same.
package wishes

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// Words gives the text of a key in the language of the page.
type Words func(key string, pairs ...any) string

// Fields ask for wishes, filled with w or with what was sent. Only what the studies of the person have any
// use for is asked.
func Fields(w trial.Wishes, t trial.Takes, lang i18n.Lang, words Words, f *web.Form) []view.Field {
	all := []view.Field{
		{Kind: view.KindText, Name: "from", Label: words("common.wishes.from"), Hint: words("common.wishes.hours.hint"), Value: clock(w.From), Width: 10, Optional: true},
		{Kind: view.KindText, Name: "to", Label: words("common.wishes.to"), Value: clock(w.To), Width: 10, Optional: true},
	}
	if t.Calls {
		all = append(all, view.Field{Kind: view.KindText, Name: "callAt", Label: words("common.wishes.callAt"), Hint: words("common.wishes.callAt.hint"), Value: clock(w.CallAt), Width: 10, Optional: true})
	}
	if len(t.Studies) > 0 {
		all = append(all, view.Field{Kind: view.KindRadio, Name: "remind", Label: words("common.wishes.remind"), Hint: words("common.wishes.remind.hint"), Options: ways(string(w.Remind), words)})
	}
	all = append(all, view.Field{Kind: view.KindChecks, Name: "skip", Label: words("common.wishes.skip"), Options: Weekdays(w.SkipDays, lang), Optional: true})
	for i := range min(len(w.Away)+1, contacts.MostAway) {
		var a contacts.Away
		if i < len(w.Away) {
			a = w.Away[i]
		}
		from, to := awayNames(i)
		hint := ""
		if i == 0 {
			hint = words("common.wishes.away.hint", "days", contacts.MostAwayDays)
		}
		all = append(all, view.Field{Kind: view.KindDate, Name: from, Label: words("common.wishes.away.from"), Hint: hint, Optional: true}.Date(a.From),
			view.Field{Kind: view.KindDate, Name: to, Label: words("common.wishes.away.to"), Optional: true}.Date(a.To))
	}
	for i := range all {
		all[i] = all[i].From(f)
	}
	return all
}

// awayNames are the fields of the ith time away.
func awayNames(i int) (from, to string) {
	return fmt.Sprintf("away%dfrom", i+1), fmt.Sprintf("away%dto", i+1)
}

// Read gives the wishes of a form that Fields asked with; what was not asked stays as in old. What cannot
// be read is refused in f; SetWishes of trial looks at the rest.
func Read(f *web.Form, old trial.Wishes, t trial.Takes, lang i18n.Lang, words Words) trial.Wishes {
	w := trial.Wishes{From: f.Clock("from", web.Optional()), To: f.Clock("to", web.Optional()), CallAt: old.CallAt, Remind: old.Remind}
	if t.Calls {
		w.CallAt = f.Clock("callAt", web.Optional())
	}
	if len(t.Studies) > 0 {
		w.Remind = contacts.Channel(f.Value("remind"))
		if w.Remind != "" {
			f.Choice("remind", ways("", words))
		}
	}
	w.SkipDays = f.Choices("skip", Weekdays(nil, lang))
	for i := range contacts.MostAway {
		from, to := awayNames(i)
		a := contacts.Away{From: f.Date(from, web.Optional(), web.Future()), To: f.Date(to, web.Optional(), web.Future())}
		if a != (contacts.Away{}) {
			w.Away = append(w.Away, a)
		}
	}
	return w
}

// Refuse puts what SetWishes refused beside the fields it is about. False: the error is another.
func Refuse(f *web.Form, err error, lang i18n.Lang, words Words) bool {
	var no trial.Unfits
	if !errors.As(err, &no) {
		return false
	}
	for _, x := range no {
		field := x.Field
		switch field {
		case "skipDays":
			field = "skip"
		case "away":
			field = firstAway(f)
		}
		f.Refuse(field, words("common.wishes.no."+x.Code, "from", said(x.From, lang), "to", said(x.To, lang), "days", contacts.MostAwayDays))
	}
	return true
}

// firstAway is the first day that was given.
func firstAway(f *web.Form) string {
	for i := range contacts.MostAway {
		if from, to := awayNames(i); f.Value(from+"-year")+f.Value(to+"-year") != "" {
			return from
		}
	}
	from, _ := awayNames(0)
	return from
}

func ways(on string, words Words) []view.Option {
	var out []view.Option
	for _, x := range []struct{ value, key string }{{"", "common.wishes.remind.any"}, {"sms", "common.wishes.remind.sms"}, {"voice", "common.wishes.remind.voice"}, {"email", "common.wishes.remind.email"}} {
		out = append(out, view.Option{Value: x.value, Label: words(x.key), On: x.value == on})
	}
	return out
}

// Weekdays are the days to choose from, by their names in a language.
func Weekdays(on []string, lang i18n.Lang) []view.Option {
	var out []view.Option
	for i, d := range contacts.Weekdays() {
		out = append(out, view.Option{Value: d, Label: i18n.T(lang, fmt.Sprintf("date.weekday.%d", i)), On: slices.Contains(on, d)})
	}
	return out
}

// clock is a time of day in a form's box, as people write it: "9:30 am".
func clock(s string) string {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return ""
	}
	return t.Format("3:04 pm")
}

// said is a time of day in a sentence.
func said(s string, lang i18n.Lang) string {
	if s == "24:00" {
		s = "00:00"
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return s
	}
	return i18n.TimeOfDay(lang, t)
}

// Lines say what somebody chose, a line each, for a page that shows it.
func Lines(w trial.Wishes, lang i18n.Lang, words Words) (out []string) {
	if w.From != "" {
		out = append(out, words("common.wishes.is.hours", "from", said(w.From, lang), "to", said(w.To, lang)))
	}
	if w.CallAt != "" {
		out = append(out, words("common.wishes.is.callAt", "at", said(w.CallAt, lang)))
	}
	if w.Remind != "" {
		out = append(out, words("common.wishes.is.remind", "way", words("common.wishes.remind."+string(w.Remind))))
	}
	if len(w.SkipDays) > 0 {
		var days []string
		for _, o := range Weekdays(w.SkipDays, lang) {
			if o.On {
				days = append(days, o.Label)
			}
		}
		out = append(out, words("common.wishes.is.skip", "days", strings.Join(days, ", ")))
	}
	for _, a := range w.Away {
		out = append(out, words("common.wishes.is.away", "from", day(a.From, lang), "to", day(a.To, lang)))
	}
	return out
}

func day(s string, lang i18n.Lang) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return i18n.DayYear(lang, t)
}
