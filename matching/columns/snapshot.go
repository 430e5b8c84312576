package columns

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// ErrSnapshot marks a snapshot that cannot be read: of another version, or damaged.
var ErrSnapshot = errors.New("no snapshot of the index of this version")

// snapshotForm changes with the columns' form.
const snapshotForm = "muster columns 2"

// Write puts the whole table into w, with a note of the caller's. It says who people are by their
// ids alone, and tells all of their facts that criteria may use: seal it.
func (t *Table) Write(w io.Writer, note []byte) error {
	defer t.read()()
	c := &codec{w: bufio.NewWriterSize(w, 1<<20)}
	form := snapshotForm
	c.text(&form)
	c.bytes(&note)
	c.table(t)
	if c.err == nil {
		c.err = c.w.Flush()
	}
	return c.err
}

// Read is a table as Write has put it, and the note. ErrSnapshot for anything else.
func Read(r io.Reader) (*Table, []byte, error) {
	c := &codec{r: bufio.NewReaderSize(r, 1<<20)}
	var form string
	var note []byte
	if c.text(&form); form != snapshotForm {
		return nil, nil, ErrSnapshot
	}
	c.bytes(&note)
	t := New("")
	c.table(t)
	if c.err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrSnapshot, c.err)
	}
	return t, note, nil
}

func (c *codec) table(t *Table) {
	number(c, &t.floor)
	number(c, &t.rows)
	number(c, &t.dead)
	c.set(&t.live)
	c.bytes(&t.ids.names)
	words(c, &t.ids.ends)
	if c.w == nil && c.err == nil {
		t.ids.index()
	}
	words(c, &t.last)
	halves(c, &t.home)
	c.points(t)
	for _, col := range []*column{&t.birth, &t.died, &t.ended, &t.asked, &t.visited} {
		c.column(col)
	}
	for _, s := range []*bitset{&t.birthOdd, &t.isDead, &t.trialsOdd, &t.waived, &t.located, &t.visitOdd, &t.elsewhere} {
		c.set(s)
	}
	for _, x := range t.traits {
		texts(c, &x.all)
		for i, v := range x.all {
			x.has[v] = i
		}
		c.column(&x.unit)
	}
	each(c, t.facts, func(code eval.Code, x *facts) { x.code = code; c.facts(x) })
	for _, sets := range []map[string]*bitset{t.complete, t.waivers, t.own} {
		each(c, sets, func(_ string, s *bitset) { c.set(s) })
	}
	c.lists(t)
	c.kept(t)
}

func (c *codec) points(t *Table) {
	n := len(t.points)
	number(c, &n)
	if c.w == nil {
		t.points = make([]geo.Point, c.length(n, 16))
	}
	for i := range t.points {
		c.plain(&t.points[i])
		if i > 0 {
			t.pointOf[t.points[i]] = uint16(i)
		}
	}
}

func (c *codec) facts(x *facts) {
	n := len(x.numbers)
	number(c, &n)
	if c.w == nil {
		x.numbers = make([]numbers, c.length(n, 4))
	}
	for i := range x.numbers {
		k := &x.numbers[i]
		c.text(&k.unit)
		c.text(&k.comparator)
		number(c, &k.decimals)
		c.column(&k.column)
	}
	c.column(&x.said)
	c.json(&x.values)
	for i := range x.values {
		if c.w == nil {
			x.value(&x.values[i])
		}
	}
	c.column(&x.day)
	for _, s := range []*bitset{&x.some, &x.several, &x.odd} {
		c.set(s)
	}
}

func (c *codec) lists(t *Table) {
	names := slices.SortedFunc(maps.Keys(t.lists), func(a, b listKey) int {
		if a.list != b.list {
			return compare(a.list, b.list)
		}
		return compare(a.code, b.code)
	})
	n := len(names)
	number(c, &n)
	for i := 0; i < n && c.err == nil; i++ {
		var key listKey
		if c.w != nil {
			key = names[i]
		}
		code := string(key.code)
		c.text(&key.list)
		c.text(&code)
		l := t.list(key.list, eval.Code(code))
		denials := 0
		if l.denials {
			denials = 1
		}
		number(c, &denials)
		l.denials = denials == 1
		chunks := len(l.chunks)
		number(c, &chunks)
		if c.w == nil {
			l.chunks = make([]chunk, c.length(chunks, 4))
		}
		for k := range l.chunks {
			part := &l.chunks[k]
			number(c, &part.key)
			halves(c, &part.rows)
			words(c, &part.when)
			part.ordered = slices.IsSorted(part.when)
		}
	}
}

// kept rows stay as they are read until somebody looks at them.
func (c *codec) kept(t *Table) {
	rows := slices.Sorted(maps.Keys(t.kept))
	words(c, &rows)
	for _, row := range rows {
		if c.err != nil {
			return
		}
		if c.w == nil {
			t.kept[row] = &kept{}
		}
		k := t.kept[row]
		raw := k.raw
		if c.w != nil && raw == nil {
			raw, c.err = json.Marshal(k.row)
		}
		c.bytes(&raw)
		if c.w == nil {
			k.raw = raw
		}
	}
}

// kept is a row of whom more is to say than the columns hold.
type kept struct {
	once sync.Once
	raw  []byte // as a snapshot had it; nil: it was put since
	row  *Row
}

func (k *kept) look() *Row {
	if k == nil {
		return nil
	}
	k.once.Do(func() {
		if k.row == nil {
			k.row = &Row{}
			if err := json.Unmarshal(k.raw, k.row); err != nil { // it was written by this very form
				panic("columns: a kept row that cannot be read: " + err.Error())
			}
		}
	})
	return k.row
}

func (c *codec) column(x *column) {
	number(c, &x.base)
	number(c, &x.width)
	n := len(x.blocks)
	number(c, &n)
	if c.w == nil {
		if x.width < 0 || x.width > 63 {
			c.fail()
			return
		}
		x.blocks = make([][]line, c.length(n, 1))
	}
	for b := range x.blocks {
		there := 0
		if x.blocks[b] != nil {
			there = 1
		}
		number(c, &there)
		if there == 0 || c.err != nil {
			continue
		}
		if c.w == nil {
			x.blocks[b] = make([]line, blockLines*(1+x.width))
		}
		for i := range x.blocks[b] {
			c.row(x.blocks[b][i][:])
		}
	}
	if c.w == nil {
		x.pack(n / chunkBlocks)
	}
}

func (c *codec) set(s *bitset) {
	n := len(s.blocks)
	number(c, &n)
	if c.w == nil {
		s.blocks = make([]*block, c.length(n, 1))
	}
	for b := range s.blocks {
		there := 0
		if s.blocks[b] != nil {
			there = 1
		}
		number(c, &there)
		if there == 0 || c.err != nil {
			continue
		}
		if c.w == nil {
			s.blocks[b] = new(block)
		}
		c.row(s.blocks[b][:])
	}
}
