package email

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// BouncePath is where a mail server tells of e-mails that came back.
const BouncePath = "/hooks/email/bounce"

// Its limits: what is signed is good for five minutes, and needs no more room than this.
const (
	bounceWindow = 5 * time.Minute
	bounceSize   = 64 << 10
)

// Back is an e-mail that came back, named by our message, or by the address where that is not known.
type Back struct {
	Message string // its id
	Address string
	Hard    bool // for good; soft: for now
	At      time.Time
}

// Bounces takes what a mail server tells, signed with a shared secret: Muster-Signature is sha256= and
// the HMAC-SHA256, in hex, of Muster-Time (Unix seconds), a dot, and the body. 204: taken, also when it
// was before. 401: the signature or the time is wrong. 404: no such message.
type Bounces struct {
	secret atomic.Pointer[string]
	wall   func() time.Time
	take   func(ctx context.Context, b Back) error // docstore.ErrNotFound: no such message; taking it twice is harmless
	log    *slog.Logger
}

// NewBounces returns the handler of BouncePath.
func NewBounces(secret string, wall func() time.Time, take func(context.Context, Back) error, log *slog.Logger) *Bounces {
	b := &Bounces{wall: wall, take: take, log: log}
	b.Renew(secret)
	return b
}

// Renew takes another secret.
func (h *Bounces) Renew(secret string) { h.secret.Store(&secret) }

// Sign is the Muster-Signature of a body at a time in Unix seconds.
func Sign(secret string, at int64, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strconv.FormatInt(at, 10) + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func (h *Bounces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		say(w, http.StatusMethodNotAllowed, "only POST is taken here")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bounceSize))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		say(w, http.StatusRequestEntityTooLarge, "the body is larger than 64 KB")
		return
	case err != nil:
		say(w, http.StatusBadRequest, "the body did not come whole")
		return
	}
	if !h.signed(r.Header, body) {
		h.log.WarnContext(r.Context(), "bounce refused: signature or time is wrong")
		say(w, http.StatusUnauthorized, "Muster-Signature or Muster-Time is wrong, or more than five minutes old")
		return
	}
	b, problem := parseBack(body)
	if problem != "" {
		say(w, http.StatusBadRequest, problem)
		return
	}
	switch err := h.take(r.Context(), b); {
	case errors.Is(err, docstore.ErrNotFound):
		say(w, http.StatusNotFound, "id: no e-mail of ours has it")
	case err != nil:
		h.log.ErrorContext(r.Context(), "bounce", "err", err)
		say(w, http.StatusInternalServerError, "try again")
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (h *Bounces) signed(header http.Header, body []byte) bool {
	at, err := strconv.ParseInt(header.Get("Muster-Time"), 10, 64)
	secret := *h.secret.Load()
	if err != nil || secret == "" {
		return false
	}
	ok := hmac.Equal([]byte(header.Get("Muster-Signature")), []byte(Sign(secret, at, body)))
	return ok && h.wall().Sub(time.Unix(at, 0)).Abs() <= bounceWindow
}

// parseBack reads a body, or says which field is wrong and how to mend it, without quoting any.
func parseBack(body []byte) (b Back, problem string) {
	var in struct {
		ID, Address, Kind string
		At                *time.Time
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil || d.More() {
		return b, `write one JSON object with id or address, kind, and at, such as {"id": "msg_…", "kind": "hard", "at": "2026-03-02T09:05:00Z"}`
	}
	b = Back{Message: MessageOf(in.ID), Address: strings.TrimSpace(in.Address), Hard: in.Kind == "hard"}
	switch {
	case (b.Message == "") == (b.Address == ""):
		return b, "id, address: give one of the two; id is the Message-ID, or its part before the @"
	case b.Address != "" && !strings.Contains(b.Address, "@"):
		return b, "address: is no e-mail address"
	case in.Kind != "hard" && in.Kind != "soft":
		return b, "kind: is hard (for good) or soft (for now)"
	case in.At == nil || in.At.IsZero():
		return b, "at: when it came back, such as 2026-03-02T09:05:00Z"
	}
	b.At = in.At.UTC().Truncate(time.Millisecond)
	return b, ""
}

func say(w http.ResponseWriter, status int, problem string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": problem}) // who left hears nothing
}
