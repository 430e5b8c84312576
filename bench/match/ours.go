package main

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// index takes people 0 to n-1 into a table, some at a time: as rows they are forty times the size.
// What it returns is the time the table took, without the making of rows.
func index(n int, at func(int) *person, places []geo.Point) (*columns.Table, time.Duration) {
	t := columns.New(asOf)
	var took time.Duration
	for from := 0; from < n; from += 4000 {
		rows := make([]columns.Row, 0, 4000)
		for i := from; i < min(from+4000, n); i++ {
			rows = append(rows, at(i).row(i, places))
		}
		began := time.Now()
		t.Put(rows...)
		t.Len() // whoever asks merges what waits
		took += time.Since(began)
	}
	return t, took
}

// bench is a table with the data it was made of.
type bench struct {
	*columns.Table
	people []person
	places []geo.Point
}

func (b *bench) count(q columns.Query) (answer, error) {
	a, err := b.Count(q)
	return answerOf(a), err
}

// full is the whole answer with nothing found before: what the peers are asked for.
func (b *bench) full() (measured, error) {
	return warm("Muster, nothing remembered", 20, func() (answer, error) {
		b.Forget()
		return b.count(query())
	})
}

// again is the same question once more: what was found of each criterion is still there.
func (b *bench) again() (measured, error) {
	return warm("Muster, asked again", 50, func() (answer, error) { return b.count(query()) })
}

// edit is the whole answer after one bound was changed to one never seen before, the others found.
func (b *bench) edit() (measured, error) {
	age := 0.0
	return warm("Muster, after one bound was edited", 30, func() (answer, error) {
		q := query()
		age++
		limit := maxAge - age/2
		q.Items[0].Range.Max = &limit
		_, err := b.Count(q)
		return answer{}, err
	})
}

// top asks for the first page of a study with many candidates, and says how many they are.
func (b *bench) top() (m measured, candidates int, err error) {
	q := query()
	q.Items = append(q.Items[:3:3], q.Items[16], q.Items[17]) // age, ALT, distance, no smoker, language
	a, err := b.Count(q)
	if err != nil {
		return m, 0, err
	}
	m, err = warm("the first 50 in order", 20, func() (answer, error) {
		page, err := b.Rank(q, 50, "")
		if err == nil && len(page) != min(50, a.Eligible+a.Possible) {
			err = fmt.Errorf("%d ranked of %d", len(page), a.Eligible+a.Possible)
		}
		return answer{}, err
	})
	return m, a.Eligible + a.Possible, err
}

// snapshot writes the table down and reads it again; it must count alike.
func (b *bench) snapshot() (size int, wrote, read time.Duration, err error) {
	var file bytes.Buffer
	began := time.Now()
	if err := b.Write(&file, nil); err != nil {
		return 0, 0, 0, err
	}
	wrote, size = time.Since(began), file.Len()
	began = time.Now()
	again, _, err := columns.Read(&file)
	if err != nil {
		return 0, 0, 0, err
	}
	read = time.Since(began)
	a, err := again.Count(query())
	if want, failed := b.count(query()); failed != nil || answerOf(a) != want {
		err = errors.Join(err, failed, fmt.Errorf("counts %+v, and before %+v", answerOf(a), want))
	}
	return size, wrote, read, err
}

// change is what one changed value costs in a row put anew, until the next count shows it. Rows are
// made before the clock starts.
func (b *bench) change() (time.Duration, error) {
	const some = 100_000
	n := min(some, len(b.people))
	var took time.Duration
	for from := 0; from < n; from += 4000 {
		to := min(from+4000, n)
		rows := make([]columns.Row, 0, 4000)
		for i := from; i < to; i++ {
			p := b.people[i]
			p.number[systolic] = 90
			rows = append(rows, p.row(i, b.places))
		}
		began := time.Now()
		b.Put(rows...)
		b.Len()
		took += time.Since(began)
	}
	changed := make([]person, len(b.people))
	copy(changed, b.people)
	for i := range changed[:n] {
		changed[i].number[systolic] = 90
	}
	got, err := b.count(query())
	if err == nil && got != scan(changed, b.places) {
		err = fmt.Errorf("changes of %d people are not counted: %+v", n, got)
	}
	return took / time.Duration(n), err
}

// explain is the reason for every criterion of one person, as codes and as sentences.
func (b *bench) explain() (codes, sentences time.Duration) {
	q := query()
	study := eval.Criteria{Study: q.Study, Items: q.Items}
	n := min(2000, len(b.people))
	all := make([]eval.Person, n)
	for i := range all {
		r := b.people[i].row(i, b.places)
		all[i] = r.Own.At(r.ID, r.Home, &q)
	}
	verdicts := make([]eval.Verdict, n)
	began := time.Now()
	for i := range all {
		verdicts[i] = eval.Evaluate(study, all[i], q.AsOf)
	}
	codes = time.Since(began) / time.Duration(n)
	teller := eval.NewTeller(q.Items, eval.English())
	var out strings.Builder
	began = time.Now()
	for i := range verdicts {
		out.Reset()
		for j, r := range verdicts[i].Reasons {
			out.WriteString(teller.Sentence(j, &r))
		}
	}
	return codes, codes + time.Since(began)/time.Duration(n)
}

// resident is what the heap holds, after a collection.
func resident() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
