package columns

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/muster-health/muster/matching/eval"
)

// facts are the measurements and answers with one code: of each person the latest.
//
// What does not fit (a comparator nobody knows, a date that is partial or lies ahead, several facts
// of which none is surely the latest) makes the cell odd: the person is kept, and looked at.
type facts struct {
	code    eval.Code
	numbers []numbers
	said    column         // index into values
	values  []eval.Fact    // distinct yes or no, coded values and words
	index   map[string]int // into values
	day     column         // of the fact; without one it is undated
	some    bitset         // who has any
	several bitset         // who has more than the one that stands here
	odd     bitset
	now     []int // facts of whoever is being put
}

// numbers are those reported in one unit with one comparator, times ten to the decimals.
type numbers struct {
	unit, comparator string
	decimals         int
	column
}

const (
	maxDecimals = 6
	maxValues   = 4096 // of words and codes; what is beyond is odd
)

// put takes in those of a person's facts that have this code, which x.now counts. False: they are odd.
func (x *facts) put(row uint32, all []eval.Fact, floor int) bool {
	x.some.set(row)
	if len(x.now) > 1 {
		x.several.set(row)
	}
	f, day, dated := latest(all, x.now, floor)
	if f == nil || !x.write(row, f) {
		x.odd.set(row)
		return false
	}
	if dated {
		x.day.set(row, int64(day))
	}
	return len(x.now) == 1
}

// latest is the one of these facts that is surely the latest, with its day if it has one; nil if that cannot be
// said here.
func latest(all []eval.Fact, these []int, floor int) (best *eval.Fact, bestDay int, dated bool) {
	tie := false
	for i, k := range these {
		f := &all[k]
		day, _, ok := f.Date.Span()
		full := ok && len(f.Date) == len(time.DateOnly)
		switch {
		case ok && !full, full && day > floor, !full && len(these) > 1:
			return nil, 0, false
		case i == 0 || day > bestDay:
			best, bestDay, dated, tie = f, day, full, false
		case day == bestDay:
			tie = true
		}
	}
	if tie {
		return nil, 0, false
	}
	return best, bestDay, dated
}

// write sets the cells but for the day; false if the value has no place in them.
func (x *facts) write(row uint32, f *eval.Fact) bool {
	var to *numbers
	var raw int64
	if f.Number != nil {
		digits, decimals, ok := decimal(*f.Number)
		if !ok {
			return false
		}
		if to = x.in(f.Unit, f.Comparator); to.decimals < decimals && !to.refine(decimals) {
			return false
		}
		if raw, ok = scaled(digits, to.decimals-decimals); !ok || !to.fits(raw) {
			return false
		}
	}
	value := -1
	if f.Bool != nil || f.ValueCode != "" || f.Text != "" {
		if value = x.value(f); value < 0 {
			return false
		}
	}
	if to == nil && value < 0 {
		return false // a fact without a value can still be the latest
	}
	if to != nil {
		to.set(row, raw)
	}
	if value >= 0 {
		x.said.set(row, int64(value))
	}
	return true
}

func (x *facts) in(unit, comparator string) *numbers {
	for i := range x.numbers {
		if n := &x.numbers[i]; n.unit == unit && n.comparator == comparator {
			return n
		}
	}
	x.numbers = append(x.numbers, numbers{unit: unit, comparator: comparator})
	return &x.numbers[len(x.numbers)-1]
}

func (x *facts) value(f *eval.Fact) int {
	var room [96]byte
	key := room[:0]
	if f.Bool != nil {
		key = strconv.AppendBool(key, *f.Bool)
	}
	key = append(append(key, 0), f.ValueCode...)
	key = append(append(key, 0), f.Text...)
	i, known := x.index[string(key)]
	switch {
	case known:
		return i
	case len(x.values) >= maxValues:
		return -1
	case x.index == nil:
		x.index = map[string]int{}
	}
	x.index[string(key)] = len(x.values)
	x.values = append(x.values, eval.Fact{Bool: f.Bool, ValueCode: f.ValueCode, Text: f.Text})
	return len(x.values) - 1
}

