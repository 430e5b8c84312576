package contacts

import "time"

// Shown is a person as other programs get them, from muster person show --format json for one.
// It holds everything personal: whoever prints it has called Reveal.
type Shown struct {
	Person      PersonID          `json:"person"`
	Given       string            `json:"given"`
	Family      string            `json:"family"`
	BirthDate   string            `json:"birthDate,omitempty"`
	Sex         string            `json:"sex,omitempty"`
	Gender      string            `json:"gender,omitempty"`
	Deceased    string            `json:"deceased,omitempty"`
	Language    string            `json:"language"`
	Zone        string            `json:"zone,omitempty"` // own, or the one that follows from ZIP or number
	Address     *ShownAddress     `json:"address,omitempty"`
	Points      []ShownPoint      `json:"points"`
	Basis       ShownBasis        `json:"basis"`
	Consents    []ShownConsent    `json:"consents"`
	Home        string            `json:"home,omitempty"`
	Source      string            `json:"source"`
	SourceID    string            `json:"sourceId,omitempty"`
	Created     time.Time         `json:"created"`
	Facts       []Fact            `json:"facts"` // codes as system|code
	Complete    map[string]string `json:"complete,omitempty"`
	Erased      *time.Time        `json:"erased,omitempty"`
	Interpreter string            `json:"interpreter,omitempty"`
	TextOnly    bool              `json:"textOnly,omitempty"`
	Relay       bool              `json:"relay,omitempty"`
}

// ShownAddress is an address in JSON.
type ShownAddress struct {
	Line  string `json:"line,omitempty"`
	City  string `json:"city,omitempty"`
	State string `json:"state,omitempty"`
	ZIP   string `json:"zip,omitempty"`
}

// ShownPoint is a phone or e-mail in JSON; Value is as written where it is no valid number.
type ShownPoint struct {
	Kind     PointKind  `json:"kind"`
	Value    string     `json:"value"`
	Status   string     `json:"status,omitempty"`
	Verified *time.Time `json:"verified,omitempty"`
}

// ShownBasis is a Basis in JSON.
type ShownBasis struct {
	Kind      BasisKind `json:"kind"`
	Study     string    `json:"study,omitempty"`
	Board     string    `json:"board,omitempty"`
	Reference string    `json:"reference,omitempty"`
	Expires   string    `json:"expires,omitempty"`
	Ways      []Channel `json:"ways,omitempty"`
	At        time.Time `json:"at"`
}

// ShownConsent is an entry of the ledger in JSON.
type ShownConsent struct {
	Purpose  Purpose   `json:"purpose"`
	Channel  Channel   `json:"channel"`
	Granted  bool      `json:"granted"`
	At       time.Time `json:"at"`
	Wording  string    `json:"wording,omitempty"`
	Source   string    `json:"source"`
	Evidence string    `json:"evidence,omitempty"`
	Study    string    `json:"study,omitempty"`
}

// Show puts a person and their chart into the form other programs get.
func Show(p Person, c Chart) Shown {
	s := Shown{
		Person: p.PersonID(), Given: p.Given, Family: p.Family, BirthDate: p.BirthDate, Sex: p.Sex, Gender: p.Gender,
		Deceased: p.Deceased, Language: string(p.Language), Home: p.Home, Source: p.Source, SourceID: p.SourceID,
		Created: p.Created, Facts: c.Facts, Complete: c.Complete, Interpreter: string(p.ReachMe.Interpreter),
		TextOnly: p.ReachMe.TextOnly, Relay: p.ReachMe.Relay,
		Basis: ShownBasis{p.Basis.Kind, p.Basis.Study, p.Basis.Board, p.Basis.Reference, p.Basis.Expires, p.Basis.Ways, p.Basis.At},
	}
	if z, ok := Zone(p); ok {
		s.Zone = z.String()
	}
	if a := (ShownAddress{p.Address.Line, p.Address.City, p.Address.State, p.Address.ZIP}); a != (ShownAddress{}) {
		s.Address = &a
	}
	if !p.Erased.IsZero() {
		s.Erased = &p.Erased
	}
	s.Points = make([]ShownPoint, 0, len(p.Points))
	for i, pt := range p.Points {
		x := ShownPoint{Kind: pt.Kind, Value: pt.Value, Status: pt.Status}
		if x.Value == "" {
			x.Value = pt.Raw
		}
		if !pt.Verified.IsZero() {
			x.Verified = &p.Points[i].Verified
		}
		s.Points = append(s.Points, x)
	}
	s.Consents = make([]ShownConsent, 0, len(p.Consents))
	for _, e := range p.Consents {
		s.Consents = append(s.Consents, ShownConsent{e.Purpose, e.Channel, e.Granted, e.At, e.Wording, e.Source, e.Evidence, e.Study})
	}
	if s.Facts == nil {
		s.Facts = []Fact{}
	}
	return s
}
