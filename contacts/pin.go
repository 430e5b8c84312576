package contacts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// What can be the matter with a PIN.
var (
	ErrPINTaken  = errors.New("somebody with the same number uses this PIN")
	ErrPINWeak   = errors.New("a PIN is four digits, not a birthday, a row or all the same")
	ErrPINWrong  = errors.New("wrong PIN")
	ErrPINLocked = errors.New("too many wrong PINs: staff can unlock")
	ErrPINNone   = errors.New("no PIN set")
)

// Three wrong PINs on calls we make lock it there for a day, or until staff reset it: a stranger
// with the number must not be able to lock somebody out for good. Calls to us are counted apart
// (MatchCaller).
const (
	pinTries = 3
	pinLock  = 24 * time.Hour
)

// SetPIN sets the four-digit phone PIN and clears failures. It differs from the PIN of everyone
// who shares a number with the person, since the number alone does not tell them apart (F2).
// ErrPINWeak, ErrPINTaken.
func (d *Directory) SetPIN(ctx context.Context, by audit.Actor, id PersonID, pin, reason string) error {
	return d.store.Do(ctx, func(b *docstore.Batch) error {
		p, err := d.people.Edit(ctx, b, string(id), func(p *Person) error {
			if weakPIN(pin, p.BirthDate) {
				return fmt.Errorf("set PIN of %s: %w", id, ErrPINWeak)
			}
			p.PIN, p.PINFails, p.PINLocked = d.pinHash(id, pin), 0, time.Time{}
			return nil
		})
		if err != nil {
			return err
		}
		if _, err := d.forgetTries(ctx, b, &p); err != nil {
			return err
		}
		seen := map[string]bool{p.ID: true}
		for _, pt := range p.Points {
			others, err := d.ByHash(ctx, pt.Hash)
			if err != nil {
				return err
			}
			for _, o := range others {
				if seen[o.ID] {
					continue
				}
				seen[o.ID] = true
				if o.PIN != "" && o.PIN == d.pinHash(o.PersonID(), pin) {
					return fmt.Errorf("set PIN of %s: %w", id, ErrPINTaken)
				}
				d.people.Check(b, o.ID, o.Rev) // and they do not take it meanwhile
			}
		}
		d.record(b, by, "pin.set", id, reason)
		return nil
	})
}

// ClearPINLock lets a person try again with the PIN they have.
func (d *Directory) ClearPINLock(ctx context.Context, by audit.Actor, id PersonID, reason string) error {
	_, err := d.people.Update(ctx, string(id), func(p *Person, b *docstore.Batch) error {
		counted, err := d.forgetTries(ctx, b, p)
		if err != nil {
			return err
		}
		if p.PINFails == 0 && p.PINLocked.IsZero() && !counted {
			return docstore.Unchanged
		}
		p.PINFails, p.PINLocked = 0, time.Time{}
		d.record(b, by, "pin.unlock", id, reason)
		return nil
	})
	return err
}

// CheckPIN returns nil for the right PIN on a call we made. Each wrong one is counted, however many
// come at once; the third locks: ErrPINWrong, then ErrPINLocked; ErrPINNone.
func (d *Directory) CheckPIN(ctx context.Context, by audit.Actor, id PersonID, pin string) error {
	return d.check(ctx, by, id, func(p *Person) (right, can bool) { return d.isPIN(p, pin), p.PIN != "" })
}

// CheckBirthday is CheckPIN for month and day of birth, "0503". Wrong ones count together with
// wrong PINs, over all calls of a day.
func (d *Directory) CheckBirthday(ctx context.Context, by audit.Actor, id PersonID, day string) error {
	return d.check(ctx, by, id, func(p *Person) (right, can bool) {
		return isBirthday(p, day), len(p.BirthDate) == len(time.DateOnly)
	})
}

func (d *Directory) check(ctx context.Context, by audit.Actor, id PersonID, compare func(*Person) (right, can bool)) error {
	var verdict error
	_, err := d.people.Update(ctx, string(id), func(p *Person, b *docstore.Batch) error {
		now, failed := d.clock.Now(), p.PINFails > 0
		if !p.PINLocked.IsZero() && now.Sub(p.PINLocked) >= pinLock {
			p.PINFails, p.PINLocked = 0, time.Time{}
		}
		right, can := compare(p)
		switch {
		case !can:
			verdict = ErrPINNone
			return docstore.Unchanged
		case !p.PINLocked.IsZero():
			verdict = ErrPINLocked
			return docstore.Unchanged
		case right && !failed:
			verdict = nil
			return docstore.Unchanged
		case right:
			verdict = nil
			p.PINFails = 0
			d.record(b, by, "pin.right", id, "")
			return nil
		}
		verdict = ErrPINWrong
		if p.PINFails++; p.PINFails >= pinTries {
			p.PINLocked = now
			verdict = ErrPINLocked
		}
		d.record(b, by, "pin.wrong", id, "")
		return nil
	})
	if err != nil {
		return err
	}
	if verdict != nil {
		return fmt.Errorf("check PIN of %s: %w", id, verdict)
	}
	return nil
}

func (d *Directory) pinHash(id PersonID, pin string) string {
	return d.keys.Hash("pin", string(id)+"|"+pin)
}

func weakPIN(pin, birth string) bool {
	if len(pin) != 4 || onlyDigits(pin) != pin || strings.Contains("01234567890 09876543210", pin) || strings.Count(pin, pin[:1]) == 4 {
		return true
	}
	if len(birth) != len(time.DateOnly) {
		return len(birth) >= 4 && pin == birth[:4]
	}
	y, m, day := birth[:4], birth[5:7], birth[8:]
	return pin == y || pin == m+day || pin == day+m
}
