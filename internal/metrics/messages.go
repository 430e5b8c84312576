package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Sample is one number of a family that is asked for when somebody looks.
type Sample struct {
	Kind, State string
	N           float64
}

// messages is the family of messages on their way. While they cannot be read it is absent.
type messages struct {
	m    *Metrics
	desc *prometheus.Desc
	read func(context.Context) ([]Sample, error)
}

// Messages adds the messages on their way, by kind and state.
func (m *Metrics) Messages(read func(context.Context) ([]Sample, error)) {
	name, help := "muster_outbox_messages", "Messages on their way, by kind and state."
	m.reg.MustRegister(&messages{m, prometheus.NewDesc(name, help, []string{"kind", "state"}, nil), read})
}

func (c *messages) Describe(to chan<- *prometheus.Desc) { to <- c.desc }

func (c *messages) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	samples, err := c.read(ctx)
	if err != nil {
		return
	}
	for _, s := range samples {
		to <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, s.N, c.m.known("kind", s.Kind), c.m.known("state", s.State))
	}
}
