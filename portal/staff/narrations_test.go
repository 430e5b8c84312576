package staff_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/internal/sound"
	"github.com/muster-health/muster/trial"
)

var lower = trial.Spoken{Lang: "en", Words: "What is the lower number?"}

// narrated has somebody read a sentence of STEADY and returns the recording's id.
func (d *desk) narrated() string {
	d.t.Helper()
	n, err := d.Trial.PutNarration(d.t.Context(), rig.Staff, "STEADY", lower.Key(), "a.wav", rig.Tone("a"))
	if err != nil {
		d.t.Fatal(err)
	}
	return n.ID
}

// upload sends a form with a file.
func (b *browser) upload(path, name string, file []byte, pairs ...string) answer {
	b.d.t.Helper()
	forms++
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	m.WriteField("once", fmt.Sprintf("frm_%08d", forms))
	for i := 0; i+1 < len(pairs); i += 2 {
		m.WriteField(pairs[i], pairs[i+1])
	}
	if name != "" {
		w, err := m.CreateFormFile("file", name)
		if err != nil {
			b.d.t.Fatal(err)
		}
		w.Write(file)
	}
	m.Close()
	req, err := http.NewRequestWithContext(b.d.t.Context(), http.MethodPost, b.d.server.URL+path, &body)
	if err != nil {
		b.d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	return b.do(req)
}

// A coordinator puts a recording in place, hears it, replaces and removes it; the page counts what is
// missing. Who may only look finds no form.
func TestNarrations(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	d.hire("joan", "Joan Pell", members.Director)
	const at = "/staff/studies/STEADY/narrations"
	b := d.as("maria")
	if !strings.Contains(b.page("/staff/studies/STEADY"), `href="`+at+`"`) {
		t.Error("the study's page does not lead there")
	}
	page := b.page(at)
	d.look("narrations", page)
	has(t, page, "English: 0 of ", "Español: 0 of ", lower.Words, "¿Cuál es el número de abajo?", "en-lower-"+lower.Key(), "after a red flag", "missing")
	only := d.as("joan").page(at)
	has(t, only, lower.Words, "missing")
	if strings.Contains(only, `type="file"`) {
		t.Error("a director finds the form")
	}
	if a := d.as("joan").upload(at, "a.wav", rig.Tone("a"), "words", lower.Key()); a.code != http.StatusForbidden {
		t.Errorf("a director uploads: %d", a.code)
	}

	if a := b.upload(at, "lower number.wav", rig.Tone("a"), "words", lower.Key()); a.code != http.StatusSeeOther || a.to != at {
		t.Fatalf("upload: %d to %q\n%s", a.code, a.to, text(a.body))
	}
	first := d.recorded()
	page = b.page(at)
	d.look("narrations-one", page)
	has(t, page, "English: 1 of ", "0.5 s, put by maria", "Replace it with")
	if !strings.Contains(page, `<audio class="sound" controls preload="none" aria-label="What is the lower number?" src="`+at+"/"+first.ID+`">`) {
		t.Error("there is no player")
	}
	a := d.as("joan").get(at + "/" + first.ID)
	if a.code != http.StatusOK || a.header.Get("Content-Type") != sound.WAV || len(a.body) != first.Bytes {
		t.Errorf("played: %d %s, %d bytes", a.code, a.header.Get("Content-Type"), len(a.body))
	}
	b.upload(at, "b.wav", rig.Tone("b"), "words", lower.Key())
	if second := d.recorded(); second.ID == first.ID {
		t.Error("it was not replaced")
	}
	if a := b.send(at, "remove", d.recorded().ID); a.code != http.StatusSeeOther {
		t.Errorf("remove: %d", a.code)
	}
	has(t, b.page(at), "English: 0 of ")
}

// recorded is the recording of the sentence that counts.
func (d *desk) recorded() trial.Narration {
	d.t.Helper()
	there, err := d.Trial.Narrations(d.t.Context(), "STEADY")
	if err != nil || len(there) != 1 {
		d.t.Fatalf("recorded: %+v, %v", there, err)
	}
	return there[lower]
}

// What cannot be played is refused at its field with the mend, and keeps nothing.
func TestNarrationsRefuse(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	b := d.as("maria")
	const at = "/staff/studies/STEADY/narrations"
	for name, x := range map[string]struct {
		file  string
		data  []byte
		words string
		says  string
	}{
		"no file":      {"", nil, lower.Key(), "choose a WAV or MP3 file"},
		"forged":       {"a.wav", []byte("<script>alert(1)</script>"), lower.Key(), "no sound: save it as WAV or MP3"},
		"mislabelled":  {"a.mp3", rig.Tone("a"), lower.Key(), "rename it to end in .wav"},
		"oversized":    {"a.wav", append(rig.Tone("a"), make([]byte, sound.MostBytes)...), lower.Key(), "more than 2 MB"},
		"other words":  {"a.wav", rig.Tone("a"), "0123456789ab", "the phone says other words now"},
		"no words":     {"a.wav", rig.Tone("a"), "", "the phone says other words now"},
		"cut":          {"a.wav", rig.Tone("a")[:2000], lower.Key(), "cut short"},
		"another name": {"a.wav/../../b.mp3", rig.Tone("a"), lower.Key(), "rename it"},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.upload(at, x.file, x.data, "words", x.words)
			if a.code != http.StatusUnprocessableEntity || !strings.Contains(strings.ToLower(text(a.body)), strings.ToLower(x.says)) {
				t.Errorf("%d, want 422 and %q\n%s", a.code, x.says, text(a.body))
			}
			if x.words == lower.Key() && !strings.Contains(a.body, `href="#file-`+lower.Key()+`"`) {
				t.Error("the summary does not lead to the field")
			}
		})
	}
	if a := b.upload(at, "a.wav", make([]byte, sound.MostBytes+1<<20+100_000), "words", lower.Key()); a.code != http.StatusRequestEntityTooLarge {
		t.Errorf("far too large: %d", a.code)
	}
	if there, err := d.Trial.Narrations(t.Context(), "STEADY"); err != nil || len(there) != 0 {
		t.Errorf("kept: %v, %v", there, err)
	}
}

// Another study's recording is not found under this one.
func TestNarrationOfAnotherStudy(t *testing.T) {
	d := newDesk(t, nil)
	things := d.things()
	b := d.as("maria")
	if a := b.get("/staff/studies/OTHER/narrations/" + things["narrations"]); a.code != http.StatusNotFound {
		t.Errorf("under another study: %d", a.code)
	}
	if a := b.send("/staff/studies/OTHER/narrations", "remove", things["narrations"]); a.code != http.StatusSeeOther {
		t.Errorf("removed under another study: %d", a.code)
	}
	if n := d.recorded(); n.ID != things["narrations"] {
		t.Errorf("it is gone: %+v", n)
	}
}
