//go:build quicklease

package outbox

import "time"

// The same times for a test that kills the program many times and cannot wait minutes. Only a
// build that asks for them has them: no setting makes a lease shorter.
const (
	callTime = 1500 * time.Millisecond
	lease    = 4 * time.Second
	lookGap  = 3 * time.Second
)
