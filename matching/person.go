package matching

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// Answers that are about the person and not about their health, by the code of the fact.
const (
	CodeOwnMobile  = "muster|own-mobile"  // yes or no: a mobile phone of their own
	CodeOtherStudy = "muster|other-study" // yes or no: in another study now or in the last thirty days
	CodeInTrial    = "muster|in-trial"    // in the study named by Display from Date to End

	CodeAvailability = "muster|availability-" // and one of eval.Slots, yes or no: can come then
	CodeLastVisit    = "muster|last-visit"    // the day they were last here

	CodeCanBePregnant = "muster|can-be-pregnant" // a no settles that the person is not
)

// answeredPregnant is the code of the pre-screen's question; eval reads the status.
const answeredPregnant = "snomed|77386006"

// profile is what matching keeps of a Person: no name, no number, no address.
type profile struct {
	person eval.Person // without facts
	at     geo.Point
	basis  contacts.Basis
}

// newProfile is nil for people nobody is to find: practice people and erased ones.
func newProfile(p *contacts.Person) *profile {
	if p.Test || !p.Erased.IsZero() {
		return nil
	}
	x := eval.Person{
		ID: p.ID, BirthDate: eval.Date(p.BirthDate), Sex: p.Sex, Gender: p.Gender, Language: string(p.Language),
		Devices: devices(p),
	}
	if p.Deceased == contacts.DiedUnknown {
		x.Dead = true
	} else {
		x.Died = eval.Date(p.Deceased)
	}
	switch {
	case p.ReachMe.Interpreter != "": // then Language is only the one we write in
		x.Language, x.Interpreter = string(p.ReachMe.Interpreter), eval.True
	case p.Basis.Kind != contacts.ByRecords: // sign-up asks
		x.Interpreter = eval.False
	}
	prof := &profile{person: x, basis: p.Basis}
	if home, ok := geo.Find(p.Address.ZIP); ok {
		prof.at = home.Point
	}
	return prof
}

// devices says what a person's points prove. Having none of a kind proves nothing.
func devices(p *contacts.Person) (d eval.Devices) {
	for _, pt := range p.Points {
		switch {
		case !pt.Usable():
		case pt.Kind == contacts.Email:
			d.Web = eval.True
		default:
			d.Phone = eval.True
			if pt.Kind == contacts.Mobile && !pt.Shared {
				d.Mobile = eval.True
			}
		}
	}
	if p.Source == "web" {
		d.Web = eval.True
	}
	return d
}

// countsOnly says whether nobody may write to the person about a study on day (F3).
func (p *profile) countsOnly(day eval.Date) bool {
	return p.basis.Kind == contacts.ByRecords || p.basis.Kind == contacts.ByWaiver && p.basis.Expires < string(day)
}

// open says whether the person may be held against the study at all.
func (p *profile) open(study string) bool {
	return p.basis.Kind != contacts.ByWaiver || p.basis.Study == study
}

// newView joins a profile and the facts of a chart that study may use; "" for the registry's.
func newView(p *profile, c *contacts.Chart, study string) columns.Own {
	v := columns.Own{Person: p.person}
	v.Person.Lists = lists(c.Complete)
	v.Person.Facts = make([]eval.Fact, 0, len(c.Facts))
	var mobile, other, visit *contacts.Fact
	var slots map[string]*contacts.Fact
	for i := range c.Facts {
		f := &c.Facts[i]
		if f.Scope != contacts.Registry && (f.Scope != study || study == "") {
			continue
		}
		if slot, ok := strings.CutPrefix(f.Code, CodeAvailability); ok && f.Bool != nil {
			if slots == nil {
				slots = map[string]*contacts.Fact{}
			}
			slots[slot] = newer(slots[slot], f)
			continue
		}
		switch f.Code {
		case CodeLastVisit:
			visit = newer(visit, f)
		case CodeOwnMobile:
			mobile = newer(mobile, f)
		case CodeOtherStudy:
			other = newer(other, f)
		case CodeInTrial:
			v.Person.Participations = append(v.Person.Participations, eval.Participation{
				Study: cmp.Or(f.Display, columns.AnotherStudy), From: eval.Date(f.Date), To: eval.Date(f.End)})
		default:
			v.Person.Facts = append(v.Person.Facts, newFact(f))
		}
	}
	v.Person.Available = available(slots)
	if visit != nil {
		v.Person.LastVisit = visited(visit)
	}
	if mobile != nil && mobile.Bool != nil {
		v.Person.Devices.Mobile = eval.Of(*mobile.Bool)
	}
	if other != nil && other.Bool != nil {
		day := eval.Date(other.Date)
		if *other.Bool {
			v.Person.Participations = append(v.Person.Participations, eval.Participation{Study: columns.AnotherStudy, To: addDays(day, columns.AskedDays)})
		} else if v.Person.Lists.Trials == "" {
			v.Asked = day
		}
	}
	return v
}