// fact puts a row's cells together again; what does not bear on a criterion is lost. The row must
// be in some and not odd.
func (x *facts) fact(row uint32) eval.Fact {
	f := eval.Fact{}
	if v, ok := x.said.get(row); ok {
		f = x.values[v]
	}
	for i := range x.numbers {
		n := &x.numbers[i]
		if raw, ok := n.get(row); ok {
			v := n.value(raw)
			f.Number, f.Unit, f.Comparator = &v, n.unit, n.comparator
		}
	}
	f.Kind, f.Code, f.Scope = eval.FactObservation, x.code, eval.Registry
	if d, ok := x.day.get(row); ok {
		f.Date = eval.DateOfDay(int(d))
	}
	return f
}

func (x *facts) bytes() int {
	n := x.said.bytes() + x.day.bytes() + x.some.bytes() + x.several.bytes() + x.odd.bytes() + 200*len(x.values)
	for i := range x.numbers {
		n += x.numbers[i].bytes()
	}
	return n
}

// value is the number that stands as raw, the very one that came.
func (n *numbers) value(raw int64) float64 {
	var room [32]byte
	s := strconv.AppendInt(append(strconv.AppendInt(room[:0], raw, 10), "e-"...), int64(n.decimals), 10)
	v, _ := strconv.ParseFloat(string(s), 64) // always a number
	return v
}

// fits says whether the column can be made wide enough for raw.
func (n *numbers) fits(raw int64) bool {
	from, to := raw, raw+1
	if !n.empty() {
		a, b := n.limits()
		from, to = min(from, a), max(to, b)
	}
	return to-from < 1<<(maxWidth-1)
}

// refine keeps more decimals of what is there already; false if there is no room.
func (n *numbers) refine(decimals int) bool {
	finer := numbers{unit: n.unit, comparator: n.comparator, decimals: decimals}
	by := decimals - n.decimals
	if !n.empty() {
		from, to := n.limits()
		a, okA := scaled(from, by)
		b, okB := scaled(to, by)
		if !okA || !okB || b-a >= 1<<(maxWidth-1) {
			return false
		}
	}
	for b, cells := range n.blocks {
		if cells == nil {
			continue
		}
		var present block
		n.present(&present, cells)
		present.each(uint32(b)*blockRows, func(row uint32) {
			raw, _ := n.get(row)
			v, _ := scaled(raw, by)
			finer.set(row, v)
		})
	}
	*n = finer
	return true
}

// decimal takes a number apart: 7.25 is 725 with two decimals. Not ok: too long, or no number.
func decimal(v float64) (digits int64, decimals int, ok bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) || v == 0 && math.Signbit(v) {
		return 0, 0, false
	}
	// Below 2^50 what stands in a float is more exact than any of these steps: a number with so few
	// decimals is found, and no other gives the same float.
	const exact = 1 << 50
	step := 1.0
	for decimals = 0; decimals <= maxDecimals && math.Abs(v)*step < exact; decimals++ {
		if whole := math.Round(v * step); whole/step == v {
			return int64(whole), decimals, true
		}
		step *= 10
	}
	if decimals > maxDecimals {
		return 0, 0, false
	}
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	if len(fraction) > maxDecimals {
		return 0, 0, false
	}
	digits, err := strconv.ParseInt(whole+fraction, 10, 64)
	return digits, len(fraction), err == nil
}

// scaled is v with so many more decimals; not ok: too large.
func scaled(v int64, decimals int) (int64, bool) {
	for range decimals {
		if v > math.MaxInt64/100 || v < math.MinInt64/100 {
			return 0, false
		}
		v *= 10
	}
	return v, true
}

// putFacts enters a person's measurements and answers. False: some of it is odd.
func (t *Table) putFacts(row uint32, p *eval.Person) bool {
	for i := range p.Facts {
		f := &p.Facts[i]
		if f.Kind != eval.FactObservation && f.Kind != eval.FactAnswer {
			continue
		}
		x := t.facts[f.Code]
		if x == nil {
			x = &facts{code: f.Code, said: column{width: 1}}
			t.facts[f.Code] = x
		}
		if len(x.now) == 0 {
			t.coming = append(t.coming, x)
		}
		x.now = append(x.now, i)
	}
	regular := true
	for _, x := range t.coming {
		if !x.put(row, p.Facts, t.floor) {
			regular = false
		}
		x.now = x.now[:0]
	}
	t.coming = t.coming[:0]
	return regular
}
