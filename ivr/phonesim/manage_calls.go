package phonesim

import (
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"
)

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
	if !c.ringsOnPhone() {
		s.unlock()
		return 0, nil, conflict("this call is not ringing on a phone: %s", c.Status)
	}
	s.pickUp(c)
	s.unlock()
	return s.settledCall(r, http.StatusOK, c)
}

// ringsOnPhone reports that a person can pick the call up.
func (c *call) ringsOnPhone() bool {
	return c.Status == statusRinging && c.Direction != directionInbound && !c.Machine
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
// listens to the same question; the rest is ignored, as on a real phone. A phone
// that rings is picked up first.
func (s *Simulator) postDigits(r *http.Request) (int, any, error) {
	var in struct{ Digits string }
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	if in.Digits == "" || strings.Trim(in.Digits, "0123456789*#") != "" {
		return 0, nil, badRequest("digits are 0 to 9, * and #")
	}
	c, err := s.whenever(r, func(c *call) bool { return c.Status != statusQueued })
	if err != nil {
		return 0, nil, err
	}
	if c.ringsOnPhone() {
		s.pickUp(c)
	}
	s.unlock()
	if c, err = s.whenever(r, (*call).listening); err != nil {
		return 0, nil, err
	}
	out := pressed{}
	out.Taken = s.pressAll(c, in.Digits)
	out.Ignored = in.Digits[len(out.Taken):]
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
