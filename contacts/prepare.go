package contacts

import (
	"errors"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/phone"
)

// Problem is one thing wrong with what was entered. Text never repeats the value.
type Problem struct {
	Field string `json:"field"` // "birthDate", "points[0]"
	Text  string `json:"text"`  // "Write the date as 1952-05-03."
}

// Problems is the error of data that cannot be kept as it is.
type Problems []Problem

func (p Problems) Error() string {
	var s []string
	for _, x := range p {
		s = append(s, x.Field+": "+x.Text)
	}
	return strings.Join(s, "; ")
}

// ParsePoint reads a phone number (US if it names no country) or an e-mail address, and returns
// it as it is kept and looked up. The error is a Problems.
func ParsePoint(raw string) (PointKind, string, error) {
	raw = strings.TrimSpace(norm.NFKC.String(raw))
	if strings.Contains(raw, "@") {
		a, err := mail.ParseAddress(raw)
		if err != nil || a.Address != raw || len(raw) > 254 || !strings.Contains(raw[strings.LastIndex(raw, "@"):], ".") {
			return "", "", Problems{{"email", "This does not look like an e-mail address. Example: name@example.org"}}
		}
		return Email, strings.ToLower(raw), nil
	}
	n, err := phone.Parse(raw, "")
	if err != nil {
		return "", "", Problems{{"phone", err.Error()}}
	}
	return Mobile, n.E164(), nil
}

var partialDate = regexp.MustCompile(`^\d{4}(-\d{2}(-\d{2})?)?$`)

// ValidDate says whether s is a calendar date, "2019-05-03", or a shorter prefix of one.
func ValidDate(s string) bool {
	if !partialDate.MatchString(s) {
		return false
	}
	_, err := time.Parse(time.DateOnly, s+"-01-01"[:10-len(s)])
	return err == nil
}

// prepare is the one place where a person is brought into the form in which they are kept:
// text cleaned, numbers normalised, and what is derived from sealed fields (hashes, birth year,
// ZIP3, area, digest) made anew. Every write goes through it. The error is a Problems.
func (d *Directory) prepare(p *Person) error {
	now := d.clock.Now()
	var wrong Problems
	bad := func(field, text string) { wrong = append(wrong, Problem{field, text}) }

	for _, s := range []*string{&p.Given, &p.Family, &p.Gender, &p.Address.Line, &p.Address.City, &p.Address.State} {
		*s = clean(*s)
	}
	if p.Given == "" && p.Family == "" && p.Basis.Kind != ByRecords { // records may be de-identified
		bad("name", "Give a name.")
	}
	if p.BirthDate != "" && (!ValidDate(p.BirthDate) || p.BirthDate > now.Format(time.DateOnly) || p.BirthDate < "1880") {
		bad("birthDate", "Write the date of birth as 1952-05-03.")
	}
	if p.Deceased != "" && !ValidDate(p.Deceased) {
		bad("deceased", "Write the date of death as 2024-05-03.")
	}
	p.BirthYear = ClearBirthYear(p.BirthDate, now)
	if !slices.Contains([]string{"", "female", "male", "other"}, p.Sex) {
		bad("sex", "Sex is female, male or other.")
	}
	if p.Language == "" {
		p.Language = i18n.En
	}
	if !p.Language.Known() {
		bad("language", "We can write in English or Spanish; name another language as the interpreter's.")
	}
	if p.Zone != "" && load(p.Zone) == nil {
		bad("zone", "This time zone is not known. Example: America/New_York")
	}
	if zip := p.Address.ZIP; zip != "" {
		five, ok := geo.Normal(zip)
		if !ok {
			bad("address.zip", "A ZIP code has five digits.")
		} else if p.Address.ZIP = five; five == "00000" {
			p.Address.ZIP = "" // how some records say unknown
		}
	}
	p.Address.ZIP3, p.Area = geo.ZIP3(p.Address.ZIP), geo.Area(p.Address.ZIP)

	var points []Point
	for i := range p.Points {
		pt := p.Points[i]
		if pt.Status != StatusNoDial {
			kind, value, err := ParsePoint(pt.Value)
			var why Problems
			if errors.As(err, &why) {
				bad("points", why[0].Text)
				continue
			}
			if pt.Kind == "" || (pt.Kind == Email) != (kind == Email) {
				pt.Kind = kind
			}
			pt.Value, pt.Hash = value, d.PointHash(value)
		} else {
			pt.Value, pt.Hash, pt.Raw = "", "", clean(pt.Raw)
		}
		same := func(x Point) bool { return x.Hash == pt.Hash && x.Raw == pt.Raw }
		if !slices.ContainsFunc(points, same) {
			points = append(points, pt)
		}
	}
	p.Points = points

	wrong = append(wrong, p.ReachMe.problems()...)
	wrong = append(wrong, p.Basis.problems()...)
	if p.Basis.At.IsZero() {
		p.Basis.At = now
	}
	p.Consents = d.dated(p.Consents)
	var ledger Problems
	if errors.As(checkEntries(p.Consents), &ledger) {
		wrong = append(wrong, ledger...)
	}
	if p.Created.IsZero() {
		p.Created = now
	}
	if p.NameDigest = ""; p.BirthDate != "" {
		p.NameDigest = d.keys.Hash("name", fold(p.Given)+"|"+fold(p.Family)+"|"+p.BirthDate)
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

func (r ReachMe) problems() (out Problems) {
	if r.From != "" || r.To != "" {
		from, err1 := ParseHour(r.From)
		to, err2 := ParseHour(r.To)
		if err1 != nil || err2 != nil {
			out = append(out, Problem{"reachMe.from", "Write both hours as 09:00."})
		} else if from == to {
			out = append(out, Problem{"reachMe.from", "The two hours must differ."})
		} else if spans, _ := window(r.From, r.To); len(spans) == 0 {
			out = append(out, Problem{"reachMe.from", "We may only call or text between 08:00 and 21:00."})
		}
	}
	if minute, err := ParseHour(r.CallAt); r.CallAt != "" && (err != nil || minute < lawFrom || minute >= lawTo) {
		out = append(out, Problem{"reachMe.callAt", "Write the time for calls as 18:30, between 08:00 and 21:00."})
	}
	out = append(out, r.skipProblems()...)
	out = append(out, r.awayProblems()...)
	if !slices.Contains([]Channel{"", SMS, Voice, ByEmail}, r.Remind) {
		out = append(out, Problem{"reachMe.remind", "Reminders go by text, by a call or by e-mail."})
	}
	if _, err := time.Parse(time.DateOnly, r.Paused); r.Paused != "" && err != nil {
		out = append(out, Problem{"reachMe.paused", "Write the day as 2026-03-01."})
	}
	return out
}

func (b Basis) problems() (out Problems) {
	if !b.Kind.Valid() {
		return Problems{{"basis", "Say why this person is here: consent, referral, waiver or records."}}
	}
	if b.Kind != ByWaiver {
		return nil
	}
	if b.Study == "" || b.Board == "" || b.Reference == "" {
		out = append(out, Problem{"basis", "A waiver names its study, its board and its reference."})
	}
	if _, err := time.Parse(time.DateOnly, b.Expires); err != nil {
		out = append(out, Problem{"basis.expires", "A waiver has a last day, written 2026-12-31."})
	}
	for _, w := range b.Ways {
		if w != Letter && w != Call && w != ByEmail {
			out = append(out, Problem{"basis.ways", "A waiver can allow letter, call or email, never automated texts or calls."})
		}
	}
	return out
}
