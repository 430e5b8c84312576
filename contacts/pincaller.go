package contacts

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// Wrong keys on calls to us count against the number they come from, not against whom they are
// tried on: a number can be forged, and whoever forges it must lock nobody out of the calls we
// make. What is guessed about one person from many numbers makes further tries slow.
const (
	callerTries = 3
	guessesADay = 10
	guessAfter  = time.Hour
)

// Caller is somebody who calls us and gives four digits.
type Caller struct {
	From     string     // hash of the number they call from; "" when it is withheld
	Among    []PersonID // whom they may be, nobody when the number is not known
	Own      bool       // From is a number of theirs
	Birthday []PersonID // those of Among whose day and month of birth will do in place of a PIN
	Keys     string
}

// Match is whom the digits of a caller fit.
type Match struct {
	Person   PersonID
	Birthday bool       // by month and day of birth alone
	Guessed  []PersonID // of whom so much was guessed today that further tries are slow from now on
}

// MatchCaller finds whose digits they are. ErrPINWrong, or ErrPINLocked after three wrong ones from
// the same number within a day. Both, and a number nobody has, take the same steps: a caller
// learns nothing from it.
func (d *Directory) MatchCaller(ctx context.Context, by audit.Actor, c Caller) (Match, error) {
	now := d.clock.Now()
	m, err := d.whose(ctx, c)
	if err != nil {
		return Match{}, err
	}
	if slow, err := d.slow(ctx, m.Person, now); err != nil {
		return Match{}, err
	} else if slow {
		m = Match{}
	}
	var verdict error
	err = d.store.Do(ctx, func(b *docstore.Batch) error {
		return d.count(ctx, b, callerRate(c.From), func(r *codeRate) error {
			r.Sent = lately(r.Sent, now, pinLock)
			switch verdict = nil; {
			case len(r.Sent) >= callerTries:
				verdict = ErrPINLocked
				return docstore.Unchanged
			case m.Person != "" && c.Own && len(r.Sent) > 0:
				r.Sent = nil
				return nil
			case m.Person != "":
				return docstore.Unchanged
			}
			verdict = ErrPINWrong
			r.Sent, r.Until = append(r.Sent, now), d.keepTries(now)
			return nil
		})
	})
	switch {
	case err != nil:
		return Match{}, fmt.Errorf("match caller: %w", err)
	case errors.Is(verdict, ErrPINLocked):
		return Match{}, fmt.Errorf("match caller: %w", verdict)
	case verdict == nil:
		return m, nil
	}
	among := c.Among
	if len(among) == 0 {
		among = []PersonID{""} // as for somebody
	}
	for _, id := range among {
		over, err := d.guessed(ctx, by, id, now)
		if err != nil {
			return Match{}, fmt.Errorf("match caller: %w", err)
		}
		if over && id != "" {
			m.Guessed = append(m.Guessed, id)
		}
	}
	return m, fmt.Errorf("match caller: %w", verdict)
}

// whose is the one person that the digits fit: by PIN, else by birthday. Digits that are the PIN of
// one and the birthday of another are nobody's.
func (d *Directory) whose(ctx context.Context, c Caller) (Match, error) {
	var byPIN, byDay []PersonID
	for _, id := range c.Among {
		p, err := d.Get(ctx, id)
		if err != nil {
			return Match{}, err
		}
		if d.isPIN(&p, c.Keys) {
			byPIN = append(byPIN, id)
		} else if slices.Contains(c.Birthday, id) && isBirthday(&p, c.Keys) {
			byDay = append(byDay, id)
		}
	}
	switch {
	case len(byPIN)+len(byDay) != 1:
		return Match{}, nil
	case len(byPIN) == 1:
		return Match{Person: byPIN[0]}, nil
	}
	return Match{Person: byDay[0], Birthday: true}, nil
}

