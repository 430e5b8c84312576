package columns

import "slices"

// postings list who has a code, in the order of the rows, and when. Somebody with several episodes
// stands there several times.
type postings struct{ chunks []chunk }

// chunk is the part of the list for 65,536 rows.
type chunk struct {
	key  uint32   // row >> 16
	rows []uint16 // row & 0xffff
	when []entry
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
			last := &p.chunks[n-1]
			last.rows, last.when = slices.Clip(slices.Clone(last.rows)), slices.Clip(slices.Clone(last.when))
		}
		p.chunks = append(p.chunks, chunk{key: key})
	}
	c := &p.chunks[len(p.chunks)-1]
	c.rows, c.when = append(c.rows, uint16(row)), append(c.when, e)
}

// in returns the part of the list that lies in block b.
func (p *postings) in(b int) ([]uint16, []entry) {
	const perChunk = 1 << 16 / blockRows
	i, found := slices.BinarySearchFunc(p.chunks, uint32(b/perChunk), func(c chunk, key uint32) int { return int(c.key) - int(key) })
	if !found {
		return nil, nil
	}
	c := &p.chunks[i]
	from, _ := slices.BinarySearch(c.rows, uint16(b%perChunk*blockRows))
	to := len(c.rows)
	if b%perChunk != perChunk-1 {
		to, _ = slices.BinarySearch(c.rows, uint16((b%perChunk+1)*blockRows))
	}
	return c.rows[from:to], c.when[from:to]
}

func (p *postings) bytes() (n int) {
	for i := range p.chunks {
		n += 56 + 2*cap(p.chunks[i].rows) + 4*cap(p.chunks[i].when)
	}
	return n
}
