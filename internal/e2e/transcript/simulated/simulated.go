// Package simulated plays transcripts through the simulated phone network: the real carrier sends
// and calls by its REST API, and what people do comes back as signed webhooks over HTTP.
package simulated

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/ivr/phonesim"
	"github.com/muster-health/muster/ivr/twilio"
)

// Line is a core behind real webhooks, and the simulator before it.
type Line struct {
	t     testing.TB
	r     *rig.Rig
	sim   *phonesim.Simulator
	desk  string // address of the simulator
	hooks *recorded

	call    string // sid of the call that goes on
	callee  string
	before  int // captions heard before the last event
	crafted string
}

// Open makes lines; see transcript.Opener.
func Open(t testing.TB) transcript.Opener {
	return func(who ivr.OptOut) transcript.Line { return New(t, who) }
}

// New starts a core and a simulator on loopback, with one clock that stands still.
func New(t testing.TB, who ivr.OptOut) *Line {
	t.Helper()
	l := &Line{t: t, hooks: &recorded{}}
	now := clock.Manual(time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC))
	app := httptest.NewServer(l.hooks)
	t.Cleanup(app.Close)
	opt := phonesim.Options{WebhookBase: app.URL, OptOut: phonesim.OptOut(who), Now: now.Now, Seed: 7,
		Numbers:  []phonesim.Number{{Number: rig.Office, Name: "Larkfield research office"}},
		Handsets: []phonesim.Handset{{Number: "+14125550110", Name: "Delgado", Landline: true, Language: "es"}}}
	o := rig.Options{Clock: now, PublicURL: "https://muster.example.test", OptOut: who}
	sim, err := phonesim.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	desk := httptest.NewServer(sim.Handler())
	t.Cleanup(desk.Close)
	base, err := url.Parse(desk.URL)
	if err != nil {
		t.Fatal(err)
	}
	from, err := phone.Parse(rig.Office, "US")
	if err != nil {
		t.Fatal(err)
	}
	// The links in texts are the public ones; webhooks come to the test server.
	o.Carrier = twilio.New(twilio.Options{AccountSID: phonesim.DemoAccountSID, AuthToken: phonesim.DemoAuthToken, From: from, PublicURL: app.URL, BaseURL: base, Now: now.Now})
	l.r, l.sim, l.desk = rig.New(t, o), sim, desk.URL
	l.hooks.next = twilio.NewWebhooks(l.r.Operator, app.URL, phonesim.DemoAccountSID, phonesim.DemoAuthToken, slog.New(slog.DiscardHandler))
	l.hooks.address = app.URL
	return l
}

// Rig is the core.
func (l *Line) Rig() *rig.Rig { return l.r }

// Moved lets the simulator do what has come due.
func (l *Line) Moved() error { return l.wait(0) }

// wait lets d pass, second by second, so that what follows from something comes after it.
func (l *Line) wait(d time.Duration) error {
	for {
		step := min(d, time.Second)
		l.r.Clock.Advance(step)
		if _, err := l.sim.AdvanceClock(l.t.Context(), 0); err != nil {
			return err
		}
		if d -= step; d <= 0 {
			return nil
		}
	}
}

// Text sends a text from a phone; a withheld number is posted as the network would.
func (l *Line) Text(from, body string) ([]string, error) {
	if from == "withheld" {
		_, err := l.hooks.post(twilio.SMSPath, url.Values{"MessageSid": {fmt.Sprintf("SMwithheld%d", l.hooks.count())}, "AccountSid": {phonesim.DemoAccountSID}, "From": {"anonymous"}, "To": {rig.Office}, "Body": {body}})
		return nil, err
	}
	if err := l.do("POST", "/sim/phones/"+url.PathEscape(from)+"/sms", map[string]string{"to": rig.Office, "body": body}, nil); err != nil {
		return nil, err
	}
	return l.hooks.replies(), nil
}

