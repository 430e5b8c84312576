package survey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Extensions of FHIR and SDC the engine honours, and our own (urn:muster:…).
const (
	extTranslation  = "http://hl7.org/fhir/StructureDefinition/translation"
	extMinValue     = "http://hl7.org/fhir/StructureDefinition/minValue"
	extMaxValue     = "http://hl7.org/fhir/StructureDefinition/maxValue"
	extMinLength    = "http://hl7.org/fhir/StructureDefinition/minLength"
	extDecimals     = "http://hl7.org/fhir/StructureDefinition/maxDecimalPlaces"
	extRegex        = "http://hl7.org/fhir/StructureDefinition/regex"
	extOrdinal      = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
	extItemWeight   = "http://hl7.org/fhir/StructureDefinition/itemWeight"
	extHidden       = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden"
	extUnit         = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
	extUnitOption   = "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption"
	extItemControl  = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl"
	extMinOccurs    = "http://hl7.org/fhir/StructureDefinition/questionnaire-minOccurs"
	extMaxOccurs    = "http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs"
	extExclusive    = "http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive"
	extConstraint   = "http://hl7.org/fhir/StructureDefinition/questionnaire-constraint"
	extAbsent       = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
	extCalculated   = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression"
	extEnableExpr   = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"
	extMinQuantity  = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-minQuantity"
	extMaxQuantity  = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-maxQuantity"
	extShort        = "urn:muster:short-text"         // channel (code) + content (string, translatable)
	extStatus       = "urn:muster:translation-status" // lang (code) + status (code: draft, approved)
	extConfirm      = "urn:muster:confirm"            // boolean: read a keyed number back
	extSensitivity  = "urn:muster:sensitivity"        // code: plain, personal, sensitive
	extOptionFacts  = "urn:muster:facts-from-options" // boolean: each option is a fact
	extLooksBack    = "urn:muster:looks-back"         // string: the time the question is about, "P6M" before the answer
	extScore        = "urn:muster:score"              // on the questionnaire: a sum of answers; see score
	extMode         = "urn:muster:mode-policy"        // on the questionnaire, code: allowed, flagged, locked; on a response with whether it was mixed
	extCapture      = "urn:muster:capture"            // on a response item: how the answer was taken
	systemAbsent    = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
	systemUCUM      = "http://unitsofmeasure.org"
	systemYesNo     = "http://terminology.hl7.org/CodeSystem/v2-0136"
	canonicalPrefix = "urn:muster:questionnaire:"
)

