package columns

import "math/bits"

// column holds a whole number for each person who has one, as bits: for every 512 people first who
// has one, then a line for every binary digit of the number less base, the lowest first. So whoever
// compares reads a block from its beginning to its end.
type column struct {
	base   int64
	width  int      // digits
	blocks [][]line // blockLines times 1 + width; nil: nobody there has a number
	packed int      // so many chunks lie in one piece each, to be read as a stream
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
		c.pack(b / chunkBlocks) // no more will come before it
		c.blocks[b] = make([]line, blockLines*(1+c.width))
	}
	cells := c.blocks[b]
	l := cellsOf(cells, int(row%blockRows/lineRows), c.width)
	l[0].set(row)
	for d := uint64(v - c.base); d != 0; d &= d - 1 {
		l[1+bits.TrailingZeros64(d)].set(row)
	}
}

// cellsOf is the part of a block that holds the i-th 512 people.
func cellsOf(cells []line, i, width int) []line { return cells[i*(1+width):][:1+width] }

// pack moves the blocks of each chunk up to one, not included, next to each other.
func (c *column) pack(upTo int) {
	for ; c.packed < upTo; c.packed++ {
		part := c.blocks[min(c.packed*chunkBlocks, len(c.blocks)):min((c.packed+1)*chunkBlocks, len(c.blocks))]
		n := 0
		for _, cells := range part {
			n += len(cells)
		}
		piece := make([]line, 0, n)
		for i, cells := range part {
			if cells != nil {
				from := len(piece)
				piece = append(piece, cells...)
				part[i] = piece[from:len(piece):len(piece)]
			}
		}
	}
}

// get reads a row's number.
func (c *column) get(row uint32) (int64, bool) {
	cells := c.at(int(row / blockRows))
	if cells == nil {
		return 0, false
	}
	l := cellsOf(cells, int(row%blockRows/lineRows), c.width)
	if !l[0].has(row) {
		return 0, false
	}
	v := c.base
	for i := range l[1:] {
		if l[1+i].has(row) {
			v += 1 << i
		}
	}
	return v, true
}

// at is block b, nil if nobody there has a number.
func (c *column) at(b int) []line {
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
		wider := make([]line, blockLines*(1+width))
		for i := range blockLines {
			l := cellsOf(wider, i, width)
			copy(l, cellsOf(cells, i, c.width))
			if below > 0 {
				add(l, uint64(below))
			}
		}
		c.blocks[b] = wider
	}
	c.base, c.width = from-below, width
	packed := c.packed
	c.packed = 0
	c.pack(packed)
}

// add raises every number of 512 people by d.
func add(l []line, d uint64) {
	present := &l[0]
	var carry line
	for i := range l[1:] {
		s := &l[1+i]
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

// present sets in dst who has a number.
func (c *column) present(dst *block, cells []line) {
	for i := range blockLines {
		*dst.line(i) = cells[i*(1+c.width)]
	}
}

// atLeast sets in dst who has v or more; of those without a number it says nothing.
func (c *column) atLeast(dst *block, cells []line, v int64) {
	cut := c.cut(v)
	for i := range blockLines {
		cut.in(dst.line(i), cellsOf(cells, i, c.width))
	}
}

// cut parts a column's numbers into those from some number on and those before it.
type cut struct {
	all, none bool
	low       int    // the first line that matters: digits under the lowest one of the number decide nothing
	digits    uint64 // of the number, beyond that one
}

func (c *column) cut(v int64) cut {
	d := uint64(v - c.base)
	low := bits.TrailingZeros64(d)
	switch {
	case v <= c.base:
		return cut{all: true}
	case d>>c.width != 0:
		return cut{none: true}
	}
	return cut{low: 1 + low, digits: d >> (low & 63) >> 1}
}

// in sets in dst which of 512 people have the number or more.
func (x *cut) in(dst *line, cells []line) {
	switch {
	case x.all:
		*dst = cells[0]
		return
	case x.none:
		*dst = line{}
		return
	}
	cells = cells[x.low:]
	l := &cells[0]
	x0, x1, x2, x3, x4, x5, x6, x7 := l[0], l[1], l[2], l[3], l[4], l[5], l[6], l[7] // in registers throughout
	cells = cells[1:]
	d := x.digits
	for i := range cells {
		l := &cells[i]
		if d&1 == 1 {
			x0 &= l[0]
			x1 &= l[1]
			x2 &= l[2]
			x3 &= l[3]
			x4 &= l[4]
			x5 &= l[5]
			x6 &= l[6]
			x7 &= l[7]
		} else {
			x0 |= l[0]
			x1 |= l[1]
			x2 |= l[2]
			x3 |= l[3]
			x4 |= l[4]
			x5 |= l[5]
			x6 |= l[6]
			x7 |= l[7]
		}
		d >>= 1
	}
	*dst = line{x0, x1, x2, x3, x4, x5, x6, x7}
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

// in sets in dst those of 512 people whose number is in the set.
func (m *members) in(dst *line, cells []line) {
	switch {
	case m.low == nil && m.all:
		*dst = cells[0]
		return
	case m.low == nil:
		*dst = line{}
		return
	}
	has, s := &cells[0], &cells[m.digit]
	low, high := m.low, m.high
	switch {
	case high.low != nil && low.low != nil:
		var above line
		low.in(dst, cells)
		high.in(&above, cells)
		for w := range dst {
			dst[w] = dst[w]&^s[w] | above[w]&s[w]
		}
	case high.low == nil:
		low.in(dst, cells)
		for w := range dst {
			dst[w] &^= s[w]
		}
		if high.all {
			for w := range dst {
				dst[w] |= has[w] & s[w]
			}
		}
	default:
		high.in(dst, cells)
		for w := range dst {
			dst[w] &= s[w]
		}
		if low.all {
			for w := range dst {
				dst[w] |= has[w] &^ s[w]
			}
		}
	}
}

func (c *column) bytes() (n int) {
	for _, cells := range c.blocks {
		n += 24 + len(cells)*lineRows/8
	}
	return n
}
