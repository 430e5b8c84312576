package percolate

// set is a set of slots. It is as long as its last member needs.
type set []uint64

func (b set) has(i int32) bool { return int(i>>6) < len(b) && b[i>>6]&(1<<(i&63)) != 0 }

func (b *set) set(i int32) {
	for int(i>>6) >= len(*b) {
		*b = append(*b, 0)
	}
	(*b)[i>>6] |= 1 << (i & 63)
}

func (b set) unset(i int32) {
	if int(i>>6) < len(b) {
		b[i>>6] &^= 1 << (i & 63)
	}
}

// or adds the members of o, which must not be longer.
func (b set) or(o set) {
	b = b[:len(o)]
	for i, w := range o {
		b[i] |= w
	}
}

// orNot adds the members of o that are not in but; b is the longest.
func (b set) orNot(o, but set) {
	for i, w := range o {
		if i < len(but) {
			w &^= but[i]
		}
		b[i] |= w
	}
}

// cleared returns b with n empty words.
func (b set) cleared(n int) set {
	if cap(b) < n {
		return make(set, n, n+n/4)
	}
	b = b[:n]
	clear(b)
	return b
}
