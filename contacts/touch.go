package contacts

import (
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// Touch is one contact with a person, either way, on any channel; the timeline is made of them.
type Touch struct {
	docstore.Meta `bson:",inline"`
	Person        PersonID  `bson:"person"` // "" while nobody could be placed
	At            time.Time `bson:"at"`
	Out           bool      `bson:"out"`
	Channel       Channel   `bson:"channel"`
	Purpose       Purpose   `bson:"purpose,omitempty"`
	Study         string    `bson:"study,omitempty"`
	Kind          string    `bson:"kind"` // "message", "call", "voicemail", "note", "letter"
	Template      string    `bson:"template,omitempty"`
	Version       string    `bson:"version,omitempty"`  // of the template's wording
	Lang          string    `bson:"lang,omitempty"`     // of an outbound one
	Approval      string    `bson:"approval,omitempty"` // the board's, in force for Study when it was written (F17)
	Body          string    `bson:"body,omitempty"`     // sealed
	Outcome       string    `bson:"outcome,omitempty"`  // "queued", "sent", "delivered", "failed", "reached", "no answer", "voicemail left", ...
	Detail        string    `bson:"detail,omitempty"`   // why it failed, in words
	Message       string    `bson:"message,omitempty"`  // outbox id
	SID           string    `bson:"sid,omitempty"`      // the provider's id
	Staff         string    `bson:"staff,omitempty"`    // who did or wrote it
	Next          time.Time `bson:"next,omitempty"`     // a call attempt's next date
	Reply         bool      `bson:"reply,omitempty"`    // outbound: answers what the person just sent, so it does not count for the cap
	Read          bool      `bson:"read,omitempty"`     // staff saw an inbound one
	Unread        bool      `bson:"unread,omitempty"`   // inbound and not Read; kept by Directory, so that it can be queried
	Point         string    `bson:"point,omitempty"`    // hash of the point used
}
