package columns

import "slices"

// postings list who has a code, and when. Somebody with several episodes stands there several times.
type postings struct{ chunks []chunk }

// chunk is the part of the list for 65,536 rows. Once no more will come it is in the order of when,
// so that those of whom the same is to be said stand together.
type chunk struct {
	key     uint32   // row >> 16
	rows    []uint16 // row & 0xffff
	when    []entry
	ordered bool
}

// entry is one episode of what a code stands for: a form, whether it is over, and a day.
type entry uint32

// The forms of an entry.
const (
	onDay   entry = iota << 29 // it began on the day
	undated                    // nobody knows when
	upTo                       // on the day or earlier
	denied                     // there is none
	odd                        // more is to say than fits here: the person must be looked at
	formOf  entry = 7 << 29
	over    entry = 1 << 28
	dayOf   entry = over - 1
)

// dayZero is added to day numbers so that entries hold no negative ones: from the year 1600 on.
const dayZero = 135_140

// entryOn puts a day number into an entry; not ok: it does not fit.
func entryOn(form entry, day int) (entry, bool) {
	d := day + dayZero
	return form | entry(d), d >= 0 && d < int(dayOf)
}

func (p *postings) add(row uint32, e entry) {
	key := row >> 16
	if n := len(p.chunks); n == 0 || p.chunks[n-1].key != key {
		if n > 0 { // no more will come
			p.chunks[n-1].order()
		}
		p.chunks = append(p.chunks, chunk{key: key, ordered: true})
	}
	c := &p.chunks[len(p.chunks)-1]
	c.ordered = c.ordered && (len(c.when) == 0 || c.when[len(c.when)-1] <= e)
	c.rows, c.when = append(c.rows, uint16(row)), append(c.when, e)
}

// order puts a chunk in the order of when, in no more room than it needs.
func (c *chunk) order() {
	all := make([]uint64, len(c.rows))
	for i, row := range c.rows {
		all[i] = uint64(c.when[i])<<16 | uint64(row)
	}
	slices.Sort(all)
	c.rows, c.when, c.ordered = make([]uint16, len(all)), make([]entry, len(all)), true
	for i, x := range all {
		c.rows[i], c.when[i] = uint16(x), entry(x>>16)
	}
}

// in returns the part of the list that lies in a chunk.
func (p *postings) in(key int) *chunk {
	if key < len(p.chunks) && p.chunks[key].key == uint32(key) { // nothing is missing before it
		return &p.chunks[key]
	}
	i, found := slices.BinarySearchFunc(p.chunks, uint32(key), func(c chunk, key uint32) int { return int(c.key) - int(key) })
	if !found {
		return &chunk{}
	}
	return &p.chunks[i]
}

func (p *postings) bytes() (n int) {
	for i := range p.chunks {
		n += 56 + 2*cap(p.chunks[i].rows) + 4*cap(p.chunks[i].when)
	}
	return n
}
