package contacts

import (
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// FactKind is the sort of thing a Fact says.
type FactKind string

// The kinds, named for the FHIR resources they come from; Answer is one given to us.
const (
	Condition   FactKind = "condition"
	Medication  FactKind = "medication"
	Observation FactKind = "observation"
	Allergy     FactKind = "allergy"
	Answered    FactKind = "answer"
)

// Registry is the scope of facts that may be used to look for any study (F5).
const Registry = "registry"

// Fact is one dated thing known about a person.
type Fact struct {
	ID         string    `bson:"id" json:"id"` // stable: a repeat of the same import gives the same
	Kind       FactKind  `bson:"kind" json:"kind"`
	Code       string    `bson:"code" json:"code"` // "loinc|4548-4"
	Display    string    `bson:"display,omitempty" json:"display,omitempty"`
	Number     *float64  `bson:"number,omitempty" json:"number,omitempty"`
	Comparator string    `bson:"comparator,omitempty" json:"comparator,omitempty"` // "<", ">", "<=", ">="
	Unit       string    `bson:"unit,omitempty" json:"unit,omitempty"`             // UCUM
	Bool       *bool     `bson:"bool,omitempty" json:"bool,omitempty"`
	Text       string    `bson:"text,omitempty" json:"text,omitempty"` // sealed: free words
	ValueCode  string    `bson:"valueCode,omitempty" json:"valueCode,omitempty"`
	ValueText  string    `bson:"valueText,omitempty" json:"valueText,omitempty"` // display of ValueCode
	Date       string    `bson:"date,omitempty" json:"date,omitempty"`           // onset, effective or authored day; may be "2019" or "2019-05"
	Noted      string    `bson:"noted,omitempty" json:"noted,omitempty"`         // a condition or allergy: day the source wrote it down, which is not its onset
	Back       string    `bson:"back,omitempty" json:"back,omitempty"`           // an answer about the time before Date: "P6M"
	End        string    `bson:"end,omitempty" json:"end,omitempty"`             // abated or stopped
	Status     string    `bson:"status,omitempty" json:"status,omitempty"`       // "active", "resolved", "stopped"
	Source     string    `bson:"source" json:"source"`                           // "import:fhir", "web", "sms", "voice", "staff:ben"
	Scope      string    `bson:"scope" json:"scope"`                             // Registry, or the id of the study whose pre-screen asked
	Recorded   time.Time `bson:"recorded" json:"recorded"`
	Sensitive  string    `bson:"sensitive,omitempty" json:"sensitive,omitempty"` // "", "personal", "sensitive"
}

// Chart holds a person's facts, apart from who they are. Its id is the person's.
type Chart struct {
	docstore.Meta `bson:",inline"`
	Facts         []Fact `bson:"facts,omitempty"` // those of one study sealed whole, under a key of that person and study
	// Complete names the lists the person or source confirmed as whole, with the day:
	// "condition", "medication", "allergy". Without it absence means unknown.
	Complete map[string]string `bson:"complete,omitempty"`
}
