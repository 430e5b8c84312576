package phonesim

import (
	"fmt"
	"net/http"
	"time"
)

// events is a stream of server-sent events: one "change" with the revision each
// time something happened. ?phone=NUMBER (repeatable) says that a person looks at
// that phone, so that prompts take them their time.
func (s *Simulator) events(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	// The stream is endless; a server with a write timeout must not cut it.
	_ = control.SetWriteDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	var watched []string
	for _, v := range r.URL.Query()["phone"] {
		if n, ok := e164(v); ok {
			watched = append(watched, n)
		}
	}
	s.watch(watched, 1)
	defer s.watch(watched, -1)
	alive := time.NewTicker(15 * time.Second)
	defer alive.Stop()
	var sent uint64
	for {
		s.lock()
		revision, changed := s.revision, s.changed
		s.unlock()
		if revision != sent {
			sent = revision
			if _, err := fmt.Fprintf(w, "event: change\ndata: %d\n\n", revision); err != nil {
				return
			}
			if err := control.Flush(); err != nil {
				return
			}
		}
		select {
		case <-changed:
		case <-alive.C:
			if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil || control.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Simulator) watch(numbers []string, by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range numbers {
		s.watchers[n] += by
	}
}
