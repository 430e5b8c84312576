package metrics

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestNamesAndValues(t *testing.T) {
	m := New("v1", Gauge{"muster_messages_waiting", "Waiting.", func(context.Context) (float64, error) { return 7, nil }},
		Gauge{"muster_alerts_open", "Open.", func(context.Context) (float64, error) { return 0, errors.New("away") }})
	m.Request("GET", "/studies/{study}", 200, time.Millisecond)
	m.Webhook("sms", 403, time.Millisecond)
	m.Job("deliver", errors.New("x"), time.Millisecond)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, _ := io.ReadAll(w.Body)
	for _, want := range []string{
		`muster_http_request_seconds_count{method="GET",route="/studies/{study}",status="200"} 1`,
		`muster_webhook_seconds_count{hook="sms",status="403"} 1`,
		`muster_job_seconds_count{job="deliver",outcome="failed"} 1`,
		"muster_messages_waiting 7", "muster_alerts_open -1", `muster_build_info{version="v1"} 1`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}
