package columns

import (
	"slices"
	"strconv"
	"sync"

	"github.com/muster-health/muster/matching/eval"
)

// cache keeps what was found, the most recently asked for, within a number of bytes.
type cache struct {
	mu    sync.Mutex
	known map[string]*predicate
	clock uint64
	room  [][]found // to be used again
}

// cacheBytes is how much predicates may take: some four thousand at a million people.
const cacheBytes = 1 << 30

// predicate returns the statement of a criterion, known or new; find makes it answer.
func (t *Table) predicate(c *eval.Criterion, q *Query) (*predicate, error) {
	l := t.leaf(c, q)
	key := q.key(&l)
	t.cache.mu.Lock()
	p := t.cache.known[string(key)]
	t.cache.clock++
	if p != nil {
		p.used = t.cache.clock
	}
	t.cache.mu.Unlock()
	if p == nil {
		f, err := t.filler(l, q)
		if err != nil {
			return nil, err
		}
		p = t.keep(&predicate{leaf: l, key: string(key), filler: f})
	}
	p.grown(t)
	return p, nil
}

// uncached is predicate for what will hardly be asked again.
func (t *Table) uncached(c *eval.Criterion, q *Query) (*predicate, error) {
	l := t.leaf(c, q)
	f, err := t.filler(l, q)
	if err != nil {
		return nil, err
	}
	p := &predicate{leaf: l, filler: f}
	p.grown(t)
	return p, nil
}

func (t *Table) leaf(c *eval.Criterion, q *Query) leaf {
	l := leaf{Criterion: bare(c), asOf: q.AsOf}
	l.day, _ = q.AsOf.Day()
	l.judge, _ = eval.On(q.AsOf)
	if ourKind(l.Kind) || l.usesFacts() && t.own[q.Study] != nil {
		l.study = q.Study
	}
	return l
}

// key names a statement with all of the query that bears on it.
func (q *Query) key(l *leaf) []byte {
	key := l.key(make([]byte, 0, 256))
	switch l.Kind {
	case eval.OtherTrial, eval.LastVisit:
		key = strconv.AppendInt(key, int64(q.BusyRev), 10)
		key = strconv.AppendInt(append(key, ' '), int64(q.asksBackTo()), 10)
	case eval.Distance:
		for _, s := range q.Sites {
			key = append(strconv.AppendFloat(append(key, s.ID...), s.At.Lat, 'g', -1, 64), ' ')
			key = append(strconv.AppendFloat(key, s.At.Lon, 'g', -1, 64), ' ')
		}
	}
	return key
}

// keep puts a new predicate into the cache, or returns the one that came before it.
func (t *Table) keep(p *predicate) *predicate {
	x := &t.cache
	x.mu.Lock()
	defer x.mu.Unlock()
	if known := x.known[p.key]; known != nil {
		return known
	}
	if x.known == nil {
		x.known = map[string]*predicate{}
	}
	p.used = x.clock
	x.known[p.key] = p
	each := 2*int(t.rows)/8 + 1024
	if most := max(cacheBytes/each, 64); len(x.known) > most {
		var all []*predicate
		for _, k := range x.known {
			all = append(all, k)
		}
		slices.SortFunc(all, func(a, b *predicate) int { return int(a.used) - int(b.used) })
		for _, k := range all[:len(all)/4] {
			delete(x.known, k.key)
		}
	}
	return p
}

// Forget drops what was found, for a measurement that begins with nothing; the room it took is used
// again.
func (t *Table) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.cache.known {
		t.cache.room = append(t.cache.room, p.at[:0])
	}
	clear(t.cache.known)
}

// blocks gives room for n blocks with what s holds.
func (x *cache) blocks(s []found, n int) []found {
	if n <= cap(s) {
		return s[:n]
	}
	x.mu.Lock()
	var out []found
	if last := len(x.room) - 1; last >= 0 {
		out, x.room = x.room[last], x.room[:last]
	}
	x.mu.Unlock()
	if cap(out) < n {
		out = make([]found, n, n+n/16)
	}
	out = out[:n]
	copy(out, s)
	return out
}
