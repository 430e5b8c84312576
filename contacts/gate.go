package contacts

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// May answers whether p may be contacted as asked, and why not. Every send asks it twice: when
// it is planned and again when it is due. It reads nothing but its arguments; when a.Zone is nil
// it looks the zone up in the embedded tables.
//
// Sentences use p.Given as it stands, so a masked copy of a person gives masked sentences.
//
// What passes without an entry in the ledger: what the person asked for just now, a safety call
// dialled by a person, a call or letter by a person to somebody who put themselves in the
// registry (or agreed through their clinician) or is enrolled, and what a board's waiver names.
// Automated texts, calls and e-mails always need a standing grant.
func May(p Person, a Ask) Gate {
	g := decide(&p, a)
	if !g.OK && g.NotBefore.IsZero() && len(g.Reasons) > 0 {
		if hint := instead(&p, a, g.Reasons[0].Code); hint != "" {
			g.Reasons[0].Text += " " + hint
		}
	}
	return g
}

// Sentence is the whole answer in words: "Cannot text: Keisha stopped texts on 3 May 2026 by
// replying STOP. Call instead." Empty when allowed.
func (g Gate) Sentence() string {
	if g.OK || len(g.Reasons) == 0 {
		return ""
	}
	if g.Reasons[0].Code == CodeRecords {
		return g.Reasons[0].Text
	}
	texts := make([]string, len(g.Reasons))
	for i, r := range g.Reasons {
		texts[i] = r.Text
	}
	start := "Cannot " + verb(g.Channel)
	if !g.NotBefore.IsZero() {
		start += " yet"
	}
	return start + ": " + strings.Join(texts, " ")
}

// Has says whether a reason with this code was given.
func (g Gate) Has(code string) bool {
	return slices.ContainsFunc(g.Reasons, func(r Reason) bool { return r.Code == code })
}

// asking is one question being answered.
type asking struct {
	Ask
	p     *Person
	who   string
	zones []*time.Location
	point Point
}

func decide(p *Person, a Ask) Gate {
	q := asking{Ask: a, p: p, who: p.Given}
	if q.who == "" {
		q.who = "This person"
	}
	g := Gate{Channel: a.Channel}
	if r, no := q.never(); no {
		g.Reasons = []Reason{r}
		return g
	}
	refuse := func(r Reason, no bool) {
		if no {
			g.Reasons = append(g.Reasons, r)
		}
	}
	point, r, no := q.choosePoint()
	q.point, g.Point = point, point
	q.zones = q.findZones()
	basis, allowed := q.permission()
	refuse(basis, !allowed)
	refuse(q.suppressed())
	refuse(q.reachMe())
	refuse(r, no)
	refuse(q.study())
	if len(g.Reasons) > 0 {
		return g
	}
	wait, until := q.timing()
	if len(wait) == 0 {
		g.OK = true
		g.Reasons = append([]Reason{basis}, q.cautions()...)
		return g
	}
	g.Reasons = wait
	if until.After(a.Now) {
		// A promise is only made if nothing known will break it: a waiver that ends, a study that closes.
		then := a
		then.Now = until
		if later := decide(p, then); later.OK {
			g.NotBefore = until
		} else {
			g.Reasons = append(g.Reasons, later.Reasons...)
		}
	}
	return g
}

// never holds for every purpose and channel.
func (q *asking) never() (Reason, bool) {
	switch {
	case !q.Purpose.known() || !q.Channel.known():
		return Reason{Code: CodeUnknown, Text: fmt.Sprintf("There is no contact %q by %q.", q.Purpose, q.Channel)}, true
	case q.p.Deceased != "":
		return Reason{Code: CodeDeceased, Text: q.who + " has died. Nothing is sent any more."}, true
	case !q.p.Erased.IsZero():
		return Reason{Code: CodeErased, Text: "This person asked to be erased on " + q.day(q.p.Erased) + ".", At: q.p.Erased}, true
	case q.p.Basis.Kind == ByRecords && q.Purpose != Safety && !(q.Purpose == Requested && q.Reply):
		return Reason{Code: CodeRecords, Text: RecordsOnly}, true
	}
	return Reason{}, false
}

