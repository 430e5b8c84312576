package twilio_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr/phonesim"
	"github.com/muster-health/muster/ivr/twilio"
)

// Status callbacks through signed webhooks, late, repeated, in any order, some of them forged: the
// message goes forward only, a final state stays, one task is opened for a text that did not
// arrive, and what is not signed changes nothing.
func TestStatusHistoriesThroughWebhooks(t *testing.T) {
	const account, token = "AC00000000000000000000000000000001", "0123456789abcdef0123456789abcdef"
	r := rig.New(t, rig.Options{})
	hooks := twilio.NewWebhooks(r.Operator, "https://muster.example.test", account, token, slog.New(slog.DiscardHandler))
	// How far along a word says the text is, and which state that is.
	words := map[string]struct {
		far   int
		state outbox.State
	}{
		"queued": {1, outbox.Accepted}, "sending": {1, outbox.Accepted}, "partially_delivered": {1, outbox.Accepted}, "sent": {2, outbox.Sent},
		"delivered": {3, outbox.Delivered}, "read": {3, outbox.Delivered}, "undelivered": {3, outbox.Undelivered}, "failed": {3, outbox.Failed},
	}
	all := []string{"queued", "sending", "partially_delivered", "sent", "delivered", "read", "undelivered", "failed"}
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		m := outbox.Message{Meta: docstore.Meta{ID: outbox.ID("history", fmt.Sprint(n))}, Kind: outbox.SMS, To: "+14125550123",
			Purpose: string(contacts.Requested), Body: fmt.Sprint("text ", n)}
		if err := r.Store.Do(t.Context(), func(b *docstore.Batch) error { r.Box.Put(b, m); return nil }); err != nil {
			rt.Fatal(err)
		}
		if _, err := r.Box.Deliver(t.Context(), r.Clock.Now()); err != nil {
			rt.Fatal(err)
		}
		sent, want, far := len(r.Sent.All()), outbox.Accepted, 1
		for range rapid.IntRange(1, 12).Draw(rt, "callbacks") {
			status := rapid.SampledFrom(all).Draw(rt, "status")
			key, answer := token, http.StatusNoContent
			if rapid.IntRange(0, 4).Draw(rt, "forged") == 0 {
				key, answer = "anothertoken", http.StatusForbidden
			} else if w := words[status]; w.far > far {
				far, want = w.far, w.state
			}
			form := url.Values{"MessageSid": {rig.SID(m)}, "SmsSid": {rig.SID(m)}, "MessageStatus": {status}, "SmsStatus": {status}, "AccountSid": {account}, "From": {rig.Office}, "To": {m.To}}
			if status == "failed" || status == "undelivered" {
				form.Set("ErrorCode", "30005") // which asks for no further try
			}
			target := twilio.MessageStatusPath
			if rapid.Bool().Draw(rt, "ours") {
				target += "?m=" + url.QueryEscape(m.ID)
			}
			for range rapid.IntRange(1, 2).Draw(rt, "times") {
				req := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.Header.Set("X-Twilio-Signature", phonesim.Sign(key, "https://muster.example.test"+target, form))
				w := httptest.NewRecorder()
				hooks.ServeHTTP(w, req)
				if w.Code != answer {
					rt.Fatalf("%s answered %d, want %d", status, w.Code, answer)
				}
			}
			row, err := r.Box.Get(t.Context(), m.ID)
			if err != nil {
				rt.Fatal(err)
			}
			if row.State != want {
				rt.Fatalf("after %s it is %s, want %s", status, row.State, want)
			}
		}
		if _, err := r.Box.Deliver(t.Context(), r.Clock.Now()); err != nil {
			rt.Fatal(err)
		}
		if len(r.Sent.All()) != sent {
			rt.Error("it was sent again")
		}
		_, err := r.Trial.TaskByID(t.Context(), "tsk_"+m.ID)
		if lost := want == outbox.Failed || want == outbox.Undelivered; lost != (err == nil) || err != nil && !errors.Is(err, docstore.ErrNotFound) {
			rt.Errorf("it is %s, its task: %v", want, err)
		}
	})
}