// Lose sends a text from a phone while webhooks are lost.
func (l *Line) Lose(from, body string) error {
	if err := l.faults([]phonesim.Fault{{Kind: phonesim.FaultWebhookDrop, Match: twilio.SMSPath, Times: 1}}); err != nil {
		return err
	}
	if err := l.do("POST", "/sim/phones/"+url.PathEscape(from)+"/sms", map[string]string{"to": rig.Office, "body": body}, nil); err != nil {
		return err
	}
	if err := l.wait(time.Second); err != nil {
		return err
	}
	return l.faults([]phonesim.Fault{})
}

func (l *Line) faults(all []phonesim.Fault) error {
	return l.do("PUT", "/sim/faults", map[string]any{"faults": all}, nil)
}

// Again posts the last text once more.
func (l *Line) Again() ([]string, error) {
	if err := l.hooks.again(twilio.SMSPath); err != nil {
		return nil, err
	}
	return l.hooks.replies(), nil
}

// Answer waits for the phone to ring and picks it up.
func (l *Line) Answer(to, by string) error {
	if how := map[string]phonesim.CallBehaviour{"machine": phonesim.CallVoicemail, "fax": phonesim.CallFax}[by]; how != "" {
		if err := l.onCall(to, how); err != nil {
			return err
		}
		defer l.onCall(to, phonesim.CallRings)
	}
	if err := l.ringing(to); err != nil {
		return err
	}
	if by != "" {
		return l.wait(20 * time.Second)
	}
	return l.do("POST", "/sim/calls/"+l.call+"/answer", nil, nil)
}

// Unanswered lets the call end as said.
func (l *Line) Unanswered(to, how string) error {
	behaviour := map[string]phonesim.CallBehaviour{"busy": phonesim.CallBusy, "no-answer": phonesim.CallNoAnswer}[how]
	if behaviour == "" {
		return errors.ErrUnsupported
	}
	if err := l.onCall(to, behaviour); err != nil {
		return err
	}
	defer l.onCall(to, phonesim.CallRings)
	return l.wait(40 * time.Second)
}

func (l *Line) onCall(number string, b phonesim.CallBehaviour) error {
	return l.do("PUT", "/sim/phones/"+url.PathEscape(number), map[string]any{"onCall": b}, nil)
}

// ringing finds the call that rings at a phone.
func (l *Line) ringing(number string) error {
	if err := l.wait(time.Second); err != nil {
		return err
	}
	calls, err := l.list("Calls", number)
	if err != nil {
		return err
	}
	for _, c := range calls {
		if c.Status == "ringing" {
			l.call, l.callee, l.before, l.crafted = c.SID, number, 0, ""
			return nil
		}
	}
	return fmt.Errorf("nothing rings at %s", number)
}

// Dial calls us from a phone; withheld numbers do not exist in the simulator.
func (l *Line) Dial(from string) error {
	if from == "withheld" {
		return errors.ErrUnsupported
	}
	var c callView
	if err := l.do("POST", "/sim/phones/"+url.PathEscape(from)+"/calls", map[string]string{"to": rig.Office}, &c); err != nil {
		return err
	}
	l.call, l.callee, l.before, l.crafted = c.SID, from, 0, ""
	return l.wait(2 * time.Second) // of silence before the first words
}

// Press presses keys, and the finish key where the call waits for more of them. After the call is
// over they are posted, as keys that were on their way.
func (l *Line) Press(keys string) error {
	c, err := l.view()
	if err != nil {
		return err
	}
	if c.Status != "in-progress" {
		return l.late("Digits", keys)
	}
	l.before, l.crafted = len(c.Captions), ""
	if err := l.do("POST", "/sim/calls/"+l.call+"/digits", map[string]string{"digits": keys}, nil); err != nil {
		return err
	}
	if c, err = l.view(); err != nil {
		return err
	}
	if w := c.WaitingFor; w != nil && w.Kind == "digits" && w.Entered == keys && w.FinishOnKey != "" {
		if err := l.do("POST", "/sim/calls/"+l.call+"/digits", map[string]string{"digits": w.FinishOnKey}, nil); err != nil {
			return err
		}
	}
	return l.wait(0) // reports of the call's end are on their way
}

