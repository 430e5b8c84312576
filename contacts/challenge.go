package contacts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/id"
)

// Verification codes: six digits, ten minutes, once, five tries, bound to the challenge the
// browser holds (OWASP ASVS 5.0, 6.5 and 6.6). Real time counts, not the demo's clock.
const (
	codeLife    = 10 * time.Minute
	codeTries   = 5
	resendAfter = 30 * time.Second
	codesAnHour = 5
)

// What can be the matter with a code.
var (
	ErrCodeWrong = errors.New("wrong code")
	ErrCodeOver  = errors.New("this code has expired or was used: ask for a new one")
)

// TooManyCodes is the error of Start when a point was sent too many.
type TooManyCodes struct{ Wait time.Duration }

func (e *TooManyCodes) Error() string {
	return fmt.Sprintf("too many codes asked for: wait %s", e.Wait.Round(time.Second))
}

// challenge is a code that was sent and is waited for. Its id is a secret of the browser.
type challenge struct {
	docstore.Meta `bson:",inline"`
	Point         string    `bson:"point"`
	Person        PersonID  `bson:"person,omitempty"`
	Purpose       string    `bson:"purpose"`
	MAC           string    `bson:"mac"`
	Expires       time.Time `bson:"expires"`
	Tries         int       `bson:"tries"`
	Used          bool      `bson:"used"`
}

// codeRate holds the times of the last hour's codes to one point. Its id is the point's hash.
type codeRate struct {
	docstore.Meta `bson:",inline"`
	Sent          []time.Time `bson:"sent"`
	Until         time.Time   `bson:"until"`
}

// Started is a challenge just made. ID goes into the browser's cookie or form, Code into the
// message, neither anywhere else.
type Started struct {
	ID      string
	Code    string
	Point   string // look-up hash
	Expires time.Time
}

// Proven is what a right code proves: whoever holds the challenge also holds the point.
type Proven struct {
	Point   string // look-up hash
	Person  PersonID
	Purpose string
}

// StartCode adds a challenge for a phone or e-mail to b, for a person where one is meant. purpose
// is the caller's word, "signup" or "signin", and comes back with CheckCode. It does the same for
// a point nobody has; the caller then sends nothing. *TooManyCodes, Problems.
func (d *Directory) StartCode(ctx context.Context, b *docstore.Batch, value, purpose string, person PersonID) (Started, error) {
	_, value, err := ParsePoint(value)
	if err != nil {
		return Started{}, err
	}
	now := d.clock.Wall()
	s := Started{ID: "chl_" + strings.ToLower(id.Secret()), Point: d.PointHash(value), Expires: now.Add(codeLife)}
	if err := d.rate(ctx, b, s.Point, now); err != nil {
		return Started{}, err
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return Started{}, fmt.Errorf("make code: %w", err)
	}
	s.Code = fmt.Sprintf("%06d", n)
	d.challenges.Insert(b, &challenge{
		Meta: docstore.Meta{ID: s.ID}, Point: s.Point, Person: person, Purpose: purpose,
		MAC: d.codeMAC(s.ID, s.Code), Expires: s.Expires,
	})
	return s, nil
}

// rate counts a code against its point's limits.
func (d *Directory) rate(ctx context.Context, b *docstore.Batch, point string, now time.Time) error {
	take := func(r *codeRate) error {
		var kept []time.Time
		for _, t := range r.Sent {
			if now.Sub(t) < time.Hour {
				kept = append(kept, t)
			}
		}
		if n := len(kept); n > 0 {
			if wait := resendAfter - now.Sub(kept[n-1]); wait > 0 {
				return &TooManyCodes{wait}
			}
			if n >= codesAnHour {
				return &TooManyCodes{time.Hour - now.Sub(kept[n-codesAnHour])}
			}
		}
		r.Sent, r.Until = append(kept, now), now.Add(time.Hour)
		return nil
	}
	_, err := d.rates.Edit(ctx, b, point, take)
	if errors.Is(err, docstore.ErrNotFound) {
		first := codeRate{Meta: docstore.Meta{ID: point}}
		if err = take(&first); err == nil {
			d.rates.Check(b, point, 0) // of several first ones at once, one: the others start again and are counted
			d.rates.Ensure(b, &first)
		}
	}
	return err
}

// CheckCode returns what the code proves, once: of several right answers at the same time exactly
// one succeeds. ErrCodeWrong counts a try; ErrCodeOver: expired, used, tried too often or unknown.
func (d *Directory) CheckCode(ctx context.Context, challengeID, code string) (Proven, error) {
	var verdict error
	code = onlyDigits(code)
	c, err := d.challenges.Update(ctx, challengeID, func(c *challenge, _ *docstore.Batch) error {
		if c.Used || c.Tries >= codeTries || !d.clock.Wall().Before(c.Expires) {
			verdict = ErrCodeOver
			return docstore.Unchanged
		}
		if subtle.ConstantTimeCompare([]byte(c.MAC), []byte(d.codeMAC(c.ID, code))) == 1 {
			verdict = nil
			c.Used = true
			return nil
		}
		c.Tries++
		verdict = ErrCodeWrong
		return nil
	})
	if errors.Is(err, docstore.ErrNotFound) {
		return Proven{}, ErrCodeOver
	}
	if err != nil {
		return Proven{}, fmt.Errorf("check code: %w", err)
	}
	if verdict != nil {
		return Proven{}, verdict
	}
	return Proven{Point: c.Point, Person: c.Person, Purpose: c.Purpose}, nil
}

func (d *Directory) codeMAC(challengeID, code string) string {
	return d.keys.Hash("code", challengeID+"|"+code)
}

// SweepCodes deletes challenges and counts that are over, at most a few hundred at a time, and
// says how many. A job calls it now and then.
func (d *Directory) SweepCodes(ctx context.Context) (int, error) {
	now := d.clock.Wall()
	over, err := d.challenges.List(ctx, docstore.Query{Range: &docstore.Range{Path: "expires", To: now}, Limit: 200})
	if err != nil {
		return 0, fmt.Errorf("sweep codes: %w", err)
	}
	old, err := d.rates.List(ctx, docstore.Query{Range: &docstore.Range{Path: "until", To: now}, Limit: 200})
	if err != nil {
		return 0, fmt.Errorf("sweep codes: %w", err)
	}
	b := d.store.Batch()
	for i := range over {
		d.challenges.Delete(b, &over[i])
	}
	for i := range old {
		d.rates.Delete(b, &old[i])
	}
	if err := d.store.Commit(ctx, b); err != nil && !errors.Is(err, docstore.ErrConflict) {
		return 0, fmt.Errorf("sweep codes: %w", err)
	}
	return len(over) + len(old), nil
}
