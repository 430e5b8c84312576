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
	codeLife  = 10 * time.Minute // also how long a right one may be built on
	codeTries = 5
)

// What can be the matter with a code.
var (
	ErrCodeWrong = errors.New("wrong code")
	ErrCodeOver  = errors.New("this code has expired or was used: ask for a new one")
)

// challenge is a code that was sent and is waited for. Its id is a secret of the browser.
type challenge struct {
	docstore.Meta `bson:",inline"`
	Point         string    `bson:"point"`
	Person        PersonID  `bson:"person,omitempty"`
	Purpose       string    `bson:"purpose"`
	MAC           string    `bson:"mac"`
	Expires       time.Time `bson:"expires"`
	Tries         int       `bson:"tries"`
	Used          bool      `bson:"used"`             // by the right code
	Asked         int       `bson:"asked,omitempty"`  // questions after it, such as the birth date
	Passed        bool      `bson:"passed,omitempty"` // opened a page without a second code
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
			c.Used, c.Expires = true, d.clock.Wall().Add(codeLife)
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

// Try counts a question put to whoever gave the right code, such as the birth date where a number
// is shared, and says how many more may follow. They are counted here because many can be put at
// once. ErrCodeOver: five were, or ten minutes have gone since the code.
func (d *Directory) Try(ctx context.Context, challengeID string) (left int, err error) {
	c, err := d.proven(ctx, challengeID, func(c *challenge) bool {
		c.Asked++
		return c.Asked <= codeTries
	})
	if err != nil {
		return 0, err
	}
	return codeTries - c.Asked, nil
}

// Pass returns what a right code proved, once more and for the last time: somebody who has just
// confirmed a number goes on without a second code. ErrCodeOver.
func (d *Directory) Pass(ctx context.Context, challengeID string) (Proven, error) {
	c, err := d.proven(ctx, challengeID, func(c *challenge) bool {
		was := c.Passed
		c.Passed = true
		return !was
	})
	if err != nil {
		return Proven{}, err
	}
	return Proven{Point: c.Point, Person: c.Person, Purpose: c.Purpose}, nil
}

// proven changes a challenge whose code was right; take says whether that may still be.
func (d *Directory) proven(ctx context.Context, challengeID string, take func(*challenge) bool) (challenge, error) {
	over := false
	c, err := d.challenges.Update(ctx, challengeID, func(c *challenge, _ *docstore.Batch) error {
		if over = !c.Used || !d.clock.Wall().Before(c.Expires) || !take(c); over {
			return docstore.Unchanged
		}
		return nil
	})
	switch {
	case over, errors.Is(err, docstore.ErrNotFound):
		return challenge{}, ErrCodeOver
	case err != nil:
		return challenge{}, fmt.Errorf("build on a code: %w", err)
	}
	return c, nil
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
