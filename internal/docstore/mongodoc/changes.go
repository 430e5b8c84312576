package mongodoc

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// overlap is how far back each look at the feed reaches. Documents are stamped before they
// are committed, by clocks that differ a little, so they do not appear in the order of their
// stamps; after overlap they have all appeared.
const overlap = 30 * time.Second

// token says how far a reader of the feed has come.
type token struct {
	Upto time.Time `bson:"t"`
	// Seen identifies what was read within overlap before Upto, so that it is not read twice.
	// A token from the middle of a look has none.
	Seen []int64 `bson:"s,omitempty"`
}

func readToken(data []byte) (t token, err error) {
	if len(data) == 0 {
		return token{}, nil
	}
	if err := bson.Raw(data).Validate(); err != nil {
		return token{}, fmt.Errorf("%w: not a token of this change feed", docstore.ErrQuery)
	}
	if err := bson.Unmarshal(data, &t); err != nil || t.Upto.IsZero() {
		return token{}, fmt.Errorf("%w: not a token of this change feed", docstore.ErrQuery)
	}
	return t, nil
}

// Changes yields what was stamped since the token, less overlap, in the order of the stamps.
// It merges all collections and the tombstones.
func (d *Driver) Changes(ctx context.Context, from []byte) iter.Seq2[docstore.FeedItem, error] {
	return func(yield func(docstore.FeedItem, error) bool) {
		err := d.changes(ctx, from, func(item docstore.FeedItem) bool { return yield(item, nil) })
		if err != nil {
			yield(docstore.FeedItem{}, fmt.Errorf("read changes: %w", err))
		}
	}
}

// End is now: who goes on from it sees the last overlap again.
func (d *Driver) End(context.Context) ([]byte, error) { return bson.Marshal(token{Upto: d.wall()}) }

// stamped is a change and when it was stamped.
type stamped struct {
	docstore.Change
	at time.Time
}

func (s stamped) identity() int64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s\x00%d\x00%t", s.Collection, s.ID, s.Rev, s.Deleted)
	return int64(h.Sum64())
}

func (d *Driver) changes(ctx context.Context, from []byte, yield func(docstore.FeedItem) bool) error {
	start, err := readToken(from)
	if err != nil {
		return err
	}
	seen := make(map[int64]bool, len(start.Seen))
	for _, s := range start.Seen {
		seen[s] = true
	}
	lanes, err := d.lanes(ctx, start)
	if err != nil {
		return err
	}
	now := d.wall() // stamps of clocks ahead of ours do not move us past our own
	end := start
	type mark struct {
		at time.Time
		id int64
	}
	var window []mark
	var held *stamped // yielded when it is known whether another follows
	for {
		next, err := earliest(ctx, lanes)
		if err != nil {
			return err
		}
		if next == nil {
			break
		}
		if at := next.at; at.After(end.Upto) {
			end.Upto = at
			if at.After(now) {
				end.Upto = now
			}
		}
		id := next.identity()
		window = append(window, mark{next.at, id})
		if seen[id] {
			continue
		}
		if next.Deleted { // it may have been inserted again since, by a process whose clock is behind
			if _, err := d.Get(ctx, next.Collection, next.ID); err == nil {
				continue
			} else if !errors.Is(err, docstore.ErrNotFound) {
				return err
			}
		}
		if held != nil {
			middle, err := bson.Marshal(token{Upto: minTime(held.at, now)})
			if err != nil {
				return err
			}
			if !yield(docstore.FeedItem{Change: held.Change, Token: middle}) {
				return nil
			}
		}
		held = next
	}
	if held == nil {
		return nil
	}
	end.Seen = nil
	for _, m := range window {
		if m.at.After(end.Upto.Add(-overlap)) {
			end.Seen = append(end.Seen, m.id)
		}
	}
	last, err := bson.Marshal(end)
	if err != nil {
		return err
	}
	yield(docstore.FeedItem{Change: held.Change, Token: last})
	return nil
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// lane is one collection's documents by stamp.
type lane struct {
	walker *walker
	buffer []bson.Raw
	done   bool
}

func (d *Driver) lanes(ctx context.Context, start token) ([]*lane, error) {
	names, err := d.db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return nil, err
	}
	since := bson.DateTime(0)
	operator := "$gte"
	if !start.Upto.IsZero() {
		since, operator = bson.NewDateTimeFromTime(start.Upto.Add(-overlap)), "$gt"
	}
	var out []*lane
	for _, name := range names {
		if name != goneCollection && (strings.HasPrefix(name, "_") || strings.HasPrefix(name, "system.")) {
			continue
		}
		out = append(out, &lane{walker: &walker{
			d: d, collection: name, sort: "changed", bracketed: true,
			conditions: bson.A{where("changed", operator, since)},
		}})
	}
	return out, nil
}

// earliest takes the change with the lowest stamp off its lane; nil when all have ended.
func earliest(ctx context.Context, lanes []*lane) (*stamped, error) {
	var best *lane
	var at time.Time
	for _, l := range lanes {
		if err := l.fill(ctx); err != nil {
			return nil, err
		}
		if len(l.buffer) == 0 {
			continue
		}
		if t := l.buffer[0].Lookup("changed").Time(); best == nil || t.Before(at) {
			best, at = l, t
		}
	}
	if best == nil {
		return nil, nil
	}
	raw := best.buffer[0]
	best.buffer = best.buffer[1:]
	if best.walker.collection == goneCollection {
		var t tombstone
		if err := bson.Unmarshal(raw, &t); err != nil {
			return nil, err
		}
		return &stamped{docstore.Change{Collection: t.Collection, ID: t.ID, Rev: t.Rev, Deleted: true}, at}, nil
	}
	return &stamped{docstore.Change{
		Collection: best.walker.collection,
		ID:         raw.Lookup("_id").StringValue(),
		Rev:        raw.Lookup("rev").AsInt64(),
		Body:       raw,
	}, at}, nil
}

func (l *lane) fill(ctx context.Context) (err error) {
	if len(l.buffer) > 0 || l.done {
		return nil
	}
	l.buffer, err = l.walker.page(ctx, docstore.PageSize)
	l.done = len(l.buffer) < docstore.PageSize
	return err
}
