package matching

import "time"

// Touched is what a touch in the feed does.
func (x *Live) Touched(id string, at time.Time) { x.table.Load().Touch(id, at) }

// TrialsChanged is what a change in the collection of Options.TrialsIn does.
func (x *Live) TrialsChanged() { x.single.old.Store(true) }
