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
	m := New(Options{Version: "v1", Routes: []string{"/studies/{study}"}, Jobs: []string{"deliver"}, Kinds: []string{"sms"}, States: []string{"due"}, Outcomes: []string{"refused"}},
		Gauge{"muster_messages_waiting", "Waiting.", func(context.Context) (float64, error) { return 7, nil }},
		Gauge{"muster_alerts_open", "Open.", func(context.Context) (float64, error) { return 0, errors.New("away") }})
	m.Messages(func(context.Context) ([]Sample, error) { return []Sample{{"sms", "due", 3}, {"fax", "due", 1}}, nil })
	m.Request("GET", "/studies/{study}", 200, time.Millisecond)
	m.Request("BREW", "/staff/people/per_1", 999, time.Millisecond)
	m.Webhook("sms", 403, time.Millisecond)
	m.Webhook("rosa", 200, time.Millisecond)
	m.Job("deliver", errors.New("x"), time.Millisecond)
	m.Write("conflict", time.Millisecond)
	m.Send("sms", "refused")
	m.Send("sms", "+14125550123")
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, _ := io.ReadAll(w.Body)
	for _, want := range []string{
		`muster_http_request_seconds_count{class="2xx",method="GET",route="/studies/{study}"} 1`,
		`muster_http_request_seconds_count{class="other",method="other",route="other"} 1`,
		`muster_webhook_seconds_count{class="4xx",hook="sms"} 1`,
		`muster_webhook_seconds_count{class="2xx",hook="other"} 1`,
		`muster_job_seconds_count{name="deliver",outcome="failed"} 1`,
		`muster_store_write_seconds_count{outcome="conflict"} 1`,
		`muster_sends_total{kind="sms",outcome="refused"} 1`,
		`muster_sends_total{kind="sms",outcome="other"} 1`,
		`muster_outbox_messages{kind="sms",state="due"} 3`,
		`muster_outbox_messages{kind="other",state="due"} 1`,
		"muster_messages_waiting 7", "muster_alerts_open -1", `muster_build_info{version="v1"} 1`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	for _, stranger := range []string{"rosa", "per_1", "5550123", "BREW", "fax"} {
		if strings.Contains(string(body), stranger) {
			t.Errorf("/metrics holds %s", stranger)
		}
	}
}
