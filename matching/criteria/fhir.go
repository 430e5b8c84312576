package criteria

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/muster-health/muster/matching/eval"
)

// The part of FHIR R4 (4.0.1) that criteria are written in, in FHIR's order of elements. The
// reader takes nothing else.

type fhirGroup struct {
	ResourceType      string           `json:"resourceType"`
	ID                string           `json:"id,omitempty"` // of a contained one
	Contained         []fhirGroup      `json:"contained,omitempty"`
	Extension         []extension      `json:"extension,omitempty"`
	ModifierExtension []extension      `json:"modifierExtension,omitempty"`
	Identifier        []identifier     `json:"identifier,omitempty"`
	Type              string           `json:"type"`
	Actual            *bool            `json:"actual"`
	Characteristic    []characteristic `json:"characteristic,omitempty"`
}

type characteristic struct {
	ID                string      `json:"id,omitempty"`
	Extension         []extension `json:"extension,omitempty"`
	ModifierExtension []extension `json:"modifierExtension,omitempty"`
	Code              *concept    `json:"code"`
	Concept           *concept    `json:"valueCodeableConcept,omitempty"`
	Boolean           *bool       `json:"valueBoolean,omitempty"`
	Quantity          *quantity   `json:"valueQuantity,omitempty"`
	Range             *span       `json:"valueRange,omitempty"`
	Reference         *reference  `json:"valueReference,omitempty"`
	Exclude           *bool       `json:"exclude"`
}

type extension struct {
	URL         string       `json:"url"`
	Boolean     *bool        `json:"valueBoolean,omitempty"`
	Code        *string      `json:"valueCode,omitempty"`
	PositiveInt *json.Number `json:"valuePositiveInt,omitempty"`
	String      *string      `json:"valueString,omitempty"`
}

type identifier struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

type concept struct {
	Coding []coding `json:"coding"`
}

type coding struct {
	System  string `json:"system"`
	Code    string `json:"code,omitempty"`
	Display string `json:"display,omitempty"` // instead of a code, for words that cannot be one
}

type quantity struct {
	Value      *json.Number `json:"value"`
	Comparator string       `json:"comparator,omitempty"`
	Unit       string       `json:"unit,omitempty"` // instead of a code, for what is no UCUM
	System     string       `json:"system,omitempty"`
	Code       string       `json:"code,omitempty"`
}

type span struct {
	Low  *quantity `json:"low"`
	High *quantity `json:"high"`
}

type reference struct {
	Reference string `json:"reference"`
}

// urn is the base of the extensions and code systems that are Muster's own.
const urn = "urn:muster:criteria:"

const (
	kindSystem  = urn + "kind"
	studySystem = urn + "study"
	setSystem   = urn + "valueSet" // of a coding that is a value set with its version
	unitSystem  = "http://unitsofmeasure.org"
	groupKind   = "group" // the code of a characteristic that refers to a contained Group
)

// extensionForm says which value the extension for a key has, and whether it changes who is
// meant. Those are modifierExtensions: FHIR forbids a reader to pass over one it does not know.
func extensionForm(key string) (value string, modifies, ok bool) {
	switch key {
	case "text", "name", "question":
		return "valueString", false, true
	case "kind", "sensitivity":
		return "valueCode", false, true
	case "site", "within", "atLeastAgo":
		return "valueString", true, true
	case "exclusive", "pick", "missing", "appliesTo":
		return "valueCode", true, true
	case "descendants", "ever", "active":
		return "valueBoolean", true, true
	}
	return "", false, false
}

func extensionKeys() []string {
	return []string{
		"text", "name", "kind", "sensitivity", "question", "site", "descendants", "exclusive",
		"within", "atLeastAgo", "ever", "active", "pick", "missing", "appliesTo",
	}
}

// combination is FHIR R6's word for a kind of group (value set group-characteristic-combination).
func combination(k eval.Kind) string {
	switch k {
	case eval.AnyOf:
		return "any-of"
	case eval.AllOf:
		return "all-of"
	}
	return "at-least"
}

// codeSystems are the code systems with a URL of their own, and their short names here.
func codeSystems() [][2]string {
	return [][2]string{
		{"loinc", "http://loinc.org"},
		{"snomed", "http://snomed.info/sct"},
		{"rxnorm", "http://www.nlm.nih.gov/research/umls/rxnorm"},
		{"icd10", "http://hl7.org/fhir/sid/icd-10-cm"},
	}
}

func systemURL(name string) string {
	for _, s := range codeSystems() {
		if s[0] == name {
			return s[1]
		}
	}
	return urn + "code:" + name
}

func systemName(url string) (string, bool) {
	for _, s := range codeSystems() {
		if s[1] == url {
			return s[0], true
		}
	}
	return strings.CutPrefix(url, urn+"code:")
}

// wordSystem is the system of the words a kind's value is one of.
func wordSystem(k eval.Kind) string {
	switch k {
	case eval.Sex:
		return "http://hl7.org/fhir/administrative-gender"
	case eval.Language:
		return "urn:ietf:bcp:47"
	}
	return urn + string(k)
}

// valuesOf are the value[x] a kind may have.
func valuesOf(k eval.Kind) []string {
	switch {
	case k.Group():
		return []string{"valueReference"}
	case k == eval.Age, k == eval.Distance, k == eval.Lab:
		return []string{"valueQuantity", "valueRange"}
	case k == eval.Pregnancy, k == eval.Interpreter, k == eval.OtherTrial, k == eval.LastVisit:
		return []string{"valueBoolean"}
	case k == eval.Answer:
		return []string{"valueCodeableConcept", "valueQuantity", "valueRange"}
	}
	return []string{"valueCodeableConcept"}
}

// codeLike is FHIR's datatype code, less its blanks; UCUM has none either.
var codeLike = regexp.MustCompile(`^[!-~]+$`)
