package contacts

import "time"

// Ask is the question put to the consent gate.
type Ask struct {
	Purpose Purpose
	Channel Channel
	Study   *StudyGate // nil: not about one study
	Point   *Point     // nil: the point Phone would choose
	Now     time.Time
	Zone    *time.Location // nil: what Zones finds; nothing found: a timed channel is refused for staff to settle
	Recent  []Touch        // outbound contacts of the last 31 days, for the caps
	Blocked bool           // the number is on the suppression list
	Reply   bool           // answers something the person just sent: any hour

	TextsADay int // most texts for the care of studies in a day; 0 = the default, 6

	// Sensitive content (F17) goes by a link after sign-in or by a person, never as such.
	Sensitive bool
}

// StudyGate is what the gate must know of a study. trial fills it.
type StudyGate struct {
	ID              string
	NeutralName     string
	RecruitmentOpen bool
	WhyClosed       string // "board approval LUH-25-0042 expired on 3 March 2026"
	OfficePhone     string
	From, To        string   // hours for messages, "09:00" and "20:00"; "" = the default
	Blackout        []string // local dates on which the study's machines are silent: "2026-12-25"
	MaxPerMonth     int      // recruitment contacts; 0 = the default, 4
	Enrolled        bool     // the person is in the study now
	Busy            string   // another study rules this one out: "is in LANTERN until 4 May 2026"
}

// Reason is one sentence about why something is or is not allowed, with a code for programs.
type Reason struct {
	Code string    // one of the codes below
	Text string    // for staff: "Keisha stopped texts on 3 May 2026 by replying STOP. Call instead."
	At   time.Time // when it came about, where that is known
}

// The codes of reasons. The last four say what a permission rests on.
const (
	CodeStopped     = "stopped"
	CodeRecords     = "records-only"
	CodeNoConsent   = "no-consent"
	CodeDeceased    = "deceased"
	CodeErased      = "erased"
	CodeQuiet       = "quiet-hours"
	CodeNoZone      = "no-zone"
	CodeSkipDay     = "skip-day" // the person's own
	CodeAway        = "away"     // the person's own
	CodeBlackout    = "blackout" // the study's
	CodeCap         = "cap"
	CodeDayCap      = "day-cap" // of texts for the care of studies
	CodePaused      = "paused"
	CodeNoPoint     = "no-point"
	CodeWrongNumber = "wrong-number"
	CodeStudyClosed = "study-closed"
	CodeTextOnly    = "text-only"
	CodeRelay       = "relay"
	CodeSensitive   = "sensitive"
	CodeSuppressed  = "suppressed"
	CodeBusy        = "busy"
	CodeSafetyCall  = "safety-call-only"
	CodeUnknown     = "unknown" // a purpose or channel that does not exist

	CodeWaiver    = "waiver" // also as a refusal: not what the waiver covers
	CodeConsent   = "consent"
	CodeRequested = "requested"
	CodeSafety    = "safety"
)

// RecordsOnly is the whole answer about a person known from medical records alone (F3).
const RecordsOnly = "no permission: from medical records, counts only"

// Gate is the answer. When not OK and NotBefore is set, the same question will pass then, if
// nothing else changes.
type Gate struct {
	OK        bool
	Channel   Channel  // what was asked about
	Reasons   []Reason // why not; when OK, what it rests on
	NotBefore time.Time
	Point     Point // what would be used
}
