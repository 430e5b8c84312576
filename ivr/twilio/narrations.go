package twilio

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/sound"
	"github.com/muster-health/muster/ivr"
)

// NarrationPath is where Twilio fetches the recordings that a call plays: anybody may, who knows the name
// of one. It holds a questionnaire's words in the voice of whoever read them, and nothing of a participant.
const NarrationPath = "/hooks/twilio/narration/"

var narrationID = regexp.MustCompile(`^nar_[0-9a-f]{40}$`)

// located gives the recordings of a script their address.
func located(s ivr.Script, origin string) ivr.Script {
	at := func(v ivr.Say) ivr.Say {
		if v.Sound != "" {
			v.Sound = origin + NarrationPath + v.Sound
		}
		return v
	}
	for i, x := range s {
		switch v := x.(type) {
		case ivr.Say:
			s[i] = at(v)
		case ivr.Gather:
			for n := range v.Prompts {
				v.Prompts[n] = at(v.Prompts[n])
			}
		}
	}
	return s
}

// narration serves a recording. What a name plays never changes, so it may be kept for ever; what it says
// is told too, for whoever listens with their eyes (RFC 2045, Content-Description).
func (h *Webhooks) narration(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "get only", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, NarrationPath)
	id := strings.TrimSuffix(name, path.Ext(name))
	if !narrationID.MatchString(id) {
		http.NotFound(w, r)
		return
	}
	n, err := h.op.Narration(r.Context(), id)
	if err == nil && name != id+sound.Ext(n.Type) {
		err = ivr.ErrNoNarration
	}
	if errors.Is(err, ivr.ErrNoNarration) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		h.failed(r, "narration", id, err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	head := w.Header()
	head.Set("Content-Type", n.Type)
	head.Set("Content-Description", mime.QEncoding.Encode("utf-8", strings.Join(strings.Fields(n.Words), " ")))
	head.Set("Cache-Control", "public, max-age=31536000, immutable")
	head.Set("ETag", `"`+id+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(n.Data))
}
