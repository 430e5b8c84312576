package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// now is the business time of the house.
func (h *house) now() time.Time {
	h.t.Helper()
	var clock struct{ Now time.Time }
	if err := json.Unmarshal([]byte(h.get("http://"+h.control+"/clock")), &clock); err != nil {
		h.t.Fatal(err)
	}
	return clock.Now
}

// advance lets business time jump.
func (h *house) advance(d time.Duration) {
	h.t.Helper()
	body, err := json.Marshal(map[string]float64{"seconds": d.Seconds()})
	if err != nil {
		h.t.Fatal(err)
	}
	resp, err := http.Post("http://"+h.control+"/clock/advance", "application/json", strings.NewReader(string(body)))
	if err != nil {
		h.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		h.t.Fatalf("advance by %v: %d", d, resp.StatusCode)
	}
}

// until lets business time jump to a clock time in a zone.
func (h *house) until(clock, zone string) {
	h.t.Helper()
	h.advance(h.upcoming(clock, zone).Sub(h.now()) + time.Second)
}

// upcoming is the next time that clocks in a zone show: today's, or tomorrow's when it is over.
func (h *house) upcoming(clock, zone string) time.Time {
	h.t.Helper()
	l, err := time.LoadLocation(zone)
	if err != nil {
		h.t.Fatal(err)
	}
	at, err := time.Parse("15:04", clock)
	if err != nil {
		h.t.Fatal(err)
	}
	now := h.now().In(l)
	then := time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), 0, 0, l)
	if !then.After(now) {
		then = then.AddDate(0, 0, 1)
	}
	return then
}
