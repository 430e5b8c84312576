package trial

import (
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
)

// Subject is one person in one study, from the first interest to the end (FHIR
// ResearchSubject). Its id is made from both, so a person is in a study once.
type Subject struct {
	docstore.Meta `bson:",inline"`
	Person        contacts.PersonID `bson:"person"`
	Study         StudyID           `bson:"study"`
	Site          string            `bson:"site"`
	Status        Status            `bson:"status"`
	Since         time.Time         `bson:"since"` // event date of the present status
	Moves         []Move            `bson:"moves,omitempty"`
	Number        string            `bson:"number,omitempty"` // participant number, from consent on
	Dial          string            `bson:"dial,omitempty"`   // Number as it is keyed on a phone
	Source        string            `bson:"source,omitempty"` // "web", "text", "registry"
	Anchor        string            `bson:"anchor,omitempty"` // day D0 of the visit plan
	Consent       *InformedConsent  `bson:"consent,omitempty"`
	Verdict       string            `bson:"verdict,omitempty"`  // eligible, possible, excluded: last evaluation
	Version       int               `bson:"version,omitempty"`  // of the criteria it was made with
	Judged        string            `bson:"judged,omitempty"`   // day as of which it was first so
	Promised      time.Time         `bson:"promised,omitempty"` // when somebody was promised to have called (F9)
	Told          time.Time         `bson:"told,omitempty"`     // staff told the person of the present status (F22)
	Practice      bool              `bson:"practice,omitempty"`
}

// Move is one step of the status machine.
type Move struct {
	From    Status    `bson:"from"`
	To      Status    `bson:"to"`
	Event   string    `bson:"event"`            // the day it happened, local
	Entered time.Time `bson:"entered"`          // when it was recorded
	Reason  string    `bson:"reason,omitempty"` // a code of Reasons
	Note    string    `bson:"note,omitempty"`   // sealed
	By      string    `bson:"by"`
}

// InformedConsent records that the person consented to the study itself.
type InformedConsent struct {
	FormVersion string    `bson:"formVersion"`
	Signed      time.Time `bson:"signed"`
	ObtainedBy  string    `bson:"obtainedBy"`
	CopyGiven   bool      `bson:"copyGiven"`
}

// SignsAgain says whether the person takes part on a form that an amendment has replaced, and the
// study asks everybody in it to sign the new one.
func (s *Subject) SignsAgain(st *Study) bool {
	f := st.ConsentForm
	return f.SignAgain && s.Consent != nil && s.Consent.FormVersion != f.Version && s.Status.AfterConsent()
}

// SubjectID is the id of person × study.
func SubjectID(p contacts.PersonID, s StudyID) string { return "sub_" + string(p) + "_" + string(s) }