// available gives the slots somebody said yes to, nil unless they were asked about each: what was
// not asked is not a no.
func available(said map[string]*contacts.Fact) []string {
	if said == nil {
		return nil
	}
	out := []string{}
	for _, slot := range eval.Slots() {
		switch f := said[slot]; {
		case f == nil:
			return nil
		case *f.Bool:
			out = append(out, slot)
		}
	}
	return out
}

// visited is the day of the visit a fact is about: what was answered, else the day of the record.
func visited(f *contacts.Fact) eval.Date {
	if day, err := eval.ParseDate(f.Text); err == nil {
		return day
	}
	if f.Kind == contacts.Answered {
		return ""
	}
	return eval.Date(f.Date)
}

// newer keeps the later of two facts; of one day, the one recorded later.
func newer(a, b *contacts.Fact) *contacts.Fact {
	if a == nil || b.Date > a.Date || b.Date == a.Date && !b.Recorded.Before(a.Recorded) {
		return b
	}
	return a
}

func lists(complete map[string]string) eval.Lists {
	day := func(list string) eval.Date { return eval.Date(complete[list]) }
	return eval.Lists{Conditions: day("condition"), Medications: day("medication"), Allergies: day("allergy"),
		Procedures: day("procedure"), Trials: day("trial")}
}

func newFact(f *contacts.Fact) eval.Fact {
	code := eval.Code(f.Code)
	switch {
	case f.Kind == contacts.Answered && f.Code == answeredPregnant,
		f.Code == CodeCanBePregnant && f.Bool != nil && !*f.Bool:
		code = eval.PregnancyCode
	}
	var back eval.Period
	if f.Back != "" {
		back, _ = eval.ParsePeriod(f.Back) // checked with the questionnaire
	}
	return eval.Fact{
		ID: f.ID, Kind: string(f.Kind), Code: code, Display: f.Display, Number: f.Number, Comparator: f.Comparator,
		Unit: f.Unit, Text: f.Text, Bool: f.Bool, ValueCode: eval.Code(f.ValueCode),
		Date: eval.Date(f.Date), Noted: eval.Date(f.Noted), Back: back, End: eval.Date(f.End), Status: f.Status, Source: source(f.Source),
		Scope: f.Scope, Recorded: f.Recorded,
	}
}

// source says in staff's words where a fact comes from.
func source(s string) string {
	kind, _, _ := strings.Cut(s, ":")
	switch kind {
	case "import":
		return "records"
	case "sms":
		return "text"
	case "voice":
		return "phone"
	}
	return kind
}

// scopes are the studies that have facts of their own in a chart.
func scopes(c *contacts.Chart) (out []string) {
	for i := range c.Facts {
		f := &c.Facts[i]
		if f.Scope != contacts.Registry && !slices.Contains(out, f.Scope) {
			out = append(out, f.Scope)
		}
	}
	return out
}

// addDays moves a full date; anything else is unknown.
func addDays(d eval.Date, n int) eval.Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	return eval.DateOf(t.AddDate(0, 0, n))
}