// permission returns what the contact rests on, or why it has no permission.
func (q *asking) permission() (Reason, bool) {
	switch q.Purpose {
	case Safety:
		if q.Channel != Call {
			return Reason{Code: CodeSafetyCall, Text: "A safety contact is a call dialled by a person."}, false
		}
		return Reason{Code: CodeSafety, Text: "Safety call, dialled by a person and logged."}, true
	case Requested:
		return q.requested()
	}
	if e, granted, found := Stands(q.p.Consents, q.Purpose, q.Channel, q.studyID()); found {
		if !granted {
			return q.stopped(e), false
		}
		text := fmt.Sprintf("%s agreed to %s %s on %s %s.", q.who, plural(q.Channel), about(q.Purpose), q.day(e.At), manner(e))
		return Reason{Code: CodeConsent, Text: text, At: e.At}, true
	}
	basis := q.p.Basis
	byHand := q.Channel == Call || q.Channel == Letter
	switch {
	case byHand && q.Purpose == StudyCare && q.Study != nil && q.Study.Enrolled:
		return Reason{Code: CodeConsent, Text: q.who + " is in the study."}, true
	case basis.Kind == ByWaiver && q.Purpose == Recruitment:
		return q.waiver()
	case byHand && q.Purpose == Recruitment && basis.Kind == ByConsent:
		return Reason{Code: CodeConsent, Text: q.who + " signed up to hear about studies on " + q.day(basis.At) + ".", At: basis.At}, true
	case byHand && q.Purpose == Recruitment && basis.Kind == ByReferral:
		return Reason{Code: CodeConsent, Text: q.who + " agreed through their clinician to be contacted, on " + q.day(basis.At) + ".", At: basis.At}, true
	case !basis.Kind.Valid():
		return Reason{Code: CodeNoConsent, Text: "It is not recorded why " + q.who + " is in the registry."}, false
	}
	return Reason{Code: CodeNoConsent, Text: fmt.Sprintf("%s has not agreed to %s %s.", q.who, plural(q.Channel), about(q.Purpose))}, false
}

// requested: what the person asked for just now needs no entry, but a machine does not write to
// a number that stopped it, unless to answer what that number just sent (the one confirmation of
// a STOP, a HELP, a safety reply). 47 CFR 64.1200(a)(12).
func (q *asking) requested() (Reason, bool) {
	ok := Reason{Code: CodeRequested, Text: q.who + " asked for this."}
	if q.Reply || q.Channel == Call || q.Channel == ByEmail {
		return ok, true
	}
	if e, granted, found := Stands(q.p.Consents, Requested, q.Channel, q.studyID()); found && !granted {
		return q.stopped(e), false
	}
	if q.p.Basis.Kind == ByWaiver && q.automated() {
		return Reason{Code: CodeWaiver, Text: q.who + " is here under a waiver, which never allows automated contact."}, false
	}
	return ok, true
}

func (q *asking) waiver() (Reason, bool) {
	w := q.p.Basis
	ways := w.Ways
	if len(ways) == 0 {
		ways = []Channel{Letter, Call}
	}
	no := func(text string) (Reason, bool) { return Reason{Code: CodeWaiver, Text: text, At: w.At}, false }
	switch {
	case q.studyID() == "" || q.studyID() != w.Study:
		return no(fmt.Sprintf("%s is here under a waiver for %s only.", q.who, w.Study))
	case w.Expires != "" && q.today() > w.Expires:
		return no(fmt.Sprintf("The waiver %s for %s ended on %s.", w.Reference, w.Study, dayText(w.Expires)))
	case q.automated():
		return no("A waiver never allows automated texts or calls.")
	case !slices.Contains(ways, q.Channel):
		return no(fmt.Sprintf("The waiver %s does not name %s.", w.Reference, plural(q.Channel)))
	}
	return Reason{Code: CodeWaiver, Text: fmt.Sprintf("Waiver %s of %s for %s.", w.Reference, w.Board, w.Study), At: w.At}, true
}

