package phonesim

import (
	"context"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"
)

// Twilio's codes for a sound that cannot be played, in a document and inside a <Gather>.
const (
	codePlayType       = 13420
	codeGatherPlayType = 13325
)

// playTypes are the media types of what <Play> plays. Source: twilio.com/docs/voice/twiml/play.
var playTypes = []string{"audio/mpeg", "audio/wav", "audio/wave", "audio/x-wav", "audio/aiff", "audio/x-aifc", "audio/x-aiff", "audio/x-gsm", "audio/gsm", "audio/ulaw"}

// Bounds of fetching one sound, in real time and bytes.
const (
	soundTotal = 10 * time.Second
	soundBytes = 16 << 20
)

// sounds are what the sound files of a document say, by address: their Content-Description, for captions;
// "" where they have none.
type sounds map[string]string

// fetchSounds gets every sound that a document plays, as the network would: with a GET that carries no
// parameters and no signature, once for each address. The first that cannot be played is an error, where
// Twilio may only warn and go on: an application whose sounds are missing should find out here.
func (s *Simulator) fetchSounds(ctx context.Context, a answer) (sounds, *twimlError) {
	if mediaType(a.contentType) == "text/plain" {
		return nil, nil
	}
	root, err := readTwiML(a, voiceRules)
	if err != nil {
		return nil, nil // told where the document is played
	}
	got := sounds{}
	for _, v := range root.Kids {
		for _, n := range append(slices.Clone(v.Kids), v) {
			if n.Name != "Play" || n.attr("digits") != "" {
				continue
			}
			at, err := resolve(a.url, n.text())
			if err != nil {
				return nil, err
			}
			if _, done := got[at]; done {
				continue
			}
			code := codePlayType
			if v.Name == "Gather" {
				code = codeGatherPlayType
			}
			if got[at], err = s.fetchSound(ctx, at, code); err != nil {
				return nil, err
			}
		}
	}
	return got, nil
}

func (s *Simulator) fetchSound(ctx context.Context, at string, badType int) (words string, failed *twimlError) {
	ctx, cancel := context.WithTimeout(ctx, soundTotal)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", twimlErrorf(codeBadURL, "<Play>: %q is not a URL", at)
	}
	req.Header.Set("User-Agent", "TwilioProxy/1.1 (simulated)")
	res, err := s.client.Do(req)
	if err != nil {
		return "", twimlErrorf(codeHTTP, "<Play>: the sound cannot be fetched: %v", err)
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, io.LimitReader(res.Body, soundBytes+1))
	switch t := mediaType(res.Header.Get("Content-Type")); {
	case res.StatusCode != http.StatusOK:
		return "", twimlErrorf(codeHTTP, "<Play>: fetching the sound answered %d", res.StatusCode)
	case err != nil || n == 0 || n > soundBytes:
		return "", twimlErrorf(codeHTTP, "<Play>: the sound is empty, cut short or above %d bytes", soundBytes)
	case !slices.Contains(playTypes, t):
		return "", twimlErrorf(badType, "<Play>: Content-Type %q is not a sound that is played", t)
	}
	words, err = new(mime.WordDecoder).DecodeHeader(res.Header.Get("Content-Description"))
	if err != nil {
		words = ""
	}
	return clip([]byte(words)), nil
}

// playing is the caption of a sound: its address, and what it says.
func (d *document) playing(l line, ref string) line {
	l.Text = ref
	if u, err := resolve(d.URL, ref); err == nil {
		l.Text = u
	}
	l.Words = d.Sounds[l.Text]
	return l
}

// lasts is how long a listener takes for a sound.
func (l line) lasts() time.Duration {
	if l.Words == "" {
		return 3 * time.Second
	}
	return time.Duration(len([]rune(l.Words))) * time.Second / speechRate
}
