package phonesim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// blockFirst lets the first request hang until its client is gone.
func blockFirst(next http.Handler, arrived chan struct{}) http.Handler {
	first := make(chan struct{}, 1)
	first <- struct{}{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-first:
			_, _ = io.ReadAll(r.Body)
			close(arrived)
			<-r.Context().Done()
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func TestGuard(t *testing.T) {
	r := newRig(t)
	tests := []struct {
		name, method, path, peer, host string
		header                         map[string]string
		body                           string
		want                           int
	}{
		{"this computer", "GET", "/sim/log", "127.0.0.1:5000", "127.0.0.1:8090", nil, "", 200},
		{"by name", "GET", "/sim/log", "[::1]:5000", "localhost:8090", nil, "", 200},
		{"IPv6 host", "GET", "/sim/log", "[::1]:5000", "[::1]:8090", nil, "", 200},
		{"another computer", "GET", "/sim/log", "192.0.2.7:5000", "127.0.0.1:8090", nil, "", 403},
		{"another name for this computer", "GET", "/sim/log", "127.0.0.1:5000", "evil.example:8090", nil, "", 403},
		{"a page of another site", "POST", "/sim/reset", "127.0.0.1:5000", "127.0.0.1:8090", map[string]string{"Sec-Fetch-Site": "cross-site"}, "", 403},
		{"an old browser's page of another site", "POST", "/sim/reset", "127.0.0.1:5000", "127.0.0.1:8090", map[string]string{"Origin": "http://evil.example"}, "", 403},
		{"our own page", "POST", "/sim/reset", "127.0.0.1:5000", "127.0.0.1:8090", map[string]string{"Sec-Fetch-Site": "same-origin"}, "", 200},
		{"a form", "POST", "/sim/phones/4125550123/sms", "127.0.0.1:5000", "127.0.0.1:8090",
			map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "body=hi", 415},
		{"text/plain JSON", "POST", "/sim/phones/4125550123/sms", "127.0.0.1:5000", "127.0.0.1:8090",
			map[string]string{"Content-Type": "text/plain"}, `{"body":"hi"}`, 415},
		{"JSON", "POST", "/sim/phones/4125550123/sms", "127.0.0.1:5000", "127.0.0.1:8090",
			map[string]string{"Content-Type": "application/json"}, `{"body":"hi"}`, 201},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := httptest.NewRequest(tt.method, "http://"+tt.host+tt.path, strings.NewReader(tt.body))
			req.RemoteAddr = tt.peer
			for k, v := range tt.header {
				req.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			r.sim.Handler().ServeHTTP(w, req)
			if w.Code != tt.want {
				t.Errorf("%d %s, want %d", w.Code, w.Body, tt.want)
			}
			if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("content policy %q", csp)
			}
		})
	}
}

func TestManagementRefusals(t *testing.T) {
	r := newRig(t)
	tests := []struct {
		name, method, path string
		body               any
		want               int
	}{
		{"not a number", "GET", "/sim/phones/hello", nil, 400},
		{"outside the fictional numbers", "GET", "/sim/phones/+14125552368", nil, 404},
		{"our own number is no handset", "GET", "/sim/phones/" + ours, nil, 404},
		{"empty text", "POST", "/sim/phones/" + dana + "/sms", map[string]string{"body": ""}, 400},
		{"text to nobody", "POST", "/sim/phones/" + dana + "/sms", map[string]string{"body": "x", "to": noor}, 400},
		{"text from a landline", "POST", "/sim/phones/" + rosa + "/sms", map[string]string{"body": "x"}, 409},
		{"call to nobody", "POST", "/sim/phones/" + dana + "/calls", map[string]string{"to": "+14125550199"}, 400},
		{"unknown field", "POST", "/sim/phones/" + dana + "/sms", map[string]string{"text": "x"}, 400},
		{"unknown call", "POST", "/sim/calls/CA1/answer", nil, 404},
		{"clock backwards", "POST", "/sim/clock/advance", map[string]int{"seconds": -5}, 400},
		{"bad behaviour", "PUT", "/sim/phones/" + dana, map[string]string{"onCall": "sing"}, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := r.do(tt.method, tt.path, tt.body, nil); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}

func TestPages(t *testing.T) {
	r := newRig(t)
	for path, want := range map[string]string{
		"/":                       "Nothing leaves this computer",
		"/handset/%2B14125550123": `data-number="&#43;14125550123"`,
		"/handset/4125550198":     "412-555-0198",
		"/assets/sim.css":         "--teal",
		"/assets/handset.js":      "export class Handset",
		"/assets/icon.svg":        "<svg",
		"/sim/phones":             "Rosa Delgado",
		"/sim/clock":              "2026-03-02T14:05:00Z",
	} {
		res, err := http.Get(r.http.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != 200 || !strings.Contains(string(b), want) {
			t.Errorf("%s: %d, %v, want it to hold %q", path, res.StatusCode, err, want)
		}
		for _, inline := range []string{"style=", "<style", " onclick", "<script>"} {
			if strings.HasSuffix(path, ".js") || strings.HasSuffix(path, ".css") {
				break
			}
			if strings.Contains(string(b), inline) {
				t.Errorf("%s holds %q, which the content policy forbids", path, inline)
			}
		}
	}
	res, err := http.Get(r.http.URL + "/handset/+14125552368")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 404 {
		t.Errorf("a real number's page answered %d, want 404", res.StatusCode)
	}
}
