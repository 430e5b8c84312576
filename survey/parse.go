package survey

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Limits of a questionnaire file; far above any instrument, low enough to stay harmless.
const (
	maxBytes = 4 << 20
	maxItems = 2000
	maxDepth = 20
)

// Questionnaire is a parsed FHIR R4 Questionnaire. It is immutable and safe for concurrent use.
type Questionnaire struct {
	ref    string
	title  phrase
	lang   string // source language
	drafts map[string]string
	roots  []*item
	items  []*item // document order
	byID   map[string]*item
	codes  []Coding
	notice string
	notes  []string
	scores []score
	mode   Mode
	locked string // what keeps it to the web and to interviews by staff, "" if nothing
	source string
	digest string // hexadecimal SHA-256 of source

	recorded bool // own words are recorded on a call
}

// Parse reads a FHIR R4 Questionnaire in JSON. A file that cannot be asked faithfully is
// refused; the error names every item at fault and the mend, or the line of a JSON error.
func Parse(data []byte) (*Questionnaire, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("questionnaire is larger than %d bytes", maxBytes)
	}
	w, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("read questionnaire: %w", err)
	}
	p := parser{
		q: &Questionnaire{
			title:  phraseOf(w.Title, w.TitleExt),
			lang:   w.Language,
			drafts: map[string]string{},
			byID:   map[string]*item{},
			codes:  codings(w.Code),
			notice: clean(w.Copyright),
		},
		sets: map[string]wireContained{},
	}
	q := p.q
	if q.lang == "" {
		q.lang = "en"
	}
	if q.title.source == "" {
		q.title.source = clean(w.Name)
	}
	q.ref, q.source, q.digest = reference(w, data), string(data), hexSum(data)
	if len(w.Modifier) > 0 {
		p.fail("modifierExtension %q changes the meaning and is not understood: remove it", w.Modifier[0].URL)
	}
	for _, e := range w.Extension {
		if e.URL == extStatus {
			if lang, status := find(e.Extension, "lang"), find(e.Extension, "status"); lang != nil && status != nil {
				q.drafts[base(lang.Code)] = status.Code
			}
		}
	}
	for _, c := range w.Contained {
		if c.ResourceType == "ValueSet" {
			p.sets[c.ID] = c
		}
	}
	q.roots = p.tree(w.Item, nil, 1)
	if len(q.items) == 0 && len(p.errs) == 0 {
		p.fail("there are no items: add at least one")
	}
	if len(p.errs) == 0 {
		p.wellFormed(w)
		p.conditions()
		p.readScores(w.Extension)
		p.readMode(w.Extension)
	}
	if len(p.errs) > 0 {
		return nil, fmt.Errorf("questionnaire refused: %w", errors.Join(p.errs...))
	}
	q.unasked()
	q.locked = dangerous(w, q)
	return q, nil
}

// unasked notes the questions that nobody is asked.
func (q *Questionnaire) unasked() {
	for _, it := range q.items {
		switch {
		case it.kind == typeGroup || it.kind == typeDisplay || it.asked():
		case it.hidden:
			q.notes = append(q.notes, fmt.Sprintf("item %q is hidden and not asked", it.linkID))
		default:
			q.notes = append(q.notes, fmt.Sprintf("item %q is read-only or calculated and not asked", it.linkID))
		}
	}
}

