package sqlitedoc

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/muster-health/muster/internal/docstore"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// position is a place in an index, or in the ids of a collection when k plays no part.
type position struct {
	k  []byte
	id string
}

// interval is half-open: lo <= position < hi.
type interval struct{ lo, hi position }

// aboveAllIDs sorts after every id: ids are UTF-8, which has no such byte.
const aboveAllIDs = "\xff"

func everyID() interval { return interval{hi: position{id: aboveAllIDs}} }

// advance leaves what comes after at. Ids have no zero byte, so nothing lies between an id
// and the id followed by one.
func (i *interval) advance(at position, desc bool) {
	if desc {
		i.hi = at
		return
	}
	i.lo = position{at.k, at.id + "\x00"}
}

type row struct {
	at   position
	body bson.Raw
}

// walkIDs goes through a collection by id.
func (d *Driver) walkIDs(collection string, in interval, desc bool, after *position) docstore.Pages {
	p := walk(in, desc, after, func(in interval, n int) ([]row, error) {
		return byID(d.read, collection, in, desc, n)
	})
	p.Count = func(ctx context.Context) (n int, err error) {
		err = d.read.QueryRowContext(ctx, `SELECT count(*) FROM doc WHERE c=? AND id>=? AND id<?`,
			collection, in.lo.id, in.hi.id).Scan(&n)
		return n, err
	}
	return p
}

// walkIndex goes through a span of an index by key and id.
func (d *Driver) walkIndex(collection, name string, in interval, desc bool, after *position) docstore.Pages {
	p := walk(in, desc, after, func(in interval, n int) ([]row, error) {
		return byKey(d.read, collection, name, in, desc, n)
	})
	p.Count = func(ctx context.Context) (n int, err error) {
		err = d.read.QueryRowContext(ctx, `SELECT count(*) FROM ix WHERE c=? AND n=? AND (k,id)>=(?,?) AND (k,id)<(?,?)`,
			collection, name, in.lo.k, in.lo.id, in.hi.k, in.hi.id).Scan(&n)
		return n, err
	}
	return p
}

// walk reads an interval page by page.
func walk(in interval, desc bool, after *position, read func(interval, int) ([]row, error)) docstore.Pages {
	if after != nil {
		in.advance(*after, desc)
	}
	return docstore.Pages{Next: func(_ context.Context, n int) ([]bson.Raw, bool, error) {
		rows, err := read(in, n)
		if err != nil || len(rows) < n {
			return bodies(rows), false, err
		}
		in.advance(rows[len(rows)-1].at, desc)
		return bodies(rows), true, nil
	}}
}

func bodies(rows []row) []bson.Raw {
	out := make([]bson.Raw, len(rows))
	for i, r := range rows {
		out[i] = r.body
	}
	return out
}

// What pages are read with. CROSS JOIN keeps SQLite from turning the join round.
const (
	idsUp    = `SELECT id, body FROM doc WHERE c=? AND id>=? AND id<? ORDER BY id LIMIT ?`
	idsDown  = `SELECT id, body FROM doc WHERE c=? AND id>=? AND id<? ORDER BY id DESC LIMIT ?`
	inSpan   = `SELECT ix.k, ix.id, doc.body FROM ix CROSS JOIN doc ON doc.c=ix.c AND doc.id=ix.id WHERE ix.c=? AND ix.n=? AND (ix.k,ix.id)>=(?,?) AND (ix.k,ix.id)<(?,?) `
	keysUp   = inSpan + `ORDER BY ix.k, ix.id LIMIT ?`
	keysDown = inSpan + `ORDER BY ix.k DESC, ix.id DESC LIMIT ?`
)

func byID(q querier, collection string, in interval, desc bool, n int) ([]row, error) {
	text := idsUp
	if desc {
		text = idsDown
	}
	rows, err := q.Query(text, collection, in.lo.id, in.hi.id, n)
	return gather(rows, err, func(r *row) []any { return []any{&r.at.id, (*[]byte)(&r.body)} })
}

func byKey(q querier, collection, name string, in interval, desc bool, n int) ([]row, error) {
	text := keysUp
	if desc {
		text = keysDown
	}
	rows, err := q.Query(text, collection, name, in.lo.k, in.lo.id, in.hi.k, in.hi.id, n)
	return gather(rows, err, func(r *row) []any { return []any{&r.at.k, &r.at.id, (*[]byte)(&r.body)} })
}

func gather(rows *sql.Rows, err error, fields func(*row) []any) (out []row, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := rows.Scan(fields(&r)...); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// pick reads the documents an id stream names. A document may have changed since its id was
// read, so match looks again.
func (d *Driver) pick(collection string, match func(bson.Raw) bool, ids idStream) docstore.Pages {
	return docstore.Pages{Match: match, Next: func(_ context.Context, n int) ([]bson.Raw, bool, error) {
		want, err := ids.next(n)
		if err != nil || len(want) == 0 {
			return nil, false, err
		}
		args := []any{collection}
		for _, id := range want {
			args = append(args, id)
		}
		rows, err := d.read.Query(`SELECT id, body FROM doc WHERE c=? AND id IN (?`+strings.Repeat(",?", len(want)-1)+`)`, args...)
		found, err := gather(rows, err, func(r *row) []any { return []any{&r.at.id, (*[]byte)(&r.body)} })
		if err != nil {
			return nil, false, err
		}
		place := make(map[string]int, len(want))
		for i, id := range want {
			place[id] = i
		}
		slices.SortFunc(found, func(a, b row) int { return place[a.at.id] - place[b.at.id] })
		return bodies(found), true, nil
	}}
}
