// Package trial is what happens to people in studies: the study and its sites and plans, a
// person's way through it (Subject), visits, questionnaires answered, alerts and staff tasks.
// Coordinator makes every change.
package trial

import (
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/survey"
)

// StudyID is a study's short name in capitals, such as "STEADY". It is never shown to
// participants by text, phone or e-mail; NeutralName is (F11).
type StudyID string

// Study is one protocol as Muster runs it.
type Study struct {
	docstore.Meta `bson:",inline" yaml:"-"`

	Title       map[string]string `bson:"title,omitempty" yaml:"title"`     // plain language, by language
	Summary     map[string]string `bson:"summary,omitempty" yaml:"summary"` // what taking part means
	NeutralName map[string]string `bson:"neutralName,omitempty" yaml:"neutralName"`
	Keyword     string            `bson:"keyword" yaml:"keyword"` // neutral too: "PINE"
	Sponsor     string            `bson:"sponsor,omitempty" yaml:"sponsor"`
	Payment     map[string]string `bson:"payment,omitempty" yaml:"payment"` // one plain sentence (F23)
	Duration    map[string]string `bson:"duration,omitempty" yaml:"duration"`
	Conditions  []string          `bson:"conditions,omitempty" yaml:"conditions"` // words people search by

	State           StudyState `bson:"state" yaml:"state"`
	RecruitmentOpen bool       `bson:"recruitmentOpen" yaml:"recruitmentOpen"`
	EnrolmentOpen   bool       `bson:"enrolmentOpen" yaml:"enrolmentOpen"`
	Board           Board      `bson:"board" yaml:"board"`
	ConsentForm     Form       `bson:"consentForm,omitempty" yaml:"consentForm"`
	EnrolmentPoint  string     `bson:"enrolmentPoint" yaml:"enrolmentPoint"` // "consent", "eligible", "randomized"
	Target          int        `bson:"target,omitempty" yaml:"target"`
	Began           string     `bson:"began,omitempty" yaml:"began"` // day recruitment opened
	Ends            string     `bson:"ends,omitempty" yaml:"ends"`   // day the target is due

	Sites     []Site     `bson:"sites" yaml:"sites"`
	Criteria  string     `bson:"criteria" yaml:"criteria"`             // YAML of package criteria
	Version   int        `bson:"version" yaml:"version"`               // of the criteria; grows with each change, unless the file says it
	PreScreen string     `bson:"preScreen,omitempty" yaml:"preScreen"` // questionnaire name in the library
	Visits    []PlanStep `bson:"visits,omitempty" yaml:"visits"`
	Diary     *DiaryPlan `bson:"diary,omitempty" yaml:"diary"`
	Reminders []Rule     `bson:"reminders,omitempty" yaml:"reminders"`
	// Diaries are further questionnaires with plans of their own, each with an id.
	Diaries []DiaryPlan `bson:"diaries,omitempty" yaml:"diaries"`

	Contact       ContactRules `bson:"contact,omitempty" yaml:"contact"`
	AnswersByText string       `bson:"answersByText,omitempty" yaml:"answersByText"` // "no", "link" (default), "yes" with a board reference (F16)
	Recordings    string       `bson:"recordings,omitempty" yaml:"recordings"`       // "no" (default), "yes": questions in own words are asked by phone too, and what is said is recorded (F13)
	// CodeWordMinutes is how long before a call by a machine a text names our number and a word that the
	// call says first; 0 (default) = no such text.
	CodeWordMinutes int `bson:"codeWordMinutes,omitempty" yaml:"codeWordMinutes"`
	// TextsNeedApproval: nothing goes out whose words have no approval of their own (F17).
	TextsNeedApproval bool     `bson:"textsNeedApproval,omitempty" yaml:"textsNeedApproval"`
	OnCall            []OnCall `bson:"onCall,omitempty" yaml:"onCall"`
	OutOfHours        string   `bson:"outOfHours,omitempty" yaml:"outOfHours"` // what happens to a red flag then, in words (F18)
	// OnCallHours are those in which the study promises that somebody is on call: "always", or as of a
	// Site; "" = whatever hours those on call have.
	OnCallHours string `bson:"onCallHours,omitempty" yaml:"onCallHours"`
	// OutOfHoursSend says whom a red flag goes to while nobody is on call: "everybody" (default) under
	// OnCall in order, or "nobody" until somebody is, with a task for staff.
	OutOfHoursSend  string  `bson:"outOfHoursSend,omitempty" yaml:"outOfHoursSend"`
	EscalateMinutes int     `bson:"escalateMinutes,omitempty" yaml:"escalateMinutes"` // before the next step about an alert; default 5
	Promise         Promise `bson:"promise" yaml:"promise"`
	RetainDays      int     `bson:"retainDays,omitempty" yaml:"retainDays"` // pre-screen answers of people it does not fit; default 90
}

