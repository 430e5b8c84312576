package contacts

import "time"

// Ask is the question put to the consent gate.
type Ask struct {
	Purpose Purpose
	Channel Channel
	Study   *StudyGate // nil: not about one study
	Point   *Point     // nil: the point Phone would choose
	Now     time.Time
	Zone    *time.Location // the person's; nil: unknown, then a timed channel is refused for staff to settle
	Recent  []Touch        // outbound contacts of the last 31 days, for the cap
	Blocked bool           // the number is on the suppression list
	Reply   bool           // answers something the person just sent: any hour
}

// StudyGate is what the gate must know of a study. trial fills it.
type StudyGate struct {
	ID              string
	NeutralName     string
	RecruitmentOpen bool
	WhyClosed       string // "board approval LUH-25-0042 expired on 3 March 2026"
	OfficePhone     string
	From, To        string // hours for messages, "09:00" and "20:00"; "" = the default
	MaxPerMonth     int    // recruitment contacts; 0 = the default, 4
	Enrolled        bool   // the person is in the study now
}

// Reason is one sentence about why something is or is not allowed, with a code for programs.
type Reason struct {
	Code string    // "stopped", "records-only", "no-consent", "deceased", "quiet-hours", "cap", "no-point", "study-closed", "text-only", "wrong-number", "suppressed", "busy", "waiver"
	Text string    // for staff: "Keisha stopped texts on 3 May 2026 by replying STOP. Call instead."
	At   time.Time // when it came about, where that is known
}

// Gate is the answer. When not OK and NotBefore is set, the same question will pass then.
type Gate struct {
	OK        bool
	Reasons   []Reason // why not; when OK, what it rests on
	NotBefore time.Time
	Point     Point // what would be used
}