func (q *asking) suppressed() (Reason, bool) {
	if !q.Blocked || q.Channel == Letter || q.Purpose == Safety {
		return Reason{}, false
	}
	return Reason{Code: CodeSuppressed, Text: "This number or address is on the do-not-contact list."}, true
}

// reachMe keeps what the person said about how they can be reached (F8), and sensitive content (F17).
func (q *asking) reachMe() (Reason, bool) {
	r := q.p.ReachMe
	switch {
	case r.TextOnly && (q.Channel == Voice || q.Channel == Call && q.Purpose == Recruitment):
		return Reason{Code: CodeTextOnly, Text: q.who + " asked for texts only, no calls."}, true
	case r.Relay && q.Channel == Voice:
		return Reason{Code: CodeRelay, Text: q.who + " uses a captioned phone or relay, which automated calls do not work with."}, true
	case q.Sensitive && q.Purpose != Safety && q.Channel != Call:
		return Reason{Code: CodeSensitive, Text: "This is a sensitive question: ask it by a link after sign-in, or in person."}, true
	}
	return Reason{}, false
}

// study: closed or expired stops recruitment only; reminders to enrolled people go on (F17).
func (q *asking) study() (Reason, bool) {
	if q.Study == nil || q.Purpose != Recruitment {
		return Reason{}, false
	}
	if !q.Study.RecruitmentOpen {
		why := q.Study.WhyClosed
		if why == "" {
			why = "recruitment is not open"
		}
		return Reason{Code: CodeStudyClosed, Text: fmt.Sprintf("%s is not recruiting: %s.", q.Study.ID, strings.TrimSuffix(why, "."))}, true
	}
	if q.Study.Busy != "" {
		return Reason{Code: CodeBusy, Text: fmt.Sprintf("%s %s.", q.who, strings.TrimSuffix(q.Study.Busy, "."))}, true
	}
	return Reason{}, false
}

// cautions come with a permission.
func (q *asking) cautions() (out []Reason) {
	if q.Channel != Call {
		return nil
	}
	if q.p.ReachMe.TextOnly {
		out = append(out, Reason{Code: CodeTextOnly, Text: q.who + " asked for texts only and may not be able to take a call."})
	}
	if q.p.ReachMe.Relay {
		out = append(out, Reason{Code: CodeRelay, Text: q.who + " uses a captioned phone or relay: speak slowly, leave pauses."})
	}
	return out
}

func (q *asking) automated() bool { return q.Channel == SMS || q.Channel == Voice }

func (q *asking) studyID() string {
	if q.Study == nil {
		return ""
	}
	return q.Study.ID
}

// instead names the first other way that is open now or will be, where that helps.
func instead(p *Person, a Ask, code string) string {
	switch code {
	case CodeStopped, CodeNoConsent, CodeNoPoint, CodeWrongNumber, CodeTextOnly, CodeRelay, CodeWaiver, CodeSafetyCall:
	default:
		return ""
	}
	ways := []Channel{Call, SMS, ByEmail, Letter}
	if p.ReachMe.TextOnly {
		ways = []Channel{SMS, ByEmail, Letter, Call}
	}
	for _, c := range ways {
		if c == a.Channel {
			continue
		}
		b := a
		b.Channel, b.Point = c, nil
		if g := decide(p, b); g.OK || !g.NotBefore.IsZero() {
			return map[Channel]string{Call: "Call", SMS: "Text", ByEmail: "E-mail", Letter: "Write a letter"}[c] + " instead."
		}
	}
	return ""
}

func (p Purpose) known() bool {
	return p == Recruitment || p == StudyCare || p == Requested || p == Safety
}

func (c Channel) known() bool {
	return c == SMS || c == Voice || c == Call || c == ByEmail || c == Letter
}