// StudyState is where a study is.
type StudyState string

// The states.
const (
	StudySetup    StudyState = "setup"
	StudyOpen     StudyState = "open"
	StudyFollowUp StudyState = "follow-up" // nobody new; visits go on
	StudyClosed   StudyState = "closed"
)

// Board is the ethics board's approval (F17).
type Board struct {
	Name     string `bson:"name,omitempty" yaml:"name"`
	Phone    string `bson:"phone,omitempty" yaml:"phone"`
	Number   string `bson:"number" yaml:"number"`
	Approved string `bson:"approved" yaml:"approved"` // day
	Expires  string `bson:"expires" yaml:"expires"`   // last day
}

// Form is the informed-consent form that is signed now.
type Form struct {
	Version   string `bson:"version,omitempty" yaml:"version"`     // as printed at its foot
	SignAgain bool   `bson:"signAgain,omitempty" yaml:"signAgain"` // who signed an earlier one signs this one too
}

// Site is a place where the study runs.
type Site struct {
	ID          string `bson:"id" yaml:"id"` // "main"
	Name        string `bson:"name,omitempty" yaml:"name"`
	Address     string `bson:"address,omitempty" yaml:"address"`
	Room        string `bson:"room,omitempty" yaml:"room"`
	ZIP         string `bson:"zip" yaml:"zip"`
	Zone        string `bson:"zone" yaml:"zone"`                         // IANA
	Phone       string `bson:"phone" yaml:"phone"`                       // the office
	MajorityAge int    `bson:"majorityAge,omitempty" yaml:"majorityAge"` // default 18
	Emergency   string `bson:"emergency,omitempty" yaml:"emergency"`     // default "911"
	Hours       string `bson:"hours,omitempty" yaml:"hours"`             // when the office answers: "Mon-Fri 08:00-17:00"
	// Closed are days on which the office is closed whatever its hours: "2026-12-25".
	Closed []string `bson:"closed,omitempty" yaml:"closed"`
}

// OnCall is who gets alerts, in order; dated shifts go before it (Shift).
type OnCall struct {
	Name  string `bson:"name,omitempty" yaml:"name"`
	Phone string `bson:"phone" yaml:"phone"`
	Hours string `bson:"hours" yaml:"hours"` // of the week: "always", "shifts" for none but dated ones, or as of a Site; a file may leave it out where there are no red flags: always
}

// Promise is what volunteers are told happens next, and by when (F9).
type Promise struct {
	Caller string `bson:"caller" yaml:"caller"` // "Ben from the research office"
	Number string `bson:"number" yaml:"number"` // shown, and the number they will see
	Hours  int    `bson:"hours" yaml:"hours"`   // working hours until the call
}

// PlanStep is one visit or call of the plan, counted in days from the anchor (D0).
type PlanStep struct {
	Code    string            `bson:"code" yaml:"code"` // "V2"
	Name    map[string]string `bson:"name,omitempty" yaml:"name"`
	Day     int               `bson:"day" yaml:"day"`
	Early   int               `bson:"early,omitempty" yaml:"early"` // days before the target still in the window
	Late    int               `bson:"late,omitempty" yaml:"late"`
	Hard    bool              `bson:"hard,omitempty" yaml:"hard"`     // outside is not possible at all
	Mode    string            `bson:"mode,omitempty" yaml:"mode"`     // "site" (default), "phone", "video"
	Amount  int               `bson:"amount,omitempty" yaml:"amount"` // cents paid when it was kept
	Prep    map[string]string `bson:"prep,omitempty" yaml:"prep"`     // "No food after midnight"
	Minutes int               `bson:"minutes,omitempty" yaml:"minutes"`
}

