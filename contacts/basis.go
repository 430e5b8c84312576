package contacts

import "time"

// BasisKind says why a person is in the registry at all (F3).
type BasisKind string

// The four bases.
const (
	ByConsent  BasisKind = "consent"  // they asked to be
	ByReferral BasisKind = "referral" // a clinician asked them and they agreed
	ByWaiver   BasisKind = "waiver"   // a board waived consent, for one study and named ways
	ByRecords  BasisKind = "records"  // from medical records: counts only
)

// Basis is the permission to hold a person's data, before any consent to contact.
type Basis struct {
	Kind      BasisKind `bson:"kind"`
	Study     string    `bson:"study,omitempty"`     // waiver: that study alone
	Board     string    `bson:"board,omitempty"`     // waiver: who granted it
	Reference string    `bson:"reference,omitempty"` // waiver: its number
	Expires   string    `bson:"expires,omitempty"`   // waiver: last day, "2026-12-31"
	Ways      []Channel `bson:"ways,omitempty"`      // waiver: default letter and call
	At        time.Time `bson:"at"`
}

// Valid says whether k is one of the four.
func (k BasisKind) Valid() bool {
	switch k {
	case ByConsent, ByReferral, ByWaiver, ByRecords:
		return true
	}
	return false
}