// late posts keys for the last question of a call that is over.
func (l *Line) late(key, value string) error {
	action, err := l.hooks.action()
	if err != nil {
		return err
	}
	return l.craft(action, url.Values{key: {value}})
}

func (l *Line) craft(path string, extra url.Values) error {
	form := l.hooks.form(twilio.VoicePath)
	for _, k := range []string{"Digits", "FinishedOnKey", "msg", "DialCallStatus", "DialCallSid", "DialBridged"} {
		form.Del(k)
	}
	for k, v := range extra {
		form[k] = v
	}
	body, err := l.hooks.post(path, form)
	l.crafted = body
	return err
}

// PressStep posts keys for an earlier question.
func (l *Line) PressStep(step int, keys string) error {
	action, err := l.hooks.action()
	if err != nil {
		return err
	}
	return l.craft(stepIn.ReplaceAllString(action, fmt.Sprintf("step=%d", step)), url.Values{"Digits": {keys}})
}

// Silence lets the time for keys run out.
func (l *Line) Silence() error {
	c, err := l.view()
	if err != nil {
		return err
	}
	if c.WaitingFor == nil {
		return errors.New("the call waits for nothing")
	}
	l.before, l.crafted = len(c.Captions), ""
	return l.wait(c.WaitingFor.Until.Sub(l.r.Clock.Now()) + time.Second)
}

// Repeat posts the last webhook of a call once more.
func (l *Line) Repeat() error {
	err := l.hooks.again(twilio.VoicePath)
	l.crafted = l.hooks.last(twilio.VoicePath).answer
	return err
}

// Dialed has the office pick up, take the call and hang up again, or a machine pick up, or nobody.
func (l *Line) Dialed(how string) error {
	caller, callee := l.call, l.callee
	office := "+14125550101"
	c, err := l.view()
	if err != nil {
		return err
	}
	before := len(c.Captions)
	if how == "completed" || how == "machine" {
		if err := l.ringing(office); err != nil {
			return err
		}
		if err := l.do("POST", "/sim/calls/"+l.call+"/answer", nil, nil); err != nil {
			return err
		}
		if how == "completed" {
			if err := l.do("POST", "/sim/calls/"+l.call+"/digits", map[string]string{"digits": "1"}, nil); err != nil {
				return err
			}
			if err := l.do("POST", "/sim/calls/"+l.call+"/hangup", nil, nil); err != nil {
				return err
			}
		}
	}
	l.call, l.callee, l.before = caller, callee, before
	return l.wait(30 * time.Second)
}

// Speak says words after the tone, and presses a key or hangs up.
func (l *Line) Speak(words string, hangUp bool) error {
	c, err := l.view()
	if err != nil {
		return err
	}
	if c.WaitingFor != nil && c.WaitingFor.Kind == "digits" { // until the tone
		if err := l.wait(c.WaitingFor.Until.Sub(l.r.Clock.Now()) + time.Second); err != nil {
			return err
		}
	}
	if c, err = l.view(); err != nil {
		return err
	}
	if c.WaitingFor == nil || c.WaitingFor.Kind != "recording" {
		return fmt.Errorf("nothing is recorded: the call waits for %+v", c.WaitingFor)
	}
	l.before, l.crafted = len(c.Captions), ""
	if err := l.do("POST", "/sim/calls/"+l.call+"/speech", map[string]string{"text": words}, nil); err != nil {
		return err
	}
	if hangUp {
		return l.End()
	}
	if err := l.do("POST", "/sim/calls/"+l.call+"/digits", map[string]string{"digits": "#"}, nil); err != nil {
		return err
	}
	return l.wait(0)
}

// Told posts the last news of a recording once more.
func (l *Line) Told() error { return l.hooks.again(twilio.RecordingPath) }

// End hangs up.
func (l *Line) End() error {
	c, err := l.view()
	if err != nil || c.Status != "in-progress" {
		return err
	}
	if err := l.do("POST", "/sim/calls/"+l.call+"/hangup", nil, nil); err != nil {
		return err
	}
	return l.wait(0)
}
