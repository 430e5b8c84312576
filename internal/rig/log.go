package rig

import (
	"context"
	"time"

	"github.com/muster-health/muster/ivr"
)

// log is what the phone company keeps and did not tell us.
type log struct {
	texts []ivr.Inbound
	lost  []ivr.LostText
	calls []ivr.PastCall
	fail  error
}

// Received keeps a text to us, with when it was written in Sent, of which no webhook tells.
func (r *Recorder) Received(in ivr.Inbound) { r.logged(func(l *log) { l.texts = append(l.texts, in) }) }

// Lost keeps that a text of ours did not arrive, of which no report tells.
func (r *Recorder) Lost(x ivr.LostText) { r.logged(func(l *log) { l.lost = append(l.lost, x) }) }

// Called keeps a call to us that nothing answered.
func (r *Recorder) Called(x ivr.PastCall) { r.logged(func(l *log) { l.calls = append(l.calls, x) }) }

// LogFails makes the log unreadable for a reason; nil: readable again.
func (r *Recorder) LogFails(why error) { r.logged(func(l *log) { l.fail = why }) }

func (r *Recorder) logged(do func(*log)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do(&r.log)
}

// TextsIn lists what Received kept.
func (r *Recorder) TextsIn(_ context.Context, since time.Time) (ivr.Logged[ivr.Inbound], error) {
	return kept(r, since, func(l *log) []ivr.Inbound { return l.texts }, func(x ivr.Inbound) time.Time { return x.Sent })
}

// TextsLost lists what Lost kept.
func (r *Recorder) TextsLost(_ context.Context, since time.Time) (ivr.Logged[ivr.LostText], error) {
	return kept(r, since, func(l *log) []ivr.LostText { return l.lost }, func(x ivr.LostText) time.Time { return x.At })
}

// CallsIn lists what Called kept.
func (r *Recorder) CallsIn(_ context.Context, since time.Time) (ivr.Logged[ivr.PastCall], error) {
	return kept(r, since, func(l *log) []ivr.PastCall { return l.calls }, func(x ivr.PastCall) time.Time { return x.At })
}

// logPage is how much of a log the phone company gives at once: little, so that readings go on.
const logPage = 3

func kept[T any](r *Recorder, since time.Time, of func(*log) []T, at func(T) time.Time) (out ivr.Logged[T], err error) {
	r.logged(func(l *log) {
		if l.fail != nil {
			err = l.fail
			return
		}
		for _, x := range of(l) {
			if at(x).Before(since) {
				continue
			}
			if len(out.Items) == logPage {
				out.More = true
				return
			}
			out.Items, out.Through = append(out.Items, x), at(x)
		}
	})
	return out, err
}
