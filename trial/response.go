package trial

import (
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/survey"
)

// Response is one questionnaire being answered by one person, on whatever channels. The session
// inside is the pure engine's; everything around it says whose it is and when it may be answered.
type Response struct {
	docstore.Meta `bson:",inline"`
	Person        contacts.PersonID `bson:"person"`
	Study         StudyID           `bson:"study,omitempty"`
	Subject       string            `bson:"subject,omitempty"` // "" for a pre-screen
	Questionnaire string            `bson:"questionnaire"`     // library name
	Kind          string            `bson:"kind"`              // "diary", "prescreen", "checkin" (asked outside the plan, such as practice)
	Item          string            `bson:"item,omitempty"`    // the one question of a pre-screen that was asked alone, "" for all
	Alone         StudyID           `bson:"alone,omitempty"`   // then the study, until the answer is deleted
	Plan          string            `bson:"plan,omitempty"`    // which of the study's diaries, "" for its diary
	Day           string            `bson:"day,omitempty"`     // local day it is about
	Opens         time.Time         `bson:"opens,omitempty"`
	Closes        time.Time         `bson:"closes,omitempty"`
	State         string            `bson:"state"`   // "due", "in-progress", "completed", "missed", "stopped"
	Session       survey.Session    `bson:"session"` // answers' text and raw input sealed; those to a pre-screen sealed whole, under a key of that person and study
	Practice      bool              `bson:"practice,omitempty"`
}
