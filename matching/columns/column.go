package columns

import "math/bits"

// column holds a whole number for each person who has one, as slices of bits: in each block first
// who has one, then a block for every binary digit of the number less base, the lowest first.
type column struct {
	base   int64
	width  int       // digits
	blocks [][]block // of 1 + width; nil: nobody there has a number
}

// maxWidth is the widest number a column takes, in digits.
const maxWidth = 44

func (c *column) empty() bool { return len(c.blocks) == 0 }

// limits are the least number the column has room for, and the first that is beyond.
func (c *column) limits() (from, to int64) { return c.base, c.base + 1<<c.width }

// set gives a row its number; the row must not have one yet.
func (c *column) set(row uint32, v int64) {
	if c.width == 0 {
		c.base, c.width = v, 1
	}
	if from, to := c.limits(); v < from || v >= to {
		c.widen(v)
	}
	b := int(row / blockRows)
	for len(c.blocks) <= b {
		c.blocks = append(c.blocks, nil)
	}
	if c.blocks[b] == nil {
		c.blocks[b] = make([]block, 1+c.width)
	}
	cells := c.blocks[b]
	cells[0].set(row)
	for d := uint64(v - c.base); d != 0; d &= d - 1 {
		cells[1+bits.TrailingZeros64(d)].set(row)
	}
}

// get reads a row's number.
func (c *column) get(row uint32) (int64, bool) {
	cells := c.at(int(row / blockRows))
	if cells == nil || !cells[0].has(row) {
		return 0, false
	}
	v := c.base
	for i := range cells[1:] {
		if cells[1+i].has(row) {
			v += 1 << i
		}
	}
	return v, true
}

// at is block b, nil if nobody there has a number.
func (c *column) at(b int) []block {
	if b >= len(c.blocks) {
		return nil
	}
	return c.blocks[b]
}

// widen makes room for v, with as much again on the side it lies on.
func (c *column) widen(v int64) {
	from, to := c.limits()
	width := c.width
	below := int64(0)
	if v < from {
		for to-1<<width > v {
			width++
		}
		below = from - (to - 1<<width)
	} else {
		for from+1<<width <= v {
			width++
		}
	}
	for b, cells := range c.blocks {
		if cells == nil {
			continue
		}
		wider := make([]block, 1+width)
		copy(wider, cells)
		if below > 0 {
			add(wider, uint64(below))
		}
		c.blocks[b] = wider
	}
	c.base, c.width = from-below, width
}

// add raises every number of a block by d.
func add(cells []block, d uint64) {
	present := &cells[0]
	var carry block
	for i := range cells[1:] {
		s := &cells[1+i]
		for w := range s {
			a, x := s[w], uint64(0)
			if d>>i&1 == 1 {
				x = present[w]
			}
			s[w] = a ^ x ^ carry[w]
			carry[w] = a&x | carry[w]&(a^x)
		}
	}
}

// atLeast sets in dst who has v or more; of those without a number it says nothing.
func (c *column) atLeast(dst *block, cells []block, v int64) {
	if v <= c.base {
		*dst = cells[0]
		return
	}
	d := uint64(v - c.base)
	if d>>c.width != 0 {
		*dst = block{}
		return
	}
	low := bits.TrailingZeros64(d) // digits under the lowest one of v decide nothing
	slices := cells[1+low:]
	*dst = slices[0]
	i := 1
	for d >>= low + 1; i+1 < len(slices); i, d = i+2, d>>2 { // two digits at a time
		dst.digits(&slices[i], &slices[i+1], d&3)
	}
	if i < len(slices) {
		if d&1 == 1 {
			dst.and(&slices[i])
		} else {
			dst.or(&slices[i])
		}
	}
}

// digits goes on by two digits, of which d tells what they are in the number compared with.
func (b *block) digits(low, high *block, d uint64) {
	switch d {
	case 0:
		for w := range b {
			b[w] |= low[w] | high[w]
		}
	case 1:
		for w := range b {
			b[w] = b[w]&low[w] | high[w]
		}
	case 2:
		for w := range b {
			b[w] = (b[w] | low[w]) & high[w]
		}
	default:
		for w := range b {
			b[w] &= low[w] & high[w]
		}
	}
}

// members are a set of the numbers a column has room for, as questions about digits, the highest
// first.
type members struct {
	digit     int
	low, high *members // nil, nil: all, or none
	all       bool
}

// membersOf is the set of those wanted, counted from the base.
func membersOf(want []bool) *members {
	same := true
	for _, w := range want {
		same = same && w == want[0]
	}
	if same {
		return &members{all: want[0]}
	}
	half := len(want) / 2
	return &members{digit: bits.Len(uint(half)), low: membersOf(want[:half]), high: membersOf(want[half:])}
}

// in sets in dst those of a block whose number is in the set.
func (m *members) in(dst *block, cells []block) {
	switch {
	case m.low == nil && m.all:
		*dst = cells[0]
		return
	case m.low == nil:
		*dst = block{}
		return
	}
	s := &cells[m.digit]
	var high block
	m.low.in(dst, cells)
	m.high.in(&high, cells)
	for w := range dst {
		dst[w] = dst[w]&^s[w] | high[w]&s[w]
	}
}

func (c *column) bytes() (n int) {
	for _, cells := range c.blocks {
		n += 24 + len(cells)*blockRows/8
	}
	return n
}
