// Package metrics is what operators measure: names muster_<noun>_<unit>, and labels whose values
// are known before the first one is counted. What is not among them counts as "other", so that
// nothing about a person, and nothing a stranger sends, ever becomes a label.
package metrics

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are those of one process. Safe for concurrent use.
type Metrics struct {
	reg      *prometheus.Registry
	sets     map[string][]string
	requests *prometheus.HistogramVec
	webhooks *prometheus.HistogramVec
	ticks    *prometheus.HistogramVec
	writes   *prometheus.HistogramVec
	sends    *prometheus.CounterVec
}

// Options say what may be counted: the value of each label beside "other".
type Options struct {
	Version  string
	Routes   []string // patterns of the site
	Jobs     []string
	Kinds    []string // of messages
	States   []string // of messages on their way
	Outcomes []string // of a call to a provider
}

// Gauge is a number that is asked for when somebody looks. One that cannot be read is -1.
type Gauge struct {
	Name, Help string
	Read       func(context.Context) (float64, error)
}

// Other is the label of everything that is not declared.
const Other = "other"

// New returns metrics with the process's own and the gauges.
func New(o Options, gauges ...Gauge) *Metrics {
	m := &Metrics{reg: prometheus.NewRegistry(), sets: map[string][]string{
		"method":  {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"},
		"route":   append(slices.Clone(o.Routes), "none"),
		"class":   {"1xx", "2xx", "3xx", "4xx", "5xx"},
		"hook":    {"sms", "voice", "whisper", "message-status", "call-status", "bounce", "narration"},
		"name":    o.Jobs,
		"outcome": append([]string{"done", "failed", "conflict", "exists"}, o.Outcomes...),
		"kind":    o.Kinds,
		"state":   o.States,
		"version": {o.Version},
	}}
	m.requests = m.histogram("muster_http_request_seconds", "Time to answer a page, by route pattern and class of status.", "method", "route", "class")
	m.webhooks = m.histogram("muster_webhook_seconds", "Time to answer the phone company.", "hook", "class")
	m.ticks = m.histogram("muster_job_seconds", "Time a background job took.", "name", "outcome")
	m.writes = m.histogram("muster_store_write_seconds", "Time the database took for a batch; conflict and exists are answers, failed is trouble.", "outcome")
	m.sends = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "muster_sends_total", Help: "Messages handed to the provider, by how that ended: accepted, refused, retry (put off), ambiguous (nobody knows yet)."}, []string{"kind", "outcome"})
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "muster_build_info", Help: "Always 1; the label says which version runs.", ConstLabels: prometheus.Labels{"version": o.Version}})
	info.Set(1)
	m.reg.MustRegister(m.sends, info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, g := range gauges {
		m.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.Name, Help: g.Help}, func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			v, err := g.Read(ctx)
			if err != nil {
				return -1
			}
			return v
		}))
	}
	return m
}

func (m *Metrics) histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, labels)
	m.reg.MustRegister(h)
	return h
}

// Declared are the values each label may have, "other" included.
func (m *Metrics) Declared() map[string][]string {
	all := maps.Clone(m.sets)
	for label, values := range all {
		all[label] = append(slices.Clone(values), Other)
	}
	return all
}

// known is value if the label may have it.
func (m *Metrics) known(label, value string) string {
	if slices.Contains(m.sets[label], value) {
		return value
	}
	return Other
}

// class is the first digit of a status, as "4xx".
func (m *Metrics) class(status int) string {
	return m.known("class", string(rune('0'+status/100%10))+"xx")
}

// Request counts an answered page. route is the pattern, never the path.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(m.known("method", method), m.known("route", route), m.class(status)).Observe(took.Seconds())
}

// Webhook counts an answered webhook.
func (m *Metrics) Webhook(hook string, status int, took time.Duration) {
	m.webhooks.WithLabelValues(m.known("hook", hook), m.class(status)).Observe(took.Seconds())
}

// Job counts a run of a background job.
func (m *Metrics) Job(job string, err error, took time.Duration) {
	outcome := "done"
	if err != nil {
		outcome = "failed"
	}
	m.ticks.WithLabelValues(m.known("name", job), outcome).Observe(took.Seconds())
}

// Write counts a batch: outcome is done, conflict, exists or failed.
func (m *Metrics) Write(outcome string, took time.Duration) {
	m.writes.WithLabelValues(m.known("outcome", outcome)).Observe(took.Seconds())
}

// Send counts a message that was handed to its provider.
func (m *Metrics) Send(kind, outcome string) {
	m.sends.WithLabelValues(m.known("kind", kind), m.known("outcome", outcome)).Inc()
}

// Handler serves them.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{Registry: m.reg})
}
