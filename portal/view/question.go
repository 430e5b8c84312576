package view

// Question is one question on a screen of its own: the diary, the pre-screener, a check-in. It
// is the heading of its page, so the page sets Title for the tab and Bare.
type Question struct {
	Post     string // where the answer goes
	Intro    string // above the question: what this is, about how long
	Field    Field  // Large is set by the component
	Hidden   []Hidden
	NotSure  bool   // adds the answer "I'm not sure", sent as NAME = "" with unsure=1
	Skip     bool   // adds "Skip this question", sent with skip=1
	Submit   string // "" for "Continue"
	Back     string // address of the question before; "" hides it
	Later    string // "Finish later: we will text you a link"; "" hides it
	LaterURL string
	Progress Progress
	Notice   string // of who made the instrument, below everything
}

// Asked is the field as the question of the screen.
func (q Question) Asked() Field {
	q.Field.Large = true
	return q.Field
}

// Progress is how far a questionnaire is. Total 0: the total varies, so only a number is said.
type Progress struct{ Done, Total int }

// Share is the part done, 0 to 1; with an unknown total it nears 1 without reaching it.
func (p Progress) Share() float64 {
	if p.Total > 0 {
		return clamp(float64(p.Done) / float64(p.Total))
	}
	return clamp(float64(p.Done) / float64(p.Done+4))
}

// ErrorPage is what a reader sees when a request could not be answered.
type ErrorPage struct {
	Page
	Status int
	Text   string // what happened, in plain words
	Next   string // what to do now
	ID     string // to quote when asking for help
	Home   Link
}

// Template names the page.
func (*ErrorPage) Template() string { return "view/error" }

// Layout is that of staff for who is signed in as one: the way on stays in sight.
func (p *ErrorPage) Layout() string {
	if p.User != nil && p.User.Role != "" {
		return "staff"
	}
	return "public"
}
