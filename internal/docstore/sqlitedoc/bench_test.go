package sqlitedoc_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
)

// The peer is database/sql with the same SQLite, the same pragmas and the same rows: a
// document and its index entry each, one durable transaction per batch.
const peerSchema = `
CREATE TABLE doc (c TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (c, id));
CREATE UNIQUE INDEX doc_seq ON doc (seq);
CREATE TABLE ix (c TEXT NOT NULL, n TEXT NOT NULL, k BLOB NOT NULL, id TEXT NOT NULL, PRIMARY KEY (c, n, k, id)) WITHOUT ROWID;`

type peer struct {
	db       *sql.DB
	get      *sql.Stmt
	addDoc   *sql.Stmt
	addIndex *sql.Stmt
	seq      atomic.Int64
}

func newPeer(b *testing.B, connections int) *peer {
	b.Helper()
	v := url.Values{"_pragma": {"busy_timeout(10000)", "cache_size(-16384)", "journal_mode(WAL)", "synchronous(FULL)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "peer.db")+"?"+v.Encode())
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	b.Cleanup(func() { db.Close() })
	if _, err := db.Exec(peerSchema); err != nil {
		b.Fatal(err)
	}
	p := &peer{db: db}
	for text, stmt := range map[string]**sql.Stmt{
		`SELECT body FROM doc WHERE c=? AND id=?`:                        &p.get,
		`INSERT INTO doc (c, id, rev, seq, body) VALUES (?, ?, 1, ?, ?)`: &p.addDoc,
		`INSERT INTO ix (c, n, k, id) VALUES (?, 'study', ?, ?)`:         &p.addIndex,
	} {
		if *stmt, err = db.Prepare(text); err != nil {
			b.Fatal(err)
		}
	}
	return p
}

func (p *peer) write(ops []docstore.Op) error {
	tx, err := p.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, op := range ops {
		if _, err := tx.Stmt(p.addDoc).Exec(op.Collection, op.ID, p.seq.Add(1), []byte(op.Body)); err != nil {
			return err
		}
		if _, err := tx.Stmt(p.addIndex).Exec(op.Collection, []byte("STEADY"), op.ID); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func benchStore(b *testing.B) *sqlitedoc.Driver {
	b.Helper()
	d, err := sqlitedoc.Open(b.Context(), filepath.Join(b.TempDir(), "muster.db"), sqlitedoc.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	if err := d.Index(b.Context(), "visits", []docstore.Index{{Name: "study", Fields: []string{"study"}}}); err != nil {
		b.Fatal(err)
	}
	return d
}

// visit is a document of the usual size, some 600 bytes.
func visit(id string) docstore.Op {
	body, err := bson.Marshal(bson.D{
		{Key: "_id", Value: id}, {Key: "rev", Value: int64(1)}, {Key: "changed", Value: time.Unix(1, 0)},
		{Key: "study", Value: "STEADY"}, {Key: "status", Value: "planned"},
		{Key: "sealed", Value: make([]byte, 480)},
	})
	if err != nil {
		panic(err)
	}
	return docstore.Op{Kind: docstore.Insert, Collection: "visits", ID: id, Body: body}
}

func batch(n int64) []docstore.Op {
	ops := make([]docstore.Op, 4)
	for i := range ops {
		ops[i] = visit(fmt.Sprintf("vis_%09d_%d", n, i))
	}
	return ops
}

// compare runs both sides in turns, so that what else the machine does falls on both, and reports
// the medians of the rounds: operations a second, and store ÷ raw.
func compare(b *testing.B, workers int, store, raw func(n int64) error) {
	b.Helper()
	const rounds = 21
	var rates [3][]float64 // store, raw, their ratio
	var next [2]atomic.Int64
	per := max(b.N/rounds, 8*workers)
	b.ResetTimer()
	for range rounds {
		var took [2]time.Duration
		for side, op := range []func(int64) error{store, raw} {
			start := time.Now()
			left := atomic.Int64{}
			left.Store(int64(per))
			var wg sync.WaitGroup
			for range workers {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if err := op(next[side].Add(1)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			took[side] = time.Since(start)
			rates[side] = append(rates[side], float64(per)/took[side].Seconds())
		}
		rates[2] = append(rates[2], took[1].Seconds()/took[0].Seconds())
	}
	for i, unit := range []string{"store/s", "raw/s", "store/raw"} {
		slices.Sort(rates[i])
		b.ReportMetric(rates[i][rounds/2], unit)
	}
	b.ReportMetric(0, "ns/op") // both sides together: says nothing
}

func BenchmarkReads(b *testing.B) {
	const documents = 10_000
	d, p := benchStore(b), newPeer(b, 4)
	for n := range int64(documents / 4) {
		if err := d.Write(b.Context(), batch(n)); err != nil {
			b.Fatal(err)
		}
		if err := p.write(batch(n)); err != nil {
			b.Fatal(err)
		}
	}
	id := func(n int64) string { return fmt.Sprintf("vis_%09d_%d", n*7919%(documents/4), n%4) }
	for _, workers := range []int{1, 4} {
		b.Run(fmt.Sprintf("readers=%d", workers), func(b *testing.B) {
			compare(b, workers,
				func(n int64) error { _, err := d.Get(b.Context(), "visits", id(n)); return err },
				func(n int64) error {
					var body []byte
					return p.get.QueryRow("visits", id(n)).Scan(&body)
				})
		})
	}
}

func BenchmarkDurableBatches(b *testing.B) {
	for _, workers := range []int{1, 16} {
		b.Run(fmt.Sprintf("writers=%d", workers), func(b *testing.B) {
			d, p := benchStore(b), newPeer(b, 1)
			ctx := context.Background()
			compare(b, workers,
				func(n int64) error { return d.Write(ctx, batch(n)) },
				func(n int64) error { return p.write(batch(n)) })
		})
	}
}
