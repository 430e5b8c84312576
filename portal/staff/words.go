package staff

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// mend is what a refusal of the domain says to staff, "" for any other error. Such errors are
// sentences about the step, without personal data.
func mend(err error) string {
	for _, known := range []error{trial.ErrMove, trial.ErrWindow, trial.ErrRefused, trial.ErrClosed} {
		if errors.Is(err, known) {
			_, text, found := strings.Cut(err.Error(), known.Error()+": ")
			if !found {
				text = known.Error()
			}
			return sentence(text)
		}
	}
	return ""
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	s = string(unicode.ToUpper(r)) + s[n:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// refuseAll puts the problems of contacts on a form, by the names its fields have here.
func refuseAll(f *web.Form, err error, fields map[string]string, fallback string) bool {
	var problems contacts.Problems
	if !errors.As(err, &problems) {
		return false
	}
	for _, p := range problems {
		name := fallback
		for prefix, field := range fields {
			if strings.HasPrefix(p.Field, prefix) {
				name = field
			}
		}
		f.Refuse(name, p.Text)
	}
	return true
}

// word is the text of a key put together from a stored code; codes we have no word for are shown
// as they are.
func (h *Desk) word(r *http.Request, prefix, code string) string {
	key := prefix + strings.NewReplacer("-", "", "_", "", " ", "").Replace(code)
	if code == "" || !i18n.Has(key) {
		return code
	}
	return h.T(r, key)
}

// day is a local date for lists: "Tue 3 Mar".
func day(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return i18n.ShortDay(i18n.En, t)
}

// fullDay is a local date with its year: "3 Mar 2026"; parts of dates as they are.
func fullDay(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return view.DayMonthYear("en", t)
}

// clockTime is a stored local time for reading: "9:30 am".
func clockTime(hhmm string) string {
	t, err := time.Parse("15:04", hhmm)
	if err != nil {
		return hhmm
	}
	return i18n.TimeOfDay(i18n.En, t)
}

func levelTone(level string) view.Tone {
	if level == "routine" {
		return view.Amber
	}
	return view.Red
}

// replyChip is what came of a visit's reminder.
func (h *Desk) replyChip(r *http.Request, v trial.Visit) *view.Chip {
	switch {
	case v.State == trial.Kept:
		return &view.Chip{Text: h.T(r, "staff.visit.kept"), Tone: view.Green, Icon: "check"}
	case v.State == trial.Missed:
		return &view.Chip{Text: h.T(r, "staff.visit.missed"), Tone: view.Red}
	case v.State == trial.Cancelled:
		return &view.Chip{Text: h.T(r, "staff.visit.cancelled")}
	case v.State == trial.Proposed:
		return &view.Chip{Text: h.T(r, "staff.visit.proposed")}
	case v.Reply == trial.Confirmed:
		return &view.Chip{Text: h.T(r, "staff.visit.confirmed"), Tone: view.Green, Icon: "check"}
	case v.Reply == trial.ChangeAsked:
		return &view.Chip{Text: h.T(r, "staff.visit.change"), Tone: view.Amber, Icon: "priority_high"}
	}
	return &view.Chip{Text: h.T(r, "staff.visit.silent"), Tone: view.Plain}
}

// title is a study's plain title.
func title(s trial.Study) string { return s.Title["en"] }

// T is the text of a key; pairs are names and values in turn.
func (h *Desk) T(r *http.Request, key string, pairs ...any) string { return h.door.T(r, key, pairs...) }

// e164 is a number of a study's file, "412-555-0101", as it is dialled; as it is when it is none.
func e164(raw string) string {
	n, err := phone.Parse(raw, "US")
	if err != nil {
		return raw
	}
	return n.E164()
}

// said puts a stored question and answer into one line: "How are you? 186".
func said(what string) string { return strings.Replace(what, "?: ", "? ", 1) }

var dialled = regexp.MustCompile(`\+1\d{10}\b`)

// readable writes the numbers in a sentence as people read them.
func readable(sentence string) string {
	return dialled.ReplaceAllStringFunc(sentence, func(n string) string { return view.Phone(n) })
}

// problems lists the errors of the fields in their order; a mend that would fit any field is put
// after the name of its own.
func (h *Desk) problems(fields ...view.Field) []view.FieldError {
	out := view.Problems(fields...)
	for i, e := range out {
		for _, f := range fields {
			if f.FocusID() == e.Field && f.Error == e.Text && strings.HasPrefix(e.Text, "Please ") {
				out[i].Text = f.Label + ": " + e.Text
			}
		}
	}
	return out
}
