package survey

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

type (
	outResponse struct {
		ResourceType  string         `json:"resourceType"`
		Extension     []outExtension `json:"extension,omitempty"`
		Language      string         `json:"language,omitempty"`
		Questionnaire string         `json:"questionnaire"`
		Status        Status         `json:"status"`
		Subject       *outReference  `json:"subject,omitempty"`
		Authored      string         `json:"authored,omitempty"`
		Author        *outReference  `json:"author,omitempty"`
		Item          []outItem      `json:"item,omitempty"`
	}
	outReference struct {
		Reference string `json:"reference"`
	}
	outItem struct {
		Extension []outExtension `json:"extension,omitempty"`
		LinkID    string         `json:"linkId"`
		Text      string         `json:"text,omitempty"`
		Answer    []outAnswer    `json:"answer,omitempty"`
		Item      []outItem      `json:"item,omitempty"`
	}
	outAnswer struct {
		Boolean    *bool           `json:"valueBoolean,omitempty"`
		Decimal    json.RawMessage `json:"valueDecimal,omitempty"`
		Integer    *int64          `json:"valueInteger,omitempty"`
		Date       string          `json:"valueDate,omitempty"`
		Time       string          `json:"valueTime,omitempty"`
		DateTime   string          `json:"valueDateTime,omitempty"`
		String     string          `json:"valueString,omitempty"`
		Coding     *outCoding      `json:"valueCoding,omitempty"`
		Quantity   *outQuantity    `json:"valueQuantity,omitempty"`
		BooleanExt *outElement     `json:"_valueBoolean,omitempty"`
		DecimalExt *outElement     `json:"_valueDecimal,omitempty"`
		IntegerExt *outElement     `json:"_valueInteger,omitempty"`
		DateExt    *outElement     `json:"_valueDate,omitempty"`
		TimeExt    *outElement     `json:"_valueTime,omitempty"`
		MomentExt  *outElement     `json:"_valueDateTime,omitempty"`
		StringExt  *outElement     `json:"_valueString,omitempty"`
		Item       []outItem       `json:"item,omitempty"`
	}
	outElement struct {
		Extension []outExtension `json:"extension"`
	}
	outCoding struct {
		Extension []outExtension `json:"extension,omitempty"`
		System    string         `json:"system,omitempty"`
		Code      string         `json:"code,omitempty"`
		Display   string         `json:"display,omitempty"`
	}
	outQuantity struct {
		Extension []outExtension  `json:"extension,omitempty"`
		Value     json.RawMessage `json:"value,omitempty"`
		Unit      string          `json:"unit,omitempty"`
		System    string          `json:"system,omitempty"`
		Code      string          `json:"code,omitempty"`
	}
	outExtension struct {
		URL       string         `json:"url"`
		Code      string         `json:"valueCode,omitempty"`
		String    string         `json:"valueString,omitempty"`
		Integer   *int           `json:"valueInteger,omitempty"`
		Boolean   *bool          `json:"valueBoolean,omitempty"`
		Instant   string         `json:"valueInstant,omitempty"`
		Extension []outExtension `json:"extension,omitempty"`
	}
)

// Response writes the session as a FHIR R4 QuestionnaireResponse in JSON. subject and author
// are references such as "Patient/per_1"; either may be "". Two sessions with the same
// answers give the same response whatever the channel, but for authored and the item
// extension urn:muster:capture (channel, times, raw input, attempts, who entered it, language and digest of the words).
// A declined question carries data-absent-reason asked-declined, one answered by a recording
// unsupported, with the recording's id among its capture; one never reached is left out.
func (q *Questionnaire) Response(s Session, subject, author string) ([]byte, error) {
	if s.Ref != q.ref {
		return nil, fmt.Errorf("response of %q from %q: %w", s.Ref, q.ref, ErrVersion)
	}
	w := responder{q: q, lang: s.Lang, st: newState(s.Answers), sums: map[string]string{}}
	for _, sc := range q.Scores(s, s.Lang) {
		if sc.LinkID != "" && sc.Value != "" {
			w.sums[sc.LinkID] = sc.Value
		}
	}
	out := outResponse{
		ResourceType: "QuestionnaireResponse", Language: s.Lang, Questionnaire: q.ref, Status: s.Status,
		Subject: refer(subject), Author: refer(author), Item: w.items(q.roots),
	}
	if s.Mode != "" {
		out.Extension = []outExtension{{URL: extMode, Extension: []outExtension{{URL: "policy", Code: string(s.Mode)}, {URL: "mixed", Boolean: &s.Mixed}}}}
	}
	last := s.Ended
	for _, a := range s.Answers {
		if a.AnsweredAt.After(last) {
			last = a.AnsweredAt
		}
	}
	out.Authored = stamp(last)
	data, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write response of %q: %w", q.ref, err)
	}
	return data, nil
}

