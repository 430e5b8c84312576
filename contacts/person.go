// Package contacts keeps the one set of people behind web, text and phone: who they are, how
// they may be reached, what they agreed to, and the dated facts known about them.
//
// Names, numbers, addresses and full birth dates are sealed with a key of each person's own
// before they reach the database; this package is the only one that sees both forms.
package contacts

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
)

// PersonID names a person: "per_" and a random part. It says nothing about them.
type PersonID string

// Person is someone in the registry. The fields marked sealed are ciphertext in the database.
type Person struct {
	docstore.Meta `bson:",inline"`

	Given     string `bson:"given"`               // sealed
	Family    string `bson:"family"`              // sealed
	BirthDate string `bson:"birthDate,omitempty"` // sealed; "1952-05-03", or a shorter prefix of it
	BirthYear int    `bson:"birthYear"`           // in clear for matching, always there; see ClearBirthYear
	Sex       string `bson:"sex"`                 // recorded at birth: "female", "male", "other", "" unknown; always there
	Area      string `bson:"area"`                // in clear for matching, always there: ZIP3 of a ZIP code whose place is known, else ""
	Gender    string `bson:"gender,omitempty"`    // optional, in their own words; sealed
	Deceased  string `bson:"deceased,omitempty"`  // date of death, or DiedUnknown; nothing is ever sent after it

	Language i18n.Lang `bson:"language"`
	Zone     string    `bson:"zone,omitempty"` // IANA; "" = from the ZIP, else from the number
	Address  Address   `bson:"address,omitempty"`
	Points   []Point   `bson:"points,omitempty"`
	ReachMe  ReachMe   `bson:"reachMe,omitempty"`
	Proxy    *Proxy    `bson:"proxy,omitempty"` // a contact person, who is not the participant
	Slow     bool      `bson:"slow,omitempty"`  // twice the time for keys on the phone

	Basis    Basis     `bson:"basis"`
	Consents []Consent `bson:"consents,omitempty"` // the ledger: only ever appended to
	Home     string    `bson:"home,omitempty"`     // the site whose staff keep this person; "" = any
	Source   string    `bson:"source"`             // how they came: "web", "import:fhir:dir", "staff"
	SourceID string    `bson:"sourceID,omitempty"` // sealed; their id in the system they came from, perhaps a record number
	Imported string    `bson:"imported,omitempty"` // keyed hash of what the source said last
	Created  time.Time `bson:"created"`

	PIN        string    `bson:"pin,omitempty"` // keyed hash of the phone PIN, with the person's id in it
	PINFails   int       `bson:"pinFails,omitempty"`
	PINLocked  time.Time `bson:"pinLocked,omitempty"`
	NameDigest string    `bson:"nameDigest,omitempty"` // keyed hash of name and birth date: an exact repeat of a sign-up
	Erased     time.Time `bson:"erased,omitempty"`
	Test       bool      `bson:"test,omitempty"` // a practice person: never counted
}

// Address is where a person lives. Only the first three digits of the ZIP are in clear.
type Address struct {
	Line  string `bson:"line,omitempty"`  // sealed
	City  string `bson:"city,omitempty"`  // sealed
	State string `bson:"state,omitempty"` // sealed
	ZIP   string `bson:"zip,omitempty"`   // sealed, five digits
	ZIP3  string `bson:"zip3,omitempty"`
}

// PointKind is what a Point is.
type PointKind string

// The kinds of point.
const (
	Mobile   PointKind = "mobile"
	Landline PointKind = "landline"
	Email    PointKind = "email"
)

// Point is a phone or an e-mail address. Several people may share one (field rule F2).
type Point struct {
	Kind      PointKind `bson:"kind"`
	Value     string    `bson:"value"` // sealed; E.164 or a lower-case address
	Hash      string    `bson:"hash"`  // keyed look-up hash of Value
	Raw       string    `bson:"raw,omitempty"`
	Verified  time.Time `bson:"verified,omitempty"`
	Status    string    `bson:"status,omitempty"` // "" good, "wrong" quarantined, "invalid" the carrier refused it, "suspect" two e-mails came back, "nodial" kept as text only
	StatusAt  time.Time `bson:"statusAt,omitempty"`
	Preferred bool      `bson:"preferred,omitempty"`
	Shared    bool      `bson:"shared,omitempty"`    // the person said others use it
	Discreet  bool      `bson:"discreet,omitempty"`  // text says only "please call"
	Voicemail string    `bson:"voicemail,omitempty"` // "yes", "no", "" not asked
	NoText    bool      `bson:"noText,omitempty"`    // cannot take texts
	Hard      int       `bson:"hard,omitempty"`      // e-mails that came back for good since it was last confirmed
	Soft      int       `bson:"soft,omitempty"`      // and those that came back for now
}

