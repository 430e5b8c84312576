package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// some are people of the data set as rows, and the study as criteria.
func some(n int) ([]columns.Row, eval.Criteria) {
	places := allPlaces()
	people := generate(n, places)
	rows := make([]columns.Row, n)
	for i := range rows {
		rows[i] = people[i].row(i, places)
	}
	q := query()
	return rows, eval.Criteria{Study: q.Study, Items: q.Items}
}

func BenchmarkReasons(b *testing.B) {
	rows, study := some(2000)
	q := query()
	all := make([]eval.Person, len(rows))
	for i, r := range rows {
		all[i] = r.Own.At(r.ID, r.Home, &q)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		eval.Evaluate(study, all[i%len(all)], q.AsOf)
	}
}

func BenchmarkSentences(b *testing.B) {
	rows, study := some(2000)
	q := query()
	verdicts := make([]eval.Verdict, len(rows))
	for i, r := range rows {
		verdicts[i] = eval.Evaluate(study, r.Own.At(r.ID, r.Home, &q), q.AsOf)
	}
	for name, say := range map[string]eval.Lookup{"English": eval.English(), "Spanish": eval.Spanish()} {
		b.Run(name, func(b *testing.B) {
			teller := eval.NewTeller(study.Items, say)
			var out strings.Builder
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				out.Reset()
				for j, r := range verdicts[i%len(verdicts)].Reasons {
					out.WriteString(teller.Sentence(j, &r))
				}
			}
		})
	}
}

func BenchmarkPut(b *testing.B) {
	rows, _ := some(20_000)
	b.ReportAllocs()
	for b.Loop() {
		t := columns.New(asOf)
		for page := range slices.Chunk(rows, 200) {
			t.Put(page...)
			t.Len()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)), "ns/person")
}
