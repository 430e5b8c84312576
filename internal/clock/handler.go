package clock

import (
	"encoding/json"
	"net/http"
	"time"
)

// maxAdvance bounds one step: ten years is more than any study plan and far from overflow.
const maxAdvance = 10 * 365 * 24 * time.Hour

// reading is what the handler answers with.
type reading struct {
	Now  time.Time `json:"now"`
	Wall time.Time `json:"wall"`
}

// Handler serves GET /clock and POST /clock/advance {"seconds": n}; both answer
// {"now","wall"} as it is afterwards. It has no sign-in: serve it on loopback only. Requests
// from pages of other origins are refused, so that a web page cannot move the clock.
func (c *Clock) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) { c.write(w) })
	mux.HandleFunc("POST /clock/advance", c.advance)
	return http.NewCrossOriginProtection().Handler(mux)
}

func (c *Clock) advance(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Seconds float64 `json:"seconds"`
	}
	in := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10))
	in.DisallowUnknownFields()
	if err := in.Decode(&body); err != nil {
		http.Error(w, `want a body like {"seconds": 3600}`, http.StatusBadRequest)
		return
	}
	if body.Seconds < 0 || body.Seconds > maxAdvance.Seconds() {
		http.Error(w, "seconds must be between 0 and ten years; the clock does not go back", http.StatusUnprocessableEntity)
		return
	}
	c.Advance(time.Duration(body.Seconds * float64(time.Second)))
	c.write(w)
}

func (c *Clock) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	// The client may be gone; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(reading{Now: c.Now(), Wall: c.Wall()})
}
