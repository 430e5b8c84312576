package txproxy

import "math"

// Fault is what befalls one transaction.
type Fault struct {
	Kind FaultKind
	// At is the statement it happens at, counted from 0, for the kinds that befall a statement.
	At int
	// Times is how many attempts to commit lose their connection; 0 = 1. The driver asks again
	// by itself while its context lasts.
	Times int
}

// Always, for Fault.Times, leaves a commit without any answer.
const Always = math.MaxInt

// FaultKind is the sort of a fault.
type FaultKind uint8

// What can befall a transaction.
const (
	None FaultKind = iota

	// At a statement, for Options.Statement.
	Conflict // WriteConflict instead; nothing is left
	Cut      // it is done, and the connection drops before it is answered
	Hang     // it is never answered

	// At the commit, for Options.Commit.
	ConflictCommit // WriteConflict instead; nothing is left
	LoseBefore     // the connection drops, and the commit has not happened
	LoseAfter      // the commit happens, and the connection drops
	LoseDuring     // the connection drops, and the commit happens a moment later
)

// befalls tells whether a fault of this kind is due at a statement.
func (f Fault) befalls(kind FaultKind, statement int) bool {
	return f.Kind == kind && f.At == statement
}

// Often makes every step-th suffer the faults in turn.
func Often(step int, faults ...Fault) func(int) Fault {
	return func(n int) Fault {
		if n%step != step-1 {
			return Fault{}
		}
		return faults[n/step%len(faults)]
	}
}