// DiaryPlan says which questionnaire is due when, and what in it is a red flag.
type DiaryPlan struct {
	ID            string            `bson:"id,omitempty" yaml:"id"`                     // "" for the study's diary; "weekly" for one of its diaries
	Questionnaire string            `bson:"questionnaire" yaml:"questionnaire"`         // name in the library
	Name          map[string]string `bson:"name,omitempty" yaml:"name"`                 // neutral
	From          string            `bson:"from" yaml:"from"`                           // local window, "18:00"
	To            string            `bson:"to" yaml:"to"`                               // "22:00", or "24:00"
	Days          string            `bson:"days" yaml:"days"`                           // "daily", "weekly", "Tue,Thu,Sun", "before-visit:7"
	Channels      []survey.Channel  `bson:"channels" yaml:"channels"`                   // preferred first
	CallAt        string            `bson:"callAt,omitempty" yaml:"callAt"`             // local time of the call, "18:30"
	Retries       int               `bson:"retries,omitempty" yaml:"retries"`           // further calls when nobody was reached
	RetryMinutes  int               `bson:"retryMinutes,omitempty" yaml:"retryMinutes"` // from the attempt's end
	ReAsks        int               `bson:"reAsks,omitempty" yaml:"reAsks"`             // how often a question is asked again by text before a person takes over; default 3
	Identity      string            `bson:"identity,omitempty" yaml:"identity"`         // "answers only", "standard", "staff" (F12)
	Mode          survey.Mode       `bson:"mode,omitempty" yaml:"mode"`                 // "allowed", "flagged", "locked": may an entry go on by another channel; the questionnaire's own counts where it is stricter
	RedFlags      []survey.FlagRule `bson:"redFlags,omitempty" yaml:"redFlags"`
	SafetyText    map[string]string `bson:"safetyText,omitempty" yaml:"safetyText"`
	// RedFlagApproval is the board's reference for the red flags and what follows from them (F18).
	RedFlagApproval string `bson:"redFlagApproval,omitempty" yaml:"redFlagApproval"`
}

// StudyID is the typed id.
func (s *Study) StudyID() StudyID { return StudyID(s.ID) }

// Site returns the site with that id.
func (s *Study) Site(id string) (Site, bool) {
	for _, x := range s.Sites {
		if x.ID == id {
			return x, true
		}
	}
	return Site{}, false
}

// Approved says whether the board's approval stands on day (local, at the first site), and if
// not, why.
func (s *Study) Approved(now time.Time) (ok bool, why string) {
	today := now.In(s.zone()).Format(time.DateOnly)
	switch {
	case s.Board.Number == "":
		return false, "no board approval is recorded"
	case s.Board.Approved > today:
		return false, "board approval " + s.Board.Number + " starts on " + s.Board.Approved
	case s.Board.Expires < today:
		return false, "board approval " + s.Board.Number + " expired on " + s.Board.Expires
	}
	return true, ""
}

// Approval is the board's number for a message written at now: "LUH-24-0117", with the day it
// expired on where that is over, "" where there is none (F17).
func (s *Study) Approval(now time.Time) string {
	if ok, _ := s.Approved(now); ok || s.Board.Number == "" {
		return s.Board.Number
	}
	if today := now.In(s.zone()).Format(time.DateOnly); s.Board.Expires < today {
		return s.Board.Number + " (expired " + s.Board.Expires + ")"
	}
	return ""
}

// Recruiting says whether new people may be looked for and pre-screened now, and if not, why.
func (s *Study) Recruiting(now time.Time) (ok bool, why string) {
	if ok, why := s.Approved(now); !ok {
		return false, why
	}
	if s.State != StudyOpen || !s.RecruitmentOpen {
		return false, "recruitment is not open"
	}
	return true, ""
}

// Zone is that of the first site: its days are the study's.
func (s *Study) Zone() *time.Location { return s.zone() }

func (s *Study) zone() *time.Location {
	if len(s.Sites) > 0 {
		if l, err := time.LoadLocation(s.Sites[0].Zone); err == nil {
			return l
		}
	}
	return time.UTC
}
