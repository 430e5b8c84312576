package survey

import (
	"errors"
	"fmt"
	"slices"
)

// Mode is what an instrument allows its answers to come by. Reading and hearing are not the same
// measure: mixing them within one entry is a choice for the protocol (ISPOR, Eremenco 2014).
type Mode string

// The policies, from the loosest.
const (
	ModeAllowed Mode = "allowed" // any channel, and another half way
	ModeFlagged Mode = "flagged" // the same, and a session that was mixed says so
	ModeLocked  Mode = "locked"  // the channel of the first answer to the end
)

// ErrMode is that a locked session is put to another channel than that of its first answer.
var ErrMode = errors.New("session goes on by the channel it began on")

// Modes lists the policies from the loosest to the strictest.
func Modes() []Mode { return []Mode{ModeAllowed, ModeFlagged, ModeLocked} }

// Stricter is the stricter of two policies; "" is allowed.
func Stricter(a, b Mode) Mode {
	if slices.Index(Modes(), b) > max(slices.Index(Modes(), a), 0) {
		return b
	}
	return a
}

// Mode is the policy the file declares (urn:muster:mode-policy), "" where it declares none.
func (q *Questionnaire) Mode() Mode { return q.mode }

func (p *parser) readMode(exts []wireExtension) {
	if e := find(exts, extMode); e != nil {
		if p.q.mode = Mode(e.Code); !slices.Contains(Modes(), p.q.mode) {
			p.fail("mode policy %q: use allowed, flagged or locked", short(e.Code))
		}
	}
}

// elsewhere refuses an input to a locked session by another channel than its first answer's. One
// that is over may be looked at anywhere.
func (s Session) elsewhere(in Input) error {
	looks := s.Status != InProgress && in.Kind == Show
	if s.Mode != ModeLocked || len(s.Answers) == 0 || looks || s.Answers[0].Channel == in.Channel {
		return nil
	}
	return fmt.Errorf("by %s, begun by %s: %w", in.Channel, s.Answers[0].Channel, ErrMode)
}
