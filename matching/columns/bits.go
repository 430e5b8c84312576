package columns

import "math/bits"

// blockRows is how many people stand in a block: 64 words of 64 bits.
const blockRows = 64 * 64

// chunkBlocks is how many blocks stand in a chunk, which is as far as a uint16 counts.
const chunkBlocks = 1 << 16 / blockRows

// chunkBits holds one bit for each person of a chunk.
type chunkBits [1 << 16 / 64]uint64

func (x *chunkBits) set(row uint16) { x[row>>6] |= 1 << (row & 63) }

// block i of them.
func (x *chunkBits) block(i int) *block { return (*block)(x[i*len(block{}):]) }

// lineRows is how many people stand in a line, which is one of the processor's; blockLines how many
// lines a block has.
const (
	lineRows   = 512
	blockLines = blockRows / lineRows
)

// line holds one bit for each of 512 people.
type line [lineRows / 64]uint64

func (l *line) set(row uint32)      { l[row>>6&7] |= 1 << (row & 63) }
func (l *line) has(row uint32) bool { return l[row>>6&7]>>(row&63)&1 == 1 }

// block holds one bit for each person of a block.
type block [64]uint64

func (b *block) set(row uint32)      { b[row>>6&63] |= 1 << (row & 63) }
func (b *block) has(row uint32) bool { return b[row>>6&63]>>(row&63)&1 == 1 }

// line i holds 512 of them.
func (b *block) line(i int) *line { return (*line)(b[i*len(line{}):]) }

func (b *block) or(o *block) {
	for w := range b {
		b[w] |= o[w]
	}
}

func (b *block) and(o *block) {
	for w := range b {
		b[w] &= o[w]
	}
}

func (b *block) andNot(o *block) {
	for w := range b {
		b[w] &^= o[w]
	}
}

func (b *block) not() {
	for w := range b {
		b[w] = ^b[w]
	}
}

func (b *block) count() (n int) {
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

func (b *block) empty() bool {
	any := uint64(0)
	for _, w := range b {
		any |= w
	}
	return any == 0
}

// each calls f with every row of the set, where the block begins at row base.
func (b *block) each(base uint32, f func(row uint32)) {
	for w, x := range b {
		for ; x != 0; x &= x - 1 {
			f(base + uint32(w<<6+bits.TrailingZeros64(x)))
		}
	}
}

// bitset is one bit for everybody; blocks without a bit may be missing.
type bitset struct{ blocks []*block }

func (s *bitset) set(row uint32) {
	b := int(row / blockRows)
	for len(s.blocks) <= b {
		s.blocks = append(s.blocks, nil)
	}
	if s.blocks[b] == nil {
		s.blocks[b] = new(block)
	}
	s.blocks[b].set(row)
}

func (s *bitset) clear(row uint32) {
	if b := s.at(int(row / blockRows)); b != nil {
		b[row>>6&63] &^= 1 << (row & 63)
	}
}

func (s *bitset) has(row uint32) bool {
	b := s.at(int(row / blockRows)) // s may be nil
	return b != nil && b.has(row)
}

// at is nil for a block without a bit.
func (s *bitset) at(b int) *block {
	if s == nil || b >= len(s.blocks) {
		return nil
	}
	return s.blocks[b]
}

// addTo sets in dst the bits of block b.
func (s *bitset) addTo(dst *block, b int) {
	if x := s.at(b); x != nil {
		dst.or(x)
	}
}

func (s *bitset) bytes() (n int) {
	if s == nil {
		return 0
	}
	for _, b := range s.blocks {
		n += 8
		if b != nil {
			n += blockRows / 8
		}
	}
	return n
}
