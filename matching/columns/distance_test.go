package columns_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// More places than a column has numbers for are looked at one by one.
func TestMorePlacesThanNumbers(t *testing.T) {
	table := columns.New(today)
	var rows []columns.Row
	for i := range 1<<16 + 500 {
		at := geo.Point{Lat: 25 + float64(i%250)/10, Lon: -120 + float64(i/250)/10}
		rows = append(rows, columns.Row{ID: fmt.Sprint(i), Home: at})
	}
	table.Put(rows...)
	most := 500.0
	q := columns.Query{Study: "S", AsOf: today, Sites: []columns.Site{{ID: "east", At: geo.Point{Lat: 40, Lon: -95}}},
		Items: []eval.Criterion{{ID: "I1", Kind: eval.Distance, Range: eval.Range{Max: &most}, Unit: "km"}}}
	want, verdicts := byRows(q, rows)
	got, err := table.Count(q)
	if diff := cmp.Diff(want, got); err != nil || diff != "" || want.Eligible == 0 {
		t.Errorf("%v (-evaluator +table):\n%s", err, diff)
	}
	ranked, err := table.Rank(q, 0, "")
	if err != nil || len(ranked) != want.Eligible {
		t.Fatalf("%d ranked, want %d, %v", len(ranked), want.Eligible, err)
	}
	for i, r := range ranked {
		if verdicts[r.ID].Class != eval.Eligible || i > 0 && ranked[i-1].Metres > r.Metres || r.Metres > 500_000 {
			t.Fatalf("%d: %+v behind %+v", i, r, ranked[max(i-1, 0)])
		}
	}
}
