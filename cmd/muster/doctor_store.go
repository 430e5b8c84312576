package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

// probes is the collection examinations write to and clear again.
const probes = "probes"

// slow is what a batch may take: above it pages and calls are sluggish.
const slow = 250 * time.Millisecond

// examineStore opens the database, writes and reads.
func examineStore(ctx context.Context, p *patient) []finding {
	kind := storeKind(p.config)
	mend := "start the database, or correct --store; the log of `muster serve` says the same"
	if p.config.SQLitePath() != "" {
		mend = "make its folder writable for the user Muster runs as, on a disk of this machine"
	}
	if path := p.config.SQLitePath(); path != "" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return one("store", doubtful, kind+" is not there yet", "the first `muster serve`, `study put` or `staff add` makes it; if there should be one, correct --store or --data-dir")
		}
	}
	var err error
	if p.driver, err = openDriver(ctx, p.config, slog.New(slog.DiscardHandler)); err != nil {
		p.driver = nil
		return one("store", broken, fmt.Sprintf("%s does not open: %v", kind, err), mend)
	}
	var times []time.Duration
	for range 5 {
		id := "probe_" + strings.ToLower(rand.Text())
		began := time.Now()
		err := p.driver.Write(ctx, []docstore.Op{probe(id)})
		times = append(times, time.Since(began))
		if err == nil {
			_, err = p.driver.Get(ctx, probes, id)
		}
		if err == nil {
			err = p.driver.Write(ctx, []docstore.Op{{Kind: docstore.Delete, Collection: probes, ID: id, Rev: 1}})
		}
		if err != nil {
			return one("store", broken, fmt.Sprintf("%s: a written document does not come back: %v", kind, err), mend)
		}
	}
	slices.Sort(times)
	median := times[len(times)/2]
	says := fmt.Sprintf("%s opens, writes and reads; a write took %s (median of %d)", kind, median.Round(100*time.Microsecond), len(times))
	if median > slow {
		return one("store", doubtful, says, "put it on a faster disk or nearer: each answer of a participant is such a write")
	}
	return one("store", fine, says, "")
}

// probe inserts a small document.
func probe(id string) docstore.Op {
	body, _ := bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "rev", Value: int64(1)}, {Key: "changed", Value: time.Now()}})
	return docstore.Op{Kind: docstore.Insert, Collection: probes, ID: id, Body: body}
}

// examineTransactions writes a batch that must fail as a whole, and looks for its first half.
func examineTransactions(ctx context.Context, p *patient) []finding {
	const part = "transactions"
	if p.driver == nil {
		return one(part, skipped, "the store did not open", "")
	}
	if d, asks := p.driver.(interface{ Transactions() bool }); asks && !d.Transactions() {
		return one(part, broken, "the server keeps none, and musterAllowNoTransactions=true lets Muster run all the same: a crash can store half a change",
			"make it a replica set (one member will do) and take the option out of --store")
	}
	id := "probe_" + strings.ToLower(rand.Text())
	err := p.driver.Write(ctx, []docstore.Op{probe(id), {Kind: docstore.Check, Collection: probes, ID: id + "x", Rev: 7}})
	if !errors.Is(err, docstore.ErrConflict) {
		return one(part, broken, fmt.Sprintf("a batch that must be refused was answered with %v", err), "make the database a replica set")
	}
	if _, err := p.driver.Get(ctx, probes, id); !errors.Is(err, docstore.ErrNotFound) {
		_ = p.driver.Write(ctx, []docstore.Op{{Kind: docstore.Delete, Collection: probes, ID: id, Rev: 1}}) // as far as possible
		return one(part, broken, "half of a refused batch is there", "make the database a replica set")
	}
	return one(part, fine, "a batch that is refused leaves nothing", "")
}

// examineKeys reads the key ring and asks whether the database is bound to it.
func examineKeys(ctx context.Context, p *patient) []finding {
	const part = "key ring"
	ring, err := seal.Open(p.config.KeyringFile, false)
	if errors.Is(err, seal.ErrNoRing) && p.driver != nil {
		if bound, err := seal.Bound(ctx, docstore.New(p.driver, time.Now)); err == nil && !bound {
			return one(part, doubtful, "there is none yet, and the database belongs to none", "the first `muster serve`, `study put` or `staff add` makes it; copy it to two safe places then")
		}
	}
	if err != nil {
		return one(part, broken, err.Error(), "put your copy of this database's key ring there, mode 0600")
	}
	p.ring = ring
	if p.driver == nil {
		return one(part, skipped, "it can be read; whether it is this database's is not known, for the store did not open", "")
	}
	store := docstore.New(p.driver, time.Now)
	bound, err := seal.Bound(ctx, store)
	if err == nil && !bound {
		return one(part, doubtful, "it can be read; the database belongs to no ring yet", "the first `muster serve`, `study put` or `staff add` ties them together")
	}
	if err == nil {
		err = ring.Bind(ctx, store)
	}
	if err != nil {
		return one(part, broken, err.Error(), "point --keyring-file at the ring of this database")
	}
	return one(part, fine, "it is there, only its owner can read it, and it is this database's", "")
}
