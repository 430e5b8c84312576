package contacts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// How many codes are sent: each costs money, and somebody who asks for thousands at numbers of
// their own choice may be paid for it. The site's own limit is CodesADay.
const (
	resendAfter = 30 * time.Second
	codesAnHour = 5
	pointADay   = 10 // to one point: signing in takes one each time
)

// CodesADay is the usual limit of codes a day from the whole site.
const CodesADay = 500

// TooManyCodes is the error of StartCode when a point, or the whole site, was sent too many.
type TooManyCodes struct {
	Wait  time.Duration
	Today bool // there are no more today: somebody has to call
}

func (e *TooManyCodes) Error() string {
	return fmt.Sprintf("too many codes asked for: wait %s", e.Wait.Round(time.Second))
}

// codeRate holds the times of the last day's codes to one point, whose look-up hash is its id, or
// how many the whole site sent on a day.
type codeRate struct {
	docstore.Meta `bson:",inline"`
	Sent          []time.Time `bson:"sent,omitempty"`
	Count         int         `bson:"count,omitempty"`
	Until         time.Time   `bson:"until"`
}

// rate counts a code against the limits of its point and of the site. It knows no difference
// between a point somebody has and one nobody has.
func (d *Directory) rate(ctx context.Context, b *docstore.Batch, point string, now time.Time) error {
	if err := d.count(ctx, b, point, func(r *codeRate) error { return r.take(now) }); err != nil {
		return err
	}
	day := now.UTC().Truncate(24 * time.Hour)
	return d.count(ctx, b, siteRate(now), func(r *codeRate) error {
		if r.Count >= d.codesADay {
			return &TooManyCodes{Wait: day.Add(24 * time.Hour).Sub(now), Today: true}
		}
		r.Count, r.Until = r.Count+1, day.Add(48*time.Hour)
		return nil
	})
}

// siteRate is the id of the whole site's count on a day.
func siteRate(now time.Time) string { return "site-" + now.UTC().Format(time.DateOnly) }

// take counts a code to a point.
func (r *codeRate) take(now time.Time) error {
	var kept []time.Time
	hour := 0
	for _, t := range r.Sent {
		if now.Sub(t) < 24*time.Hour {
			kept = append(kept, t)
		}
		if now.Sub(t) < time.Hour {
			hour++
		}
	}
	n := len(kept)
	if n > 0 {
		if wait := resendAfter - now.Sub(kept[n-1]); wait > 0 {
			return &TooManyCodes{Wait: wait}
		}
	}
	if n >= pointADay {
		return &TooManyCodes{Wait: 24*time.Hour - now.Sub(kept[n-pointADay]), Today: true}
	}
	if hour >= codesAnHour {
		return &TooManyCodes{Wait: time.Hour - now.Sub(kept[n-codesAnHour])}
	}
	r.Sent, r.Until = append(kept, now), now.Add(24*time.Hour)
	return nil
}

func (d *Directory) count(ctx context.Context, b *docstore.Batch, id string, take func(*codeRate) error) error {
	_, err := d.rates.Edit(ctx, b, id, take)
	if errors.Is(err, docstore.ErrNotFound) {
		first := codeRate{Meta: docstore.Meta{ID: id}}
		if err = take(&first); err == nil {
			d.rates.Check(b, id, 0) // of several first ones at once, one: the others start again and are counted
			d.rates.Ensure(b, &first)
		}
	}
	return err
}

// CodesToday says how many codes were asked for today, of how many that the site may send.
func (d *Directory) CodesToday(ctx context.Context) (sent, limit int, err error) {
	r, err := d.rates.Get(ctx, siteRate(d.clock.Wall()))
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return 0, d.codesADay, fmt.Errorf("codes of the day: %w", err)
	}
	return r.Count, d.codesADay, nil
}
