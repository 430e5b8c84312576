package phonesim

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// timer is something that happens later, on the simulator's clock. A timer whose
// Gen is not its owner's any more is stale and does nothing.
type timer struct {
	Due  time.Time
	Seq  uint64
	Kind timerKind
	SID  string
	Gen  int    `json:",omitempty"`
	Text string `json:",omitempty"`
}

type timerKind string

const (
	timerMessage timerKind = "message" // the next delivery state of a text
	timerPlace   timerKind = "place"   // a queued call is dialled
	timerPickUp  timerKind = "pick-up" // a machine or an automatic person answers
	timerRing    timerKind = "ring"    // nobody answered
	timerWait    timerKind = "wait"    // a gather, pause or recording runs out
	timerLimit   timerKind = "limit"   // the longest a call may last
	timerAMD     timerKind = "amd"     // the asynchronous machine detection is ready
	timerReply   timerKind = "reply"   // an automatic reply is sent
	timerJob     timerKind = "job"     // a delayed webhook leaves
	timerKeys    timerKind = "keys"    // keys are pressed by themselves
)

// after sets a timer.
func (s *Simulator) after(d time.Duration, t timer) {
	s.st.Seq++
	t.Seq, t.Due = s.st.Seq, s.now().Add(d)
	i, _ := slices.BinarySearchFunc(s.st.Timers, t, byDue)
	s.st.Timers = slices.Insert(s.st.Timers, i, t)
	s.touch()
}

func byDue(a, b timer) int {
	if c := a.Due.Compare(b.Due); c != 0 {
		return c
	}
	return int(a.Seq) - int(b.Seq)
}

// fireDue runs every timer that is due, oldest first.
func (s *Simulator) fireDue() {
	for len(s.st.Timers) > 0 && !s.st.Timers[0].Due.After(s.now()) {
		t := s.st.Timers[0]
		s.st.Timers = slices.Delete(s.st.Timers, 0, 1)
		s.touch()
		s.fire(t)
	}
}

func (s *Simulator) fire(t timer) {
	if t.Kind == timerJob {
		s.releaseJob(t.SID)
		return
	}
	if m := s.messages[t.SID]; m != nil && t.Kind == timerMessage {
		s.stepMessage(m)
		return
	}
	if t.Kind == timerReply {
		s.autoReply(t.SID, t.Text)
		return
	}
	c := s.calls[t.SID]
	if c == nil || !c.live() {
		return
	}
	switch t.Kind {
	case timerPlace:
		s.ring(c)
	case timerPickUp:
		s.pickUp(c)
	case timerRing:
		s.unanswered(c)
	case timerLimit:
		s.note(c, lineInfo, "The longest time for a call is over.")
		s.finish(c, statusCompleted)
	case timerAMD:
		s.machineDetected(c)
	case timerKeys:
		if c.Gen == t.Gen {
			s.pressAll(c, t.Text)
		}
	case timerWait:
		if c.Gen == t.Gen {
			s.waitOver(c)
		}
	}
}

// untilNext is how long until the next timer; at most a minute, so that a moved
// base clock is noticed.
func (s *Simulator) untilNext() time.Duration {
	d := time.Minute
	if len(s.st.Timers) > 0 {
		d = min(d, s.st.Timers[0].Due.Sub(s.now()))
	}
	return max(d, time.Millisecond)
}

// Now is the simulator's time, UTC.
func (s *Simulator) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// AdvanceClock moves the simulator's clock forward by d. Everything that falls
// due on the way happens in order and at its own time, each event after the
// application has answered the webhooks of the one before. It returns the new time.
func (s *Simulator) AdvanceClock(ctx context.Context, d time.Duration) (time.Time, error) {
	if d < 0 {
		return time.Time{}, fmt.Errorf("the clock only moves forward")
	}
	s.advancing.Lock()
	defer s.advancing.Unlock()
	target := s.Now().Add(d)
	for {
		if err := s.settle(ctx, s.quietAll); err != nil {
			return s.Now(), err
		}
		if s.step(target) {
			break
		}
	}
	err := s.settle(ctx, s.quietAll)
	return s.Now(), err
}

// step moves to the next timer before target and fires it, or to target and
// reports that it is reached. It takes the lock itself.
func (s *Simulator) step(target time.Time) bool {
	s.lock()
	defer s.unlock()
	to, last := target, true
	if len(s.st.Timers) > 0 && !s.st.Timers[0].Due.After(target) {
		to, last = s.st.Timers[0].Due, false
	}
	if d := to.Sub(s.now()); d > 0 {
		s.st.Offset += d
		s.touch()
	}
	if !last {
		s.fireDue()
	}
	return last
}
