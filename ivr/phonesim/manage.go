package phonesim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"
)

// manageError is an error answer of the management API: {"error": "…"}.
type manageError struct {
	Status int    `json:"-"`
	Text   string `json:"error"`
}

func (e *manageError) Error() string { return e.Text }

func badRequest(format string, args ...any) *manageError {
	return &manageError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func conflict(format string, args ...any) *manageError {
	return &manageError{http.StatusConflict, fmt.Sprintf(format, args...)}
}

// manageFunc is one operation of the management API.
type manageFunc func(r *http.Request) (int, any, error)

// manage wraps an operation: JSON in, JSON out. A change with a body must say
// that it is JSON, which a form of a foreign page cannot.
func manage(f manageFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.ContentLength != 0 {
			if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
				e := &manageError{http.StatusUnsupportedMediaType, "Content-Type must be application/json"}
				writeJSON(w, e.Status, e)
				return
			}
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		status, v, err := f(r)
		if err != nil {
			var e *manageError
			switch {
			case errors.As(err, &e):
			case errors.Is(err, errUnsettled):
				e = &manageError{http.StatusGatewayTimeout, err.Error()}
			default:
				e = badRequest("%v", err)
			}
			writeJSON(w, e.Status, e)
			return
		}
		writeJSON(w, status, v)
	})
}

// body reads the JSON of a request; an empty one leaves v as it is.
func body(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return badRequest("the request's JSON cannot be read: %v", err)
	}
	return nil
}

// phoneOf finds the phone a request names: E.164, or digits alone.
func (s *Simulator) phoneOf(r *http.Request) (*handset, error) {
	n, ok := e164(mux.Vars(r)["number"])
	if !ok {
		return nil, badRequest("not a phone number")
	}
	if h := s.phone(n); h != nil {
		return h, nil
	}
	return nil, &manageError{http.StatusNotFound, errNotFiction.Error()}
}

// ownOf reads the number a person texts or calls: one of ours, and when none is
// given the one that wrote or called last.
func (s *Simulator) ownOf(h *handset, to string) (string, error) {
	if to == "" {
		if n := s.lastContact(h.Number); n != "" {
			return n, nil
		}
		if len(s.numbers) == 0 {
			return "", conflict("the application has no number")
		}
		return s.numbers[0].Number, nil
	}
	n, ok := e164(to)
	if !ok || s.own(n) == nil {
		return "", badRequest("nobody has the number %q here", to)
	}
	return n, nil
}

func (s *Simulator) getPhones(*http.Request) (int, any, error) {
	s.lock()
	defer s.unlock()
	return http.StatusOK, s.viewPhones(), nil
}

