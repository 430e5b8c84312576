package twilio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/muster-health/muster/ivr"
)

// What one reading of Twilio's lists may come to. Lists begin with the newest, and what is wanted first
// is the oldest: all pages are read, and of what they hold the oldest is kept.
const (
	logItems = 2000    // kept of a list
	logPage  = 1000    // asked for at once, the most Twilio gives
	logMost  = 200_000 // read of a list; what is longer is an error
	logTime  = 2 * time.Minute
)

// TextsIn lists the texts to our number, or to those of our messaging service, since a time.
func (c *Carrier) TextsIn(ctx context.Context, since time.Time) (ivr.Logged[ivr.Inbound], error) {
	p := &api.ListMessageParams{}
	if c.o.Service == "" {
		p.SetTo(c.o.From.E164())
	}
	return messages(ctx, c, p, since, func(m api.ApiV2010Message, at time.Time) (ivr.Inbound, bool) {
		in := ivr.Inbound{SID: value(m.Sid), From: number(value(m.From)), To: number(value(m.To)), Body: value(m.Body), Sent: at}
		in.Media, _ = strconv.Atoi(value(m.NumMedia))
		ours := in.To.Equal(c.o.From) || c.o.Service != "" && value(m.MessagingServiceSid) == c.o.Service
		return in, value(m.Direction) == "inbound" && ours
	})
}

// TextsLost lists our texts since a time that did not arrive.
func (c *Carrier) TextsLost(ctx context.Context, since time.Time) (ivr.Logged[ivr.LostText], error) {
	p := &api.ListMessageParams{}
	if c.o.Service == "" {
		p.SetFrom(c.o.From.E164())
	}
	return messages(ctx, c, p, since, func(m api.ApiV2010Message, at time.Time) (ivr.LostText, bool) {
		x := ivr.LostText{SID: value(m.Sid), To: number(value(m.To)), Status: value(m.Status), At: at}
		if m.ErrorCode != nil {
			x.Code = strconv.Itoa(*m.ErrorCode)
		}
		ours := number(value(m.From)).Equal(c.o.From) || c.o.Service != "" && value(m.MessagingServiceSid) == c.o.Service
		return x, ours && value(m.Direction) != "inbound" && x.Code != "" && (x.Status == "failed" || x.Status == "undelivered")
	})
}

// messages lists what pick takes of the texts since a time.
func messages[T any](ctx context.Context, c *Carrier, p *api.ListMessageParams, since time.Time, pick func(api.ApiV2010Message, time.Time) (T, bool)) (ivr.Logged[T], error) {
	ctx, cancel := context.WithTimeout(ctx, logTime)
	defer cancel()
	s, t := c.service(ctx)
	p.SetDateSentAfter(since.UTC()).SetPageSize(logPage).SetLimit(logMost)
	all, failed := s.StreamMessage(p)
	var l reading[T]
	for m := range all {
		at, ok := when(m.DateSent, m.DateCreated)
		if !ok || value(m.Sid) == "" {
			continue
		}
		x, wanted := pick(m, at)
		l.add(x, at, wanted)
	}
	return l.done(t, "list texts", <-failed)
}

// CallsIn lists the calls to our number since a time that are over.
func (c *Carrier) CallsIn(ctx context.Context, since time.Time) (ivr.Logged[ivr.PastCall], error) {
	ctx, cancel := context.WithTimeout(ctx, logTime)
	defer cancel()
	s, t := c.service(ctx)
	p := &api.ListCallParams{}
	p.SetTo(c.o.From.E164()).SetStartTimeAfter(since.UTC()).SetPageSize(logPage).SetLimit(logMost)
	all, failed := s.StreamCall(p)
	var l reading[ivr.PastCall]
	for x := range all {
		at, ok := when(x.StartTime, x.DateCreated)
		if !ok || value(x.Sid) == "" {
			continue
		}
		over := !slices.Contains([]string{"queued", "ringing", "in-progress"}, value(x.Status))
		l.add(ivr.PastCall{SID: value(x.Sid), From: number(value(x.From)), At: at}, at, over && value(x.Direction) == "inbound")
	}
	return l.done(t, "list calls", <-failed)
}

// reading is a list while it is read, the newest first.
type reading[T any] struct {
	read    int
	newest  time.Time
	kept    []dated[T]
	dropped bool
}

type dated[T any] struct {
	what T
	at   time.Time
}

func (l *reading[T]) add(x T, at time.Time, wanted bool) {
	l.read++
	if at.After(l.newest) {
		l.newest = at
	}
	if !wanted {
		return
	}
	if len(l.kept) == 2*logItems {
		l.kept, l.dropped = append(l.kept[:0], l.kept[logItems:]...), true
	}
	l.kept = append(l.kept, dated[T]{x, at})
}

// done is what was read, once it was read whole.
func (l *reading[T]) done(t *trip, what string, err error) (ivr.Logged[T], error) {
	var out ivr.Logged[T]
	switch {
	case err != nil:
		return out, t.why(what, err)
	case t.unlisted: // the SDK takes any object for an empty list
		return out, errors.New(what + ": answer without a list")
	case l.read >= logMost:
		return out, fmt.Errorf("%s: it has more than %d entries", what, logMost)
	}
	slices.Reverse(l.kept)
	slices.SortStableFunc(l.kept, func(a, b dated[T]) int { return a.at.Compare(b.at) })
	out.Through, out.More = l.newest, l.dropped || len(l.kept) > logItems
	if out.More {
		l.kept = l.kept[:logItems]
		out.Through = l.kept[logItems-1].at
	}
	for _, x := range l.kept {
		out.Items = append(out.Items, x.what)
	}
	return out, nil
}

// when reads the first of the dates that is there.
func when(dates ...*string) (time.Time, bool) {
	for _, d := range dates {
		if d == nil {
			continue
		}
		if t, err := time.Parse(time.RFC1123Z, *d); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
