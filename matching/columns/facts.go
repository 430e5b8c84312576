package columns

import (
	"math"
	"slices"
	"strconv"
	"strings"

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

// put takes in the facts a person has with this code. False: they are odd.
func (x *facts) put(row uint32, all []*eval.Fact, floor int) bool {
	x.some.set(row)
	if len(all) > 1 {
		x.several.set(row)
	}
	f := latest(all, floor)
	if f == nil || !x.write(row, f) {
		x.odd.set(row)
		return false
	}
	return len(all) == 1
}

// latest is the one fact that is surely the latest, nil if that cannot be said here.
func latest(all []*eval.Fact, floor int) *eval.Fact {
	best, bestDay, tie := all[0], 0, false
	for i, f := range all {
		d, full := f.Date.Day()
		_, _, dated := f.Date.Span()
		switch {
		case !full && dated, full && d > floor, !full && len(all) > 1:
			return nil
		case i == 0 || d > bestDay:
			best, bestDay, tie = f, d, false
		case d == bestDay:
			tie = true
		}
	}
	if tie {
		return nil
	}
	return best
}

// write sets the cells; false if the value has no place in them.
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
	if d, ok := f.Date.Day(); ok {
		x.day.set(row, int64(d))
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
	var key strings.Builder
	if f.Bool != nil {
		key.WriteString(strconv.FormatBool(*f.Bool))
	}
	key.WriteByte(0)
	key.WriteString(string(f.ValueCode))
	key.WriteByte(0)
	key.WriteString(f.Text)
	i, known := x.index[key.String()]
	switch {
	case known:
		return i
	case len(x.values) >= maxValues:
		return -1
	case x.index == nil:
		x.index = map[string]int{}
	}
	x.index[key.String()] = len(x.values)
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

// byCode gathers a person's measurements and answers, in the order of their codes.
func byCode(p *eval.Person, f func(eval.Code, []*eval.Fact)) {
	var all []*eval.Fact
	for i := range p.Facts {
		if k := p.Facts[i].Kind; k == eval.FactObservation || k == eval.FactAnswer {
			all = append(all, &p.Facts[i])
		}
	}
	slices.SortStableFunc(all, func(a, b *eval.Fact) int { return strings.Compare(string(a.Code), string(b.Code)) })
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Code == all[0].Code {
			n++
		}
		f(all[0].Code, all[:n])
		all = all[n:]
	}
}
