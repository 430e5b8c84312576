package percolate

import (
	"slices"
	"sort"
	"time"

	"github.com/muster-health/muster/matching/eval"
)

// days are those that matter on the day of an index: between two of them it makes no difference when
// something was.
type days struct {
	marks []mark
	cuts  []eval.Date // the days of the marks, each once, in order
}

// mark is a day so long before that of the index, or the one after it.
type mark struct {
	back  eval.Period
	after bool
}

func (m mark) on(today eval.Date) eval.Date {
	day := m.back.Before(today)
	if m.after {
		t, _ := time.Parse(time.DateOnly, string(day))
		day = eval.DateOf(t.AddDate(0, 0, 1))
	}
	return day
}

// add makes a day matter, and says whether none did that was the same.
func (d *days) add(m mark, today eval.Date) bool {
	if slices.Contains(d.marks, m) {
		return false
	}
	d.marks = append(d.marks, m)
	day := m.on(today)
	at, known := slices.BinarySearch(d.cuts, day)
	if !known {
		d.cuts = slices.Insert(d.cuts, at, day)
	}
	return !known
}

// place says between which of the days a full date lies: how many are not after it.
func (d *days) place(day eval.Date) int {
	return sort.Search(len(d.cuts), func(i int) bool { return d.cuts[i] > day })
}

// in is a day of a place; not ok if all days are.
func (d *days) in(place int) (day eval.Date, ok bool) {
	switch {
	case len(d.cuts) == 0:
		return "", false
	case place == 0:
		return eval.Period{Days: 1}.Before(d.cuts[0]), true
	}
	return d.cuts[place-1], true
}

// turn moves the days to those of today, and says whether they still come in the same order.
func (d *days) turn(before, today eval.Date) bool {
	var next days
	for _, m := range d.marks {
		next.add(m, today)
	}
	same := len(next.cuts) == len(d.cuts)
	for _, m := range d.marks {
		same = same && next.place(m.on(today)) == d.place(m.on(before))
	}
	*d = next
	return same
}
