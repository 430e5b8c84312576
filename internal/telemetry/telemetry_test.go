package telemetry_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/muster-health/muster/internal/telemetry"
)

// collected is a collector that keeps what it is sent.
type collected struct {
	mu     sync.Mutex
	bodies [][]byte
}

func (c *collected) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		in = z
	}
	body, _ := io.ReadAll(in)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bodies = append(c.bodies, body)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func TestSpansCarryPatternsAndIDsOnly(t *testing.T) {
	c := &collected{}
	srv := httptest.NewServer(c)
	defer srv.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", srv.URL)
	tracing, err := telemetry.Start(t.Context(), "v1", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + srv.URL}, slog.New(slog.DiscardHandler))
	if err != nil || tracing == nil {
		t.Fatalf("not started: %v", err)
	}
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Traceparent") != "" {
			t.Error("the provider is told our trace")
		}
	}))
	defer provider.Close()
	mux := http.NewServeMux()
	mux.Handle("/", tracing.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		telemetry.Route(r.Context(), r.Method, "/staff/people/{person}", "req_1")
		out, err := http.NewRequestWithContext(r.Context(), "GET", provider.URL+"/Messages.json?To=%2B14125550123", nil)
		if err != nil {
			t.Error(err)
		}
		resp, err := (&http.Client{Transport: tracing.Transport(http.DefaultTransport)}).Do(out)
		if err != nil {
			t.Error(err)
		} else {
			resp.Body.Close()
		}
		w.WriteHeader(http.StatusInternalServerError)
	})))
	req := httptest.NewRequest("POST", "/staff/people/per_SECRETPATH?q=Rosa+Delgado", strings.NewReader("name=Rosa"))
	req.Header.Set("User-Agent", "Rosa-browser")
	req.Header.Set("X-Forwarded-For", "203.0.113.77")
	req.Host = "rosa.example.test"
	mux.ServeHTTP(httptest.NewRecorder(), req)
	if err := tracing.Close(context.Background()); err != nil {
		t.Fatal(err)
	}

	var names []string
	for _, body := range c.bodies {
		for _, secret := range []string{"Rosa", "rosa", "Delgado", "SECRETPATH", "5550123", "203.0.113.77", "192.0.2.1", "Messages.json"} {
			if bytes.Contains(body, []byte(secret)) {
				t.Errorf("what is sent holds %q", secret)
			}
		}
		var m collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &m); err != nil {
			t.Fatal(err)
		}
		for _, r := range m.ResourceSpans {
			for _, s := range r.ScopeSpans {
				for _, span := range s.Spans {
					names = append(names, span.Name)
					if span.Name == "POST /staff/people/{person}" && !strings.Contains(span.String(), "req_1") {
						t.Errorf("the span lacks the request's id: %v", span)
					}
				}
			}
		}
	}
	if got := strings.Join(names, ", "); got != "GET provider, POST /staff/people/{person}" {
		t.Errorf("spans %q", got)
	}
}

func TestOffUnlessAskedFor(t *testing.T) {
	for _, env := range [][]string{nil, {"PATH=/bin", "MUSTER_OTEL_X=1"}, {"OTEL_SERVICE_NAME="}, {"OTEL_SERVICE_NAME=x", "OTEL_SDK_DISABLED=true"}, {"OTEL_TRACES_EXPORTER=none"}} {
		tracing, err := telemetry.Start(t.Context(), "v1", env, slog.New(slog.DiscardHandler))
		if err != nil || tracing != nil {
			t.Errorf("%v: %v, %v, want nothing", env, tracing, err)
		}
		next := http.NotFoundHandler()
		if got := tracing.Handler(next); got == nil {
			t.Error("no handler")
		}
		if tracing.Transport(http.DefaultTransport) != http.DefaultTransport {
			t.Error("requests that go out are wrapped although nobody wants traces")
		}
		if err := tracing.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
