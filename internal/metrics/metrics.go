// Package metrics is what operators measure: names muster_<noun>_<unit>, and labels with few,
// known values. No label ever holds anything about a person.
package metrics

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are those of one process.
type Metrics struct {
	reg      *prometheus.Registry
	requests *prometheus.HistogramVec
	webhooks *prometheus.HistogramVec
	ticks    *prometheus.HistogramVec
}

// Gauge is a number that is asked for when somebody looks.
type Gauge struct {
	Name, Help string
	Read       func(context.Context) (float64, error)
}

// New returns metrics with the process's own and the gauges.
func New(version string, gauges ...Gauge) *Metrics {
	m := &Metrics{reg: prometheus.NewRegistry()}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, labels)
		m.reg.MustRegister(h)
		return h
	}
	m.requests = histogram("muster_http_request_seconds", "Time to answer a page, by route pattern.", "method", "route", "status")
	m.webhooks = histogram("muster_webhook_seconds", "Time to answer the phone company.", "hook", "status")
	m.ticks = histogram("muster_job_seconds", "Time a background job took.", "job", "outcome")
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "muster_build_info", Help: "Always 1; the label says which version runs.", ConstLabels: prometheus.Labels{"version": version}})
	info.Set(1)
	m.reg.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
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

// Request counts an answered page. route is the pattern, never the path.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	if route == "" {
		route = "other"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}

// Webhook counts an answered webhook.
func (m *Metrics) Webhook(hook string, status int, took time.Duration) {
	m.webhooks.WithLabelValues(hook, strconv.Itoa(status)).Observe(took.Seconds())
}

// Job counts a run of a background job.
func (m *Metrics) Job(job string, err error, took time.Duration) {
	outcome := "done"
	if err != nil {
		outcome = "failed"
	}
	m.ticks.WithLabelValues(job, outcome).Observe(took.Seconds())
}

// Handler serves them.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{Registry: m.reg})
}