// guessed counts a wrong try against one person and says whether it was one too many for today.
// Tries that come while they are slow are not counted, so that nobody makes them slow for good.
func (d *Directory) guessed(ctx context.Context, by audit.Actor, id PersonID, now time.Time) (over bool, err error) {
	err = d.store.Do(ctx, func(b *docstore.Batch) error {
		over = false
		err := d.count(ctx, b, guessRate(id), func(r *codeRate) error {
			r.Sent = lately(r.Sent, now, pinLock)
			if isSlow(r, now) {
				return docstore.Unchanged
			}
			r.Sent, r.Until = append(r.Sent, now), d.keepTries(now)
			over = len(r.Sent) == guessesADay
			return nil
		})
		if err != nil && !errors.Is(err, docstore.Unchanged) {
			return err
		}
		d.record(b, by, "pin.wrong", id, "on a call to us")
		return nil
	})
	return over, err
}

// slow says whether tries at a person's digits are slow now.
func (d *Directory) slow(ctx context.Context, id PersonID, now time.Time) (bool, error) {
	r, err := d.rates.Get(ctx, guessRate(id))
	if err != nil {
		if errors.Is(err, docstore.ErrNotFound) {
			return false, nil
		}
		return false, err
	}
	r.Sent = lately(r.Sent, now, pinLock)
	return isSlow(&r, now), nil
}

func isSlow(r *codeRate, now time.Time) bool {
	return len(r.Sent) >= guessesADay && now.Sub(r.Sent[len(r.Sent)-1]) < guessAfter
}

// PINLocked says whether a person's PIN is refused now, however right it is: on calls of ours, or
// on calls to us from a number of theirs.
func (d *Directory) PINLocked(ctx context.Context, p *Person) (bool, error) {
	now := d.clock.Now()
	if !p.PINLocked.IsZero() && now.Sub(p.PINLocked) < pinLock {
		return true, nil
	}
	for _, id := range triesOf(p) {
		r, err := d.rates.Get(ctx, id)
		if errors.Is(err, docstore.ErrNotFound) {
			continue
		}
		if err != nil {
			return false, err
		}
		r.Sent = lately(r.Sent, now, pinLock)
		if isSlow(&r, now) || id != guessRate(p.PersonID()) && len(r.Sent) >= callerTries {
			return true, nil
		}
	}
	return false, nil
}

// forgetTries takes away, with b, what was counted on calls to us, and says whether there was any.
func (d *Directory) forgetTries(ctx context.Context, b *docstore.Batch, p *Person) (counted bool, err error) {
	for _, id := range triesOf(p) {
		r, err := d.rates.Get(ctx, id)
		switch {
		case err == nil:
			d.rates.Delete(b, &r)
			counted = true
		case !errors.Is(err, docstore.ErrNotFound):
			return false, err
		}
	}
	return counted, nil
}

// triesOf lists the counts that concern a person.
func triesOf(p *Person) []string {
	ids := []string{guessRate(p.PersonID())}
	for _, pt := range p.Points {
		if pt.Hash != "" && !slices.Contains(ids, callerRate(pt.Hash)) {
			ids = append(ids, callerRate(pt.Hash))
		}
	}
	return ids
}

// keepTries is when a count may be swept: the later of the two clocks, since tries follow business
// time and the sweep real time.
func (d *Directory) keepTries(now time.Time) time.Time {
	if wall := d.clock.Wall(); wall.After(now) {
		now = wall
	}
	return now.Add(pinLock)
}

func callerRate(point string) string { return "caller-" + cmp.Or(point, "withheld") }
func guessRate(id PersonID) string   { return "guess-" + cmp.Or(string(id), "nobody") }

func lately(all []time.Time, now time.Time, d time.Duration) []time.Time {
	return slices.DeleteFunc(slices.Clone(all), func(t time.Time) bool { return now.Sub(t) >= d })
}

func (d *Directory) isPIN(p *Person, keys string) bool {
	return p.PIN != "" && subtle.ConstantTimeCompare([]byte(p.PIN), []byte(d.pinHash(p.PersonID(), keys))) == 1
}

// isBirthday compares four digits with month and day of birth.
func isBirthday(p *Person, keys string) bool {
	return len(p.BirthDate) == len(time.DateOnly) && keys == p.BirthDate[5:7]+p.BirthDate[8:]
}
