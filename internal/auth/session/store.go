package session

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

// record is a stored session. ID is the keyed hash of the token, Data the sealed values. An ended
// one is kept until it expires, so that a request still under way cannot bring it back.
type record struct {
	docstore.Meta `bson:",inline"`
	Audience      string    `bson:"audience"`
	Subject       string    `bson:"subject,omitempty"`
	Data          []byte    `bson:"data,omitempty"`
	Made          time.Time `bson:"made"`
	Used          time.Time `bson:"used"` // to within a tenth of the idle time
	Expires       time.Time `bson:"expires"`
	Ended         bool      `bson:"ended,omitempty"`
}

// store is the scs.CtxStore of one audience.
type store struct {
	Options
	docs    *docstore.Store
	ring    *seal.Ring
	records *docstore.Collection[record, *record]
	wall    func() time.Time
}

func spec() docstore.Spec {
	return docstore.Spec{Name: "sessions", Version: 1, Indexes: []docstore.Index{
		{Name: "expires", Fields: []string{"expires"}},
		{Name: "subject", Fields: []string{"audience", "subject"}},
	}}
}

func open(ctx context.Context, s *docstore.Store, ring *seal.Ring, wall func() time.Time, o Options) (*store, error) {
	if ring == nil {
		return nil, errors.New("sessions need a key ring")
	}
	c, err := docstore.Open[record](ctx, s, spec())
	if err != nil {
		return nil, err
	}
	return &store{o, s, ring, c, wall}, nil
}

// id is where the session of a token is kept.
func (s *store) id(token string) string { return s.ring.Hash(s.place(""), token) }

// place is what a sealed session is bound to: moved to another id or audience it does not open.
func (s *store) place(id string) string { return "sessions/" + s.Name + "/" + id }

// FindCtx returns the values of a session that is not over.
func (s *store) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	rec, err := s.records.Get(ctx, s.id(token))
	if errors.Is(err, docstore.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("load session: %w", err)
	}
	if rec.Audience != s.Name || rec.Ended || !s.wall().Before(rec.Expires) {
		return nil, false, nil
	}
	plain, err := s.open(rec)
	if err != nil {
		return nil, false, err
	}
	return plain, true, nil
}

// CommitCtx stores the values. It writes nothing when only the idle limit would move, by less
// than a tenth of it: otherwise each page view would cost a durable write.
func (s *store) CommitCtx(ctx context.Context, token string, plain []byte, expires time.Time) error {
	id := s.id(token)
	_, values, err := scs.GobCodec{}.Decode(plain)
	if err != nil {
		return fmt.Errorf("keep session: %w", err)
	}
	subject, _ := values[subjectKey].(string)
	idle := s.Idle
	if short, ok := values[idleKey].(int64); ok && time.Duration(short)*time.Second < idle {
		idle = time.Duration(short) * time.Second
		if end := s.wall().Add(idle); end.Before(expires) {
			expires = end
		}
	}
	err = s.docs.Do(ctx, func(b *docstore.Batch) error {
		rec, err := s.records.Get(ctx, id)
		fresh := errors.Is(err, docstore.ErrNotFound)
		if err != nil && !fresh {
			return err
		}
		now := s.wall().UTC().Truncate(time.Millisecond)
		if !fresh {
			if rec.Ended || rec.Audience != s.Name {
				return docstore.Unchanged
			}
			same, err := s.same(rec, plain)
			if err != nil {
				return err
			}
			if same && expires.Sub(rec.Expires) < idle/10 {
				return docstore.Unchanged
			}
		} else {
			rec.ID, rec.Audience, rec.Made = id, s.Name, now
		}
		rec.Subject, rec.Used, rec.Expires = subject, now, expires.UTC().Truncate(time.Millisecond)
		if rec.Data, err = s.ring.SealBytes(plain, s.place(id)); err != nil {
			return err
		}
		if fresh {
			s.records.Insert(b, &rec)
		} else {
			s.records.Replace(b, &rec)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep session: %w", err)
	}
	return nil
}

func (s *store) open(rec record) ([]byte, error) {
	plain, err := s.ring.OpenBytes(rec.Data, s.place(rec.ID))
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	return plain, nil
}

// same compares values, since gob writes maps in any order.
func (s *store) same(rec record, plain []byte) (bool, error) {
	old, err := s.open(rec)
	if err != nil {
		return false, err
	}
	d1, v1, err := scs.GobCodec{}.Decode(old)
	if err != nil {
		return false, err
	}
	d2, v2, err := scs.GobCodec{}.Decode(plain)
	if err != nil {
		return false, err
	}
	return d1.Equal(d2) && reflect.DeepEqual(v1, v2), nil
}

// DeleteCtx ends a session.
func (s *store) DeleteCtx(ctx context.Context, token string) error { return s.end(ctx, s.id(token)) }

func (s *store) end(ctx context.Context, id string) error {
	_, err := s.records.Update(ctx, id, func(rec *record, _ *docstore.Batch) error {
		if rec.Ended || rec.Audience != s.Name {
			return docstore.Unchanged
		}
		rec.Ended, rec.Data, rec.Subject = true, nil, ""
		return nil
	})
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

func (s *store) of(subject string) docstore.Query {
	return docstore.Query{Eq: []docstore.Field{docstore.E("audience", s.Name), docstore.E("subject", subject)}}
}

func (s *store) endAll(ctx context.Context, subject string) (int, error) {
	n := 0
	for rec, err := range s.records.Find(ctx, s.of(subject)) {
		if err == nil {
			err = s.end(ctx, rec.ID)
		}
		if err != nil {
			return n, fmt.Errorf("end sessions of %s: %w", subject, err)
		}
		n++
	}
	return n, nil
}

// Info is what a person may know of one of their sessions. ID is not the token and opens nothing.
type Info struct {
	ID         string
	Made, Used time.Time
	Expires    time.Time
}

func (s *store) list(ctx context.Context, subject string) ([]Info, error) {
	var out []Info
	for rec, err := range s.records.Find(ctx, s.of(subject)) {
		if err != nil {
			return nil, fmt.Errorf("list sessions of %s: %w", subject, err)
		}
		if s.wall().Before(rec.Expires) {
			out = append(out, Info{rec.ID, rec.Made, rec.Used, rec.Expires})
		}
	}
	slices.SortFunc(out, func(a, b Info) int { return b.Used.Compare(a.Used) })
	return out, nil
}

func (s *store) sweep(ctx context.Context) (int, error) {
	n := 0
	for rec, err := range s.records.Find(ctx, docstore.Query{Range: &docstore.Range{Path: "expires", To: s.wall().UTC()}, Limit: 1000}) {
		if err != nil {
			return n, fmt.Errorf("sweep sessions: %w", err)
		}
		b := s.docs.Batch()
		s.records.Delete(b, &rec)
		if err := s.docs.Commit(ctx, b); err != nil && !errors.Is(err, docstore.ErrConflict) {
			return n, fmt.Errorf("sweep sessions: %w", err)
		}
		n++
	}
	return n, nil
}

// Find, Commit and Delete exist because scs.Store asks for them; scs prefers the others.

// Find is FindCtx without a context.
func (s *store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s *store) Commit(token string, b []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expires)
}

// Delete is DeleteCtx without a context.
func (s *store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
