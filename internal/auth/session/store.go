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
)

// record is a stored session. ID is the SHA-256 of the token. An ended one is kept until it
// expires, so that a request still under way cannot bring it back.
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
	records *docstore.Collection[record, *record]
	wall    func() time.Time
}

func open(ctx context.Context, s *docstore.Store, wall func() time.Time, o Options) (*store, error) {
	c, err := docstore.Open[record](ctx, s, docstore.Spec{
		Name: "sessions", Version: 1,
		Indexes: []docstore.Index{
			{Name: "expires", Fields: []string{"expires"}},
			{Name: "subject", Fields: []string{"audience", "subject"}},
		},
	})
	if err != nil {
		return nil, err
	}
	return &store{o, s, c, wall}, nil
}

// FindCtx returns the values of a session that is not over.
func (s *store) FindCtx(ctx context.Context, id string) ([]byte, bool, error) {
	rec, err := s.records.Get(ctx, id)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("load session: %w", err)
	}
	if rec.Audience != s.Name || rec.Ended || !s.wall().Before(rec.Expires) {
		return nil, false, nil
	}
	plain, err := s.open(ctx, rec)
	if err != nil {
		return nil, false, err
	}
	return plain, true, nil
}

// CommitCtx stores the values. It writes nothing when only the idle limit would move, by less
// than a tenth of it: otherwise each page view would cost a durable write.
func (s *store) CommitCtx(ctx context.Context, id string, plain []byte, expires time.Time) error {
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
			same, err := s.same(ctx, rec, plain)
			if err != nil {
				return err
			}
			if same && expires.Sub(rec.Expires) < idle/10 {
				return docstore.Unchanged
			}
		} else {
			rec.ID, rec.Audience, rec.Made = id, s.Name, now
		}
		rec.Subject, rec.Used, rec.Expires, rec.Data = subject, now, expires.UTC().Truncate(time.Millisecond), plain
		if s.Seal != nil {
			if rec.Data, err = s.Seal(ctx, id, plain); err != nil {
				return fmt.Errorf("seal: %w", err)
			}
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

func (s *store) open(ctx context.Context, rec record) ([]byte, error) {
	if s.Options.Open == nil {
		return rec.Data, nil
	}
	plain, err := s.Options.Open(ctx, rec.ID, rec.Data)
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	return plain, nil
}

// same compares values, since gob writes maps in any order.
func (s *store) same(ctx context.Context, rec record, plain []byte) (bool, error) {
	old, err := s.open(ctx, rec)
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
func (s *store) DeleteCtx(ctx context.Context, id string) error {
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
			err = s.DeleteCtx(ctx, rec.ID)
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
func (s *store) Find(id string) ([]byte, bool, error) { return s.FindCtx(context.Background(), id) }

// Commit is CommitCtx without a context.
func (s *store) Commit(id string, b []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), id, b, expires)
}

// Delete is DeleteCtx without a context.
func (s *store) Delete(id string) error { return s.DeleteCtx(context.Background(), id) }
