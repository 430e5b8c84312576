package fhir

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// The shapes of FHIR R4 datatypes, as far as they are read here.

type concept struct {
	Coding []coding `json:"coding"`
	Text   string   `json:"text"`
}

type coding struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display"`
}

type reference struct {
	Reference string `json:"reference"`
}

type period struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

type quantity struct {
	Value      *json.Number `json:"value"`
	Comparator string       `json:"comparator"`
	Unit       string       `json:"unit"`
	System     string       `json:"system"`
	Code       string       `json:"code"`
}

// ucum is the code system of units, https://ucum.org.
const ucum = "http://unitsofmeasure.org"

// System returns the short name Muster uses for a code system, or its URL if it has none.
func System(url string) string {
	switch url {
	case "http://loinc.org":
		return "loinc"
	case "http://snomed.info/sct":
		return "snomed"
	case "http://www.nlm.nih.gov/research/umls/rxnorm":
		return "rxnorm"
	case "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10":
		return "icd10"
	}
	return url
}

// String returns "loinc|4548-4".
func (c coding) String() string { return System(c.System) + "|" + c.Code }

func (c coding) short() bool { return !strings.Contains(System(c.System), "/") }

// known returns the codings of a concept in systems with short names; if there are none, the
// first one as it is. Codings without code or system say nothing and are left out.
func (c concept) known() []coding {
	all := slices.DeleteFunc(slices.Clone(c.Coding), func(c coding) bool { return c.Code == "" || c.System == "" })
	short := slices.DeleteFunc(slices.Clone(all), func(c coding) bool { return !c.short() })
	if len(short) == 0 {
		return all[:min(1, len(all))]
	}
	return short
}

// code returns the first code, for statuses, which have exactly one.
func (c concept) code() string {
	if len(c.Coding) == 0 {
		return ""
	}
	return c.Coding[0].Code
}

func (c concept) display(of coding) string {
	if of.Display != "" {
		return of.Display
	}
	return c.Text
}

var errSubject = errors.New("subject is not a patient")

// patient returns the id in "urn:uuid:ID", "Patient/ID" or "https://…/Patient/ID/_history/2".
func (r reference) patient() (string, error) {
	if id, ok := strings.CutPrefix(r.Reference, "urn:uuid:"); ok && id != "" {
		return id, nil
	}
	ref := "/" + r.Reference
	at := strings.LastIndex(ref, "/Patient/")
	if at < 0 {
		return "", errSubject
	}
	id, _, _ := strings.Cut(ref[at+len("/Patient/"):], "/")
	if id == "" {
		return "", errSubject
	}
	return id, nil
}

// day cuts a FHIR date, dateTime or instant to its day as written there, in the zone of the
// place that wrote it. A partial date stays partial: "2019", "2019-05". Empty stays empty.
func day(s string) (string, error) {
	date, _, timed := strings.Cut(s, "T")
	if s == "" {
		return "", nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01", "2006"} {
		if _, err := time.Parse(layout, date); err == nil && (!timed || layout == time.DateOnly) {
			return date, nil
		}
	}
	return "", errors.New("a date is not like 2019, 2019-05 or 2019-05-31")
}

// first returns the first text that is not empty.
func first(of ...string) string {
	for _, s := range of {
		if s != "" {
			return s
		}
	}
	return ""
}
