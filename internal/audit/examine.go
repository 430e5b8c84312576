package audit

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// version is what one entry says of a document.
type version struct {
	Object
	wall time.Time
	lane string
	seq  int64
}

// examine compares one document with all entries that name it. Beside a working server the
// document may move on between the two reads; then it looks again.
func (v *verifier) examine(ctx context.Context, key object) (*Problem, error) {
	for attempt := 0; ; attempt++ {
		body, err := v.read(ctx, key)
		if err != nil {
			return nil, err
		}
		versions, err := v.versions(ctx, key)
		if err != nil {
			return nil, err
		}
		p, last := compare(key, body, versions)
		if p == nil || attempt == 4 {
			return p, nil
		}
		if p.Kind == DocumentOld {
			// What was read is as its entry says; it is old only if it still is.
			if body, err = v.read(ctx, key); err != nil {
				return nil, err
			}
			if body != nil && revision(body) >= last.Rev {
				return nil, nil
			}
		}
	}
}

// read returns the document as it is, nil if it is not there.
func (v *verifier) read(ctx context.Context, key object) (bson.Raw, error) {
	body, err := v.store.Driver().Get(ctx, key.collection, key.id)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil, nil
	}
	return body, err
}

func revision(body bson.Raw) int64 {
	rev, _ := body.Lookup("rev").AsInt64OK()
	return rev
}

func (v *verifier) versions(ctx context.Context, key object) ([]version, error) {
	var out []version
	q := docstore.Query{Eq: []docstore.Field{docstore.E("objects[].id", key.id)}, Order: "at"}
	for e, err := range v.entries.Find(ctx, q) {
		if err != nil {
			return nil, err
		}
		for _, o := range e.Objects {
			if o.Collection == key.collection && o.ID == key.id && o.Op != "" {
				out = append(out, version{o, e.Wall, e.Lane, e.Seq})
			}
		}
	}
	return out, nil
}

// compare says what is wrong with a document (nil body: it is not there), or nil, and which version
// counts: the highest revision, or once it was deleted, when revisions start again, the latest in
// time.
func compare(key object, body bson.Raw, versions []version) (p *Problem, last version) {
	problem := func(k Kind) *Problem {
		return &Problem{Kind: k, Collection: key.collection, ID: key.id, Lane: last.lane, Seq: last.seq}
	}
	if len(versions) == 0 {
		if body == nil {
			return nil, last
		}
		return problem(DocumentUnknown), last
	}
	gone := opName(docstore.Delete)
	deleted := slices.ContainsFunc(versions, func(v version) bool { return v.Op == gone })
	last = slices.MaxFunc(versions, func(a, b version) int {
		if deleted {
			return cmp.Or(a.wall.Compare(b.wall), cmp.Compare(a.Rev, b.Rev))
		}
		return cmp.Compare(a.Rev, b.Rev)
	})
	if body == nil {
		if last.Op == gone {
			return nil, last
		}
		return problem(DocumentMissing), last
	}
	if last.Op == gone {
		return problem(DocumentReturned), last
	}
	hash, rev := sha256.Sum256(body), revision(body)
	named := slices.ContainsFunc(versions, func(v version) bool { return v.Rev == rev && bytes.Equal(v.Hash, hash[:]) })
	switch {
	case rev == last.Rev && named: // an Ensure that found the document may name another content
		return nil, last
	case rev < last.Rev && named:
		return problem(DocumentOld), last
	default:
		return problem(DocumentChanged), last
	}
}