func refer(reference string) *outReference {
	if reference == "" {
		return nil
	}
	return &outReference{Reference: reference}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

type responder struct {
	q    *Questionnaire
	lang string
	st   *state
	sums map[string]string // the scores, by the item they are written into
}

// items keeps the tree: items of a group under the group, items below a question under its
// first answer, groups without answers left out.
func (w responder) items(list []*item) []outItem {
	var all []outItem
	for _, it := range list {
		below := w.items(it.children)
		out := outItem{LinkID: it.linkID, Text: it.text.to(w.lang)}
		switch a, answered := w.st.answers[it.linkID]; {
		case it.kind == typeDisplay:
			continue
		case it.kind == typeGroup:
			out.Item = below
		case w.sums[it.linkID] != "":
			out.Answer = []outAnswer{sum(it, w.sums[it.linkID])}
			out.Answer[0].Item = below
		case answered && it.asked() && w.st.enabled(it):
			out.Extension = []outExtension{capture(a)}
			out.Answer = answers(it, a)
			out.Answer[0].Item = below
		case below != nil:
			out.Answer = []outAnswer{{Item: below}}
		}
		if out.Item != nil || out.Answer != nil {
			all = append(all, out)
		}
	}
	return all
}

// sum is a score as the value of the item it is written into.
func sum(it *item, text string) outAnswer {
	if it.kind == typeInteger {
		if n, problem := parseInt(text); problem == nil {
			return outAnswer{Integer: &n}
		}
	}
	return answer(it, Value{Decimal: text})
}

func answers(it *item, a Answer) []outAnswer {
	if a.Recorded() { // a machine writes down nothing of it
		return []outAnswer{{StringExt: &outElement{Extension: []outExtension{{URL: extAbsent, Code: "unsupported"}}}}}
	}
	if len(a.Values) == 0 {
		return []outAnswer{declined(it)}
	}
	all := make([]outAnswer, len(a.Values))
	for i, v := range a.Values {
		all[i] = answer(it, v)
	}
	return all
}

func answer(it *item, v Value) outAnswer {
	switch {
	case v.Bool != nil:
		return outAnswer{Boolean: v.Bool}
	case v.Int != nil:
		return outAnswer{Integer: v.Int}
	case v.Decimal != "" && it.kind == typeQuantity:
		unit := it.unitOf(v)
		u := outQuantity{Value: json.RawMessage(v.Decimal), Unit: unit.Display, System: unit.System, Code: unit.Code}
		if u.System == "" {
			u.Code = "" // a code means nothing without its system (FHIR qty-3)
		}
		return outAnswer{Quantity: &u}
	case v.Decimal != "":
		return outAnswer{Decimal: json.RawMessage(v.Decimal)}
	case v.Date != "":
		return outAnswer{Date: v.Date}
	case v.Time != "":
		return outAnswer{Time: v.Time}
	case v.DateTime != "":
		return outAnswer{DateTime: v.DateTime}
	case v.Code != "" || v.Display != "":
		return outAnswer{Coding: &outCoding{System: v.System, Code: v.Code, Display: v.Display}}
	}
	return outAnswer{String: v.Text}
}

// declined is an absent value of the item's type that says why it is absent.
func declined(it *item) outAnswer {
	why := []outExtension{{URL: extAbsent, Code: "asked-declined"}}
	e := &outElement{Extension: why}
	switch it.kind {
	case typeBoolean:
		return outAnswer{BooleanExt: e}
	case typeDecimal:
		return outAnswer{DecimalExt: e}
	case typeInteger:
		return outAnswer{IntegerExt: e}
	case typeDate:
		return outAnswer{DateExt: e}
	case typeTime:
		return outAnswer{TimeExt: e}
	case typeDateTime:
		return outAnswer{MomentExt: e}
	case typeQuantity:
		return outAnswer{Quantity: &outQuantity{Extension: why}}
	case typeChoice, typeOpenChoice:
		return outAnswer{Coding: &outCoding{Extension: why}}
	}
	return outAnswer{StringExt: e}
}

// capture records how an answer was taken.
func capture(a Answer) outExtension {
	e := outExtension{URL: extCapture, Extension: []outExtension{{URL: "channel", Code: string(a.Channel)}}}
	add := func(more outExtension) { e.Extension = append(e.Extension, more) }
	if !a.AskedAt.IsZero() {
		add(outExtension{URL: "askedAt", Instant: stamp(a.AskedAt)})
	}
	if !a.AnsweredAt.IsZero() {
		add(outExtension{URL: "answeredAt", Instant: stamp(a.AnsweredAt)})
	}
	if raw := clean(a.Raw); raw != "" {
		add(outExtension{URL: "raw", String: raw})
	}
	if a.Recorded() {
		add(outExtension{URL: "recording", String: a.Recording})
	}
	if a.Attempts > 0 {
		add(outExtension{URL: "attempts", Integer: &a.Attempts})
	}
	if a.By != "" {
		add(outExtension{URL: "by", String: a.By})
	}
	if a.Lang != "" {
		add(outExtension{URL: "lang", Code: a.Lang})
	}
	if a.Prompt != "" {
		add(outExtension{URL: "prompt", String: a.Prompt})
	}
	return e
}

// valueText words a value in lang, as it is shown to people.
func valueText(it *item, v Value, lang string) string {
	unit := ""
	if u := it.unitOf(v); u.Display != "" {
		unit = " " + u.Display
	}
	switch {
	case v.Bool != nil:
		return yesNo(*v.Bool, lang)
	case v.Code != "" || v.Display != "" || len(it.options) > 0:
		for _, o := range it.options {
			if sameValue(o.value, v) {
				return o.text.to(lang)
			}
		}
		if v.Text != "" {
			return v.Text
		}
		return v.Display
	case v.Int != nil:
		return strconv.FormatInt(*v.Int, 10) + unit
	case v.Decimal != "":
		return v.Decimal + unit
	case v.Date != "":
		return v.Date
	case v.Time != "":
		return v.Time[:min(5, len(v.Time))]
	case v.DateTime != "":
		return momentText(v.DateTime)
	}
	return v.Text
}
