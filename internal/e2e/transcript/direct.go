package transcript

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
)

// direct speaks to the operator without a phone company in between.
type direct struct {
	t      testing.TB
	r      *rig.Rig
	texts  int
	calls  int
	last   ivr.Inbound
	event  ivr.CallEvent
	script ivr.Script

	tapes int
	tape  ivr.RecordingEvent // the last that was told of

	advanced bool // the carrier says what it made of a text
}

// Direct is the line straight into the operator.
func Direct(t testing.TB) Opener {
	return func(who ivr.OptOut) Line { return DirectOn(t, rig.Options{OptOut: who}) }
}

// DirectOn is a line straight into an operator of a rig of one's own.
func DirectOn(t testing.TB, opt rig.Options) Line {
	return &direct{t: t, r: rig.New(t, opt), advanced: opt.OptOut == ivr.OptOutAdvanced}
}

func (d *direct) Rig() *rig.Rig { return d.r }

func (d *direct) Moved() error { return nil }

func (d *direct) Text(from, body string) ([]string, error) {
	n, err := number(from)
	if err != nil {
		return nil, err
	}
	d.texts++
	d.last = ivr.Inbound{SID: fmt.Sprintf("SM%d", d.texts), From: n, To: office(), Body: body}
	if d.advanced {
		d.last.OptOut = optOutType[strings.ToUpper(strings.TrimSpace(body))]
	}
	return d.Again()
}

// optOutType is what Twilio's Advanced Opt-Out makes of its default words.
var optOutType = map[string]string{"STOP": "STOP", "STOPALL": "STOP", "UNSUBSCRIBE": "STOP", "END": "STOP", "QUIT": "STOP", "CANCEL": "STOP", "REVOKE": "STOP", "OPTOUT": "STOP",
	"START": "START", "YES": "START", "UNSTOP": "START", "HELP": "HELP", "INFO": "HELP"}

// Lose has the carrier keep a text and tell nobody.
func (d *direct) Lose(from, body string) error {
	n, err := number(from)
	d.texts++
	d.r.Sent.Received(ivr.Inbound{SID: fmt.Sprintf("SM%d", d.texts), From: n, To: office(), Body: body, Sent: d.r.Clock.Now().Truncate(time.Second)})
	return err
}

func (d *direct) Again() ([]string, error) { return d.r.Operator.Text(d.t.Context(), d.last) }

// called finds our last call to a number.
func (d *direct) called(to string) (ivr.CallEvent, error) {
	all := d.r.Sent.To(to)
	for i := len(all) - 1; i >= 0; i-- {
		if m := all[i]; m.Kind == outbox.Call {
			n, err := number(to)
			return ivr.CallEvent{SID: rig.SID(m), From: office(), To: n, Outbound: true, Message: m.ID}, err
		}
	}
	return ivr.CallEvent{}, errors.New("no call was made")
}

func (d *direct) Answer(to, by string) (err error) {
	if d.event, err = d.called(to); err != nil {
		return err
	}
	if err := d.r.Operator.CallStatus(d.t.Context(), d.status("in-progress")); err != nil {
		return err
	}
	d.event.AnsweredBy = by
	d.script, err = d.r.Operator.Answer(d.t.Context(), d.event)
	return err
}

func (d *direct) Unanswered(to, how string) (err error) {
	if d.event, err = d.called(to); err != nil {
		return err
	}
	return d.r.Operator.CallStatus(d.t.Context(), d.status(how))
}

func (d *direct) Dial(from string) error {
	n, err := number(from)
	if err != nil {
		return err
	}
	d.calls++
	d.event = ivr.CallEvent{SID: fmt.Sprintf("CA%d", d.calls), From: n, To: office()}
	d.script, err = d.r.Operator.Answer(d.t.Context(), d.event)
	return err
}

func (d *direct) Press(keys string) error {
	return d.press(ivr.CallEvent{Digits: keys, Step: d.step()})
}

func (d *direct) Silence() error { return d.press(ivr.CallEvent{NoInput: true, Step: d.step()}) }

func (d *direct) PressStep(step int, keys string) error {
	return d.press(ivr.CallEvent{Digits: keys, Step: step})
}

