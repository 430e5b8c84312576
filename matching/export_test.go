package matching

// TrialsChanged is what a change in the collection of Options.TrialsIn does.
func (x *Live) TrialsChanged() { x.single.old.Store(true) }
