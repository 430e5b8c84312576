// Package sound looks at files of speech before a phone plays them: what they really are, whatever
// their name says, how long they last, and that they hold nothing but sound.
package sound

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
)

// What a file may be: as long as a patient listener listens, and as large as that is at the quality
// of a telephone, twice over.
const (
	MostBytes = 2 << 20
	Longest   = time.Minute
	Shortest  = 300 * time.Millisecond
)

// The media types of what is kept. Source: twilio.com/docs/voice/twiml/play.
const (
	WAV = "audio/wav"
	MP3 = "audio/mpeg"
)

// ErrUnusable is wrapped by what is wrong with a file; the text says how to mend it.
var ErrUnusable = errors.New("this file cannot be played on a phone")

// Clip is a sound as it is kept. Data is a file of Type that holds what is heard and nothing else: names,
// pictures and notes that programs write into files are left out.
type Clip struct {
	Type  string
	Data  []byte
	Lasts time.Duration
}

// Read looks at a file: WAV (PCM of 8 or 16 bits, µ-law, A-law) or MP3. name is what it is called, or "":
// a file that is not what its name says is refused. Errors wrap ErrUnusable.
func Read(name string, file []byte) (Clip, error) {
	if len(file) == 0 {
		return Clip{}, unusable("it is empty: choose a WAV or MP3 file")
	}
	if len(file) > MostBytes {
		return Clip{}, unusable("it has more than %d MB: save it as mono, 8 or 16 kHz", MostBytes>>20)
	}
	var c Clip
	var err error
	switch {
	case bytes.HasPrefix(file, []byte("RIFF")) && len(file) >= 12 && string(file[8:12]) == "WAVE":
		c, err = readWAV(file)
	case bytes.HasPrefix(file, []byte("ID3")) || frameAt(file) != nil:
		c, err = readMP3(file)
	default:
		return Clip{}, unusable("it is %s: save it as WAV or MP3", guess(file))
	}
	if err != nil {
		return Clip{}, err
	}
	ext := strings.ToLower(path.Ext(name))
	switch {
	case ext == ".mp3" && c.Type != MP3:
		return Clip{}, unusable("its name says MP3 and it is WAV: rename it to end in .wav")
	case (ext == ".wav" || ext == ".wave") && c.Type != WAV:
		return Clip{}, unusable("its name says WAV and it is MP3: rename it to end in .mp3")
	case c.Lasts > Longest:
		return Clip{}, unusable("it lasts %d seconds: %d at most", int(c.Lasts.Round(time.Second)/time.Second), int(Longest/time.Second))
	case c.Lasts < Shortest:
		return Clip{}, unusable("it is too short to hold words: record it again")
	}
	return c, nil
}

// Ext is what the name of a file of the type ends in.
func (c Clip) Ext() string { return Ext(c.Type) }

// Ext is what the name of a file of a type ends in.
func Ext(mediaType string) string {
	if mediaType == MP3 {
		return ".mp3"
	}
	return ".wav"
}

func unusable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnusable, fmt.Sprintf(format, args...))
}

// guess names what a file is that is no sound for a phone.
func guess(file []byte) string {
	for start, what := range map[string]string{"OggS": "Ogg", "fLaC": "FLAC", "FORM": "AIFF", "\x1aE\xdf\xa3": "WebM", "%PDF": "a PDF", "PK\x03\x04": "an archive", "\xff\xf1": "AAC", "\xff\xf9": "AAC", "#!AMR": "AMR", "RIFF": "no WAV"} {
		if bytes.HasPrefix(file, []byte(start)) {
			return what
		}
	}
	if len(file) > 8 && string(file[4:8]) == "ftyp" {
		return "M4A or video"
	}
	return "no sound"
}
