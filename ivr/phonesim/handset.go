package phonesim

import (
	"errors"
	"slices"
)

// errNotFiction is why a number cannot be a handset.
var errNotFiction = errors.New("only the fictional numbers 555-0100 to 555-0199 are handsets here")

// findHandset returns the phone with that number, or nil.
func (s *Simulator) findHandset(number string) *handset {
	return s.handsets[number]
}

// addHandset puts a phone into the world; there is none yet with its number.
func (s *Simulator) addHandset(h *handset) {
	s.st.Handsets = append(s.st.Handsets, h)
	s.handsets[h.Number] = h
}

// phone returns the phone with that number, making it when it may exist; nil when
// it may not, or when it is one of the application's own numbers.
func (s *Simulator) phone(number string) *handset {
	if h := s.findHandset(number); h != nil {
		return h
	}
	if s.own(number) != nil || !s.opt.AnyHandset && !fictional(number) {
		return nil
	}
	h := &handset{Handset: Handset{Number: number}}
	s.addHandset(h)
	s.touch()
	return h
}

// own returns the application's number, or nil.
func (s *Simulator) own(number string) *Number {
	i := slices.IndexFunc(s.numbers, func(n *Number) bool { return n.Number == number })
	if i < 0 {
		return nil
	}
	return s.numbers[i]
}

// label is the name of a number as people see it.
func (s *Simulator) label(number string) string {
	if h := s.findHandset(number); h != nil && h.Name != "" {
		return h.Name
	}
	if n := s.own(number); n != nil && n.Name != "" {
		return n.Name
	}
	return display(number)
}

// onPhone returns the call a handset is busy with, or nil.
func (s *Simulator) onPhone(number string) *call {
	for _, c := range slices.Backward(s.st.Calls) {
		if c.Phone == number && c.live() && !c.Machine && c.Status != statusQueued {
			return c
		}
	}
	return nil
}