// reference is canonical|version. A file without url is known by its id, or by its content;
// one without version gets a version from its content, so that a session always pins what
// was asked (two language editions often share an id).
func reference(w *wireQuestionnaire, data []byte) string {
	content := hexSum(data)[:12]
	name := w.URL
	if name == "" {
		name = canonicalPrefix + cmp.Or(strings.Join(strings.Fields(clean(w.ID)), "-"), content)
	}
	return name + "|" + cmp.Or(w.Version, content)
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Source is the file it was parsed from, and Digest the hexadecimal SHA-256 of that.
func (q *Questionnaire) Source() []byte { return []byte(q.source) }

// Digest tells two files apart that call themselves by the same version.
func (q *Questionnaire) Digest() string { return q.digest }

// Ref identifies the questionnaire and its version: canonical|version. Where the file has no
// url its id stands in; where it has no version a digest of its content does.
func (q *Questionnaire) Ref() string { return q.ref }

// Title returns the title in lang, or in the source language.
func (q *Questionnaire) Title(lang string) string { return q.title.to(lang) }

// Notice returns the copyright notice, which must be shown with the instrument; "" if none.
func (q *Questionnaire) Notice() string { return q.notice }

// Notes lists what the file asks for and the engine does not do; nothing in it changes
// which questions are asked.
func (q *Questionnaire) Notes() []string { return slices.Clone(q.notes) }

// parser collects every fault, so that an author mends a file in one go.
type parser struct {
	q     *Questionnaire
	sets  map[string]wireContained
	wires []wireItem // beside q.items
	errs  []error
}

func (p *parser) fail(format string, args ...any) {
	if len(p.errs) < 50 {
		p.errs = append(p.errs, fmt.Errorf(format, args...))
	}
}

func (p *parser) tree(wires []wireItem, parent *item, depth int) []*item {
	if depth > maxDepth {
		p.fail("item %q: nested deeper than %d levels: flatten it", parent.linkID, maxDepth)
		return nil
	}
	var items []*item
	for _, w := range wires {
		if len(p.q.items) >= maxItems {
			p.fail("there are more than %d items: split the questionnaire", maxItems)
			return items
		}
		it := p.item(w, parent)
		it.order = len(p.q.items)
		p.q.items = append(p.q.items, it)
		p.wires = append(p.wires, w)
		switch {
		case w.LinkID == "":
			p.fail("item %d %q has no linkId: give it one", it.order+1, short(w.Text))
		case p.q.byID[w.LinkID] != nil:
			p.fail("item %q: another item has this linkId: make it unique", w.LinkID)
		default:
			p.q.byID[w.LinkID] = it
		}
		it.children = p.tree(w.Item, it, depth+1)
		items = append(items, it)
	}
	return items
}

// item compiles one item without its enableWhen, which needs all the others.
func (p *parser) item(w wireItem, parent *item) *item {
	it := &item{
		linkID:     w.LinkID,
		kind:       w.Type,
		text:       phraseOf(w.Text, w.TextExt),
		short:      shortTexts(w.Extension),
		parent:     parent,
		hidden:     isTrue(w.Extension, extHidden) || (parent != nil && parent.hidden),
		readOnly:   w.ReadOnly || find(w.Extension, extCalculated) != nil,
		required:   w.Required,
		repeats:    w.Repeats,
		decimals:   -1,
		codes:      codings(w.Code),
		measures:   measures(w.Code),
		optionFact: isTrue(w.Extension, extOptionFacts),
		sensitive:  "plain",
	}
	switch {
	case parent != nil && parent.section != "":
		it.section = parent.section
	case parent == nil && w.Type == typeGroup:
		it.section = w.LinkID
	}
	if parent != nil {
		it.sensitive = parent.sensitive
	}
	if e := find(w.Extension, extSensitivity); e != nil {
		it.sensitive = e.Code
		if !slices.Contains([]string{"plain", "personal", "sensitive"}, e.Code) {
			p.fail("item %q: sensitivity %q: use plain, personal or sensitive", w.LinkID, e.Code)
		}
	}
	if e := find(w.Extension, extLooksBack); e != nil {
		if it.looksBack = e.String; e.String == "P" || !duration.MatchString(e.String) {
			p.fail("item %q: looks back %q: write a duration such as P6M", w.LinkID, e.String)
		}
	}
	if e := find(w.Extension, extConfirm); e != nil {
		it.confirm = e.Boolean
	}
	if w.Type == "coding" { // FHIR R5 spelling of choice
		it.kind = typeChoice
		if w.Constraint == "optionsOrString" {
			it.kind = typeOpenChoice
		}
	}
	if it.kind == typeDisplay {
		p.display(it, w)
	}
	if it.asked() {
		p.question(it, w)
	}
	if w.Type == typeGroup && w.Repeats && !it.hidden && !it.readOnly {
		p.fail("item %q: a repeating group cannot be asked one question at a time: remove repeats or write the repetitions out", w.LinkID)
	}
	return it
}

// display puts text that belongs to one question with it; other texts are said before the
// next question.
func (p *parser) display(it *item, w wireItem) {
	up := it.parent
	if up == nil || up.kind == typeGroup || len(w.EnableWhen) > 0 || it.hidden {
		return
	}
	it.isHelp = true
	switch control(w.Extension) {
	case "unit":
		if up.unit.Display == "" {
			up.unit.Display = it.text.source
		}
	default:
		up.help = append(up.help, it.text)
	}
}

// question compiles what only questions have.
func (p *parser) question(it *item, w wireItem) {
	reason, ok := map[string]string{
		typeBoolean: "", typeDecimal: "", typeInteger: "", typeQuantity: "", typeDate: "", typeTime: "", typeDateTime: "",
		typeString: "", typeText: "", typeChoice: "", typeOpenChoice: "",
		"url":        "use string",
		"attachment": "files are handed over to staff, not asked for",
		"reference":  "a person cannot name a record; use choice",
		"question":   "it is abstract; use a concrete type",
		"":           "give the item a type",
	}[it.kind]
	if !ok {
		reason = "it is no FHIR R4 item type"
	}
	if reason != "" {
		p.fail("item %q: type %q cannot be asked: %s", w.LinkID, w.Type, reason)
		return
	}
	if it.text.source == "" && it.parent != nil {
		it.text = it.parent.text // an untitled field of a titled group
	}
	if it.text.source == "" {
		p.fail("item %q: it has no text: say what is asked", w.LinkID)
	}
	if len(w.Modifier) > 0 {
		p.fail("item %q: modifierExtension %q changes the meaning and is not understood: remove it", w.LinkID, w.Modifier[0].URL)
	}
	if find(w.Extension, extEnableExpr) != nil {
		p.fail("item %q: shown by an expression (enableWhenExpression), which is not evaluated: use enableWhen", w.LinkID)
	}
	if find(w.Extension, extConstraint) != nil {
		p.q.notes = append(p.q.notes, fmt.Sprintf("item %q: questionnaire-constraint is not checked", w.LinkID))
	}
	p.limits(it, w)
	p.units(it, w)
	p.boundUnits(it)
	p.options(it, w)
	if it.each() && it.kind == typeBoolean {
		p.fail("item %q: yes or no is asked for once: remove repeats", w.LinkID)
	}
}

// shortTexts reads our wording for one channel: channel (code) + content (string).
func shortTexts(exts []wireExtension) map[Channel]phrase {
	var m map[Channel]phrase
	for _, e := range exts {
		if e.URL != extShort {
			continue
		}
		channel, content := find(e.Extension, "channel"), find(e.Extension, "content")
		if channel == nil || content == nil || content.String == "" {
			continue
		}
		if m == nil {
			m = map[Channel]phrase{}
		}
		m[Channel(channel.Code)] = phraseOf(content.String, content.StringExt)
	}
	return m
}

func codings(wires []wireCoding) []Coding {
	var all []Coding
	for _, c := range wires {
		all = append(all, Coding{Code: c.Code, System: c.System, Display: clean(c.Display)})
	}
	return all
}

// measures are the codes by which the table of units knows what is measured.
func measures(wires []wireCoding) []string {
	var all []string
	for _, c := range wires {
		all = append(all, SystemName(c.System)+"|"+c.Code)
	}
	return all
}

// short cuts a quoted text for an error message.
func short(s string) string {
	r := []rune(clean(s))
	if len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return string(r)
}
