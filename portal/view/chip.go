package view

// Tone colours a chip, card or row. The word beside it always says the same.
type Tone string

// The tones: what they mean is in the style guide (static/README.md).
const (
	Plain  Tone = ""
	Teal   Tone = "teal"   // eligible, selected
	Amber  Tone = "amber"  // needs you, possible, unknown
	Red    Tone = "red"    // excluded, failed, danger
	Green  Tone = "green"  // done, confirmed
	Violet Tone = "violet" // notes, staff only
)

// Chip is a short word with a colour and, where there is one, a shape or icon.
type Chip struct {
	Text string
	Tone Tone
	Icon string // name of an icon; "" for none
}

// Verdict is how a person fits a study: "eligible", "possible" or "excluded". It is drawn as
// ● ◐ ○ with its word everywhere.
type Verdict struct {
	Is      string
	Unknown int    // how many criteria are unknown; said after "possible"
	Note    string // said after the word instead, for instance "by age"
}

// Tone is the colour of the verdict.
func (v Verdict) Tone() Tone {
	switch v.Is {
	case "eligible":
		return Teal
	case "possible":
		return Amber
	}
	return Red
}

// Mark is the sign of the verdict.
func (v Verdict) Mark() string {
	switch v.Is {
	case "eligible":
		return "●"
	case "possible":
		return "◐"
	}
	return "○"
}

// Reason is one criterion's outcome: Is is "met", "failed" or "unknown".
type Reason struct {
	Is     string
	ID     string // "I3"
	Text   string // the criterion in words
	Why    string // "HbA1c 7.4 % on 3 March, from the person"
	Only   bool   // this criterion alone excludes
	Action *Action
}

// Mark is the sign of the outcome.
func (r Reason) Mark() string {
	switch r.Is {
	case "met":
		return "●"
	case "unknown":
		return "◐"
	}
	return "○"
}

// Tone is the colour of the outcome.
func (r Reason) Tone() Tone {
	switch r.Is {
	case "met":
		return Teal
	case "unknown":
		return Amber
	}
	return Red
}

// Reasons is a list of outcomes under a verdict.
type Reasons struct {
	Verdict Verdict
	List    []Reason
}
