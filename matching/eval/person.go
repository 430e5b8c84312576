package eval

import (
	"cmp"
	"time"
)

// Registry is the scope of facts that may be used for every study. Any other scope is the id
// of the one study whose pre-screening collected the fact.
const Registry = "registry"

// Kinds of fact.
const (
	FactCondition   = "condition"
	FactMedication  = "medication"
	FactObservation = "observation"
	FactAllergy     = "allergy"
	FactProcedure   = "procedure"
	FactAnswer      = "answer"
)

// Fact is one thing known about a person, with where it came from.
type Fact struct {
	ID         string    `json:"id,omitempty"`
	Kind       string    `json:"kind"`
	Code       Code      `json:"code"`
	Display    string    `json:"display,omitempty"`
	Number     *float64  `json:"number,omitempty"`
	Comparator string    `json:"comparator,omitempty"` // "<", "<=", ">=", ">" before Number
	Unit       string    `json:"unit,omitempty"`       // UCUM
	Text       string    `json:"text,omitempty"`
	Bool       *bool     `json:"bool,omitempty"` // false: said not to be so
	ValueCode  Code      `json:"valueCode,omitempty"`
	Date       Date      `json:"date,omitempty"`   // onset, measured, ordered or answered
	Noted      Date      `json:"noted,omitempty"`  // a record without an onset: the day that says it was so
	Back       Period    `json:"back,omitzero"`    // an answer about this long before Date, and no longer
	End        Date      `json:"end,omitempty"`    // over, stopped
	Status     string    `json:"status,omitempty"` // "active", "resolved", "inactive", "stopped", ""
	Source     string    `json:"source,omitempty"` // "sign-up, web", "records"
	Scope      string    `json:"scope"`
	Recorded   time.Time `json:"recorded,omitzero"` // at the source; orders facts of one day
}

// stated is the day the fact is about, or the day of the note of it.
func (f *Fact) stated() Date { return cmp.Or(f.Date, f.Noted) }

// Lists holds the day on which each list was last confirmed to be complete, empty if never.
type Lists struct {
	Conditions, Medications, Allergies, Procedures, Trials Date
}

// Participation is a stretch in a study, ours or another. No To: still in it.
type Participation struct {
	Study    string
	From, To Date
}

// SiteDistance is how far the person lives from a site, in metres.
type SiteDistance struct {
	Site   string
	Metres int
}

// Devices says what the person can be reached or asked with.
type Devices struct {
	Mobile Truth // a mobile phone of their own
	Phone  Truth // any telephone
	Web    Truth // a browser
}

// Override is the decision of a named person about one criterion of this study.
type Override struct {
	Criterion string `json:"criterion"`
	Met       bool   `json:"met"`
	By        string `json:"by"`
	Why       string `json:"why"`
	On        Date   `json:"on"`
}

// Person is what matching may know of someone: no name, no address. The zero value is a person
// of whom nothing is known. Facts must be those the study may use; see ForStudy.
type Person struct {
	ID             string
	BirthDate      Date
	Sex            string // at birth: "female", "male", "other"; "" or "unknown" unknown
	Gender         string // as the person says; optional
	Language       string // BCP 47; the first part counts
	Interpreter    Truth
	Dead           bool // known to have died, perhaps without a date
	Died           Date
	Devices        Devices
	Distances      []SiteDistance // every site of the study; none: position unknown
	Facts          []Fact
	Lists          Lists
	Participations []Participation
	Available      []string   // of Slots, those when they can come; nil: not asked about each of them; empty: none
	LastVisit      Date       // here; none known: unknown, since they may have come before anybody noted it
	Overrides      []Override // of this study
}

// ForStudy returns the person with only the facts study may use: the registry's and its own.
func (p Person) ForStudy(study string) Person {
	kept := make([]Fact, 0, len(p.Facts))
	for _, f := range p.Facts {
		if f.Scope == Registry || f.Scope == study && study != "" {
			kept = append(kept, f)
		}
	}
	p.Facts = kept
	return p
}

// deceased reports whether the person may have died by the day asOf. A partial date counts from
// its first day: nobody asks for someone who may be dead.
func (p *Person) deceased(asOf int) bool {
	first, _, ok := p.Died.span()
	if !ok {
		return p.Dead
	}
	return first <= asOf
}
