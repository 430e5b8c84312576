package twilio

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/ivr"
)

// Paths of the webhooks, under the public URL.
const (
	SMSPath           = "/hooks/twilio/sms"
	VoicePath         = "/hooks/twilio/voice"
	WhisperPath       = "/hooks/twilio/whisper"
	MessageStatusPath = "/hooks/twilio/message-status"
	CallStatusPath    = "/hooks/twilio/call-status"
)

const maxForm = 64 << 10

// Operator is what the webhooks talk to; *ivr.Operator is one.
type Operator interface {
	Text(context.Context, ivr.Inbound) (replies []string, err error)
	Answer(context.Context, ivr.CallEvent) (ivr.Script, error)
	Press(context.Context, ivr.CallEvent) (ivr.Script, error)
	Whisper(ctx context.Context, parent string, asked bool, keys string) (ivr.Script, error)
	MessageStatus(context.Context, ivr.MessageEvent) error
	CallStatus(context.Context, ivr.CallEvent) error
	RecordingStatus(context.Context, ivr.RecordingEvent) error
	Narration(ctx context.Context, id string) (ivr.Narration, error)
}

// Webhooks answers what Twilio posts. Every request must be signed with the account's token for
// the public URL; what arrives twice is answered as it was the first time by the Operator.
type Webhooks struct {
	op      Operator
	origin  string // scheme and host of the public URL, and a path if it has one
	path    string // that path
	account string
	tokens  atomic.Pointer[[]string]
	log     *slog.Logger
	mux     *http.ServeMux
}

// NewWebhooks returns the handler of the webhooks.
func NewWebhooks(op Operator, publicURL, accountSID, authToken string, log *slog.Logger) *Webhooks {
	w := &Webhooks{op: op, origin: strings.TrimSuffix(publicURL, "/"), account: accountSID, log: log, mux: http.NewServeMux()}
	w.Renew(authToken)
	if u, err := url.Parse(w.origin); err == nil {
		w.path = u.EscapedPath()
	}
	w.mux.HandleFunc(SMSPath, w.signed(w.sms))
	w.mux.HandleFunc(VoicePath, w.signed(w.voice))
	w.mux.HandleFunc(WhisperPath, w.signed(w.whisper))
	w.mux.HandleFunc(MessageStatusPath, w.signed(w.messageStatus))
	w.mux.HandleFunc(CallStatusPath, w.signed(w.callStatus))
	w.mux.HandleFunc(RecordingPath, w.signed(w.recording))
	w.mux.HandleFunc(NarrationPath, w.narration)
	return w
}

// Renew makes the account's tokens those that count, while requests are served: a request may be signed
// with any of them. Twilio signs with the first until the second is promoted; empty ones sign nothing.
func (h *Webhooks) Renew(authTokens ...string) {
	tokens := slices.DeleteFunc(slices.Clone(authTokens), func(t string) bool { return t == "" })
	h.tokens.Store(&tokens)
}

func (h *Webhooks) signedByUs(address string, form url.Values, signature string) bool {
	for _, token := range *h.tokens.Load() {
		if signedBy(token, address, form, signature) {
			return true
		}
	}
	return false
}

func (h *Webhooks) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// signed lets through what is a form, signed by the account. The body is read once; a key given
// twice is refused before the signature is looked at: Twilio sends none to us, and its own
// libraries differ on what the signature then covers.
func (h *Webhooks) signed(next func(http.ResponseWriter, *http.Request, url.Values)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "post only", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
		if err != nil {
			http.Error(w, "unreadable", http.StatusBadRequest)
			return
		}
		if len(body) > maxForm {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			http.Error(w, "not a form", http.StatusBadRequest)
			return
		}
		for key, values := range form {
			if len(values) > 1 {
				h.refuse(w, r, form, "key given twice: "+name(key))
				return
			}
		}
		if !h.signedByUs(h.origin+asSent(r), form, r.Header.Get("X-Twilio-Signature")) {
			h.refuse(w, r, form, "signature does not match")
			return
		}
		if a := form.Get("AccountSid"); a != "" && a != h.account {
			h.refuse(w, r, form, "another account")
			return
		}
		next(w, r, form)
	}
}

