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
	if c.empty() {
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
	slices := cells[1:]
	low := bits.TrailingZeros64(d) // digits under the lowest one of v decide nothing
	*dst = slices[low]
	for i := low + 1; i < len(slices); i++ {
		s := &slices[i]
		if d>>i&1 == 1 {
			dst.and(s)
		} else {
			dst.or(s)
		}
	}
}

// equal sets in dst who has exactly v.
func (c *column) equal(dst *block, cells []block, v int64) {
	*dst = block{}
	d := uint64(v - c.base)
	if v < c.base || d>>c.width != 0 {
		return
	}
	*dst = cells[0]
	for i := range cells[1:] {
		if d>>i&1 == 1 {
			dst.and(&cells[1+i])
		} else {
			dst.andNot(&cells[1+i])
		}
	}
}

func (c *column) bytes() (n int) {
	for _, cells := range c.blocks {
		n += 24 + len(cells)*blockRows/8
	}
	return n
}
