package phonesim

import (
	"net/http"

	"github.com/gorilla/mux"
)

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
	changed.AutoReply, changed.AutoKeys = nil, nil // never decode into the old rules' memory
	if err := body(r, &changed); err != nil {
		return 0, nil, err
	}
	changed.Number = h.Number
	if changed.AutoReply == nil {
		changed.AutoReply = h.AutoReply
	}
	if changed.AutoKeys == nil {
		changed.AutoKeys = h.AutoKeys
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
