package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/trial"
)

// RecordingPath is the webhook that tells of recordings.
const RecordingPath = "/hooks/twilio/recording"

// mostMedia is the most that is read of a recording, in bytes, and mediaTime how long that may take.
const (
	mostMedia = 10 << 20
	mediaTime = time.Minute
)

var recordingSID = regexp.MustCompile(`^RE[0-9a-zA-Z]{1,64}$`)

// Recording fetches the sound of a recording with the account's credentials: without "HTTP auth for
// media" anybody who has its address could. trial.ErrNoRecording where Twilio has none, or not yet.
func (c *Carrier) Recording(ctx context.Context, sid string) (sound []byte, mediaType string, err error) {
	if !recordingSID.MatchString(sid) {
		return nil, "", trial.ErrNoRecording
	}
	ctx, cancel := context.WithTimeout(ctx, mediaTime)
	defer cancel()
	at := "https://api.twilio.com/2010-04-01/Accounts/" + url.PathEscape(c.o.AccountSID) + "/Recordings/" + sid + ".wav"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, "", errors.New("fetch recording: no address")
	}
	req.SetBasicAuth(c.o.AccountSID, *c.token.Load())
	t := &trip{ctx: ctx, base: c.o.BaseURL, next: c.o.Transport, wall: c.o.Wall, media: true}
	resp, err := (&http.Client{Transport: t, CheckRedirect: c.follow}).Do(req)
	if err != nil {
		return nil, "", errors.New("fetch recording: no answer")
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return nil, "", trial.ErrNoRecording
	case resp.StatusCode == http.StatusUnauthorized:
		return nil, "", fmt.Errorf("fetch recording: %w", ErrCredentials)
	case resp.StatusCode != http.StatusOK:
		return nil, "", fmt.Errorf("fetch recording: answer %d", resp.StatusCode)
	}
	sound, err = io.ReadAll(io.LimitReader(resp.Body, mostMedia+1))
	switch {
	case err != nil:
		return nil, "", errors.New("fetch recording: the answer broke off")
	case len(sound) > mostMedia:
		return nil, "", fmt.Errorf("fetch recording: it has more than %d bytes", mostMedia)
	case resp.ContentLength >= 0 && resp.ContentLength != int64(len(sound)):
		return nil, "", errors.New("fetch recording: the answer broke off")
	}
	return sound, resp.Header.Get("Content-Type"), nil
}

// follow lets Twilio send us on to where its media lie, three times and in TLS; the credentials stay
// with the host they are for.
func (c *Carrier) follow(req *http.Request, via []*http.Request) error {
	if len(via) > 3 || req.URL.Scheme != "https" && c.o.BaseURL == nil {
		return http.ErrUseLastResponse
	}
	return nil
}

// DeleteRecording deletes a recording at Twilio; one that is not there is deleted.
func (c *Carrier) DeleteRecording(ctx context.Context, sid string) error {
	s, t := c.service(ctx)
	err := s.DeleteRecording(sid, &api.DeleteRecordingParams{})
	if err == nil && t.status >= 300 {
		err = fmt.Errorf("answer %d", t.status)
	}
	if err == nil || t.status == http.StatusNotFound {
		return nil
	}
	return t.why("delete recording", err)
}

// recording takes the news of a recording.
func (h *Webhooks) recording(w http.ResponseWriter, r *http.Request, f url.Values) {
	ev := ivr.RecordingEvent{SID: f.Get("RecordingSid"), Call: f.Get("CallSid"), Status: f.Get("RecordingStatus"), Lasted: secondsOf(f, "RecordingDuration")}
	ev.Step, _ = strconv.Atoi(r.URL.Query().Get("step"))
	if ev.SID != "" && !recordingSID.MatchString(ev.SID) {
		http.Error(w, "no RecordingSid", http.StatusBadRequest)
		return
	}
	h.noted(w, r, "recording", ev.SID, h.op.RecordingStatus(r.Context(), ev))
}

func secondsOf(f url.Values, name string) time.Duration {
	s, err := strconv.Atoi(f.Get(name))
	if err != nil || s < 0 {
		return 0
	}
	return time.Duration(s) * time.Second
}
