package view

// ActionKind is how strongly an action is offered. One Primary per screen.
type ActionKind string

// The strengths of an action.
const (
	Primary   ActionKind = "primary"
	Secondary ActionKind = "secondary"
	Quiet     ActionKind = "quiet"
	Danger    ActionKind = "danger"
)

// Action is a link (Href) or a one-button form (Post). The form carries a once id.
type Action struct {
	Label  string
	Kind   ActionKind
	Href   string
	Post   string
	Fields []Hidden
	Icon   string
	About  string // read after the label by screen readers: "for Rosa, Tuesday 3 March"
}

// Hidden is a name and value sent along.
type Hidden struct{ Name, Value string }

// Card is one matter on a page: what, when, and what to do about it.
type Card struct {
	ID      string
	Title   string
	Meta    string // at the right of the title: "about 2 min"
	Lines   []string
	Facts   []Pair
	Chips   []Chip
	Actions []Action
	Tone    Tone   // a bar at the left; Amber: needs you now
	After   string // a line under the actions: "or text DIARY to (412) 555-0100"
}

// Pair is a term and its value.
type Pair struct {
	Term, Value string
	Sound       string // address of what was recorded, to be played
}

// Stat is one figure with its name. Spark is a series of the last values, drawn small.
type Stat struct {
	Label  string
	Figure string
	Note   string
	Tone   Tone
	Href   string
	Spark  []float64
}

// EmptyState is what a list says when there is nothing, and what to do then.
type EmptyState struct {
	Title  string
	Text   string
	Action *Action
}

// Gate is the consent gate's answer above a button that contacts somebody. When it is not
// Open, Why holds each reason and Instead what can be done.
type Gate struct {
	Open    bool
	Channel string // "Text", "Automated call", "Call"
	Says    string // "Can text Ana now: agreed on 3 May on the web."
	Why     []string
	Instead []Action
	Until   string // "Held until 9:00 am in Mesa (Tue 3 Mar)"; "" when not a matter of time
}
