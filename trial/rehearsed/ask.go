// Package rehearsed is what a rehearsal of a study is asked for and what it tells: plain data, which
// pages and commands show. Package ivr/rehearsal plays it.
package rehearsed

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/i18n"
)

// Phone is what somebody can be reached on.
type Phone string

// The phones.
const (
	Mobile   Phone = "mobile"   // texts and calls
	Landline Phone = "landline" // calls only
	TextOnly Phone = "text"     // texts only: never called by a machine
	Relay    Phone = "relay"    // a captioned phone or relay: texts, and no automated calls
)

// Phones lists them.
func Phones() []Phone { return []Phone{Mobile, Landline, TextOnly, Relay} }

// Manner is how somebody answers.
type Manner string

// The manners. RedFlag and Stop are All but for one thing.
const (
	All       Manner = "all"       // everything that is asked, at once
	Sometimes Manner = "sometimes" // every other time
	Silent    Manner = "silent"    // never picks up, never writes
	HangsUp   Manner = "hangs-up"  // after the first answer of a call; texts are answered
	Voicemail Manner = "voicemail" // a machine takes every call, texts stay unanswered
	RedFlag   Manner = "red-flag"  // raises one in the nth diary entry
	Stop      Manner = "stop"      // replies STOP in week n
)

// Manners lists them.
func Manners() []Manner { return []Manner{All, Sometimes, Silent, HangsUp, Voicemail, RedFlag, Stop} }

// Numbered says whether a manner needs N.
func (m Manner) Numbered() bool { return m == RedFlag || m == Stop }

// Persona is who takes part in a rehearsal: nobody real.
type Persona struct {
	Phone    Phone     `json:"phone"`
	Answers  Manner    `json:"answers"`
	N        int       `json:"n,omitempty"` // RedFlag: in the nth entry; Stop: in week n
	Language i18n.Lang `json:"language"`
	Zone     string    `json:"zone"` // IANA
}

// Ask is one rehearsal.
type Ask struct {
	Persona
	Weeks int `json:"weeks"`
}

// MaxWeeks is the longest rehearsal.
const MaxWeeks = 26

// ErrBusy: one rehearsal at a time.
var ErrBusy = errors.New("a rehearsal is running")

// Problem is what is wrong with a field of an Ask, and how to mend it.
type Problem struct{ Field, Text string }

func (p *Problem) Error() string { return p.Field + ": " + p.Text }

// Check says what is wrong first: a *Problem.
func (a Ask) Check() error {
	wrong := func(field, text string, args ...any) error { return &Problem{field, fmt.Sprintf(text, args...)} }
	switch {
	case !slices.Contains(Phones(), a.Phone):
		return wrong("phone", "%q: use mobile, landline, text or relay", a.Phone)
	case !slices.Contains(Manners(), a.Answers):
		return wrong("answers", "%q: use all, sometimes, silent, hangs-up, voicemail, red-flag or stop", a.Answers)
	case a.Answers.Numbered() && (a.N < 1 || a.N > MaxWeeks*7):
		return wrong("n", "%d: say in which diary entry the red flag comes, or in which week the STOP, from 1 on", a.N)
	case a.Answers == Stop && a.Phone == Landline:
		return wrong("answers", "a landline takes no texts, so nobody can reply STOP from it: use another phone")
	case !a.Language.Known():
		return wrong("language", "%q: use en or es", a.Language)
	case a.Weeks < 1 || a.Weeks > MaxWeeks:
		return wrong("weeks", "%d: from 1 to %d", a.Weeks, MaxWeeks)
	case a.Answers == Stop && a.N > a.Weeks:
		return wrong("n", "week %d is not rehearsed: there are %d", a.N, a.Weeks)
	}
	if _, err := time.LoadLocation(a.Zone); err != nil || a.Zone == "" || a.Zone == "Local" {
		return wrong("zone", "%q is not a time zone such as America/New_York", a.Zone)
	}
	return nil
}

// ParsePersona reads the short form of a persona's phone and manner: "mobile:all",
// "landline:sometimes", "mobile:red-flag-5", "text:stop-2". What is wrong is a *Problem.
func ParsePersona(s string) (p Persona, err error) {
	phone, manner, ok := strings.Cut(s, ":")
	if p.Phone = Phone(phone); !ok {
		manner = string(All)
	}
	for _, m := range Manners() {
		if n, cut := strings.CutPrefix(manner, string(m)+"-"); cut && m.Numbered() {
			if p.N, err = strconv.Atoi(n); err != nil {
				return p, &Problem{"persona", fmt.Sprintf("%q: write %s-3, with a number", s, m)}
			}
			manner = string(m)
		}
	}
	p.Answers = Manner(manner)
	return p, nil
}

// String is the short form.
func (p Persona) String() string {
	s := string(p.Phone) + ":" + string(p.Answers)
	if p.Answers.Numbered() {
		s += fmt.Sprintf("-%d", p.N)
	}
	return s
}
