package survey

import (
	"errors"
	"time"
)

// Errors of Next that a caller decides on.
var (
	ErrClosed   = errors.New("session is closed")
	ErrNotAsked = errors.New("question is not being asked")
	ErrVersion  = errors.New("session belongs to another questionnaire version")
)

// InputKind says what an Input is.
type InputKind string

// What a person or a channel can do to a session.
const (
	Show    InputKind = "show"     // start, resume or render again; changes no answer
	Reply   InputKind = "answer"   // Raw answers the item
	NoInput InputKind = "no-input" // nothing was keyed in time
	Skip    InputKind = "skip"     // decline the question
	Back    InputKind = "back"     // to the question before
	Repeat  InputKind = "repeat"   // say it again; not an attempt
)

// Input is one event. At should be in the person's own time zone: "today" means its
// calendar date. LinkID names the item it is about; "" is the current one.
type Input struct {
	Kind      InputKind
	LinkID    string
	Raw       string
	Recording string // by phone, what was said after the tone, in place of Raw: its id
	Words     string // own words beside the options Raw names, where there is a box for them
	Channel   Channel
	Lang      string // the person reads or hears it in, from here on; "" = the session's
	At        time.Time
	By        string // who entered it; "" = the person

	DayFirst bool // by phone: a date is keyed with the day before the month
	Refusals int  // by text: at which refused input to one question to give up; 0 = the third
}

// Command reads a one-word command of a text dialogue, in English or Spanish: back, skip and
// again. False if the text is none; STOP, HELP and the like belong to the carrier's rules and
// are looked at before a survey sees a text.
func Command(raw string) (InputKind, bool) {
	switch fold(raw) {
	case "back", "previous", "atras", "anterior", "volver":
		return Back, true
	case "skip", "pass", "saltar", "omitir", "paso":
		return Skip, true
	case "again", "repeat", "otra vez", "repetir", "repita":
		return Repeat, true
	}
	return "", false
}

// Hint says how the answer is given; each channel words it in its own way and language.
type Hint string

// The ways to give an answer.
const (
	HintYesNo   Hint = "yes-no"
	HintOne     Hint = "one"      // one option
	HintMany    Hint = "many"     // several options: "1,3"; by phone keys, then #
	HintWhole   Hint = "whole"    // whole number
	HintDecimal Hint = "decimal"  // by phone * is the decimal point
	HintDate    Hint = "date"     // by phone MMDDYYYY, or DDMMYYYY
	HintTime    Hint = "time"     // by phone HHMM, then 1 a.m. or 2 p.m.
	HintMoment  Hint = "dateTime" // date and time of day; by phone the date, and then the time
	HintText    Hint = "text"
	HintOpen    Hint = "open"    // one option, or own words
	HintConfirm Hint = "confirm" // read the value back: 1 yes, 2 no
)

// Option is one choice of a question. Key is what is pressed or texted.
type Option struct {
	Key      string
	Text     string
	Code     string
	System   string
	Selected bool // part of the stored answer
}

// Prompt is what to put to the person next, in the session's language and the channel's wording.
type Prompt struct {
	LinkID  string
	Section string   // linkId of the top-level group it stands in, "" if none
	Intro   []string // display items and group texts to be said before Text
	Text    string
	Help    []string // help that belongs to this question
	Type    string   // FHIR item type; "confirm" for a read-back
	Hint    Hint
	Options []Option
	Own     bool   // own words are taken too, instead of an option or, with HintMany, beside them
	OwnText string // those of the stored answer

	Required  bool
	Min, Max  string   // inclusive limits as text, "" = none
	Unit      string   // to print or say, such as "mmHg"
	Units     []Option // units to choose from, beside the number
	Each      bool     // several plain answers are taken: on a page one on each line
	Step      Step     // which part of an answer this asks for, "" for all of it
	MaxDigits int      // most keys a phone answer can need, 0 = unknown: ends with #
	MaxLength int      // characters of a text, 0 = no limit of its own
	Decimals  int      // most decimal places, -1 = any
	DayFirst  bool     // by phone: a date is keyed with the day before the month
	Number    int      // 1-based question number; there is no honest total

	Sensitivity string  // plain, personal or sensitive
	Answer      *Answer // what is stored for this item now (edit, read-back)
	Problem     *Problem

	Done   bool // nothing left to ask; Intro may hold closing words
	GiveUp bool // too many refused inputs on a phone or text channel: stop politely, keep the session

	// What this input did besides the answer returned, for audit and alerts.
	Replaced *Answer  // the earlier answer that was overwritten
	Removed  []Answer // answers of items that are no longer enabled
}

// Problem says why the last input was refused, as a code and the limits to render.
type Problem struct {
	Code     ProblemCode
	Min, Max string // limits that apply, where there are some
	Unit     string // the unit asked for
	Limit    int    // characters, decimal places or number of choices
}

// ProblemCode is one reason to refuse an input.
type ProblemCode string

// The reasons.
const (
	ProblemEmpty      ProblemCode = "empty"        // nothing was said or keyed
	ProblemRequired   ProblemCode = "required"     // cannot be skipped
	ProblemOption     ProblemCode = "option"       // none of the options
	ProblemOneOnly    ProblemCode = "one-only"     // several options where one is wanted
	ProblemDuplicate  ProblemCode = "duplicate"    // the same option twice
	ProblemExclusive  ProblemCode = "exclusive"    // "none of these" together with another
	ProblemTooFew     ProblemCode = "too-few"      // Limit = least number of choices
	ProblemTooMany    ProblemCode = "too-many"     // Limit = most
	ProblemNumber     ProblemCode = "number"       // not a number
	ProblemWhole      ProblemCode = "whole"        // a whole number is wanted
	ProblemUnclear    ProblemCode = "unclear"      // two readings: "1,234"; 3/5/2025 in Spanish
	ProblemUnit       ProblemCode = "unit"         // another unit than Unit
	ProblemTooLow     ProblemCode = "too-low"      // below Min
	ProblemTooHigh    ProblemCode = "too-high"     // above Max
	ProblemDecimals   ProblemCode = "decimals"     // more than Limit decimal places
	ProblemDate       ProblemCode = "date"         // not a date of the calendar
	ProblemTime       ProblemCode = "time"         // not a time of day
	ProblemTooShort   ProblemCode = "too-short"    // fewer than Limit characters
	ProblemTooLong    ProblemCode = "too-long"     // more than Limit characters
	ProblemFormat     ProblemCode = "format"       // does not match the item's pattern
	ProblemFirst      ProblemCode = "first"        // nothing to go back to
	ProblemNotByPhone ProblemCode = "not-by-phone" // own words cannot be keyed
	ProblemNotConfirm ProblemCode = "confirm"      // 1 or 2 wanted
)
