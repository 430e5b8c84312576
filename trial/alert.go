package trial

import (
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
)

// Alert is a red flag on its way to a person who answers for it.
type Alert struct {
	docstore.Meta `bson:",inline"`
	Person        contacts.PersonID `bson:"person"`
	Study         StudyID           `bson:"study"`
	Site          string            `bson:"site"`
	Response      string            `bson:"response,omitempty"`
	Item          string            `bson:"item,omitempty"` // linkId
	Rule          string            `bson:"rule,omitempty"` // id of a rule on more than one answer; Item is then the answer that met it
	Days          []string          `bson:"days,omitempty"` // local days on which a rule on several days was met
	Level         string            `bson:"level"`          // "routine", "urgent", "critical"
	What          string            `bson:"what"`           // sealed: "Upper number 186 (180 or more)"
	Raised        time.Time         `bson:"raised"`
	State         string            `bson:"state"`          // "open", "acknowledged", "closed"
	Code          string            `bson:"code,omitempty"` // sealed: four digits that stand in its text and in no other
	Log           []AlertStep       `bson:"log,omitempty"`
	Tries         int               `bson:"tries"`            // steps taken since it was raised
	Rung          int               `bson:"rung,omitempty"`   // of the ladder that is next, from 0; from there anew when it is raised again
	Texted        []string          `bson:"texted,omitempty"` // who had its text since
	Passed        []string          `bson:"passed,omitempty"` // who handed it on since
	Task          string            `bson:"task,omitempty"`   // of staff, that ends when somebody takes it
	NextTry       time.Time         `bson:"nextTry,omitempty"`
	AckBy         string            `bson:"ackBy,omitempty"`
	AckAt         time.Time         `bson:"ackAt,omitempty"`
	Practice      bool              `bson:"practice,omitempty"`
}

// AlertStep is one line of an alert's record: answered, raised, sent, delivered, called, handed on,
// read, acknowledged, answer changed, met again, closed.
type AlertStep struct {
	At      time.Time `bson:"at"`
	What    string    `bson:"what"`
	Who     string    `bson:"who,omitempty"`
	Note    string    `bson:"note,omitempty"`    // sealed
	Message string    `bson:"message,omitempty"` // the outbox id of what was sent
}

// Task is something staff must do, at the top of the list when it is overdue.
type Task struct {
	docstore.Meta `bson:",inline"`
	Kind          string            `bson:"kind"` // "call", "change-visit", "stopped-texts", "wrong-number", "pin-failed", "unplaced-text", "review", "message-failed", "leave-request", "voicemail", "carrier", "problem"
	Person        contacts.PersonID `bson:"person,omitempty"`
	Study         StudyID           `bson:"study,omitempty"`
	Site          string            `bson:"site,omitempty"`
	Text          string            `bson:"text"` // sealed: "Ana stopped texts: agree another way to reach her before Thursday's visit"
	Due           time.Time         `bson:"due"`
	State         string            `bson:"state"` // "open", "done"
	Urgent        bool              `bson:"urgent,omitempty"`
	Opened        time.Time         `bson:"opened"`
	Done          time.Time         `bson:"done,omitempty"`
	DoneBy        string            `bson:"doneBy,omitempty"`
	Outcome       string            `bson:"outcome,omitempty"` // sealed
	Visit         string            `bson:"visit,omitempty"`
	Touch         string            `bson:"touch,omitempty"`
	Times         int               `bson:"times,omitempty"` // how often what it is about happened, where that is counted
}
