package phonesim

import (
	"cmp"
	"slices"
	"strings"
)

// AutoKeys are keys a person presses when they hear something.
type AutoKeys struct {
	// When is looked for in what was said since the last key, ignoring case; "" = anything.
	When string `json:"when,omitempty"`
	// Keys are pressed one after the other, such as "4471#".
	Keys string `json:"keys"`
	// After is how long the person thinks; default 3 s.
	After Seconds `json:"after,omitzero"`
}

// thinkTime is how long a person takes to press a key when nothing else is said.
const thinkTime = Seconds(3)

// thinkOfKeys lets a person who presses keys by themselves do so, when the call listens for keys:
// the first rule that fits what they heard.
func (s *Simulator) thinkOfKeys(c *call) {
	h := s.findHandset(c.Phone)
	if h == nil || c.Machine {
		return
	}
	heard := ""
	for _, l := range c.Lines[c.spokenFrom():] {
		switch l.Kind {
		case lineSay:
			heard += strings.ToLower(l.Text) + "\n"
		case linePlay:
			heard += strings.ToLower(l.Words) + "\n"
		}
	}
	i := slices.IndexFunc(h.AutoKeys, func(k AutoKeys) bool { return strings.Contains(heard, strings.ToLower(k.When)) })
	if i < 0 {
		return
	}
	k := h.AutoKeys[i]
	s.after(cmp.Or(k.After, thinkTime).Duration(), timer{Kind: timerKeys, SID: c.SID, Gen: c.Gen, Text: k.Keys})
}

// pressAll presses keys as long as the call listens to the same question; it returns those it took.
func (s *Simulator) pressAll(c *call, keys string) (taken string) {
	for i, key := range keys {
		if !c.listening() || !s.press(c, string(key)) {
			return keys[:i]
		}
	}
	return keys
}