func (s *Simulator) getPhone(r *http.Request) (int, any, error) {
	s.lock()
	defer s.unlock()
	h, err := s.phoneOf(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.viewPhone(h), nil
}

// putPhone changes what is given; what is left out stays.
func (s *Simulator) putPhone(r *http.Request) (int, any, error) {
	s.lock()
	defer s.unlock()
	h, err := s.phoneOf(r)
	if err != nil {
		return 0, nil, err
	}
	changed := h.Handset
	changed.AutoReply = nil // never decode into the old rules' memory
	if err := body(r, &changed); err != nil {
		return 0, nil, err
	}
	changed.Number = h.Number
	if changed.AutoReply == nil {
		changed.AutoReply = h.AutoReply
	}
	if err := changed.check(); err != nil {
		return 0, nil, badRequest("%v", err)
	}
	h.Handset, h.Edited, h.Listed = changed, true, true
	s.touch()
	return http.StatusOK, s.viewPhone(h), nil
}

// postText sends a text from a person's phone.
func (s *Simulator) postText(r *http.Request) (int, any, error) {
	var in struct{ Body, To string }
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	s.lock()
	h, err := s.phoneOf(r)
	var to string
	if err == nil {
		to, err = s.ownOf(h, in.To)
	}
	switch {
	case err != nil:
	case in.Body == "" || len([]rune(in.Body)) > maxBody:
		err = badRequest("a text has 1 to %d characters", maxBody)
	case h.Landline:
		err = conflict("a landline sends no texts")
	}
	if err != nil {
		s.unlock()
		return 0, nil, err
	}
	m := s.textIn(h.Number, to, in.Body)
	v := s.viewText(m, h.Number)
	s.unlock()
	return http.StatusCreated, v, s.settle(r.Context(), func() bool { return !s.pending(m.SID) })
}

// postCall calls one of our numbers from a person's phone.
func (s *Simulator) postCall(r *http.Request) (int, any, error) {
	var in struct{ To string }
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	s.lock()
	h, err := s.phoneOf(r)
	var to string
	if err == nil {
		to, err = s.ownOf(h, in.To)
	}
	if err == nil && s.onPhone(h.Number) != nil {
		err = conflict("this phone is in a call")
	}
	if err != nil {
		s.unlock()
		return 0, nil, err
	}
	c := s.dialIn(h.Number, to)
	s.unlock()
	return s.settledCall(r, http.StatusCreated, c)
}

func (s *Simulator) callByPath(r *http.Request) (*call, error) {
	if c := s.calls[mux.Vars(r)["sid"]]; c != nil {
		return c, nil
	}
	return nil, &manageError{http.StatusNotFound, "there is no such call"}
}

// settledCall answers with the call once the application has answered for it.
func (s *Simulator) settledCall(r *http.Request, status int, c *call) (int, any, error) {
	if err := s.settle(r.Context(), func() bool { return !s.fetching(c) }); err != nil {
		return 0, nil, err
	}
	s.lock()
	defer s.unlock()
	return status, s.viewCall(c), nil
}

// fetching reports that a call waits for the application's answer, which is on
// its way (not held back by a fault).
func (s *Simulator) fetching(c *call) bool {
	if !c.live() || c.Wait == nil || c.Wait.Kind != waitFetch {
		return false
	}
	for _, j := range s.st.Jobs {
		if j.SID == c.SID && j.Kind == jobVoice && j.Gen == c.Gen {
			return !j.Held
		}
	}
	return false
}

// pending reports that a webhook about a message is on its way.
func (s *Simulator) pending(sid string) bool {
	for _, j := range s.st.Jobs {
		if j.SID == sid && !j.Held {
			return true
		}
	}
	return false
}

func (s *Simulator) getCall(r *http.Request) (int, any, error) {
	s.lock()
	defer s.unlock()
	c, err := s.callByPath(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.viewCall(c), nil
}

// patience is how long a key or a word waits, in real time, until the call listens.
const patience = 5 * time.Second

// postAnswer picks up a ringing phone. A call that was accepted but does not ring
// yet is waited for.
func (s *Simulator) postAnswer(r *http.Request) (int, any, error) {
	c, err := s.whenever(r, func(c *call) bool { return c.Status != statusQueued })
	if err != nil {
		return 0, nil, err
	}
	if c.Status != statusRinging || c.Direction == directionInbound || c.Machine {
		s.unlock()
		return 0, nil, conflict("this call is not ringing on a phone: %s", c.Status)
	}
	s.pickUp(c)
	s.unlock()
	return s.settledCall(r, http.StatusOK, c)
}

// whenever waits until ready holds for the call of a request, at most patience,
// and returns it with the lock held.
func (s *Simulator) whenever(r *http.Request, ready func(*call) bool) (*call, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		s.lock()
		c, err := s.callByPath(r)
		if err != nil {
			s.unlock()
			return nil, err
		}
		if ready(c) || !c.live() {
			return c, nil
		}
		changed := s.changed
		s.unlock()
		select {
		case <-changed:
		case <-late.C:
			s.lock()
			return c, nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

// listening reports that keys or words would be heard.
func (c *call) listening() bool {
	if c.Wait == nil {
		return false
	}
	switch c.Wait.Kind {
	case waitDigits, waitRecord:
		return true
	case waitDial:
		return c.Wait.Talk != ""
	}
	return false
}

// pressed is the answer to keys: what was heard and what came too early or too late.
type pressed struct {
	*callView
	Taken   string `json:"taken"`
	Ignored string `json:"ignored,omitempty"`
}

// postDigits presses keys one after the other. They are heard as long as the call
// listens to the same question; the rest is ignored, as on a real phone.
func (s *Simulator) postDigits(r *http.Request) (int, any, error) {
	var in struct{ Digits string }
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	if in.Digits == "" || strings.Trim(in.Digits, "0123456789*#") != "" {
		return 0, nil, badRequest("digits are 0 to 9, * and #")
	}
	c, err := s.whenever(r, (*call).listening)
	if err != nil {
		return 0, nil, err
	}
	out := pressed{}
	for i, key := range in.Digits {
		if !c.listening() || !s.press(c, string(key)) {
			out.Ignored = in.Digits[i:]
			break
		}
		out.Taken += string(key)
	}
	s.unlock()
	if out.Taken == "" {
		return 0, nil, conflict("nothing listens to keys now: the call is %s", c.doing())
	}
	status, v, err := s.settledCall(r, http.StatusOK, c)
	if err != nil {
		return 0, nil, err
	}
	out.callView = v.(*callView)
	return status, out, nil
}

// doing says in a word what a call does.
func (c *call) doing() string {
	if c.live() && c.Wait != nil {
		return "at " + string(c.Wait.Kind)
	}
	return c.Status
}

// postSpeech says words into the phone.
func (s *Simulator) postSpeech(r *http.Request) (int, any, error) {
	var in struct{ Text string }
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	text := strings.TrimSpace(in.Text)
	if text == "" || len([]rune(text)) > maxBody {
		return 0, nil, badRequest("text has 1 to %d characters", maxBody)
	}
	c, err := s.whenever(r, (*call).listening)
	if err != nil {
		return 0, nil, err
	}
	heard := s.speak(c, text)
	s.unlock()
	if !heard {
		return 0, nil, conflict("nothing listens to words now: the call is %s", c.doing())
	}
	return s.settledCall(r, http.StatusOK, c)
}

// postHangup puts the phone down, or declines.
func (s *Simulator) postHangup(r *http.Request) (int, any, error) {
	s.lock()
	c, err := s.callByPath(r)
	if err == nil && !c.live() {
		err = conflict("the call is over: %s", c.Status)
	}
	if err == nil && c.Status == statusQueued {
		err = conflict("the call does not ring yet")
	}
	if err != nil {
		s.unlock()
		return 0, nil, err
	}
	s.hangUp(c)
	v := s.viewCall(c)
	s.unlock()
	return http.StatusOK, v, nil
}

// getLog lists what happened, oldest first; ?after=ID gives what is newer.
func (s *Simulator) getLog(r *http.Request) (int, any, error) {
	after, _ := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	s.lock()
	defer s.unlock()
	entries := []*entry{}
	for _, e := range s.st.Log {
		if e.ID > after {
			entries = append(entries, e)
		}
	}
	return http.StatusOK, map[string]any{"now": s.now(), "entries": entries}, nil
}

func (s *Simulator) getFaults(*http.Request) (int, any, error) {
	s.lock()
	defer s.unlock()
	return http.StatusOK, s.viewFaults(), nil
}

// putFaults replaces the list of faults: {"faults": [{"kind": …}]}.
func (s *Simulator) putFaults(r *http.Request) (int, any, error) {
	var in struct {
		Faults []*Fault `json:"faults"`
	}
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	for _, f := range in.Faults {
		if f == nil {
			return 0, nil, badRequest("a fault is empty")
		}
		if err := f.check(); err != nil {
			return 0, nil, badRequest("%v", err)
		}
	}
	s.lock()
	defer s.unlock()
	s.st.Faults = in.Faults
	kinds := []string{}
	for _, f := range in.Faults {
		kinds = append(kinds, string(f.Kind))
	}
	s.record(&entry{Kind: logPhone, Summary: "Faults: " + orElse(strings.Join(kinds, ", "), "none")})
	return http.StatusOK, s.viewFaults(), nil
}

func (s *Simulator) viewFaults() any {
	faults := s.st.Faults
	if faults == nil {
		faults = []*Fault{}
	}
	return map[string]any{"faults": faults}
}

func (s *Simulator) getClock(*http.Request) (int, any, error) {
	s.lock()
	defer s.unlock()
	return http.StatusOK, s.viewClock(), nil
}

func (s *Simulator) viewClock() any {
	return map[string]any{"now": s.now(), "aheadSeconds": s.st.Offset.Seconds(), "zone": s.opt.Zone}
}

// postAdvance moves the clock and answers when everything on the way has happened.
func (s *Simulator) postAdvance(r *http.Request) (int, any, error) {
	var in struct{ Seconds Seconds }
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	if in.Seconds <= 0 || in.Seconds > 400*24*3600 {
		return 0, nil, badRequest("seconds must be more than 0 and at most 400 days")
	}
	if _, err := s.AdvanceClock(r.Context(), in.Seconds.Duration()); err != nil {
		return 0, nil, err
	}
	return s.getClock(r)
}

// postReset forgets every text, call, block, fault and log line and puts the clock
// back. Phones keep their names; SIDs never repeat.
func (s *Simulator) postReset(*http.Request) (int, any, error) {
	s.lock()
	defer s.unlock()
	old := s.st
	s.st = &state{Version: stateVersion, Seed: old.Seed, Seq: old.Seq, Blocked: map[string]bool{}}
	for _, h := range old.Handsets {
		if !h.Listed {
			continue
		}
		for i := range h.AutoReply {
			h.AutoReply[i].Used = 0
		}
		s.st.Handsets = append(s.st.Handsets, h)
	}
	clear(s.calls)
	clear(s.messages)
	s.touch()
	return http.StatusOK, s.viewClock(), nil
}
