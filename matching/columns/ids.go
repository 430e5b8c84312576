package columns

import "hash/maphash"

// ids names rows and finds them again by name; of two rows with one name, the later. Names stand
// behind one another in one piece of memory, and the index into them is a table of row numbers.
type ids struct {
	seed  maphash.Seed
	names []byte
	ends  []uint32
	slots []uint32 // row + 1; 0: free
	used  int
}

func (x *ids) name(row uint32) string { return string(x.bytesOf(row)) }

func (x *ids) bytesOf(row uint32) []byte {
	from := uint32(0)
	if row > 0 {
		from = x.ends[row-1]
	}
	return x.names[from:x.ends[row]]
}

// add gives the next row a name and says which row had it before.
func (x *ids) add(name string) (before uint32, had bool) {
	if x.slots == nil {
		x.seed, x.slots = maphash.MakeSeed(), make([]uint32, 1024)
	}
	row := uint32(len(x.ends))
	x.names = append(x.names, name...)
	x.ends = append(x.ends, uint32(len(x.names)))
	slot := x.slot(name)
	if before = x.slots[slot]; before != 0 {
		x.slots[slot] = row + 1
		return before - 1, true
	}
	x.slots[slot] = row + 1
	if x.used++; x.used > len(x.slots)*4/5 {
		x.grow()
	}
	return 0, false
}

// find says which row has a name.
func (x *ids) find(name string) (uint32, bool) {
	if x.slots == nil {
		return 0, false
	}
	row := x.slots[x.slot(name)]
	return row - 1, row != 0
}

// slot is where the name stands, or the free one where it would.
func (x *ids) slot(name string) int {
	mask := len(x.slots) - 1
	i := int(maphash.String(x.seed, name)) & mask
	for x.slots[i] != 0 && string(x.bytesOf(x.slots[i]-1)) != name {
		i = (i + 1) & mask
	}
	return i
}

// index finds all names anew; of two rows with one name, the later.
func (x *ids) index() {
	ends, names := x.ends, x.names
	*x = ids{names: names[:0:0], ends: make([]uint32, 0, len(ends))}
	from := uint32(0)
	for _, end := range ends {
		x.add(string(names[from:end]))
		from = end
	}
}

func (x *ids) grow() {
	old := x.slots
	x.slots = make([]uint32, 2*len(old))
	mask := len(x.slots) - 1
	for _, row := range old {
		if row == 0 {
			continue
		}
		i := int(maphash.Bytes(x.seed, x.bytesOf(row-1))) & mask
		for x.slots[i] != 0 {
			i = (i + 1) & mask
		}
		x.slots[i] = row
	}
}

func (x *ids) bytes() int { return cap(x.names) + 4*cap(x.ends) + 4*len(x.slots) }
