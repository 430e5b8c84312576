package sqlitedoc

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/muster-health/muster/internal/docstore"
)

// Changes yields what changed after token, in the order it was committed: the sequence is
// assigned in the write transaction, and one writer at a time holds that.
func (d *Driver) Changes(ctx context.Context, token []byte) iter.Seq2[docstore.FeedItem, error] {
	return func(yield func(docstore.FeedItem, error) bool) {
		seq, err := readToken(token)
		if err != nil {
			yield(docstore.FeedItem{}, err)
			return
		}
		for {
			if err := ctx.Err(); err != nil {
				yield(docstore.FeedItem{}, err)
				return
			}
			page, err := d.changes(seq)
			if err != nil {
				yield(docstore.FeedItem{}, fmt.Errorf("read changes: %w", err))
				return
			}
			for _, item := range page {
				if !yield(item, nil) {
					return
				}
			}
			if len(page) < docstore.PageSize {
				return
			}
			seq = int64(binary.BigEndian.Uint64(page[len(page)-1].Token))
		}
	}
}

// End is the last of the sequence.
func (d *Driver) End(ctx context.Context) ([]byte, error) {
	var seq int64
	if err := d.read.QueryRowContext(ctx, `SELECT v FROM state WHERE k='seq'`).Scan(&seq); err != nil {
		return nil, fmt.Errorf("end of the changes: %w", err)
	}
	return tokenOf(seq), nil
}

func tokenOf(seq int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(seq)) }

func (d *Driver) changes(after int64) (out []docstore.FeedItem, _ error) {
	rows, err := d.read.Query(`
		SELECT seq, c, id, rev, body FROM doc WHERE seq>?1
		UNION ALL SELECT seq, c, id, rev, NULL FROM gone WHERE seq>?1
		ORDER BY seq LIMIT ?2`, after, docstore.PageSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var item docstore.FeedItem
		if err := rows.Scan(&seq, &item.Collection, &item.ID, &item.Rev, (*[]byte)(&item.Body)); err != nil {
			return nil, err
		}
		item.Deleted = item.Body == nil
		item.Token = tokenOf(seq)
		out = append(out, item)
	}
	return out, rows.Err()
}

func readToken(token []byte) (int64, error) {
	switch len(token) {
	case 0:
		return 0, nil
	case 8:
		return int64(binary.BigEndian.Uint64(token)), nil
	default:
		return 0, fmt.Errorf("%w: not a token of this change feed", docstore.ErrQuery)
	}
}
