package percolate

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/muster-health/muster/matching/eval"
)

// first returns the smallest i of (lo, hi] for which outcome differs from that of lo, for an outcome
// that changes once; not ok if it never does.
func first(lo, hi uint64, outcome func(uint64) eval.Truth) (uint64, bool) {
	from := outcome(lo)
	if outcome(hi) == from {
		return 0, false
	}
	n := sort.Search(int(hi-lo), func(i int) bool { return outcome(lo+1+uint64(i)) != from })
	return lo + 1 + uint64(n), true
}

// halves are a criterion's two bounds, each as a criterion of its own whose outcome changes once as
// the value grows.
func halves(c eval.Criterion) (out []eval.Criterion) {
	c.Exclude, c.Missing, c.AppliesTo, c.Of = false, eval.Ask, "", nil
	if c.Range.Min != nil {
		h := c
		h.Range = eval.Range{Min: c.Range.Min, Above: c.Range.Above}
		out = append(out, h)
	}
	if c.Range.Max != nil {
		h := c
		h.Range = eval.Range{Max: c.Range.Max, Below: c.Range.Below}
		out = append(out, h)
	}
	return out
}

// bound is what decides where the outcome of a half changes.
type bound struct {
	lower, open bool
	at          float64
	unit        string
	in          unit
}

// unit is how a number is reported.
type unit struct {
	code             eval.Code
	unit, comparator string
}

func boundOf(h *eval.Criterion, in unit) bound {
	if h.Range.Min != nil {
		return bound{true, h.Range.Above, *h.Range.Min, h.Unit, in}
	}
	return bound{false, h.Range.Below, *h.Range.Max, h.Unit, in}
}

// line is an order of values cut into cells: at each cut the outcome of some criteria changes.
type line[T cmp.Ordered] struct {
	cuts  []T    // the first value of each cell but the first
	edges []edge // in the order of the cuts
}

// edge says that the outcome for a study changes at a cut.
type edge struct {
	cut  int
	slot int32
}

// place is the number of the cell in which v lies.
func (l *line[T]) place(v T) int {
	n, exact := slices.BinarySearch(l.cuts, v)
	if exact {
		n++
	}
	return n
}

// find notes where on the line v lies.
func (l *line[T]) find(v T, at *spot) {
	at.place, at.places, at.edges = l.place(v), len(l.cuts)+1, l.edges
}

// cutAt is where the outcome for a study changes.
type cutAt[T cmp.Ordered] struct {
	at   T
	slot int32
}

func newLine[T cmp.Ordered](all []cutAt[T], more ...T) *line[T] {
	l := &line[T]{cuts: more}
	for _, c := range all {
		l.cuts = append(l.cuts, c.at)
	}
	slices.Sort(l.cuts)
	l.cuts = slices.Compact(l.cuts)
	for _, c := range all {
		l.edges = append(l.edges, edge{l.place(c.at) - 1, c.slot})
	}
	slices.SortFunc(l.edges, func(a, b edge) int { return cmp.Or(a.cut-b.cut, int(a.slot-b.slot)) })
	l.edges = slices.Compact(l.edges)
	return l
}

// birthLine tries at which days of birth the outcome of some criterion changes.
func (a *attribute) birthLine(x *Index) *line[eval.Date] {
	const longest = 200 * 366 // days; births before that are cells of their own
	today, _ := time.Parse(time.DateOnly, string(x.day))
	born := func(i uint64) eval.Date {
		if i == 0 {
			return "0001-01-01"
		}
		return eval.DateOf(today.AddDate(0, 0, int(i)-longest))
	}
	var all []cutAt[eval.Date]
	tried := map[bound]eval.Date{}
	for slot, items := range a.items {
		for _, it := range items {
			for _, h := range halves(x.preds[it.n].c) {
				b := boundOf(&h, unit{})
				day, known := tried[b]
				if !known {
					if at, ok := first(0, longest, func(i uint64) eval.Truth { return x.on.Met("", &h, &eval.Person{BirthDate: born(i)}) }); ok {
						day = born(at)
					}
					tried[b] = day
				}
				if day != "" {
					all = append(all, cutAt[eval.Date]{day, slot})
				}
			}
		}
	}
	return newLine(all, born(1))
}

