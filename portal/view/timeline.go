package view

import "time"

// Event is one entry of a timeline.
type Event struct {
	At     time.Time
	Kind   string // icon name: "call", "text", "note", "answer", "visit", "consent", "alert", "status"
	Title  string
	Text   string
	By     string // who did it, "" for the person themself
	Chip   *Chip
	Tone   Tone
	Raw    string // what was typed or said, quoted
	Href   string
	Detail []Pair // under a disclosure
}

// Timeline is a list of events, newest first, with a heading per day.
type Timeline struct {
	Label string
	Days  []Day
	More  string // address of older entries
}

// Day is the events of one date.
type Day struct {
	Date   time.Time
	Events []Event
}

// NewTimeline groups events, which come newest first, by their local date.
func NewTimeline(label string, events []Event) Timeline {
	t := Timeline{Label: label}
	for _, e := range events {
		y, m, d := e.At.Date()
		if n := len(t.Days); n > 0 {
			py, pm, pd := t.Days[n-1].Date.Date()
			if y == py && m == pm && d == pd {
				t.Days[n-1].Events = append(t.Days[n-1].Events, e)
				continue
			}
		}
		t.Days = append(t.Days, Day{Date: e.At, Events: []Event{e}})
	}
	return t
}

// Step is one line of what happened with an offer: Is is "done", "now" or "next".
type Step struct {
	Is   string
	Text string
	When string // "12 Feb", "we tried Tue 10:05"
}

// Steps is the way of an offer or of a form, in order.
type Steps struct {
	Title string
	List  []Step
}

// Bubble is one message of a conversation. Out is ours.
type Bubble struct {
	Out    bool
	Text   string
	At     time.Time
	Status string // "delivered", "not delivered: landline"
	Failed bool
	By     string
}

// Thread is a conversation in order, oldest first.
type Thread struct {
	Label   string
	Bubbles []Bubble
	Empty   string
}
