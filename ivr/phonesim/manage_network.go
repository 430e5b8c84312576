package phonesim

import (
	"net/http"
	"strconv"
	"strings"
)

// getLog lists what happened, oldest first; ?after=ID gives what is newer.
func (s *Simulator) getLog(r *http.Request) (int, any, error) {
	after, _ := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	s.lock()
	defer s.unlock()
	entries := []*entry{}
	for _, e := range s.st.Log {
		if e.ID > after {
			entries = append(entries, e)
		}
	}
	return http.StatusOK, map[string]any{"now": s.now(), "entries": entries}, nil
}

func (s *Simulator) getFaults(*http.Request) (int, any, error) {
	s.lock()
	defer s.unlock()
	return http.StatusOK, s.viewFaults(), nil
}

// putFaults replaces the list of faults: {"faults": [{"kind": …}]}.
func (s *Simulator) putFaults(r *http.Request) (int, any, error) {
	var in struct {
		Faults []*Fault `json:"faults"`
	}
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	for _, f := range in.Faults {
		if f == nil {
			return 0, nil, badRequest("a fault is empty")
		}
		if err := f.check(); err != nil {
			return 0, nil, badRequest("%v", err)
		}
	}
	s.lock()
	defer s.unlock()
	s.st.Faults = in.Faults
	kinds := []string{}
	for _, f := range in.Faults {
		kinds = append(kinds, string(f.Kind))
	}
	s.record(&entry{Kind: logPhone, Summary: "Faults: " + orElse(strings.Join(kinds, ", "), "none")})
	return http.StatusOK, s.viewFaults(), nil
}

func (s *Simulator) viewFaults() any {
	faults := s.st.Faults
	if faults == nil {
		faults = []*Fault{}
	}
	return map[string]any{"faults": faults}
}

func (s *Simulator) getClock(*http.Request) (int, any, error) {
	s.lock()
	defer s.unlock()
	return http.StatusOK, s.viewClock(), nil
}

func (s *Simulator) viewClock() any {
	return map[string]any{"now": s.now(), "aheadSeconds": s.st.Offset.Seconds(), "zone": s.opt.Zone}
}

// postAdvance moves the clock and answers when everything on the way has happened.
func (s *Simulator) postAdvance(r *http.Request) (int, any, error) {
	var in struct{ Seconds Seconds }
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	if in.Seconds <= 0 || in.Seconds > 400*24*3600 {
		return 0, nil, badRequest("seconds must be more than 0 and at most 400 days")
	}
	if _, err := s.AdvanceClock(r.Context(), in.Seconds.Duration()); err != nil {
		return 0, nil, err
	}
	return s.getClock(r)
}

// postReset forgets every text, call, block, fault and log line and puts the clock
// back. Phones keep their names; SIDs never repeat.
func (s *Simulator) postReset(*http.Request) (int, any, error) {
	s.lock()
	defer s.unlock()
	old := s.st
	s.st = &state{Version: stateVersion, Seed: old.Seed, Seq: old.Seq, Blocked: map[string]bool{}}
	clear(s.handsets)
	for _, h := range old.Handsets {
		if !h.Listed {
			continue
		}
		for i := range h.AutoReply {
			h.AutoReply[i].Used = 0
		}
		s.addHandset(h)
	}
	clear(s.paces)
	clear(s.calls)
	clear(s.messages)
	s.touch()
	return http.StatusOK, s.viewClock(), nil
}
