package eval

// Outcome says whether a criterion stands in the person's way. For an exclusion, met means
// that it does not apply to the person.
type Outcome string

// The outcomes.
const (
	Met            Outcome = "met"
	NotMet         Outcome = "not met"
	OutcomeUnknown Outcome = "unknown"
)

// OutcomeOf is the outcome with this truth.
func OutcomeOf(t Truth) Outcome {
	switch t {
	case True:
		return Met
	case False:
		return NotMet
	}
	return OutcomeUnknown
}

// Truth is what the outcome says of the criterion being met.
func (o Outcome) Truth() Truth { return o.truth() }

func (o Outcome) truth() Truth {
	switch o {
	case Met:
		return True
	case NotMet:
		return False
	}
	return Unknown
}

// Cause says what an outcome rests on, or why it is unknown.
type Cause string

// Causes of a known outcome.
const (
	Inside        Cause = "in range"
	Outside       Cause = "out of range"
	Present       Cause = "present"
	Over          Cause = "over" // was so, or outside the window
	Absent        Cause = "not on confirmed list"
	Denied        Cause = "said no"
	Matches       Cause = "matches"
	Differs       Cause = "differs"
	NotApplicable Cause = "does not apply"
	Grouped       Cause = "group"
)

// Causes of an unknown.
const (
	Missed      Cause = "missing" // never recorded or asked
	Stale       Cause = "stale"   // older than the window
	Undated     Cause = "undated"
	Imprecise   Cause = "date not precise"
	FutureDated Cause = "future-dated"
	Unconfirmed Cause = "list not confirmed"
	Comparator  Cause = "value not precise" // "<5" against 4
	OtherUnit   Cause = "unit cannot be converted"
	NoValue     Cause = "no value"
	Unsure      Cause = "answered not known"
	Conflict    Cause = "sources disagree"
	SexUnknown  Cause = "sex unknown"
)

// Reason is the outcome of one criterion for one person and what it rests on.
type Reason struct {
	ID          string    `json:"id"`
	Outcome     Outcome   `json:"outcome"`
	Why         Cause     `json:"why"`
	Fact        *Fact     `json:"fact,omitempty"`        // that decided, or came nearest to it
	Value       string    `json:"value,omitempty"`       // of what is no fact: age, kilometres, language
	Unit        string    `json:"unit,omitempty"`        // of Value
	Confirmed   Date      `json:"confirmed,omitempty"`   // of the list the code is not on
	FutureDated bool      `json:"futureDated,omitempty"` // a date is wrong: worth a look
	Policy      Missing   `json:"policy,omitempty"`      // decided, because the data did not
	Overridden  *Override `json:"overridden,omitempty"`
	Of          []Reason  `json:"of,omitempty"`
}
