package fhir

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// Person is who a Patient resource says somebody is. Everything but ID may be empty, and
// everything is as written there: phones may not be dialable, a ZIP may be "00000".
type Person struct {
	ID       string
	Given    string // all given names
	Family   string
	Birth    string // "1952-05-03", "1952-05" or "1952"
	Dead     bool
	Deceased string // date of death; may be empty although Dead
	Sex      string // recorded at birth, else administrative gender: "female", "male", "other", ""
	Phones   []Phone
	Emails   []string
	Line     string
	City     string
	State    string
	ZIP      string
	Language string // BCP 47, such as "es" or "en-US": the preferred one, else the first
	Inactive bool   // the source no longer uses this record, for example after a merge
}

// Phone is a number as written in a record.
type Phone struct {
	Raw string
	Use string // "home", "work", "mobile", "temp" or ""
}

type patient struct {
	ID               string      `json:"id"`
	Active           *bool       `json:"active"`
	Extension        []extension `json:"extension"`
	Name             []name      `json:"name"`
	Telecom          []telecom   `json:"telecom"`
	Gender           string      `json:"gender"`
	BirthDate        string      `json:"birthDate"`
	DeceasedBoolean  bool        `json:"deceasedBoolean"`
	DeceasedDateTime string      `json:"deceasedDateTime"`
	Address          []address   `json:"address"`
	Communication    []struct {
		Language  concept `json:"language"`
		Preferred bool    `json:"preferred"`
	} `json:"communication"`
}

type extension struct {
	URL       string `json:"url"`
	ValueCode string `json:"valueCode"`
}

type name struct {
	Use    string   `json:"use"`
	Family string   `json:"family"`
	Given  []string `json:"given"`
	Text   string   `json:"text"`
}

type telecom struct {
	System string `json:"system"`
	Value  string `json:"value"`
	Use    string `json:"use"`
}

type address struct {
	Use        string   `json:"use"`
	Line       []string `json:"line"`
	City       string   `json:"city"`
	State      string   `json:"state"`
	PostalCode string   `json:"postalCode"`
}

// Person reads a Patient. The error is a *LineError.
func (l Line) Person() (Person, error) {
	var in patient
	if err := json.Unmarshal(l.Raw, &in); err != nil {
		return Person{}, &LineError{l.N, plain(err)}
	}
	if l.Type != "Patient" || in.ID == "" {
		return Person{}, &LineError{l.N, errors.New("not a Patient with an id")}
	}
	birth, birthErr := day(in.BirthDate)
	death, deathErr := day(in.DeceasedDateTime)
	if err := errors.Join(birthErr, deathErr); err != nil {
		return Person{}, &LineError{l.N, err}
	}
	p := Person{
		ID: in.ID, Birth: birth, Sex: in.sex(), Language: in.language(),
		Dead: in.DeceasedBoolean || death != "", Deceased: death,
		Inactive: in.Active != nil && !*in.Active,
	}
	p.Given, p.Family = in.name()
	for _, t := range in.Telecom {
		switch {
		case t.Use == "old" || t.Value == "":
		case t.System == "phone":
			p.Phones = append(p.Phones, Phone{t.Value, t.Use})
		case t.System == "sms":
			p.Phones = append(p.Phones, Phone{t.Value, "mobile"})
		case t.System == "email":
			p.Emails = append(p.Emails, t.Value)
		}
	}
	a := prefer(in.Address, func(a address) string { return a.Use }, "home", "", "temp", "work", "billing")
	p.Line, p.City, p.State, p.ZIP = joined(a.Line, ", "), a.City, a.State, a.PostalCode
	return p, nil
}

// name picks the name in use: never a maiden or former one if there is another.
func (in patient) name() (given, family string) {
	n := prefer(in.Name, func(n name) string { return n.Use }, "official", "usual", "", "temp", "nickname", "anonymous", "maiden", "old")
	given, family = joined(n.Given, " "), n.Family
	if given == "" && family == "" { // text only: the last word is the family's, as far as one can tell
		words := strings.Fields(n.Text)
		if len(words) > 0 {
			given, family = strings.Join(words[:len(words)-1], " "), words[len(words)-1]
		}
	}
	return given, family
}

func (in patient) sex() string {
	for _, e := range in.Extension {
		if e.URL != "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex" {
			continue
		}
		switch e.ValueCode {
		case "F":
			return "female"
		case "M":
			return "male"
		case "OTH":
			return "other"
		}
	}
	switch in.Gender {
	case "female", "male", "other":
		return in.Gender
	}
	return ""
}

func (in patient) language() string {
	var found string
	for _, c := range in.Communication {
		code := c.Language.code()
		if c.Preferred && code != "" {
			return code
		}
		found = first(found, code)
	}
	return found
}

// prefer returns the first element of the best use, or the zero T if no use is in the list.
func prefer[T any](all []T, use func(T) string, best ...string) (none T) {
	for _, want := range best {
		if i := slices.IndexFunc(all, func(v T) bool { return use(v) == want }); i >= 0 {
			return all[i]
		}
	}
	return none
}

// joined joins what is not empty; FHIR writes null for a missing part of a list.
func joined(parts []string, sep string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" }), sep)
}
