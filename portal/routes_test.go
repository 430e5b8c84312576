package portal_test

import (
	"net/http"
	"testing"

	"github.com/muster-health/muster/internal/rig"
)

// What a browser is told with every page, and what an address without a page answers.
func TestHeadersAndErrors(t *testing.T) {
	s := newSite(t, rig.Options{})
	for _, tc := range []struct {
		method, path string
		status       int
		cache        string
	}{
		{"GET", "/", 200, "no-cache"},
		{"HEAD", "/studies", 200, "no-cache"},
		{"GET", "/join", 200, "no-store"},
		{"GET", "/me/sign-in", 200, "no-store"},
		{"GET", "/nowhere", 404, "no-store"},
		{"DELETE", "/join", 405, "no-store"},
		{"GET", "/me/data/erase", 405, "no-store"},
		{"GET", "/staff", 404, "no-store"}, // not mounted here
	} {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tc.method, s.url+tc.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != tc.status || res.Header.Get("Cache-Control") != tc.cache {
				t.Errorf("%d %q, want %d %q", res.StatusCode, res.Header.Get("Cache-Control"), tc.status, tc.cache)
			}
			if csp := res.Header.Get("Content-Security-Policy"); csp == "" || res.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("content security policy %q", csp)
			}
		})
	}
	t.Run("from another site", func(t *testing.T) {
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/call-me", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("a form of another site answers %d", res.StatusCode)
		}
	})
}
