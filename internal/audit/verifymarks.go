package audit

import (
	"bytes"
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// readCheckpoints checks signatures, numbers and order of the stored checkpoints and of those the
// log kept, and notes what they say of lanes.
func (v *verifier) readCheckpoints(ctx context.Context, tokens []string) error {
	last := map[string]mark{}
	stored := map[string]bool{}
	for body, err := range v.store.Driver().Find(ctx, checkpoints, docstore.Query{}) {
		if err != nil {
			return err
		}
		v.report.Checkpoints++
		var c checkpoint
		id, _ := body.Lookup("_id").StringValueOK()
		if err := bson.Unmarshal(body, &c); err != nil {
			v.report.found(Problem{Kind: CheckpointChanged, Collection: checkpoints, ID: id, Detail: "it cannot be read"})
			continue
		}
		m, ok := v.openMark(c)
		if !ok || entryID(m.Process, m.N) != id {
			v.report.found(Problem{Kind: CheckpointChanged, Collection: checkpoints, ID: id, Detail: "its signature does not fit"})
			continue
		}
		before := last[m.Process]
		if m.N != before.N+1 {
			v.report.found(Problem{Kind: CheckpointMissing, Collection: checkpoints, ID: entryID(m.Process, before.N+1),
				Detail: fmt.Sprintf("%d missing before number %d", m.N-before.N-1, m.N)})
		} else if !bytes.Equal(m.Prev, before.Prev) {
			v.report.found(Problem{Kind: CheckpointChanged, Collection: checkpoints, ID: id, Detail: "it does not follow the one before"})
		}
		last[m.Process] = mark{N: m.N, Prev: c.Signature} // Prev is what the next one must hold
		stored[id] = true
		v.mark(id, m)
	}
	for i, t := range tokens {
		c, err := parseToken(t)
		if err != nil {
			return fmt.Errorf("checkpoint token %d: %w", i+1, err)
		}
		m, ok := v.openMark(c)
		if !ok {
			v.report.found(Problem{Kind: CheckpointChanged, Detail: fmt.Sprintf("the signature of token %d does not fit this key ring", i+1)})
			continue
		}
		id := entryID(m.Process, m.N)
		if !stored[id] {
			v.report.found(Problem{Kind: CheckpointMissing, Collection: checkpoints, ID: id, Detail: "it was logged and is not stored"})
		}
		v.mark(id, m)
	}
	return nil
}

func (v *verifier) openMark(c checkpoint) (m mark, ok bool) {
	if !v.ring.CheckSignature(c.Signature, c.Signed) {
		return m, false
	}
	return m, bson.Unmarshal(c.Signed, &m) == nil
}

func (v *verifier) mark(id string, m mark) {
	for _, h := range m.Heads {
		v.marked[position{h.Lane, h.Seq}] = markedHead{h.MAC, id}
	}
}
