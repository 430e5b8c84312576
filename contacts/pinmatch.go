package contacts

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-health/muster/internal/audit"
)

// MatchPIN finds whose PIN it is among people who share a number. A right PIN counts against
// nobody; a wrong one counts against each, so that sharing gives no extra tries. With nobody to
// match it is ErrPINWrong as well: a caller learns nothing from it. ErrPINLocked when everyone is.
func (d *Directory) MatchPIN(ctx context.Context, by audit.Actor, among []PersonID, pin string) (PersonID, error) {
	locked := 0
	for _, id := range among {
		p, err := d.Get(ctx, id)
		if err != nil {
			return "", err
		}
		if p.PIN != "" && p.PIN == d.pinHash(id, pin) {
			return id, d.CheckPIN(ctx, by, id, pin)
		}
	}
	for _, id := range among {
		err := d.CheckPIN(ctx, by, id, pin)
		switch {
		case errors.Is(err, ErrPINLocked):
			locked++
		case errors.Is(err, ErrPINWrong), errors.Is(err, ErrPINNone):
		case err != nil:
			return "", err
		}
	}
	if len(among) > 0 && locked == len(among) {
		return "", fmt.Errorf("match PIN: %w", ErrPINLocked)
	}
	return "", fmt.Errorf("match PIN: %w", ErrPINWrong)
}
