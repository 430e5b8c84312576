package sqlitedoc

import (
	"slices"
	"strings"
)

// idStream yields ids in order, each once, at most n at a time; none means the end.
type idStream interface {
	next(n int) ([]string, error)
}

// idList is a stream over ids that are known.
type idList struct{ ids []string }

func newIDList(sorted []string, desc bool, after *position) *idList {
	if desc {
		slices.Reverse(sorted)
	}
	if after != nil {
		sorted = slices.DeleteFunc(sorted, func(id string) bool {
			return id == after.id || desc == (id > after.id)
		})
	}
	return &idList{sorted}
}

func (l *idList) next(n int) ([]string, error) {
	n = min(n, len(l.ids))
	page := l.ids[:n]
	l.ids = l.ids[n:]
	return page, nil
}

// keyMerge merges the ids under several keys of an index. Ids under one key are sorted in the
// table, so each key needs a page at a time and nothing is sorted.
type keyMerge struct {
	lanes []*lane
	desc  bool
}

// lane is what is left of one key.
type lane struct {
	read    func(interval, int) ([]string, error)
	left    interval
	buffer  []string
	drained bool
}

func (d *Driver) mergeKeys(collection, name string, keys [][]byte, desc bool, after *position) *keyMerge {
	m := &keyMerge{desc: desc}
	text := `SELECT id FROM ix WHERE c=? AND n=? AND k=? AND id>=? AND id<? ORDER BY id LIMIT ?`
	if desc {
		text = `SELECT id FROM ix WHERE c=? AND n=? AND k=? AND id>=? AND id<? ORDER BY id DESC LIMIT ?`
	}
	for _, k := range keys {
		l := &lane{left: everyID(), read: func(in interval, n int) ([]string, error) {
			rows, err := d.read.Query(text, collection, name, k, in.lo.id, in.hi.id, n)
			found, err := gather(rows, err, func(r *row) []any { return []any{&r.at.id} })
			ids := make([]string, len(found))
			for i, r := range found {
				ids[i] = r.at.id
			}
			return ids, err
		}}
		if after != nil {
			l.left.advance(*after, desc)
		}
		m.lanes = append(m.lanes, l)
	}
	return m
}

func (m *keyMerge) next(n int) ([]string, error) {
	var page []string
	for len(page) < n {
		best := ""
		for _, l := range m.lanes {
			if err := l.fill(n, m.desc); err != nil {
				return nil, err
			}
			if len(l.buffer) > 0 && (best == "" || m.before(l.buffer[0], best)) {
				best = l.buffer[0]
			}
		}
		if best == "" {
			return page, nil
		}
		for _, l := range m.lanes { // a document may stand under several keys
			if len(l.buffer) > 0 && l.buffer[0] == best {
				l.buffer = l.buffer[1:]
			}
		}
		page = append(page, best)
	}
	return page, nil
}

func (m *keyMerge) before(a, b string) bool { return (strings.Compare(a, b) < 0) != m.desc }

func (l *lane) fill(n int, desc bool) (err error) {
	if len(l.buffer) > 0 || l.drained {
		return nil
	}
	if l.buffer, err = l.read(l.left, n); err != nil {
		return err
	}
	l.drained = len(l.buffer) < n
	if len(l.buffer) > 0 {
		l.left.advance(position{id: l.buffer[len(l.buffer)-1]}, desc)
	}
	return nil
}
