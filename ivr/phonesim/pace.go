package phonesim

import (
	"net/http"
	"slices"
	"time"
)

// pace is how fast the application answered the webhooks of one kind since the start or the last
// reset, in real time, with retries and redirects.
type pace struct {
	took   []time.Duration // of those it answered
	failed int
}

// paceView is a pace in milliseconds.
type paceView struct {
	Answered int     `json:"answered"`
	Failed   int     `json:"failed"`
	P50      float64 `json:"p50"`
	P99      float64 `json:"p99"`
	Most     float64 `json:"most"`
}

func (p *pace) view() paceView {
	v := paceView{Answered: len(p.took), Failed: p.failed}
	if len(p.took) == 0 {
		return v
	}
	sorted := slices.Sorted(slices.Values(p.took))
	at := func(percent int) float64 {
		return float64(sorted[(len(sorted)-1)*percent/100].Microseconds()) / 1000
	}
	v.P50, v.P99, v.Most = at(50), at(99), at(100)
	return v
}

// timed notes how an application answered.
func (s *Simulator) timed(kind jobKind, a answer) {
	p := s.paces[kind]
	if p == nil {
		p = &pace{}
		s.paces[kind] = p
	}
	if a.err != nil {
		p.failed++
		return
	}
	p.took = append(p.took, a.took)
}

// getWebhooks is how fast the application answers, by kind of webhook.
func (s *Simulator) getWebhooks(*http.Request) (int, any, error) {
	s.lock()
	defer s.unlock()
	out := map[jobKind]paceView{}
	for kind, p := range s.paces {
		out[kind] = p.view()
	}
	return http.StatusOK, out, nil
}
