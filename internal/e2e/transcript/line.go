package transcript

import (
	"time"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
)

// Line is how a transcript reaches people's phones. A method that the line has no means for
// returns errors.ErrUnsupported, and the rest of the transcript is skipped with a loud line.
type Line interface {
	Rig() *rig.Rig
	// Moved says that the clock was moved.
	Moved() error
	// Text sends a text to us and returns the replies; Again delivers the same text once more.
	Text(from, body string) ([]string, error)
	Again() ([]string, error)
	// Lose sends a text to us whose webhook does not arrive.
	Lose(from, body string) error
	// Answer picks up our last call to a number: a person ("") or a machine ("machine").
	Answer(number, by string) error
	Unanswered(number, how string) error
	Dial(from string) error
	// Press and Silence answer the question that was asked last; PressStep one of before.
	Press(keys string) error
	Silence() error
	PressStep(step int, keys string) error
	Repeat() error
	Dialed(how string) error
	End() error
	// Speak says words after the tone and stops, or hangs up there; Told has the carrier tell of the
	// last recording once more.
	Speak(words string, hangUp bool) error
	Told() error
	// Heard is what the call said since the last event, Over whether it is over, and Waits how
	// long it waits for the first key.
	Heard() (string, error)
	Over() (bool, error)
	Waits() (time.Duration, error)
	// Slowly says whether all of what was said last was said slowly.
	Slowly() (bool, error)
	// Sent lists the texts ("" for a call) that we sent to a number, but replies.
	Sent(number string) ([]string, error)
}

// Opener makes a line on which STOP is answered as said; "" by the carrier.
type Opener func(who ivr.OptOut) Line