// numberLine is that of the numbers reported as f's is.
func (a *attribute) numberLine(x *Index, f *eval.Fact) *line[float64] {
	in := unit{f.Code, f.Unit, f.Comparator}
	if a.lastOf != nil && a.last == in {
		return a.lastOf
	}
	l, ok := a.numbers[in]
	if !ok {
		if len(a.numbers) >= mostCells {
			a.forget() // the places of cells are those of lines that are no more
		}
		if a.numbers == nil {
			a.numbers = map[unit]*line[float64]{}
		}
		l = a.newNumberLine(x, in)
		a.numbers[in] = l
	}
	a.last, a.lastOf = in, l
	return l
}

// newNumberLine tries at which numbers, reported in this way, the outcome of some criterion changes.
func (a *attribute) newNumberLine(x *Index, in unit) *line[float64] {
	var all []cutAt[float64]
	for slot, items := range a.items {
		for _, it := range items {
			for _, h := range halves(x.preds[it.n].c) {
				b := boundOf(&h, in)
				at, tried := x.bounds[b]
				if !tried {
					h.Within, h.AtLeastAgo, h.Pick = eval.Period{}, eval.Period{}, eval.PickLatest
					at = numberCut(x.on, h, in, x.day)
					x.bounds[b] = at
				}
				if !math.IsNaN(at) {
					all = append(all, cutAt[float64]{at, slot})
				}
			}
		}
	}
	return newLine(all)
}

// numberCut is the first number for which the outcome of a half is not that of the numbers below;
// NaN if it is the same for all.
func numberCut(on eval.Day, h eval.Criterion, in unit, day eval.Date) float64 {
	v := 0.0
	p := eval.Person{Facts: []eval.Fact{{Kind: eval.FactObservation, Code: in.code, Number: &v, Unit: in.unit, Comparator: in.comparator, Date: day}}}
	outcome := func(i uint64) eval.Truth {
		v = ordered(i)
		return on.Met("", &h, &p)
	}
	lo, hi := order(-math.MaxFloat64), order(math.MaxFloat64)
	near := order(cmp.Or(deref(h.Range.Min), deref(h.Range.Max))) // where it is when nothing is converted
	if outcome(near-1) == outcome(lo) && outcome(near+1) == outcome(hi) {
		lo, hi = near-1, near+1
	}
	at, ok := first(lo, hi, outcome)
	if !ok {
		return math.NaN()
	}
	return ordered(at)
}

func deref(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// step is the outcome of a distance criterion from so many metres on.
type step struct {
	from int
	met  eval.Truth
}

func at(steps []step, metres int) eval.Truth {
	i := len(steps) - 1
	for steps[i].from > metres {
		i--
	}
	return steps[i].met
}

// reach tries at how many metres the outcome of a distance criterion changes, for a study with one
// site; nil for others.
func (x *Index) reach(s *entry, c *eval.Criterion) []step {
	if c.Kind != eval.Distance || len(s.Sites) != 1 || c.AppliesTo != "" {
		return nil
	}
	text, err := json.Marshal(c)
	if err != nil {
		return nil
	}
	key := string(text) + "\x00" + s.Sites[0].ID
	if have, ok := x.ranges[key]; ok {
		return have
	}
	const farthest = 20_040_000 // metres: half the way around the earth
	away := func(c *eval.Criterion, metres int) eval.Truth {
		return x.on.Met(s.ID, c, &eval.Person{Distances: []eval.SiteDistance{{Site: s.Sites[0].ID, Metres: metres}}})
	}
	cuts := []int{0}
	for _, h := range halves(*c) {
		if n, ok := first(0, farthest, func(i uint64) eval.Truth { return away(&h, int(i)) }); ok {
			cuts = append(cuts, int(n))
		}
	}
	slices.Sort(cuts)
	var out []step
	for _, n := range cuts {
		out = append(out, step{n, away(c, n)})
	}
	x.ranges[key] = out
	return out
}

// order maps numbers to integers of the same order, and ordered back. Minus zero comes before zero.
func order(v float64) uint64 {
	b := math.Float64bits(v)
	if b>>63 == 1 {
		return ^b
	}
	return b | 1<<63
}

func ordered(i uint64) float64 {
	if i>>63 == 1 {
		return math.Float64frombits(i &^ (1 << 63))
	}
	return math.Float64frombits(^i)
}
