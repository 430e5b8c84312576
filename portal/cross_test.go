package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/portal/web"
)

// Every form of volunteers and participants, made from the map of the site, is refused when another
// site's page sends it, and does nothing.
func TestNoFormFromAnotherSite(t *testing.T) {
	s := newSite(t, rig.Options{})
	before := s.stored("audit")
	forms := 0
	for _, route := range s.routes {
		switch route.Access {
		case web.Public, web.Participant:
		default:
			t.Errorf("%s %s: access %q belongs to no audience here", route.Method, route.Path, route.Access)
		}
		if route.Method == http.MethodGet {
			continue
		}
		forms++
		for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://elsewhere.example.test"}, {"Origin", "null"}} {
			req, err := http.NewRequestWithContext(t.Context(), route.Method, s.url+strings.NewReplacer("{", "", "}", "").Replace(route.Path), nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set(header[0], header[1])
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s with %s %s: %d, want 403", route.Method, route.Path, header[0], header[1], res.StatusCode)
			}
		}
	}
	if forms < 20 {
		t.Errorf("only %d forms were tried", forms)
	}
	if after := s.stored("audit"); after != before {
		t.Errorf("%d entries in the trail more than before", after-before)
	}
}

// Nobody who is not signed in gets a participant's page.
func TestParticipantPagesNeedASession(t *testing.T) {
	s := newSite(t, rig.Options{})
	pages := 0
	for _, route := range s.routes {
		if route.Access != web.Participant {
			continue
		}
		pages++
		req, err := http.NewRequestWithContext(t.Context(), route.Method, s.url+strings.NewReplacer("{", "", "}", "").Replace(route.Path), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/me/") || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %d to %q, Cache-Control %q", route.Method, route.Path, res.StatusCode, to, res.Header.Get("Cache-Control"))
		}
	}
	if pages < 10 {
		t.Errorf("only %d routes were tried", pages)
	}
}
