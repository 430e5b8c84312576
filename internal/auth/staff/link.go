package staff

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/id"
)

// linkLife is how long a sign-in link works, in real time.
const linkLife = 10 * time.Minute

// link is an issued sign-in link. Its id is the SHA-256 of the secret, which is stored nowhere.
type link struct {
	docstore.Meta `bson:",inline"`
	Staff         string    `bson:"staff"`
	Expires       time.Time `bson:"expires"`
	Used          time.Time `bson:"used,omitempty"`
}

// Link makes a link's secret for a member. It works once, until expires. ErrMember for somebody
// who does not work here.
func (s *Members) Link(ctx context.Context, by audit.Actor, member string) (secret string, expires time.Time, err error) {
	m, err := s.working(ctx, member)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign-in link: %w", err)
	}
	secret = id.Secret()
	expires = s.clock.Wall().Add(linkLife).UTC().Truncate(time.Millisecond)
	b := s.store.Batch()
	s.links.Insert(b, &link{Meta: docstore.Meta{ID: hash(secret)}, Staff: m.ID, Expires: expires})
	s.log.Record(b, audit.Entry{Actor: by, Action: "staff.link", OnBehalf: m.ID})
	if err := s.store.Commit(ctx, b); err != nil {
		return "", time.Time{}, fmt.Errorf("sign-in link: %w", err)
	}
	return secret, expires, nil
}

// Valid says whether a link would work now, without using it: a mail program that looks at
// links in advance must not use them up.
func (s *Members) Valid(ctx context.Context, secret string) (bool, error) {
	l, err := s.links.Get(ctx, hash(secret))
	if errors.Is(err, docstore.ErrNotFound) {
		return false, nil
	}
	return err == nil && s.fresh(l), err
}

// Redeem uses up a link and returns whose it was. ErrLink.
func (s *Members) Redeem(ctx context.Context, secret string) (Member, error) {
	var m Member
	err := s.store.Do(ctx, func(b *docstore.Batch) error {
		l, err := s.links.Edit(ctx, b, hash(secret), func(l *link) error {
			if !s.fresh(*l) {
				return ErrLink
			}
			l.Used = s.clock.Wall().UTC().Truncate(time.Millisecond)
			return nil
		})
		if errors.Is(err, docstore.ErrNotFound) {
			return ErrLink
		}
		if err != nil {
			return err
		}
		if m, err = s.working(ctx, l.Staff); errors.Is(err, ErrMember) {
			return ErrLink
		} else if err != nil {
			return err
		}
		s.log.Record(b, audit.Entry{Actor: m.Actor(), Action: "staff.signin"})
		return nil
	})
	if err != nil {
		return Member{}, fmt.Errorf("use sign-in link: %w", err)
	}
	return m, nil
}

func (s *Members) fresh(l link) bool { return l.Used.IsZero() && s.clock.Wall().Before(l.Expires) }

func (s *Members) working(ctx context.Context, member string) (Member, error) {
	m, err := s.all.Get(ctx, member)
	if errors.Is(err, docstore.ErrNotFound) || err == nil && !m.Left.IsZero() {
		return m, fmt.Errorf("%q: %w", member, ErrMember)
	}
	return m, err
}

func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
