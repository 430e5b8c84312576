package twilio

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/trial"
)

// News of a recording counts when it is signed for our address: whatever is in it, a forged one reaches nobody.
func TestRecordingNews(t *testing.T) {
	form := url.Values{"AccountSid": {"AC1"}, "CallSid": {"CA1"}, "RecordingSid": {"RE1"}, "RecordingStatus": {"completed"}, "RecordingDuration": {"14"}, "RecordingUrl": {"https://media.example.test/RE1"}}
	o := &operator{}
	for range 2 {
		if w := post(t, o, RecordingPath+"?step=4", form); w.Code != http.StatusNoContent {
			t.Errorf("signed: %d", w.Code)
		}
	}
	want := ivr.RecordingEvent{SID: "RE1", Call: "CA1", Step: 4, Status: "completed", Lasted: 14 * time.Second}
	if len(o.recordings) != 2 || o.recordings[0] != want {
		t.Errorf("%+v", o.recordings)
	}
	signature := sign("token", public+RecordingPath+"?step=4", form)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"another step":      send(t, o, http.MethodPost, RecordingPath+"?step=5", form.Encode(), signature, slog.New(slog.DiscardHandler)),
		"another recording": send(t, o, http.MethodPost, RecordingPath+"?step=4", strings.Replace(form.Encode(), "RE1", "RE2", 1), signature, slog.New(slog.DiscardHandler)),
		"another account":   post(t, o, RecordingPath+"?step=4", url.Values{"AccountSid": {"AC2"}, "CallSid": {"CA1"}, "RecordingSid": {"RE1"}}),
	} {
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if w := post(t, o, RecordingPath+"?step=4", url.Values{"AccountSid": {"AC1"}, "CallSid": {"CA1"}, "RecordingSid": {"../Calls/CA1"}}); w.Code != http.StatusBadRequest {
		t.Errorf("an id that is none: %d", w.Code)
	}
	if len(o.recordings) != 2 {
		t.Errorf("%d events got through", len(o.recordings))
	}
	o.err = errors.New("the database is away")
	if w := post(t, o, RecordingPath+"?step=4", form); w.Code != http.StatusServiceUnavailable {
		t.Errorf("not stored, and answered %d: it would not be told again", w.Code)
	}
}

// A sound is fetched with the account's credentials and to its end, or not at all; a deletion of what is
// not there is done.
func TestFetchAndDeleteRecording(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"RE1": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "audio/x-wav")
			w.Write([]byte("RIFF"))
		},
		"RE2": func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, mostMedia+1)) },
		"RE3": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			w.Write([]byte("RIFF"))
		},
		"RE4": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
	}
	deleted := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		if !ok || user != "AC1" || password != "token" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		sid, _, _ := strings.Cut(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], ".")
		switch answer := answers[sid]; {
		case answer == nil:
			http.NotFound(w, r)
		case r.Method == http.MethodDelete:
			deleted += sid
			w.WriteHeader(http.StatusNoContent)
		default:
			answer(w, r)
		}
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := New(Options{AccountSID: "AC1", AuthToken: "token", BaseURL: base})
	sound, kind, err := c.Recording(t.Context(), "RE1")
	if err != nil || kind != "audio/x-wav" || !bytes.Equal(sound, []byte("RIFF")) {
		t.Errorf("%q as %q, %v", sound, kind, err)
	}
	for _, sid := range []string{"RE2", "RE3", "RE4"} {
		if sound, _, err := c.Recording(t.Context(), sid); err == nil || sound != nil {
			t.Errorf("%s: %d bytes", sid, len(sound))
		}
	}
	for _, sid := range []string{"RE9", "../Calls/CA1", ""} {
		if _, _, err := c.Recording(t.Context(), sid); !errors.Is(err, trial.ErrNoRecording) {
			t.Errorf("%q: %v", sid, err)
		}
	}
	for _, sid := range []string{"RE1", "RE9"} {
		if err := c.DeleteRecording(t.Context(), sid); err != nil {
			t.Errorf("delete %s: %v", sid, err)
		}
	}
	if deleted != "RE1" {
		t.Errorf("deleted %q", deleted)
	}
	c.Renew("another")
	if _, _, err := c.Recording(t.Context(), "RE1"); !errors.Is(err, ErrCredentials) {
		t.Errorf("with another token: %v", err)
	}
	if err := c.DeleteRecording(t.Context(), "RE1"); !errors.Is(err, ErrCredentials) {
		t.Errorf("delete with another token: %v", err)
	}
}