// The wire structs hold the part of FHIR R4 JSON that is read. Unknown members are ignored,
// numbers keep their exact text.
type (
	wireQuestionnaire struct {
		ResourceType string          `json:"resourceType"`
		ID           string          `json:"id"`
		URL          string          `json:"url"`
		Version      string          `json:"version"`
		Name         string          `json:"name"`
		Title        string          `json:"title"`
		TitleExt     *wireElement    `json:"_title"`
		Language     string          `json:"language"`
		Copyright    string          `json:"copyright"`
		Code         []wireCoding    `json:"code"`
		Contained    []wireContained `json:"contained"`
		Extension    []wireExtension `json:"extension"`
		Modifier     []wireExtension `json:"modifierExtension"`
		Item         []wireItem      `json:"item"`
	}
	wireElement struct {
		Extension []wireExtension `json:"extension"`
	}
	wireExtension struct {
		URL         string          `json:"url"`
		Extension   []wireExtension `json:"extension"`
		String      string          `json:"valueString"`
		StringExt   *wireElement    `json:"_valueString"`
		Markdown    string          `json:"valueMarkdown"`
		Code        string          `json:"valueCode"`
		Boolean     *bool           `json:"valueBoolean"`
		Integer     wireNumber      `json:"valueInteger"`
		Decimal     wireNumber      `json:"valueDecimal"`
		Date        string          `json:"valueDate"`
		DateExt     *wireElement    `json:"_valueDate"`
		Time        string          `json:"valueTime"`
		DateTime    string          `json:"valueDateTime"`
		DateTimeExt *wireElement    `json:"_valueDateTime"`
		Coding      *wireCoding     `json:"valueCoding"`
		Concept     *wireConcept    `json:"valueCodeableConcept"`
		Quantity    *wireQuantity   `json:"valueQuantity"`
	}
	wireCoding struct {
		System     string          `json:"system"`
		Code       string          `json:"code"`
		Display    string          `json:"display"`
		DisplayExt *wireElement    `json:"_display"`
		Extension  []wireExtension `json:"extension"`
	}
	wireConcept struct {
		Coding []wireCoding `json:"coding"`
	}
	wireQuantity struct {
		Value  wireNumber `json:"value"`
		Unit   string     `json:"unit"`
		System string     `json:"system"`
		Code   string     `json:"code"`
	}
	wireItem struct {
		LinkID         string          `json:"linkId"`
		Type           string          `json:"type"`
		Text           string          `json:"text"`
		TextExt        *wireElement    `json:"_text"`
		Code           []wireCoding    `json:"code"`
		EnableWhen     []wireCondition `json:"enableWhen"`
		EnableBehavior string          `json:"enableBehavior"`
		Required       bool            `json:"required"`
		Repeats        bool            `json:"repeats"`
		ReadOnly       bool            `json:"readOnly"`
		MaxLength      wireNumber      `json:"maxLength"`
		AnswerValueSet string          `json:"answerValueSet"`
		AnswerOption   []wireOption    `json:"answerOption"`
		Constraint     string          `json:"answerConstraint"` // R5, beside type "coding"
		Initial        []wireInitial   `json:"initial"`
		Extension      []wireExtension `json:"extension"`
		Modifier       []wireExtension `json:"modifierExtension"`
		Item           []wireItem      `json:"item"`
	}
	wireInitial struct {
		Quantity *wireQuantity `json:"valueQuantity"`
	}
	wireOption struct {
		Coding    *wireCoding      `json:"valueCoding"`
		String    string           `json:"valueString"`
		StringExt *wireElement     `json:"_valueString"`
		Integer   wireNumber       `json:"valueInteger"`
		Date      string           `json:"valueDate"`
		Time      string           `json:"valueTime"`
		Reference *json.RawMessage `json:"valueReference"`
		Extension []wireExtension  `json:"extension"`
	}
	wireCondition struct {
		Question  string           `json:"question"`
		Operator  string           `json:"operator"`
		Boolean   *bool            `json:"answerBoolean"`
		Integer   wireNumber       `json:"answerInteger"`
		Decimal   wireNumber       `json:"answerDecimal"`
		Date      string           `json:"answerDate"`
		DateTime  string           `json:"answerDateTime"`
		Time      string           `json:"answerTime"`
		String    *string          `json:"answerString"`
		Coding    *wireCoding      `json:"answerCoding"`
		Quantity  *wireQuantity    `json:"answerQuantity"`
		Reference *json.RawMessage `json:"answerReference"`
	}
	wireContained struct {
		ResourceType string `json:"resourceType"`
		ID           string `json:"id"`
		Compose      *struct {
			Include []wireInclude `json:"include"`
			Exclude []wireInclude `json:"exclude"`
		} `json:"compose"`
		Expansion *struct {
			Contains []wireContains `json:"contains"`
		} `json:"expansion"`
	}
	wireInclude struct {
		System   string            `json:"system"`
		Concept  []wireConceptRef  `json:"concept"`
		Filter   []json.RawMessage `json:"filter"`
		ValueSet []string          `json:"valueSet"`
	}
	wireConceptRef struct {
		Code        string            `json:"code"`
		Display     string            `json:"display"`
		DisplayExt  *wireElement      `json:"_display"`
		Designation []wireDesignation `json:"designation"`
		Extension   []wireExtension   `json:"extension"`
	}
	wireDesignation struct {
		Language string `json:"language"`
		Value    string `json:"value"`
	}
	wireContains struct {
		System      string            `json:"system"`
		Abstract    bool              `json:"abstract"`
		Code        string            `json:"code"`
		Display     string            `json:"display"`
		DisplayExt  *wireElement      `json:"_display"`
		Designation []wireDesignation `json:"designation"`
		Extension   []wireExtension   `json:"extension"`
		Contains    []wireContains    `json:"contains"`
	}
)

// wireNumber keeps the text of a JSON number, or of a string in its place; whether it is a
// number is checked where the item at fault can be named.
type wireNumber string

// UnmarshalJSON takes the raw text without quotes.
func (n *wireNumber) UnmarshalJSON(data []byte) error {
	if string(data) != "null" {
		*n = wireNumber(strings.Trim(string(data), `"`))
	}
	return nil
}

// String is the text as written, "" if there was none.
func (n wireNumber) String() string { return string(n) }

// decode reads the JSON; an error says where in the file it is.
func decode(data []byte) (*wireQuestionnaire, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var head struct {
		ResourceType string `json:"resourceType"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, located(data, err)
	}
	if head.ResourceType != "Questionnaire" {
		return nil, fmt.Errorf("resourceType is %q, a Questionnaire is needed", head.ResourceType)
	}
	var w wireQuestionnaire
	if err := json.Unmarshal(data, &w); err != nil {
		return nil, located(data, err)
	}
	return &w, nil
}

// located adds line and column (both from 1) to a JSON error.
func located(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		line, column := position(data, syntax.Offset)
		return fmt.Errorf("line %d, column %d: not valid JSON: %s", line, column, syntax)
	case errors.As(err, &kind):
		line, column := position(data, kind.Offset)
		field := kind.Field
		if field == "" {
			field = "the document"
		}
		return fmt.Errorf("line %d, column %d: %s must not be a JSON %s", line, column, field, kind.Value)
	}
	return fmt.Errorf("not valid JSON: %w", err)
}

func position(data []byte, offset int64) (line, column int) {
	before := data[:min(max(offset, 0), int64(len(data)))]
	line = 1 + bytes.Count(before, []byte("\n"))
	column = len(before) - (bytes.LastIndexByte(before, '\n') + 1)
	return line, max(column, 1)
}

func find(exts []wireExtension, url string) *wireExtension {
	for i := range exts {
		if exts[i].URL == url {
			return &exts[i]
		}
	}
	return nil
}

func isTrue(exts []wireExtension, url string) bool {
	e := find(exts, url)
	return e != nil && e.Boolean != nil && *e.Boolean
}

// control returns the itemControl code, such as "help", or "".
func control(exts []wireExtension) string {
	if e := find(exts, extItemControl); e != nil && e.Concept != nil {
		for _, c := range e.Concept.Coding {
			if c.Code != "" {
				return strings.ToLower(c.Code)
			}
		}
	}
	return ""
}