// What a Point's status can be, besides "" for good.
const (
	StatusWrong   = "wrong"   // somebody else answered: quarantined
	StatusInvalid = "invalid" // the carrier refused it
	StatusSuspect = "suspect" // two e-mails came back for good
	StatusNoDial  = "nodial"  // kept as text only, because it is no valid number
)

// Usable says whether the point may be tried at all.
func (p Point) Usable() bool { return p.Status == "" }

// ReachMe is how a person can be reached, asked at sign-up (F8).
type ReachMe struct {
	TextOnly    bool      `bson:"textOnly,omitempty"` // never called by a machine
	Relay       bool      `bson:"relay,omitempty"`    // captioned phone or relay: no automated calls
	LargePrint  bool      `bson:"largePrint,omitempty"`
	Interpreter i18n.Lang `bson:"interpreter,omitempty"`
	BestTimes   string    `bson:"bestTimes,omitempty"` // "morning", "afternoon", "evening"
	From        string    `bson:"from,omitempty"`      // own window for messages, "09:00"
	To          string    `bson:"to,omitempty"`
	CallAt      string    `bson:"callAt,omitempty"`   // when a machine calls for a diary, instead of the study's time: "18:30"
	SkipDays    []string  `bson:"skipDays,omitempty"` // weekdays without messages: "Sun"
	Paused      string    `bson:"paused,omitempty"`   // no word about studies before this day: "2026-03-01"
	Away        []Away    `bson:"away,omitempty"`     // dates without messages
	Remind      Channel   `bson:"remind,omitempty"`   // which way a reminder is tried first: SMS, Voice or ByEmail; "" as the study does it
	Changed     time.Time `bson:"changed,omitempty"`  // when any of this last did; kept by Directory
}

// Proxy is the person to talk to in someone's place, such as a daughter.
type Proxy struct {
	Person PersonID `bson:"person"`
	Role   string   `bson:"role"` // "daughter", "carer"
}

// PersonID is the typed id.
func (p *Person) PersonID() PersonID { return PersonID(p.ID) }

// Name is how staff see a person once revealed: "Rosa Delgado".
func (p *Person) Name() string { return strings.TrimSpace(p.Given + " " + p.Family) }

// Masked is how staff see a person before a logged reveal: "R. D."
func (p *Person) Masked() string {
	var b strings.Builder
	for _, s := range []string{p.Given, p.Family} {
		if s == "" {
			continue
		}
		first, _ := utf8.DecodeRuneInString(s)
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(first)
		b.WriteByte('.')
	}
	if b.Len() == 0 {
		return "(no name)"
	}
	return b.String()
}

// Phone returns the point to try first for texts (or calls): usable, preferred first, mobile
// before landline for texts. ok is false when there is none.
func (p *Person) Phone(forText bool) (pt Point, ok bool) {
	best := -1
	for _, x := range p.Points {
		if x.Kind == Email || !x.Usable() || (forText && (x.NoText || x.Kind == Landline)) {
			continue
		}
		score := 0
		if x.Preferred {
			score += 2
		}
		if x.Kind == Mobile {
			score++
		}
		if score > best {
			best, pt, ok = score, x, true
		}
	}
	return pt, ok
}

// ClearBirthYear is the year kept in clear: everyone who is 90 or over at now shares one value. 0 is
// unknown.
func ClearBirthYear(birthDate string, now time.Time) int {
	if len(birthDate) < 4 {
		return 0
	}
	y, err := strconv.Atoi(birthDate[:4])
	if err != nil {
		return 0
	}
	return max(y, now.Year()-90)
}
