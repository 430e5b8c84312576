package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// VerifyOptions tune Verify.
type VerifyOptions struct {
	Unaudited []string // the same as given to Options and Guard
	Tokens    []string // checkpoints from the log ("token"), kept where the database's keeper cannot reach
}

// Verify walks every lane, compares checkpoints with lanes and documents with entries, and
// reports what does not fit. It may run beside a working server. The error is about reading, not
// about what was found. Collections are checked for unrecorded documents if they are open in store.
//
// What it cannot see: the end of a lane cut off together with every checkpoint that names it,
// unless Tokens bring one; and whatever someone does who holds the key ring.
func Verify(ctx context.Context, store *docstore.Store, ring Ring, opts VerifyOptions) (Report, error) {
	v := &verifier{store: store, ring: ring, exempt: unaudited(opts.Unaudited),
		lanes: map[string]head{}, marked: map[position]markedHead{}, docs: map[object]seen{}, gone: map[object]bool{}}
	var err error
	if v.entries, err = docstore.Open[Entry](ctx, store, spec()); err != nil {
		return v.report, err
	}
	// The order matters beside a working server: a document is read before the entry that
	// explains it, a checkpoint before the lane it measures.
	for _, step := range []func(context.Context) error{
		v.readDocuments,
		func(ctx context.Context) error { return v.readCheckpoints(ctx, opts.Tokens) },
		v.walkLanes, v.compareHeads, v.compareDocuments,
	} {
		if err := step(ctx); err != nil {
			return v.report, fmt.Errorf("verify audit trail: %w", err)
		}
	}
	v.report.Problems = append(slices.Concat(v.chain, v.report.Problems), v.documents...)
	if n := len(v.report.Problems); n > maxProblems {
		v.report.MoreTrouble += n - maxProblems
		v.report.Problems = v.report.Problems[:maxProblems]
	}
	return v.report, nil
}

type verifier struct {
	store   *docstore.Store
	ring    Ring
	exempt  map[string]bool
	entries *docstore.Collection[Entry, *Entry]

	report           Report
	chain, documents []Problem

	lanes  map[string]head
	marked map[position]markedHead // what checkpoints say of entries
	docs   map[object]seen         // audited documents as they are
	gone   map[object]bool         // named by entries and not in docs, or deleted once
}

type position struct {
	lane string
	seq  int64
}

type markedHead struct {
	mac        []byte
	checkpoint string
}

type object struct{ collection, id string }

// seen is a stored document and whether an entry names just this revision with this content.
type seen struct {
	rev     int64
	hash    [sha256.Size]byte
	named   bool
	suspect bool // an entry names a later revision
}

func (v *verifier) readDocuments(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(v.store.Specs())) {
		if v.exempt[name] {
			continue
		}
		for body, err := range v.store.Driver().Find(ctx, name, docstore.Query{}) {
			if err != nil {
				return err
			}
			id, _ := body.Lookup("_id").StringValueOK()
			v.docs[object{name, id}] = seen{rev: revision(body), hash: sha256.Sum256(body)}
		}
	}
	v.report.Documents = len(v.docs)
	return nil
}

// walkLanes reads all entries; they come by id, so lane after lane, each in its order.
func (v *verifier) walkLanes(ctx context.Context) error {
	for body, err := range v.store.Driver().Find(ctx, Collection, docstore.Query{}) {
		if err != nil {
			return err
		}
		v.report.Entries++
		v.entry(body)
	}
	v.report.Lanes = len(v.lanes)
	return nil
}

func (v *verifier) entry(body bson.Raw) {
	id, _ := body.Lookup("_id").StringValueOK()
	lane, number, _ := strings.Cut(id, "/")
	before := v.lanes[lane]
	var seq int64
	if _, err := fmt.Sscanf(number, "%d", &seq); err != nil || entryID(lane, seq) != id {
		v.chain = append(v.chain, Problem{Kind: EntryChanged, Lane: lane, Seq: before.Seq + 1, Detail: "an entry's id is not lane and number"})
		return
	}
	bad := func(k Kind, seq int64, detail string) {
		v.chain = append(v.chain, Problem{Kind: k, Lane: lane, Seq: seq, Detail: detail})
	}
	signed, mac, err := splitMAC(body)
	v.lanes[lane] = head{Lane: lane, Seq: seq, MAC: mac}
	if missing := seq - before.Seq - 1; missing > 0 {
		bad(EntriesMissing, before.Seq+1, fmt.Sprintf("%d missing before number %d", missing, seq))
	}
	if err != nil || !v.ring.CheckMAC(mac, signed) {
		bad(EntryChanged, seq, "its seal does not fit: it was changed, or written without the key")
		return
	}
	e, err := decodeEntry(body)
	if err != nil || e.Lane != lane || e.Seq != seq {
		bad(EntryChanged, seq, "it does not say what its place says")
		return
	}
	if seq == before.Seq+1 && !bytes.Equal(e.Prev, before.MAC) {
		bad(EntryUnchained, seq, "the entry before it was exchanged")
	}
	if m, ok := v.marked[position{lane, seq}]; ok && !bytes.Equal(m.mac, mac) {
		bad(EntryChanged, seq, "checkpoint "+m.checkpoint+" saw another entry here")
	}
	if e.ClockBack {
		v.report.ClocksBack++
	}
	for _, o := range e.Objects {
		v.name(o)
	}
}

// name notes what an entry says of a document.
func (v *verifier) name(o Object) {
	if o.Op == "" || v.exempt[o.Collection] {
		return // a read
	}
	key := object{o.Collection, o.ID}
	d, ok := v.docs[key]
	if !ok || o.Op == opName(docstore.Delete) {
		v.gone[key] = true // looked at one by one afterwards
		return
	}
	if o.Rev == d.rev && bytes.Equal(o.Hash, d.hash[:]) {
		d.named = true
	}
	d.suspect = d.suspect || o.Rev > d.rev
	v.docs[key] = d
}

func (v *verifier) compareHeads(context.Context) error {
	for at, m := range v.marked {
		if end := v.lanes[at.lane].Seq; end < at.seq {
			v.chain = append(v.chain, Problem{Kind: EntriesMissing, Lane: at.lane, Seq: end + 1,
				Detail: fmt.Sprintf("the lane ends at %d, checkpoint %s saw %d", end, m.checkpoint, at.seq)})
		}
	}
	slices.SortStableFunc(v.chain, func(a, b Problem) int {
		return strings.Compare(entryID(a.Lane, a.Seq), entryID(b.Lane, b.Seq))
	})
	return nil
}

// compareDocuments looks closely at every document that the walk did not find in order.
func (v *verifier) compareDocuments(ctx context.Context) error {
	for key, d := range v.docs {
		if !d.named || d.suspect {
			v.gone[key] = true
		}
	}
	keys := slices.SortedFunc(maps.Keys(v.gone), func(a, b object) int {
		return strings.Compare(a.collection+"/"+a.id, b.collection+"/"+b.id)
	})
	for _, key := range keys {
		p, err := v.examine(ctx, key)
		if err != nil {
			return err
		}
		if p != nil {
			v.documents = append(v.documents, *p)
		}
	}
	return nil
}
