package fhir

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// The kinds of Fact.
const (
	Condition   = "condition"
	Medication  = "medication"
	Observation = "observation"
	Allergy     = "allergy"
)

// Fact is one coded statement about a patient, as the record makes it.
type Fact struct {
	Patient  string // id
	Kind     string // Condition, Medication, Observation, Allergy
	Code     string // "snomed|44054006"; a system without a short name is its URL
	Display  string
	SourceID string // the resource's id; unique per fact within a source

	// What was found, for observations; at most one of these is set.
	Number       *float64
	Bool         *bool
	Text         string
	ValueCode    string // "snomed|8517006"
	ValueDisplay string // with ValueCode

	Comparator string // with Number: "<", "<=", ">=", ">": the value is beyond what could be measured
	Unit       string // with Number: UCUM code, else the unit as written

	Date   string // onset, authored or effective day; may be "2019" or "2019-05", or empty
	Noted  string // recordedDate of a condition or allergy, which is not its onset
	End    string // abated
	Status string // "active", "resolved", "stopped", "final", …; "provisional" and the like if not confirmed
}

// clinical holds the fields of the four clinical resources; their names do not collide.
type clinical struct {
	ID      string     `json:"id"`
	Status  string     `json:"status"`
	Code    concept    `json:"code"`
	Subject *reference `json:"subject"`
	Patient *reference `json:"patient"` // AllergyIntolerance

	ClinicalStatus     concept `json:"clinicalStatus"`
	VerificationStatus concept `json:"verificationStatus"`
	OnsetDateTime      string  `json:"onsetDateTime"`
	OnsetPeriod        period  `json:"onsetPeriod"`
	AbatementDateTime  string  `json:"abatementDateTime"`
	AbatementPeriod    period  `json:"abatementPeriod"`
	RecordedDate       string  `json:"recordedDate"`

	DoNotPerform        bool       `json:"doNotPerform"`
	Medication          concept    `json:"medicationCodeableConcept"`
	MedicationReference reference  `json:"medicationReference"`
	Contained           []resource `json:"contained"`
	AuthoredOn          string     `json:"authoredOn"`

	EffectiveDateTime string      `json:"effectiveDateTime"`
	EffectiveInstant  string      `json:"effectiveInstant"`
	EffectivePeriod   period      `json:"effectivePeriod"`
	Issued            string      `json:"issued"`
	Component         []component `json:"component"`
	value
}

type resource struct {
	ID   string  `json:"id"`
	Code concept `json:"code"`
}

type component struct {
	Code concept `json:"code"`
	value
}

type value struct {
	Quantity *quantity    `json:"valueQuantity"`
	Concept  *concept     `json:"valueCodeableConcept"`
	String   *string      `json:"valueString"`
	Boolean  *bool        `json:"valueBoolean"`
	Integer  *json.Number `json:"valueInteger"`
	DateTime *string      `json:"valueDateTime"`
}

var errNoCode = errors.New("no code")

// Facts reads a clinical resource. A blood pressure gives one fact per component; a resource
// coded in two systems gives one per coding, so that criteria in either find it. None, without
// an error: other types, and resources that state nothing (entered in error, refuted, drafts,
// observations without a value). The error is a *LineError.
func (l Line) Facts() ([]Fact, error) {
	if !slices.Contains([]string{"Condition", "AllergyIntolerance", "MedicationRequest", "Observation"}, l.Type) {
		return nil, nil
	}
	var in clinical
	if err := json.Unmarshal(l.Raw, &in); err != nil {
		return nil, &LineError{l.N, plain(err)}
	}
	facts, err := in.facts(l.Type)
	if err != nil {
		return nil, &LineError{l.N, err}
	}
	return facts, nil
}

func (in clinical) facts(kind string) ([]Fact, error) {
	switch kind {
	case "Condition":
		return in.problem(Condition)
	case "AllergyIntolerance":
		in.Subject = in.Patient
		return in.problem(Allergy)
	case "MedicationRequest":
		return in.medication()
	default:
		return in.observation()
	}
}

