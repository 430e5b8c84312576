//go:build !quicklease

package outbox

import "time"

const (
	callTime = 10 * time.Second // most a call to the provider may take
	lease    = time.Minute      // how long a row in sending belongs to its process
	lookGap  = time.Minute      // between two looks that must both find nothing
)
