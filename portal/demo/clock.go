package demo

import (
	"context"
	"net/http"
	"time"

	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

// clock moves business time; it never goes back, and not past what happens just now: a step waits
// until what is due is sent, and is refused while a phone rings or somebody talks.
func (d *Demo) clock(w http.ResponseWriter, r *http.Request) error {
	f, err := d.site.Form(w, r)
	if err != nil {
		return err
	}
	back := web.Local(f.Value("return"), "/")
	u, err := d.settled(r.Context())
	if err != nil {
		return err
	}
	if why := waitFor(u); why != "" {
		p := &busyPage{Page: view.Page{Title: "Not just yet"}, Why: why, Phones: d.Phones, Back: back}
		return d.site.Render(w, r, http.StatusConflict, p)
	}
	switch f.Value("by") {
	case "1h":
		d.Advance(time.Hour)
	case "1d":
		d.Advance(24 * time.Hour)
	case "next":
		at, _, ok, err := d.Next(r.Context())
		if err != nil {
			return err
		}
		if ok {
			d.Advance(at.Sub(d.Now()) + time.Second)
		}
	}
	return web.Redirect(w, r, back)
}

// settled is what is still on its way when nothing is any more, or patience is over.
func (d *Demo) settled(ctx context.Context) (outbox.Underway, error) {
	look := time.NewTicker(d.Patience / 10)
	defer look.Stop()
	over := time.After(d.Patience)
	for {
		u, err := d.Settle(ctx)
		if err != nil || u == (outbox.Underway{}) {
			return u, err
		}
		select {
		case <-ctx.Done():
			return u, ctx.Err()
		case <-over:
			return u, nil
		case <-look.C:
		}
	}
}

// waitFor says what to do before time can move, "" when it can.
func waitFor(u outbox.Underway) string {
	switch {
	case u.Ringing > 0:
		return "A phone is ringing: answer it first, or let it ring out."
	case u.Talking > 0:
		return "Somebody is on the phone: finish the call first, or hang up."
	case u.Sending > 0:
		return "A message is still on its way: try again in a moment."
	}
	return ""
}

type busyPage struct {
	view.Page
	Why, Phones, Back string
}

func (*busyPage) Template() string { return "demo/busy" }