func (d *direct) Dialed(how string) error {
	picked := how == "completed" || how == "machine"
	if picked {
		key := map[string]string{"completed": "1"}[how]
		for _, asked := range []bool{false, true, true} { // the key arrives twice
			if _, err := d.r.Operator.Whisper(d.t.Context(), d.event.SID, asked, key); err != nil {
				return err
			}
		}
		how = "completed" // either way, as the carrier sees it
	}
	return d.press(ivr.CallEvent{Dialed: how, Step: d.step()})
}

func (d *direct) press(what ivr.CallEvent) error {
	d.event.Digits, d.event.NoInput, d.event.Dialed, d.event.Step = what.Digits, what.NoInput, what.Dialed, what.Step
	d.event.Recording, d.event.Recorded = what.Recording, what.Recorded
	return d.Repeat()
}

func (d *direct) Repeat() (err error) {
	d.script, err = d.r.Operator.Press(d.t.Context(), d.event)
	return err
}

func (d *direct) End() error { return d.r.Operator.CallStatus(d.t.Context(), d.status("completed")) }

// speechRate is how many characters are said in a second.
const speechRate = 14

// Speak has the carrier ask for the next words first, and then tell of the recording. One that was cut
// off is told of after the end of the call.
func (d *direct) Speak(words string, hangUp bool) error {
	if !slices.ContainsFunc(d.script, func(x ivr.Step) bool { _, ok := x.(ivr.Record); return ok }) {
		return errors.New("nothing is recorded")
	}
	d.tapes++
	d.tape = ivr.RecordingEvent{SID: fmt.Sprintf("RE%d", d.tapes), Call: d.event.SID, Step: d.step(), Status: "completed", Lasted: time.Duration(max(1, len([]rune(words))/speechRate)) * time.Second}
	d.r.Sent.Taped(d.tape.SID, words)
	said := ivr.CallEvent{Digits: "#", Step: d.tape.Step, Recording: d.tape.SID, Recorded: d.tape.Lasted}
	if hangUp {
		said.Digits = "hangup"
		if err := d.End(); err != nil {
			return err
		}
	}
	if err := d.press(said); err != nil {
		return err
	}
	return d.Told()
}

func (d *direct) Told() error { return d.r.Operator.RecordingStatus(d.t.Context(), d.tape) }

func (d *direct) status(status string) ivr.CallEvent {
	ev := d.event
	ev.Status, ev.Digits, ev.Dialed, ev.Step, ev.NoInput, ev.Recording = status, "", "", 0, false, ""
	return ev
}

// step is the one the script waits for.
func (d *direct) step() int {
	for _, x := range d.script {
		switch v := x.(type) {
		case ivr.Gather:
			return v.Step
		case ivr.Dial:
			return v.Step
		}
	}
	return 0
}

// Played stands before words that a recording says.
const Played = "♪ "

func (d *direct) Heard() (string, error) {
	var b strings.Builder
	say := func(v ivr.Say) {
		if v.Sound != "" {
			b.WriteString(Played)
		}
		b.WriteString(v.Text + " ")
	}
	for _, x := range d.script {
		switch v := x.(type) {
		case ivr.Say:
			say(v)
		case ivr.Gather:
			for _, p := range v.Prompts {
				say(p)
			}
		}
	}
	return b.String(), nil
}

func (d *direct) Over() (bool, error) {
	return len(d.script) > 0 && d.script[len(d.script)-1] == (ivr.Hangup{}), nil
}

func (d *direct) Waits() (time.Duration, error) {
	for _, x := range d.script {
		if g, ok := x.(ivr.Gather); ok {
			return g.Timeout, nil
		}
	}
	return 0, nil
}

func (d *direct) Slowly() (bool, error) {
	slow := true
	for _, x := range d.script {
		switch v := x.(type) {
		case ivr.Say:
			slow = slow && v.Slow
		case ivr.Gather:
			for _, p := range v.Prompts {
				slow = slow && p.Slow
			}
		}
	}
	return slow, nil
}

func (d *direct) Sent(to string) ([]string, error) {
	var out []string
	for _, m := range d.r.Sent.To(to) {
		out = append(out, m.Body)
	}
	return out, nil
}

// number reads one of a transcript; "withheld" is none.
func number(raw string) (phone.Number, error) {
	if raw == "withheld" {
		return phone.Number{}, nil
	}
	return phone.Parse(raw, "US")
}

func office() phone.Number {
	n, _ := number(rig.Office)
	return n
}
