package columns

import (
	"bytes"
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// Ranked is somebody who fits, and what says when their turn is.
type Ranked struct {
	ID      string
	Class   eval.Class
	Unknown int       // items
	Metres  int       // to the nearest site; -1: unknown
	Last    time.Time // when we last wrote or called; zero: never
}

// rank orders people: the fewest unknowns, then the nearest, then who has waited longest for a word
// from us, then the id. Of two people one is always before the other.
type rank struct {
	unknown uint32
	metres  uint32 // the most there is: not known
	last    uint32
	row     uint32
}

const nowhere = ^uint32(0)

func (t *Table) compare(a, b rank) int {
	if c := cmp.Or(cmp.Compare(a.unknown, b.unknown), cmp.Compare(a.metres, b.metres), cmp.Compare(a.last, b.last)); c != 0 {
		return c
	}
	return bytes.Compare(t.ids.bytesOf(a.row), t.ids.bytesOf(b.row))
}

// Rank returns the first people (limit 0: all) who are eligible or possible, in their order; after
// continues behind somebody, wherever they stand now. ErrNobody if the table does not know them.
func (t *Table) Rank(q Query, limit int, after string) ([]Ranked, error) {
	defer t.read()()
	x, err := t.all(&q)
	if err != nil {
		return nil, err
	}
	ways := make([][]int32, len(q.Sites))
	for i, s := range q.Sites {
		ways[i] = t.metres(s.At)
	}
	var from *rank
	if after != "" {
		row, ok := t.ids.find(after)
		if !ok || !t.live.has(row) {
			return nil, fmt.Errorf("rank after somebody: %w", ErrNobody)
		}
		r := x.rankOf(row, ways)
		from = &r
	}
	best := top{Table: t, limit: limit}
	f := fitting{question: x, room: make([]found, len(x.items)), met: make([]*block, len(x.items))}
	for b := range x.blocks() {
		f.block(b, best.most, func(row uint32, unknown uint32) {
			r := rank{unknown: unknown, metres: x.metresOf(row, ways), row: row}
			if last := best.last(); last != nil && (r.unknown > last.unknown || r.unknown == last.unknown && r.metres > last.metres) {
				return
			}
			if r.last = t.last[row]; from == nil || t.compare(r, *from) > 0 {
				best.add(r)
			}
		})
	}
	out := make([]Ranked, 0, len(best.ranks))
	for _, r := range best.sorted() {
		one := Ranked{ID: t.ids.name(r.row), Class: eval.Eligible, Unknown: int(r.unknown), Metres: -1}
		if r.unknown > 0 {
			one.Class = eval.Possible
		}
		if r.metres != nowhere {
			one.Metres = int(r.metres)
		}
		if r.last > 0 {
			one.Last = time.Unix(int64(r.last), 0).UTC()
		}
		out = append(out, one)
	}
	return out, nil
}

func nearest(ways [][]int32, home uint16) uint32 {
	least := nowhere
	if home == 0 {
		return least
	}
	for _, way := range ways {
		least = min(least, uint32(way[home]))
	}
	return least
}

// metresOf is how far somebody lives from the nearest site.
func (x *question) metresOf(row uint32, ways [][]int32) uint32 {
	if !x.elsewhere.has(row) {
		return nearest(ways, x.home[row])
	}
	least := nowhere
	for _, s := range x.Sites {
		least = min(least, uint32(geo.Distance(x.kept[row].look().Home, s.At)))
	}
	return least
}

// fitting goes over those who are eligible or possible.
type fitting struct {
	*question
	room []found
	met  []*block
}

// block calls f with everybody of a block who fits and of whom no more items are unknown than most
// says, and how many are.
func (x *fitting) block(b int, most func() uint32, f func(row, unknown uint32)) {
	var fit, dead block
	x.people(b, &fit, &dead)
	known := fit
	for j, it := range x.items {
		met, not := it.in(b, &x.room[j])
		x.met[j] = met
		fit.andNot(not)
		known.and(met)
	}
	base := uint32(b * blockRows)
	for w, who := range fit {
		sure := known[w]
		for left := who & sure; left != 0; left &= left - 1 {
			f(base+uint32(w*64+bits.TrailingZeros64(left)), 0)
		}
		if who &^= sure; who == 0 || most() == 0 {
			continue
		}
		var digits [16]uint64 // of how many are unknown, for each of the 64
		for j := range x.met {
			carry := who &^ x.met[j][w]
			for i := 0; carry != 0; i++ {
				digits[i], carry = digits[i]^carry, digits[i]&carry
			}
		}
		for ; who != 0; who &= who - 1 {
			bit := bits.TrailingZeros64(who)
			unknown := uint32(0)
			for i, d := range digits {
				unknown |= uint32(d>>bit&1) << i
			}
			if unknown <= most() {
				f(base+uint32(w*64+bit), unknown)
			}
		}
	}
}

func (x *question) rankOf(row uint32, ways [][]int32) rank {
	r := rank{metres: x.metresOf(row, ways), last: x.last[row], row: row}
	var room found
	b := int(row / blockRows)
	for _, it := range x.items {
		if met, not := it.in(b, &room); !met.has(row) && !not.has(row) {
			r.unknown++
		}
	}
	return r
}

// top keeps the first so many: a heap with the last of them at the root.
type top struct {
	*Table
	limit int
	ranks []rank
}

// last is the one whose place another could take, nil while there is room.
func (x *top) last() *rank {
	if x.limit > 0 && len(x.ranks) == x.limit {
		return &x.ranks[0]
	}
	return nil
}

// most is how many items may be unknown of whoever is added.
func (x *top) most() uint32 {
	if last := x.last(); last != nil {
		return last.unknown
	}
	return ^uint32(0)
}

func (x *top) add(r rank) {
	if x.limit == 0 {
		x.ranks = append(x.ranks, r)
		return
	}
	h := x.ranks
	if len(h) < x.limit {
		h = append(h, r)
		for i := len(h) - 1; i > 0 && x.compare(h[(i-1)/2], h[i]) < 0; i = (i - 1) / 2 {
			h[(i-1)/2], h[i] = h[i], h[(i-1)/2]
		}
		x.ranks = h
		return
	}
	if x.compare(r, h[0]) >= 0 {
		return
	}
	h[0] = r
	for i := 0; ; {
		last := i
		for _, kid := range [2]int{2*i + 1, 2*i + 2} {
			if kid < len(h) && x.compare(h[last], h[kid]) < 0 {
				last = kid
			}
		}
		if last == i {
			return
		}
		h[i], h[last], i = h[last], h[i], last
	}
}

func (x *top) sorted() []rank {
	slices.SortFunc(x.ranks, x.compare)
	return x.ranks
}
