package outbox

import "time"

// Pace is how fast one kind of message may go from our number: so many units a second, and how many
// units a message is. A text's units are its parts, since carriers count those. The zero value sets
// no limit. Each process keeps its own pace: several share a number's by dividing it among them.
type Pace struct {
	PerSecond float64
	Units     func(m Message) int // nil: one
}

// lane is when, in real time, the next message of a kind may go, and which one went last, when.
type lane struct {
	free, began time.Time
	last        string
}

// ahead is how long before its turn a message may be taken. At a fast pace many are under way at
// once, each waiting for its own moment; at a slow one this is less than one message.
const ahead = 100 * time.Millisecond

// full: no message of this kind may begin now.
func (x *Box) full(k Kind, wall time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.lanes[k].free.After(wall.Add(ahead))
}

// begin takes the lane for a message, for as long as it occupies it, and says how long to wait before
// it may go. Asked again for the same message it says so again: the row may have to be taken again.
func (x *Box) begin(m *Message, wall time.Time) (wait time.Duration, ok bool) {
	p := x.opts.Paces[m.Kind]
	if p.PerSecond <= 0 {
		return 0, true
	}
	units := 1
	if p.Units != nil {
		units = max(p.Units(*m), 1)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	l := x.lanes[m.Kind]
	if l.last == m.ID && l.free.After(wall) {
		return l.began.Sub(wall), true
	}
	if l.free.After(wall.Add(ahead)) {
		return 0, false
	}
	if l.began = wall; l.free.After(wall) {
		l.began = l.free
	}
	l.free, l.last = l.began.Add(time.Duration(float64(units)/p.PerSecond*float64(time.Second))), m.ID
	x.lanes[m.Kind] = l
	return l.began.Sub(wall), true
}

// most is how many messages of a kind one listing may hold: what comes meanwhile and is more urgent
// is in the next.
func (x *Box) most(k Kind) int {
	p := x.opts.Paces[k]
	if p.PerSecond <= 0 {
		return x.opts.PerTick
	}
	return max(1, int(p.PerSecond))
}
