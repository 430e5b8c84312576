package sqlitedoc_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
)

// BenchmarkFeed commits in one store and waits until a second one on the same file has it from its
// change feed, which it reads without a pause.
func BenchmarkFeed(b *testing.B) {
	path := filepath.Join(b.TempDir(), "muster.db")
	var stores [2]*sqlitedoc.Driver
	for i := range stores {
		d, err := sqlitedoc.Open(b.Context(), path, sqlitedoc.Options{})
		if err != nil {
			b.Fatal(err)
		}
		defer d.Close()
		stores[i] = d
	}
	type seen struct {
		id string
		at time.Time
	}
	feed := make(chan seen)
	go func() {
		var token []byte
		for b.Context().Err() == nil {
			for item, err := range stores[1].Changes(b.Context(), token) {
				if err != nil {
					return // the benchmark is over
				}
				token = item.Token
				feed <- seen{item.ID, time.Now()}
			}
		}
	}()
	var took []time.Duration
	for n := int64(0); b.Loop(); n++ {
		ops := batch(n)
		if err := stores[0].Write(b.Context(), ops); err != nil {
			b.Fatal(err)
		}
		committed := time.Now()
		for s := range feed {
			if s.id == ops[len(ops)-1].ID {
				took = append(took, max(s.at.Sub(committed), 0))
				break
			}
		}
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
