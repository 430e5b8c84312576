package email_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/email"
)

const secret = "a secret of more than twenty-four"

func TestBounces(t *testing.T) {
	now := time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC)
	var got []email.Back
	var fail error
	h := email.NewBounces(secret, func() time.Time { return now }, func(_ context.Context, b email.Back) error { got = append(got, b); return fail }, slog.New(slog.DiscardHandler))
	const good = `{"id":"<msg_abc@example.test>","kind":"hard","at":"2026-03-02T09:04:00-05:00"}`
	send := func(method, body string, at int64, signature string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, email.BouncePath, strings.NewReader(body))
		r.Header.Set("Muster-Time", strconv.FormatInt(at, 10))
		r.Header.Set("Muster-Signature", signature)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, tc := range []struct {
		name, method, body string
		late               time.Duration // how old what is signed is
		forge              func(signature string) string
		fail               error
		status             int
		says               string
	}{
		{name: "taken", body: good, status: 204},
		{name: "by address, soft", body: `{"address":"rosa@example.test","kind":"soft","at":"2026-03-02T14:04:00Z"}`, status: 204},
		{name: "nearly too old", body: good, late: 5 * time.Minute, status: 204},
		{name: "too old", body: good, late: 5*time.Minute + time.Second, status: 401},
		{name: "from the future", body: good, late: -5*time.Minute - time.Second, status: 401},
		{name: "another secret", body: good, forge: func(string) string { return email.Sign("x"+secret, now.Unix(), []byte(good)) }, status: 401},
		{name: "another body", body: good, forge: func(string) string { return email.Sign(secret, now.Unix(), []byte(good+" ")) }, status: 401},
		{name: "another time", body: good, forge: func(string) string { return email.Sign(secret, now.Unix()-1, []byte(good)) }, status: 401},
		{name: "no signature", body: good, forge: func(string) string { return "" }, status: 401},
		{name: "read only", method: http.MethodGet, status: 405, says: "POST"},
		{name: "too large", body: good + strings.Repeat(" ", 64<<10), status: 413},
		{name: "no JSON", body: "hello", status: 400, says: "JSON"},
		{name: "two objects", body: good + good, status: 400, says: "one JSON object"},
		{name: "a field too many", body: `{"id":"a","kind":"hard","at":"2026-03-02T14:04:00Z","name":"Rosa"}`, status: 400, says: "one JSON object"},
		{name: "about nothing", body: `{"kind":"hard","at":"2026-03-02T14:04:00Z"}`, status: 400, says: "id, address"},
		{name: "about two", body: `{"id":"a","address":"b@example.test","kind":"hard","at":"2026-03-02T14:04:00Z"}`, status: 400, says: "id, address"},
		{name: "no address", body: `{"address":"rosa","kind":"hard","at":"2026-03-02T14:04:00Z"}`, status: 400, says: "address"},
		{name: "no kind", body: `{"id":"a","kind":"maybe","at":"2026-03-02T14:04:00Z"}`, status: 400, says: "kind"},
		{name: "no time", body: `{"id":"a","kind":"hard"}`, status: 400, says: "at:"},
		{name: "not ours", body: good, fail: fmt.Errorf("outbox: %w", docstore.ErrNotFound), status: 404, says: "id:"},
		{name: "database away", body: good, fail: errors.New("sealed words"), status: 500, says: "try again"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, fail = nil, tc.fail
			if tc.method == "" {
				tc.method = http.MethodPost
			}
			at := now.Add(-tc.late).Unix()
			signature := email.Sign(secret, at, []byte(tc.body))
			if tc.forge != nil {
				signature = tc.forge(signature)
			}
			w := send(tc.method, tc.body, at, signature)
			says := w.Body.String()
			if w.Code != tc.status || !strings.Contains(says, tc.says) || strings.Contains(says, "rosa") || strings.Contains(says, "sealed words") {
				t.Errorf("%d %s, want %d %q", w.Code, says, tc.status, tc.says)
			}
			if taken := len(got) == 1; taken != (tc.status == 204 || tc.fail != nil) {
				t.Errorf("handed on: %v", got)
			}
			if tc.status == 405 && w.Header().Get("Allow") != http.MethodPost {
				t.Error("405 does not say what is allowed")
			}
		})
	}
	got, fail = nil, nil
	send(http.MethodPost, good, now.Unix(), email.Sign(secret, now.Unix(), []byte(good)))
	want := email.Back{Message: "msg_abc", Hard: true, At: time.Date(2026, 3, 2, 14, 4, 0, 0, time.UTC)}
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	h.Renew("")
	if w := send(http.MethodPost, good, now.Unix(), email.Sign("", now.Unix(), []byte(good))); w.Code != 401 {
		t.Errorf("without a secret: %d", w.Code)
	}
}
