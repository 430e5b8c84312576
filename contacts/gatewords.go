package contacts

import (
	"strings"
	"time"
	"unicode/utf8"
)

// stopped says when and how a person said no: "Keisha stopped texts on 3 May 2026 by replying STOP."
func (q *asking) stopped(e Consent) Reason {
	what := plural(e.Channel)
	if e.Channel == AnyChannel {
		what = "all contact"
	}
	if e.Purpose != AnyPurpose {
		what += " " + about(e.Purpose)
	}
	if e.Study != "" {
		what += " for " + e.Study
	}
	return Reason{
		Code: CodeStopped,
		Text: q.who + " stopped " + what + " on " + q.day(e.At) + " " + manner(e) + ".",
		At:   e.At,
	}
}

// manner says how an entry of the ledger came about.
func manner(e Consent) string {
	switch e.Source {
	case "sms":
		if said := strings.TrimSpace(e.Evidence); said != "" && utf8.RuneCountInString(said) <= 40 && !e.Granted {
			return "by replying " + strings.ToUpper(said)
		}
		return "by text"
	case "voice":
		return "during a call"
	case "web":
		return "on the website"
	case "staff":
		return "as noted by staff"
	case "carrier":
		return "as the phone company reported"
	case "import":
		return "as imported"
	}
	return "(" + e.Source + ")"
}

func verb(c Channel) string {
	switch c {
	case SMS:
		return "text"
	case Voice:
		return "call automatically"
	case Call:
		return "call"
	case ByEmail:
		return "e-mail"
	case Letter:
		return "write"
	}
	return "contact"
}

func plural(c Channel) string {
	switch c {
	case SMS:
		return "texts"
	case Voice:
		return "automated calls"
	case Call:
		return "calls"
	case ByEmail:
		return "e-mails"
	case Letter:
		return "letters"
	}
	return "contact"
}

func about(p Purpose) string {
	switch p {
	case Recruitment:
		return "about studies"
	case StudyCare:
		return "for a study's visits and diaries"
	case Requested:
		return "they ask for"
	}
	return ""
}

// day is the date of t where the person is: "3 May 2026".
func (q *asking) day(t time.Time) string { return t.In(q.place()).Format("2 January 2006") }

// today is the person's calendar date, "2026-05-03"; where several zones are possible, the one
// furthest on, so that nothing is used on the day after it ended.
func (q *asking) today() string {
	d := q.Now.UTC().Format(time.DateOnly)
	for i, z := range q.zones {
		if l := q.Now.In(z).Format(time.DateOnly); i == 0 || l > d {
			d = l
		}
	}
	return d
}

func (q *asking) place() *time.Location {
	if len(q.zones) > 0 {
		return q.zones[0]
	}
	return time.UTC
}

// dayText turns "2026-05-03" into "3 May 2026"; anything else stays as it is.
func dayText(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return t.Format("2 January 2006")
}