func (in clinical) problem(kind string) ([]Fact, error) {
	status := in.ClinicalStatus.code()
	switch v := in.VerificationStatus.code(); v {
	case "entered-in-error", "refuted":
		return nil, nil
	case "unconfirmed", "provisional", "differential":
		status = v
	}
	f, err := in.fact(kind, status, first(in.OnsetDateTime, in.OnsetPeriod.Start), first(in.AbatementDateTime, in.AbatementPeriod.End))
	if err != nil {
		return nil, err
	}
	if f.Noted, err = day(in.RecordedDate); err != nil && f.Date == "" {
		return nil, err
	}
	return f.coded(in.Code)
}

func (in clinical) medication() ([]Fact, error) {
	if in.DoNotPerform || in.Status == "entered-in-error" || in.Status == "draft" {
		return nil, nil
	}
	f, err := in.fact(Medication, in.Status, in.AuthoredOn, "")
	if err != nil {
		return nil, err
	}
	what := in.Medication
	for _, c := range in.Contained {
		if in.MedicationReference.Reference == "#"+c.ID {
			what = c.Code
		}
	}
	return f.coded(what)
}

func (in clinical) observation() ([]Fact, error) {
	switch in.Status {
	case "entered-in-error", "cancelled", "registered":
		return nil, nil
	}
	base, err := in.fact(Observation, in.Status, first(in.EffectiveDateTime, in.EffectiveInstant, in.EffectivePeriod.Start, in.Issued), "")
	if err != nil {
		return nil, err
	}
	facts, err := base.valued(in.Code, in.value)
	if err != nil {
		return nil, err
	}
	for i, c := range in.Component {
		part := base
		part.SourceID = fmt.Sprintf("%s#%d", base.SourceID, i+1)
		more, err := part.valued(c.Code, c.value)
		if err != nil {
			return nil, fmt.Errorf("component %d: %w", i+1, err)
		}
		facts = append(facts, more...)
	}
	return facts, nil
}

// fact returns what all facts of the resource share.
func (in clinical) fact(kind, status, from, to string) (Fact, error) {
	if in.ID == "" {
		return Fact{}, errors.New("no id")
	}
	if in.Subject == nil {
		return Fact{}, errSubject
	}
	who, err := in.Subject.patient()
	if err != nil {
		return Fact{}, err
	}
	date, err := day(from)
	if err != nil {
		return Fact{}, err
	}
	end, err := day(to)
	if err != nil {
		return Fact{}, err
	}
	return Fact{Patient: who, Kind: kind, Status: status, Date: date, End: end, SourceID: in.ID}, nil
}

// coded returns f once for each coding of c that counts.
func (f Fact) coded(c concept) ([]Fact, error) {
	codings := c.known()
	if len(codings) == 0 {
		return nil, errNoCode
	}
	var facts []Fact
	for i, coding := range codings {
		g := f
		g.Code, g.Display = coding.String(), c.display(coding)
		if i > 0 {
			g.SourceID += "#" + g.Code
		}
		facts = append(facts, g)
	}
	return slices.CompactFunc(facts, func(a, b Fact) bool { return a.Code == b.Code }), nil
}

// valued returns f with code and value; nothing if there is no value.
func (f Fact) valued(c concept, v value) ([]Fact, error) {
	switch {
	case v.Quantity != nil && v.Quantity.Value != nil:
		n, err := number(*v.Quantity.Value)
		if err != nil {
			return nil, err
		}
		f.Number, f.Comparator, f.Unit = &n, v.Quantity.Comparator, v.Quantity.Unit
		if v.Quantity.System == ucum && v.Quantity.Code != "" {
			f.Unit = v.Quantity.Code
		}
	case v.Integer != nil:
		n, err := number(*v.Integer)
		if err != nil {
			return nil, err
		}
		f.Number = &n
	case v.Concept != nil:
		if codings := v.Concept.known(); len(codings) > 0 {
			f.ValueCode, f.ValueDisplay = codings[0].String(), v.Concept.display(codings[0])
		} else if f.Text = v.Concept.Text; f.Text == "" {
			return nil, nil
		}
	case v.Boolean != nil:
		f.Bool = v.Boolean
	case v.String != nil && *v.String != "":
		f.Text = *v.String
	case v.DateTime != nil && *v.DateTime != "":
		f.Text = *v.DateTime
	default:
		return nil, nil
	}
	return f.coded(c)
}

func number(n json.Number) (float64, error) {
	v, err := n.Float64()
	if err != nil || math.IsInf(v, 0) {
		return 0, errors.New("a value is not a number")
	}
	return v, nil
}
