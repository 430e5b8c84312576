package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
)

// collects starts a collector of traces and has the house send its traces there. What comes is kept
// as it is, and searched with the logs when all tests are over.
func (h *house) collects() *output {
	h.t.Helper()
	got := &output{}
	everyLog.add(h.t.Name()+", traces", got)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Encoding") != "" {
			http.Error(w, "traces as they are, please", http.StatusBadRequest)
			return
		}
		got.Write(append(body, '\n'))
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	h.t.Cleanup(srv.Close)
	h.env = append(h.env, "OTEL_EXPORTER_OTLP_ENDPOINT="+srv.URL)
	return got
}
