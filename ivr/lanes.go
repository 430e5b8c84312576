package ivr

import (
	"hash/fnv"
	"sync"
)

// lanes let the events of one call, or the texts of one number, through one after the other in
// this process: a repeat waits for the first and gets its answer. What two processes could do at
// once is settled in the store.
type lanes [64]sync.Mutex

// enter waits for the lane of key; the function it returns leaves it.
func (l *lanes) enter(key string) (leave func()) {
	h := fnv.New32a()
	h.Write([]byte(key))
	m := &l[h.Sum32()%uint32(len(l))]
	m.Lock()
	return m.Unlock
}
