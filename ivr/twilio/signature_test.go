package twilio

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vector is one signed request with the verdict that is right; where the libraries for Go and node
// differ, it is that of the data's author.
type vector struct {
	Name, AuthToken, URL, Form, Signature, Note string
	Expect                                      bool
}

// Twilio's own way of signing, judged by the vectors: the whole handler, body and all.
func TestSignatureVectors(t *testing.T) {
	dir := os.Getenv("MUSTER_REAL_DATA")
	if dir == "" {
		t.Skip("SKIPPED: MUSTER_REAL_DATA is not set; signatures are not compared with the vectors")
	}
	data, err := os.ReadFile(filepath.Join(dir, "messaging", "signature_vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(data, &file); err != nil || len(file.Vectors) < 20 {
		t.Fatalf("%d vectors (%v)", len(file.Vectors), err)
	}
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			want := v.Expect
			switch {
			case strings.Contains(v.URL, "bodySHA256"):
				t.Skip("Twilio posts forms to us, never JSON")
			case v.Name == "repeated_key":
				want = false // by our own rule: none of our webhooks has a key twice
			}
			scheme, rest, _ := strings.Cut(v.URL, "://")
			i := strings.IndexAny(rest, "/?")
			h := NewWebhooks(nil, scheme+"://"+rest[:i], "AC1", v.AuthToken, slog.New(slog.DiscardHandler))
			r := httptest.NewRequest("POST", "/x", strings.NewReader(v.Form))
			r.RequestURI = rest[i:]
			r.Header.Set("X-Twilio-Signature", v.Signature)
			passed := false
			w := httptest.NewRecorder()
			h.signed(func(http.ResponseWriter, *http.Request, url.Values) { passed = true })(w, r)
			if passed != want {
				t.Errorf("passed %v, want %v: %s", passed, want, v.Note)
			}
			if !passed && w.Code != http.StatusForbidden {
				t.Errorf("refused with %d, want 403", w.Code)
			}
		})
	}
}

// Any changed byte is refused.
func FuzzSignatureCoversEveryByte(f *testing.F) {
	form := url.Values{"CallSid": {"CA1"}, "Digits": {"1"}, "From": {"+14125550123"}}
	good := sign("token", "https://muster.example.test/hooks/twilio/voice?step=3", form)
	f.Add("Digits", "2")
	f.Add("Extra", "")
	f.Fuzz(func(t *testing.T, key, value string) {
		changed := url.Values{}
		for k, v := range form {
			changed[k] = v
		}
		changed.Set(key, value)
		same := form.Get(key) == value && form.Has(key) || key+value == ""
		if got := signedBy("token", "https://muster.example.test/hooks/twilio/voice?step=3", changed, good); got && !same && joined(changed) != joined(form) {
			t.Errorf("%q=%q passes with the signature of another form", key, value)
		}
	})
}

func joined(f url.Values) string {
	var b strings.Builder
	for _, k := range []string{"CallSid", "Digits", "From"} {
		b.WriteString(k + f.Get(k))
	}
	for k := range f {
		if k != "CallSid" && k != "Digits" && k != "From" {
			b.WriteString(k + f.Get(k))
		}
	}
	return b.String()
}

func discard() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }
