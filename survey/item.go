package survey

import (
	"regexp"
	"strconv"
	"strings"
)

// FHIR item types that are asked or shown.
const (
	typeGroup      = "group"
	typeDisplay    = "display"
	typeBoolean    = "boolean"
	typeDecimal    = "decimal"
	typeInteger    = "integer"
	typeQuantity   = "quantity"
	typeDate       = "date"
	typeTime       = "time"
	typeDateTime   = "dateTime"
	typeString     = "string"
	typeText       = "text"
	typeChoice     = "choice"
	typeOpenChoice = "open-choice"
	typeConfirm    = "confirm" // not FHIR: the read-back of a keyed number
)

// item is one compiled item. The tree is fixed after Parse.
type item struct {
	linkID   string
	kind     string
	text     phrase
	short    map[Channel]phrase
	parent   *item
	children []*item
	section  string // linkId of the top-level group above it
	order    int    // position in document order

	hidden   bool // itself or an ancestor
	readOnly bool // or calculated: filled by a system
	required bool
	repeats  bool
	least    int // choices, when repeats
	most     int // 0 = no limit

	enable    []condition
	enableAny bool

	options    []option
	min, max   string // exact text, "" = none
	minUnit    string // of a limit where the person chooses the unit
	maxUnit    string
	decimals   int // -1 = any
	minLength  int
	maxLength  int
	pattern    *regexp.Regexp
	unit       Coding
	units      []Coding // to choose from, two or more; unit is then empty
	measures   []string // codes as system|code, for what may be converted
	confirm    *bool
	help       []phrase
	isHelp     bool // a display that is shown as help of its parent
	codes      []Coding
	optionFact bool
	looksBack  string // "P6M": the question is about the six months before it is answered
	sensitive  string
}

// option is one compiled choice.
type option struct {
	key       string
	value     Value
	text      phrase
	short     map[Channel]phrase
	exclusive bool
}

// Coding is a code with its system, as in FHIR.
type Coding struct {
	Code    string
	System  string
	Display string
}

// asked says whether the item is a question that people are asked.
func (it *item) asked() bool {
	return it.kind != typeGroup && it.kind != typeDisplay && !it.hidden && !it.readOnly
}

func (it *item) wording(c Channel, lang string) string {
	if p, ok := it.short[c]; ok {
		return p.to(lang)
	}
	return it.text.to(lang)
}

func (o option) wording(c Channel, lang string) string {
	if p, ok := o.short[c]; ok {
		return p.to(lang)
	}
	return o.text.to(lang)
}

// numeric says whether the answer is a number without options.
func (it *item) numeric() bool {
	return len(it.options) == 0 &&
		(it.kind == typeInteger || it.kind == typeDecimal || it.kind == typeQuantity)
}

// readBack says whether a phone answer is repeated for confirmation: by default everything
// keyed with more than one digit, unless the item says otherwise (urn:muster:confirm).
func (it *item) readBack() bool {
	if len(it.options) > 0 {
		return false
	}
	switch {
	case it.kind == typeDate || it.kind == typeTime || it.kind == typeDateTime:
	case it.numeric():
		if it.kind == typeInteger && it.maxDigits() == 1 {
			return false
		}
	default:
		return false
	}
	return it.confirm == nil || *it.confirm
}

// maxDigits is the most keys a phone answer can need; 0 is unknown.
func (it *item) maxDigits() int {
	switch {
	case len(it.options) > 0 && it.repeats:
		return 0
	case len(it.options) > 0:
		return len(it.options[len(it.options)-1].key)
	case it.kind == typeBoolean:
		return 1
	case it.kind == typeDate || it.kind == typeDateTime: // of a moment the date comes first
		return 8
	case it.kind == typeTime:
		return 5
	case !it.numeric() || it.max == "" || len(it.units) > 0:
		return 0
	}
	whole, _, _ := strings.Cut(it.max, ".")
	n := len(strings.TrimPrefix(whole, "-"))
	switch {
	case it.kind == typeInteger || it.decimals == 0:
		return n
	case it.decimals > 0:
		return n + 1 + it.decimals
	}
	return 0
}

// number the keys: 1, 2, 3 … , or the scores themselves when they run 0, 1, 2 … n as on a
// printed scale, so that what is pressed is what is scored.
func number(options []option) {
	scale := len(options) >= 3 && len(options) <= 10
	for i, o := range options {
		score := o.value.Ordinal
		if o.value.Int != nil {
			score = strconv.FormatInt(*o.value.Int, 10)
		}
		scale = scale && score == strconv.Itoa(i)
	}
	for i := range options {
		if scale {
			options[i].key = strconv.Itoa(i)
		} else {
			options[i].key = strconv.Itoa(i + 1)
		}
	}
}
