package rehearsal

import (
	"strings"
	"time"

	"github.com/muster-health/muster/ivr"
)

// How long a call takes: 150 words a minute, and two seconds to find a key.
const (
	perWord = 400 * time.Millisecond
	perKey  = 2 * time.Second
)

// spoken is how long a script takes to say, and what it says.
func spoken(s ivr.Script) (said []ivr.Say, lasts time.Duration) {
	add := func(x ivr.Say) {
		said = append(said, x)
		lasts += time.Duration(len(strings.Fields(x.Text))) * perWord
	}
	for _, step := range s {
		switch v := step.(type) {
		case ivr.Say:
			add(v)
		case ivr.Gather:
			for _, p := range v.Prompts {
				add(p)
			}
		case ivr.Pause:
			lasts += v.For
		}
	}
	return said, lasts
}

// minutes is what carriers charge for.
func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }
