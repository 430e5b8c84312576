package simulated

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/muster-health/muster/ivr/phonesim"
	"github.com/muster-health/muster/ivr/twilio"
)

// recorded passes webhooks on and keeps what came and what was answered.
type recorded struct {
	next    http.Handler
	address string
	mu      sync.Mutex
	all     []hook
}

type hook struct {
	target, path, body, signature, answer string
	status                                int
}

func (h *recorded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	h.next.ServeHTTP(answer, r)
	h.mu.Lock()
	h.all = append(h.all, hook{target: r.RequestURI, path: r.URL.Path, body: string(body), signature: r.Header.Get("X-Twilio-Signature"), answer: answer.Body.String(), status: answer.Code})
	h.mu.Unlock()
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes())
}

func (h *recorded) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all)
}

// last is the last webhook to a path.
func (h *recorded) last(path string) hook {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range slices.Backward(h.all) {
		if x.path == path {
			return x
		}
	}
	return hook{}
}

func (h *recorded) form(path string) url.Values {
	f, _ := url.ParseQuery(h.last(path).body)
	return f
}

// again delivers the last webhook to a path once more, signature and all.
func (h *recorded) again(path string) error {
	x := h.last(path)
	return h.deliver(x.target, x.body, x.signature)
}

// post delivers a form with a good signature and returns the answer.
func (h *recorded) post(target string, form url.Values) (string, error) {
	err := h.deliver(target, form.Encode(), phonesim.Sign(phonesim.DemoAuthToken, h.address+target, form))
	path, _, _ := strings.Cut(target, "?")
	return h.last(path).answer, err
}

func (h *recorded) deliver(target, body, signature string) error {
	req, err := http.NewRequest("POST", h.address+target, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", signature)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return fmt.Errorf("the webhook answered %d", res.StatusCode)
	}
	return nil
}

var (
	actionIn = regexp.MustCompile(`action="([^"]+)"`)
	stepIn   = regexp.MustCompile(`step=\d+`)
)

// action is where the keys of the last question go.
func (h *recorded) action() (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range slices.Backward(h.all) {
		if m := actionIn.FindStringSubmatch(x.answer); m != nil && x.path == twilio.VoicePath {
			return strings.ReplaceAll(m[1], "&amp;", "&"), nil
		}
	}
	return "", errors.New("no question was asked")
}

// replies are the texts in the last answer to a text.
func (h *recorded) replies() []string {
	return between(h.last(twilio.SMSPath).answer, "<Message", "</Message>")
}

// between returns the texts of an element, without its tags.
func between(doc, open, end string) (out []string) {
	for {
		i := strings.Index(doc, open)
		if i < 0 {
			return out
		}
		doc = doc[i:]
		from, to := strings.IndexByte(doc, '>')+1, strings.Index(doc, end)
		if to < from {
			return out
		}
		out = append(out, unescape.Replace(doc[from:to]))
		doc = doc[to:]
	}
}

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#xA;", "\n", "&amp;", "&")