// asSent is the path and query byte for byte as they came, which is what was signed.
func asSent(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// refuse answers 403 and logs the names of the parameters, never their values.
func (h *Webhooks) refuse(w http.ResponseWriter, r *http.Request, form url.Values, why string) {
	names := slices.Sorted(maps.Keys(form))
	shown := names[:min(len(names), maxNames)]
	for i, n := range shown {
		shown[i] = name(n)
	}
	h.log.Warn("webhook refused", "path", r.URL.Path, "why", why, "parameters", shown, "more", len(names)-len(shown))
	http.Error(w, "forbidden", http.StatusForbidden)
}

// What a log line holds of a request anybody can send: Twilio's own have some thirty parameters,
// and names of at most thirty letters.
const (
	maxNames = 40
	maxName  = 40
)

// name is a parameter's name as it is logged: one that is not like Twilio's, or is cut short, could
// be anything.
func name(key string) string {
	odd := func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	switch {
	case key == "", strings.ContainsFunc(key, odd), key[0] >= '0' && key[0] <= '9':
		return "?"
	case len(key) > maxName:
		return key[:maxName] + "…"
	}
	return key
}

func (h *Webhooks) sms(w http.ResponseWriter, r *http.Request, f url.Values) {
	in := ivr.Inbound{SID: f.Get("MessageSid"), From: number(f.Get("From")), To: number(f.Get("To")), Body: f.Get("Body"), OptOut: f.Get("OptOutType")}
	in.Media, _ = strconv.Atoi(f.Get("NumMedia"))
	if in.SID == "" {
		http.Error(w, "no MessageSid", http.StatusBadRequest)
		return
	}
	replies, err := h.op.Text(r.Context(), in)
	if err != nil {
		// Not stored: Twilio must try again or use its fallback, so this is never a 200.
		h.failed(r, "text", in.SID, err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	doc, err := Messages(replies)
	h.answer(w, r, doc, err)
}

func (h *Webhooks) voice(w http.ResponseWriter, r *http.Request, f url.Values) {
	ev := call(f)
	ev.Message = r.URL.Query().Get("m")
	if ev.SID == "" {
		http.Error(w, "no CallSid", http.StatusBadRequest)
		return
	}
	next := h.op.Answer
	if step, err := strconv.Atoi(r.URL.Query().Get("step")); err == nil && step > 0 {
		ev.Step, ev.NoInput = step, r.URL.Query().Get("timeout") != ""
		next = h.op.Press
	}
	script, err := next(r.Context(), ev)
	if err != nil {
		h.failed(r, "call", ev.SID, err)
		script = apology()
	}
	action := func(step int, query string) string {
		u := h.path + VoicePath + "?step=" + strconv.Itoa(step)
		if ev.Message != "" {
			u += "&m=" + url.QueryEscape(ev.Message)
		}
		if query != "" {
			u += "&" + query
		}
		return u
	}
	doc, err := Voice(located(script, h.origin), action)
	if err != nil { // too long to say, or not to be said so
		h.failed(r, "TwiML", ev.SID, err)
		doc, err = Voice(apology(), action)
	}
	h.answer(w, r, doc, err)
}

// whisper is the office's side of a call that is put through. The caller's call is its parent's.
func (h *Webhooks) whisper(w http.ResponseWriter, r *http.Request, f url.Values) {
	parent := f.Get("ParentCallSid")
	if parent == "" {
		http.Error(w, "no ParentCallSid", http.StatusBadRequest)
		return
	}
	script, err := h.op.Whisper(r.Context(), parent, r.URL.Query().Get("step") != "", f.Get("Digits"))
	if err != nil { // the caller is called back: the task is open
		h.failed(r, "whisper", parent, err)
		script = ivr.Script{ivr.Hangup{}}
	}
	doc, err := Voice(script, func(step int, query string) string {
		u := h.path + WhisperPath + "?step=" + strconv.Itoa(step)
		if query != "" {
			u += "&" + query
		}
		return u
	})
	h.answer(w, r, doc, err)
}

// apology is what a caller hears when the database is away: better than the phone company's own.
func apology() ivr.Script {
	return ivr.Script{
		say(i18n.En, "voice.emergency", "emergency", "911"), say(i18n.Es, "voice.emergency", "emergency", "911"),
		say(i18n.En, "voice.broken"), say(i18n.Es, "voice.broken"),
		ivr.Hangup{},
	}
}

func say(lang i18n.Lang, key string, args ...any) ivr.Say {
	return ivr.Say{Text: i18n.T(lang, key, args...), Lang: lang}
}

func (h *Webhooks) messageStatus(w http.ResponseWriter, r *http.Request, f url.Values) {
	ev := ivr.MessageEvent{SID: f.Get("MessageSid"), Message: r.URL.Query().Get("m"), Status: f.Get("MessageStatus"), Code: f.Get("ErrorCode")}
	h.noted(w, r, "message status", ev.SID, h.op.MessageStatus(r.Context(), ev))
}

func (h *Webhooks) callStatus(w http.ResponseWriter, r *http.Request, f url.Values) {
	ev := call(f)
	ev.Message = r.URL.Query().Get("m")
	h.noted(w, r, "call status", ev.SID, h.op.CallStatus(r.Context(), ev))
}

func (h *Webhooks) noted(w http.ResponseWriter, r *http.Request, what, sid string, err error) {
	if err != nil {
		h.failed(r, what, sid, err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *Webhooks) answer(w http.ResponseWriter, r *http.Request, doc []byte, err error) {
	if err != nil {
		h.failed(r, "TwiML", "", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.Write(doc)
}

func (h *Webhooks) failed(r *http.Request, what, sid string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	h.log.Error("webhook failed", "what", what, "sid", sid, "err", err)
}

// call reads the parameters that calls and their status callbacks share. Duration is in minutes
// and CallDuration in seconds, whatever their names suggest.
func call(f url.Values) ivr.CallEvent {
	ev := ivr.CallEvent{SID: f.Get("CallSid"), From: number(f.Get("From")), To: number(f.Get("To")), Outbound: strings.HasPrefix(f.Get("Direction"), "outbound"),
		Digits: f.Get("Digits"), Dialed: f.Get("DialCallStatus"), Status: f.Get("CallStatus"), Recording: f.Get("RecordingSid")}
	ev.Recorded = secondsOf(f, "RecordingDuration")
	if !recordingSID.MatchString(ev.Recording) {
		ev.Recording = ""
	}
	if ev.Digits == "" { // the finish key alone
		ev.Digits = f.Get("FinishedOnKey")
	}
	ev.Sequence, _ = strconv.Atoi(f.Get("SequenceNumber"))
	if s, err := strconv.Atoi(f.Get("CallDuration")); err == nil {
		ev.Lasted = time.Duration(s) * time.Second
	}
	switch by := f.Get("AnsweredBy"); {
	case by == "human", by == "fax":
		ev.AnsweredBy = by
	case strings.HasPrefix(by, "machine"):
		ev.AnsweredBy = "machine"
	}
	return ev
}

// number is a caller's number, zero when withheld ("anonymous", "+266696687") or not a number.
func number(raw string) phone.Number {
	n, err := phone.Parse(raw, "US")
	if err != nil {
		return phone.Number{}
	}
	return n
}
