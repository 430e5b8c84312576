package staff

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

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
	Reason        string    `bson:"reason,omitempty"` // of a break-glass link; no personal data
}

// Link makes a link's secret for a member. It works once, until expires. ErrMember for somebody
// who does not work here.
func (s *Members) Link(ctx context.Context, by audit.Actor, member string) (secret string, expires time.Time, err error) {
	return s.issue(ctx, link{Staff: member}, linkLife, audit.Entry{Actor: by, Action: "staff.link"})
}

// BreakGlass makes a link past the identity provider: somebody must get in and it is down. The reason
// stands in the audit trail and is shown to administrators once the link is used; it holds no personal
// data. life is a minute to an hour. ErrReason, ErrMember.
func (s *Members) BreakGlass(ctx context.Context, by audit.Actor, member, reason string, life time.Duration) (secret string, expires time.Time, err error) {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < 5 || n > 200 {
		return "", time.Time{}, ErrReason
	}
	if life < time.Minute || life > time.Hour {
		return "", time.Time{}, fmt.Errorf("a link for %v: use one minute to one hour", life)
	}
	return s.issue(ctx, link{Staff: member, Reason: reason}, life, audit.Entry{Actor: by, Action: "staff.breakglass", Reason: reason})
}

func (s *Members) issue(ctx context.Context, l link, life time.Duration, e audit.Entry) (secret string, expires time.Time, err error) {
	m, err := s.working(ctx, l.Staff)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign-in link: %w", err)
	}
	secret = id.Secret()
	l.ID, l.Expires = hash(secret), s.clock.Wall().Add(life).UTC().Truncate(time.Millisecond)
	e.OnBehalf = m.ID
	b := s.store.Batch()
	s.links.Insert(b, &l)
	s.log.Record(b, e)
	if err := s.store.Commit(ctx, b); err != nil {
		return "", time.Time{}, fmt.Errorf("sign-in link: %w", err)
	}
	return secret, l.Expires, nil
}

// Broken is a sign-in past the identity provider.
type Broken struct {
	Member string
	At     time.Time // real time
	Reason string
}

// Broken lists the break-glass sign-ins since a time, newest first, at most 20.
func (s *Members) Broken(ctx context.Context, since time.Time) (out []Broken, err error) {
	for l, err := range s.links.Find(ctx, docstore.Query{Range: &docstore.Range{Path: "used", From: since.UTC()}, Desc: true}) {
		if err != nil {
			return nil, fmt.Errorf("break-glass sign-ins: %w", err)
		}
		if l.Reason != "" {
			out = append(out, Broken{l.Staff, l.Used, l.Reason})
		}
		if len(out) == 20 {
			break
		}
	}
	return out, nil
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
		e := audit.Entry{Actor: m.Actor(), Action: "staff.signin", Reason: "link"}
		if l.Reason != "" {
			e.Reason = "break-glass: " + l.Reason
		}
		s.log.Record(b, e)
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
