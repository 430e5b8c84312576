package clock_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/clock"
)

func TestHandler(t *testing.T) {
	for _, tc := range []struct {
		name, method, path, body, site string
		status                         int
		moved                          time.Duration
	}{
		{name: "read", method: "GET", path: "/clock", status: 200},
		{name: "advance an hour", method: "POST", path: "/clock/advance", body: `{"seconds":3600}`, status: 200, moved: time.Hour},
		{name: "advance half a second", method: "POST", path: "/clock/advance", body: `{"seconds":0.5}`, status: 200, moved: 500 * time.Millisecond},
		{name: "back", method: "POST", path: "/clock/advance", body: `{"seconds":-1}`, status: 422},
		{name: "too far", method: "POST", path: "/clock/advance", body: `{"seconds":1e12}`, status: 422},
		{name: "misspelt", method: "POST", path: "/clock/advance", body: `{"second":1}`, status: 400},
		{name: "not JSON", method: "POST", path: "/clock/advance", body: `3600`, status: 400},
		{name: "by GET", method: "GET", path: "/clock/advance", status: 405},
		{name: "from another site's page", method: "POST", path: "/clock/advance", body: `{"seconds":1}`, site: "cross-site", status: 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := clock.Fixed(monday)
			req := httptest.NewRequest(tc.method, tc.path, strings.NewReader(tc.body))
			if tc.site != "" {
				req.Header.Set("Sec-Fetch-Site", tc.site)
			}
			res := httptest.NewRecorder()
			c.Handler().ServeHTTP(res, req)
			if res.Code != tc.status {
				t.Fatalf("status = %d, want %d: %s", res.Code, tc.status, res.Body)
			}
			want := monday.Add(tc.moved)
			if got := c.Now(); !got.Equal(want) {
				t.Errorf("Now() = %v, want %v", got, want)
			}
			if tc.status != http.StatusOK {
				return
			}
			var body struct{ Now, Wall time.Time }
			if err := json.Unmarshal(res.Body.Bytes(), &body); err != nil {
				t.Fatalf("answer %q: %v", res.Body, err)
			}
			if !body.Now.Equal(want) || body.Wall.IsZero() {
				t.Errorf("answer = %+v, want now %v and a wall time", body, want)
			}
		})
	}
}
