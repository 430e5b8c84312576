package columns

// Memory is how many bytes the people take, without what questions keep.
func (t *Table) Memory() int {
	defer t.read()()
	n := t.ids.bytes() + 4*cap(t.last) + 2*cap(t.home) + 80*len(t.points) + 8*cap(t.live.blocks) + t.live.bytes()
	for _, c := range []*column{&t.birth, &t.died, &t.ended, &t.asked, &t.visited} {
		n += c.bytes()
	}
	for _, s := range []*bitset{&t.birthOdd, &t.isDead, &t.trialsOdd, &t.waived, &t.located, &t.visitOdd, &t.elsewhere} {
		n += s.bytes()
	}
	for _, x := range t.traits {
		n += x.unit.bytes()
	}
	for _, x := range t.facts {
		n += x.bytes()
	}
	for _, x := range t.lists {
		n += 120 + x.bytes()
	}
	for _, sets := range []map[string]*bitset{t.complete, t.waivers, t.own} {
		for _, s := range sets {
			n += s.bytes()
		}
	}
	for _, k := range t.kept {
		if n += len(k.raw); k.raw == nil {
			n += rowBytes(k.row)
		}
	}
	return n
}

// rowBytes is about what a kept row takes.
func rowBytes(r *Row) int {
	n := 600 + 400*len(r.Person.Facts)
	for _, o := range r.Studies {
		n += 500 + 400*len(o.Person.Facts)
	}
	return n
}
