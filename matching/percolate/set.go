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

func (b *set) setAll(slots []int32) {
	for _, i := range slots {
		b.set(i)
	}
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

// join adds the members of all, none of which may be longer: four at a time, for each that is read
// alone costs a reading and a writing of b as well.
func (b set) join(all []set) {
	for ; len(all) >= 4; all = all[4:] {
		n := min(len(all[0]), len(all[1]), len(all[2]), len(all[3]))
		to, p, q, r, s := b[:n], all[0][:n], all[1][:n], all[2][:n], all[3][:n]
		for i := range to {
			to[i] |= p[i] | q[i] | r[i] | s[i]
		}
		for _, o := range all[:4] {
			b[n:].or(o[n:])
		}
	}
	for _, o := range all {
		b.or(o)
	}
}

// few is a set with few members: the words that have any.
type few []word

type word struct {
	at   int32
	bits uint64
}

// pack makes each set one of few, side by side in memory.
func pack(all []set, into ...*few) {
	n := 0
	for _, b := range all {
		for _, w := range b {
			n += flag(w != 0)
		}
	}
	room := make(few, 0, n)
	for k, b := range all {
		from := len(room)
		for i, w := range b {
			if w != 0 {
				room = append(room, word{int32(i), w})
			}
		}
		*into[k] = room[from:len(room):len(room)]
	}
}

// add adds the members of o, of which none may be beyond b.
func (b set) add(o few) {
	for _, w := range o {
		b[w.at] |= w.bits
	}
}
