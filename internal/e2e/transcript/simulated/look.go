package simulated

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/ivr/phonesim"
	"github.com/muster-health/muster/ivr/twilio"
)

// Heard is what the caller heard since the last event.
func (l *Line) Heard() (string, error) {
	if l.crafted != "" {
		return strings.Join(between(l.crafted, "<Say", "</Say>"), " "), nil
	}
	c, err := l.view()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, x := range c.Captions[min(l.before, len(c.Captions)):] {
		switch x.Kind {
		case "say":
			b.WriteString(x.Text + " ")
		case "play":
			b.WriteString(transcript.Played + x.Words + " ")
		}
	}
	if c.Error != nil {
		return "", fmt.Errorf("the network refused our TwiML: %s", c.Error)
	}
	return b.String(), nil
}

// Over says whether the call has ended.
func (l *Line) Over() (bool, error) {
	if l.crafted != "" {
		return strings.Contains(l.crafted, "<Hangup"), nil
	}
	c, err := l.view()
	return c.Status == "completed", err
}

// Waits is how long the call waits for a key.
func (l *Line) Waits() (time.Duration, error) {
	c, err := l.view()
	if err != nil || c.WaitingFor == nil {
		return 0, err
	}
	return c.WaitingFor.Until.Sub(l.r.Clock.Now()), nil
}

// Slowly says whether all of the last document is to be spoken slowly.
func (l *Line) Slowly() (bool, error) {
	doc := l.hooks.last(twilio.VoicePath).answer
	return strings.Count(doc, "<Say") == strings.Count(doc, `<prosody rate="slow">`), nil
}

// Sent lists what the carrier took for a number.
func (l *Line) Sent(number string) ([]string, error) {
	var out []string
	for _, what := range []string{"Messages", "Calls"} {
		all, err := l.list(what, number)
		if err != nil {
			return nil, err
		}
		for _, x := range all {
			if x.Direction == "outbound-api" {
				out = append(out, x.Body)
			}
		}
	}
	return out, nil
}

// resource is a message or a call of the REST API.
type resource struct {
	SID, Status, Direction, Body string
}

func (l *Line) list(what, to string) ([]resource, error) {
	req, err := http.NewRequest("GET", l.desk+"/2010-04-01/Accounts/"+phonesim.DemoAccountSID+"/"+what+".json?PageSize=500&To="+url.QueryEscape(to), nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(phonesim.DemoAccountSID, phonesim.DemoAuthToken)
	var out map[string]json.RawMessage
	if err := send(req, &out); err != nil {
		return nil, err
	}
	var all []resource
	err = json.Unmarshal(out[strings.ToLower(what)], &all)
	slices.Reverse(all)
	return all, err
}

// callView is what a phone shows of a call.
type callView struct {
	SID, Status string
	Captions    []struct{ Kind, Text, Words string }
	WaitingFor  *struct {
		Kind, FinishOnKey, Entered string
		Until                      time.Time
	}
	Error json.RawMessage
}

func (l *Line) view() (callView, error) {
	var c callView
	return c, l.do("GET", "/sim/calls/"+l.call, nil, &c)
}

func (l *Line) do(method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequest(method, l.desk+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return send(req, out)
}

func send(req *http.Request, out any) error {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return err
	case res.StatusCode >= 300:
		return fmt.Errorf("%s %s answered %d: %s", req.Method, req.URL.Path, res.StatusCode, data)
	case out == nil:
		return nil
	}
	return json.Unmarshal(data, out)
}
