package audit

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// mark is what a checkpoint says: how far the lanes of a process had come. It names only lanes
// that moved since the process's checkpoint before. Marks of a process are numbered from 1 and
// each holds the signature of the one before.
type mark struct {
	Process string    `bson:"process"`
	N       int64     `bson:"n"`
	At      time.Time `bson:"at"`
	Wall    time.Time `bson:"wall"`
	Heads   []head    `bson:"heads,omitempty"`
	Prev    []byte    `bson:"prev,omitempty"`
}

// checkpoint is a mark as stored in collection "checkpoints", id "process/000000001". Signed is
// the BSON of the mark, byte for byte, so that it can be checked wherever it was copied to.
type checkpoint struct {
	docstore.Meta `bson:",inline"`
	At            time.Time `bson:"at"`
	Signed        []byte    `bson:"signed"`
	Signature     []byte    `bson:"signature"`
}

func checkpointSpec() docstore.Spec { return docstore.Spec{Name: checkpoints, Version: 1} }

// Checkpoint signs the heads of the lanes that moved since the last one, stores that and logs it.
// Nothing moved: nothing is written. Call it every minute (see Run) and once before the end.
func (l *Log) Checkpoint(ctx context.Context) error {
	l.marking.Lock()
	defer l.marking.Unlock()
	m, moved := l.nextMark()
	if len(moved) == 0 {
		l.atRest()
		return nil
	}
	doc, err := l.signMark(m)
	if err != nil {
		return fmt.Errorf("audit checkpoint: %w", err)
	}
	body, err := bson.Marshal(doc)
	if err != nil {
		return fmt.Errorf("audit checkpoint: %w", err)
	}
	b := l.store.Batch()
	b.AddRaw(docstore.Op{Kind: docstore.Ensure, Collection: checkpoints, ID: doc.ID, Body: body})
	if err := l.store.Commit(ctx, b); err != nil {
		return fmt.Errorf("audit checkpoint: %w", err)
	}
	stored, err := l.store.Driver().Get(ctx, checkpoints, doc.ID)
	if err != nil {
		return fmt.Errorf("audit checkpoint: %w", err)
	}
	// A commit whose outcome was unknown may have landed earlier with fewer heads: then it stands,
	// and what moved since goes into the next one.
	if err := bson.Unmarshal(stored, &doc); err != nil {
		return fmt.Errorf("audit checkpoint: %w", err)
	}
	if err := bson.Unmarshal(doc.Signed, &m); err != nil {
		return fmt.Errorf("audit checkpoint: %w", err)
	}
	l.mu.Lock()
	l.mark = mark{Process: m.Process, N: m.N, Prev: doc.Signature}
	for _, h := range m.Heads {
		if l.moved[h.Lane].Seq == h.Seq {
			delete(l.moved, h.Lane)
		}
	}
	l.mu.Unlock()
	l.atRest()
	l.opts.Logger.Info("audit checkpoint", "process", m.Process, "n", m.N, "lanes", len(m.Heads), "token", token(doc))
	return nil
}

func (l *Log) atRest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.marked = l.clock.Wall()
}

// Marked is the real time up to which checkpoints vouch for what this process wrote: that of the
// last one, or of the last look that found nothing to sign. With Run it is never much more than a
// minute ago.
func (l *Log) Marked() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.marked
}

func (l *Log) nextMark() (mark, []head) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.mark
	m.N++
	m.At, m.Wall = l.clock.Now(), l.clock.Wall()
	for _, h := range l.moved {
		m.Heads = append(m.Heads, h)
	}
	slices.SortFunc(m.Heads, func(a, b head) int { return cmp.Compare(a.Lane, b.Lane) })
	return m, m.Heads
}

func (l *Log) signMark(m mark) (checkpoint, error) {
	signed, err := bson.Marshal(m)
	if err != nil {
		return checkpoint{}, err
	}
	signature, err := l.ring.Sign(signed)
	return checkpoint{
		Meta: docstore.Meta{ID: entryID(m.Process, m.N), Rev: 1, Changed: m.Wall},
		At:   m.At, Signed: signed, Signature: signature,
	}, err
}

// Run makes a checkpoint every minute until ctx ends, and one last.
func (l *Log) Run(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			if err := l.Close(context.WithoutCancel(ctx)); err != nil {
				l.opts.Logger.Error("audit: last checkpoint", "err", err)
			}
			return
		case <-tick.C:
			if err := l.Checkpoint(ctx); err != nil && ctx.Err() == nil {
				l.opts.Logger.Error("audit", "err", err)
			}
		}
	}
}

// Close makes the last checkpoint. Changes must have ended.
func (l *Log) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return l.Checkpoint(ctx)
}

// token is a checkpoint as one word of a log line.
func token(c checkpoint) string {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(c.Signed)))
	out = append(append(out, c.Signed...), c.Signature...)
	return base64.RawURLEncoding.EncodeToString(out)
}

// parseToken undoes token.
func parseToken(s string) (checkpoint, error) {
	data, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(data) < 4 {
		return checkpoint{}, errors.New("not a checkpoint token")
	}
	n := int64(binary.LittleEndian.Uint32(data))
	if n > int64(len(data)-4) {
		return checkpoint{}, errors.New("not a whole checkpoint token")
	}
	return checkpoint{Signed: data[4 : 4+n], Signature: data[4+n:]}, nil
}
