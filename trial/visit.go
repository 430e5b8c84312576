package trial

import (
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
)

// Visit is one planned step for one subject. Target, Earliest and Latest are local days at the
// site; Day and Time are the booking, with the zone they were made in.
type Visit struct {
	docstore.Meta `bson:",inline"`
	Subject       string            `bson:"subject"`
	Person        contacts.PersonID `bson:"person"`
	Study         StudyID           `bson:"study"`
	Site          string            `bson:"site"`
	Code          string            `bson:"code"` // of the PlanStep
	Mode          string            `bson:"mode"`
	Target        string            `bson:"target"`
	Earliest      string            `bson:"earliest"`
	Latest        string            `bson:"latest"`
	Hard          bool              `bson:"hard,omitempty"`
	State         VisitState        `bson:"state"`
	Day           string            `bson:"day,omitempty"`  // booked local day
	Time          string            `bson:"time,omitempty"` // booked local time, "09:30"
	Zone          string            `bson:"zone"`
	Start         time.Time         `bson:"start,omitempty"`    // the same as an instant
	BookedAt      time.Time         `bson:"bookedAt,omitempty"` // business time of the booking
	Room          string            `bson:"room,omitempty"`
	Reply         string            `bson:"reply,omitempty"` // "confirmed", "change asked", ""
	ReplyAt       time.Time         `bson:"replyAt,omitempty"`
	ReplyBy       string            `bson:"replyBy,omitempty"` // channel
	Sequence      int               `bson:"sequence"`          // grows when the booking changes
	Why           string            `bson:"why,omitempty"`     // sealed: reason of a booking outside the window, or of a cancellation
	Amount        int               `bson:"amount,omitempty"`  // cents, when kept
}

// VisitState is where a visit is.
type VisitState string

// The states, after FHIR Appointment.
const (
	Proposed  VisitState = "proposed" // projected from the plan, not booked
	Booked    VisitState = "booked"
	Kept      VisitState = "fulfilled"
	Missed    VisitState = "noshow"
	Cancelled VisitState = "cancelled"
)

// Local is the start of a booked visit on the clock of its site.
func (v *Visit) Local() time.Time {
	if l, err := time.LoadLocation(v.Zone); err == nil {
		return v.Start.In(l)
	}
	return v.Start
}
