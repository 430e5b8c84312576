package columns_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// A table that was written and read again answers as before, and takes people in as before.
func TestSnapshotIsTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, table, rows := drawTable(t)
		for range s.IntN(3) {
			if len(rows) > 0 {
				i := s.IntN(len(rows))
				rows[i] = s.row(i, odds{partial: 10})
				table.Put(rows[i])
			}
		}
		var file bytes.Buffer
		if err := table.Write(&file, []byte("a note")); err != nil {
			t.Fatal(err)
		}
		whole := file.Bytes()
		again, note, err := columns.Read(bytes.NewReader(whole))
		if err != nil || string(note) != "a note" {
			t.Fatalf("%v, note %q", err, note)
		}
		for range 2 {
			q := s.query()
			s.extras(&q, rows)
			check(t, again, q, rows)
			a, err1 := table.Rank(q, 0, "")
			b, err2 := again.Rank(q, 0, "")
			if diff := cmp.Diff(a, b); diff != "" || err1 != nil || err2 != nil {
				t.Fatalf("%v, %v, ranks (-before +after):\n%s", err1, err2, diff)
			}
			for range s.IntN(5) {
				r := s.row(len(rows), odds{missing: 10})
				rows = append(rows, r)
				again.Put(r)
				table.Put(r)
			}
			check(t, again, q, rows)
		}
		var twice bytes.Buffer
		if err := again.Write(&twice, nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := columns.Read(bytes.NewReader(whole[:s.IntN(len(whole))])); !errors.Is(err, columns.ErrSnapshot) {
			t.Errorf("half a snapshot: %v, want ErrSnapshot", err)
		}
	})
}

// Whoever asks sees each person whole: somebody moves from one site's neighbourhood, age and language
// to another's, all at once, and never fits the mixture.
func TestNobodyIsSeenTorn(t *testing.T) {
	s := newSource(1)
	young, old := s.row(1, odds{}), s.row(1, odds{})
	young.Waiver, old.Waiver, young.Studies, old.Studies = "", "", nil, nil
	for r, x := range map[*columns.Row][2]string{&young: {"2000-01-01", "en"}, &old: {"1950-01-01", "es"}} {
		r.Person.BirthDate, r.Person.Language, r.Person.Dead, r.Person.Died = eval.Date(x[0]), x[1], false, ""
	}
	forty := 40.0
	mixed := columns.Query{Study: "S", AsOf: today, Items: []eval.Criterion{
		{Kind: eval.Age, Range: eval.Range{Max: &forty}}, {Kind: eval.Language, In: []string{"es"}}}}
	table := columns.New(today)
	table.Put(young)
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			for range 300 {
				a, err := table.Count(mixed)
				if err != nil || a.Excluded != 1 {
					t.Errorf("%+v, %v: somebody was seen torn, twice or not at all", a.Counts, err)
					return
				}
				if ranked, err := table.Rank(mixed, 1, ""); err != nil || len(ranked) != 0 {
					t.Errorf("%v, %v", ranked, err)
				}
			}
		})
	}
	for i := range 2000 {
		table.Put([]columns.Row{old, young}[i%2])
	}
	wait.Wait()
	if n := table.Len(); n != 1 {
		t.Errorf("%d people, want 1", n)
	}
}
