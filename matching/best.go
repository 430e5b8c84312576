package matching

import (
	"cmp"
	"container/heap"
	"slices"
)

// best keeps the first of those who fit: limit of them, all with 0, none below.
type best struct {
	limit int
	all   []*judged // a heap with the last on top, once it is full
}

// wants says whether j, of whom it is not known yet when they last had a word from us, may be among
// the first.
func (b *best) wants(j *judged) bool {
	switch {
	case b.limit < 0:
		return false
	case b.limit == 0 || len(b.all) < b.limit:
		return true
	}
	last := b.all[0]
	return cmp.Or(cmp.Compare(j.unknown, last.unknown), cmp.Compare(uint(j.metres), uint(last.metres))) <= 0
}

func (b *best) add(j *judged) {
	switch {
	case b.limit <= 0:
		b.all = append(b.all, j)
	case len(b.all) < b.limit:
		heap.Push((*lastOnTop)(b), j)
	case j.compare(b.all[0]) < 0:
		b.all[0] = j
		heap.Fix((*lastOnTop)(b), 0)
	}
}

// sorted empties b.
func (b *best) sorted() []*judged {
	all := b.all
	b.all = nil
	slices.SortFunc(all, func(x, y *judged) int { return x.compare(y) })
	return slices.CompactFunc(all, func(x, y *judged) bool { return x.id == y.id }) // found twice, by two queries
}

// lastOnTop makes a heap of best.
type lastOnTop best

func (h *lastOnTop) Len() int           { return len(h.all) }
func (h *lastOnTop) Less(i, j int) bool { return h.all[i].compare(h.all[j]) > 0 }
func (h *lastOnTop) Swap(i, j int)      { h.all[i], h.all[j] = h.all[j], h.all[i] }
func (h *lastOnTop) Push(x any)         { h.all = append(h.all, x.(*judged)) }
func (h *lastOnTop) Pop() any {
	n := len(h.all) - 1
	x := h.all[n]
	h.all = h.all[:n]
	return x
}
