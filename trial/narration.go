package trial

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/survey"
)

// Narration is somebody's voice reading words of a study aloud, which the phone plays in place of the
// synthetic voice wherever it says these very words in this language. Other words have no narration: what
// is heard is always what is written. Its id is made of the study, the language, the words and the sound,
// so that what an id plays never changes. The sound is a document of its own (narrationSound).
type Narration struct {
	docstore.Meta `bson:",inline"`
	Study         StudyID   `bson:"study"`
	Lang          string    `bson:"lang"`
	Words         string    `bson:"words"` // what it says, as the phone would
	Digest        string    `bson:"digest"`
	Type          string    `bson:"type"` // "audio/wav" or "audio/mpeg"
	Bytes         int       `bson:"bytes"`
	Millis        int       `bson:"millis"` // how long it lasts
	By            string    `bson:"by"`     // who put it there
	At            time.Time `bson:"at"`
	Removed       time.Time `bson:"removed,omitempty"` // real time; calls that were told of it may fetch it a little longer
}

// narrationSound is the sound of the narration with the same id.
type narrationSound struct {
	docstore.Meta `bson:",inline"`
	Data          []byte `bson:"data"`
}

// Errors of narrations.
var (
	ErrNarration       = errors.New("the recording was not taken") // the text says which field, and the mend
	ErrNarrationBroken = errors.New("the sound that is stored is not the one that was put there")
)

// Sentence is something the phone says word for word to everybody who is asked a questionnaire of a study.
type Sentence struct {
	Questionnaire string // its name
	Item          string // the question it is first said with; SafetyItem for the safety words
	Others        int    // further questions it is said with
	Lang          string
	Words         string
}

// SafetyItem stands for the question in a Sentence of the words that follow a red flag.
const SafetyItem = "safety-words"

// Spoken is words in a language.
type Spoken struct{ Lang, Words string }

// Spoken is what is said.
func (s Sentence) Spoken() Spoken { return Spoken{s.Lang, s.Words} }

// Key names the words in their language: twelve hexadecimal digits of their SHA-256. It is in the names
// of files, and changes with the words.
func (s Spoken) Key() string {
	sum := sha256.Sum256([]byte(s.Lang + "\x00" + s.Words))
	return hex.EncodeToString(sum[:6])
}

// File is the name a file with the sentence has, without its ending: "es-cough-1b0f6a2c94de".
func (s Sentence) File() string {
	item := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, s.Item)
	return s.Lang + "-" + item[:min(len(item), 40)] + "-" + s.Spoken().Key()
}

// Spoken are the words of the narration.
func (n Narration) Spoken() Spoken { return Spoken{n.Lang, n.Words} }

// Sentences are what the phone says word for word in a study, each once, by questionnaire, language and
// question: what its plans ask by phone, with the choices and keys, and the study's own safety words. What
// holds something of a person or an answer is none of them, nor are the words that announce a recording.
func (c *Coordinator) Sentences(ctx context.Context, st *Study) ([]Sentence, error) {
	var all []Sentence
	at := map[Spoken]int{}
	asked := map[string]bool{}
	add := func(s Sentence) {
		i, said := at[s.Spoken()]
		switch {
		case s.Words == "" || !i18n.Lang(s.Lang).Known() || s.Words == i18n.T(i18n.Lang(s.Lang), "voice.recorded"):
		case !said:
			at[s.Spoken()] = len(all)
			all = append(all, s)
		case all[i].Questionnaire != s.Questionnaire || all[i].Item != s.Item:
			all[i].Others++
		}
	}
	for _, d := range st.Plans() {
		if !slices.Contains(d.Channels, survey.Voice) {
			continue
		}
		q, err := c.QuestionnaireNamed(ctx, d.Questionnaire)
		if err != nil {
			return nil, err
		}
		q = st.AskedBy(q)
		for _, lang := range q.Languages() {
			if !asked[d.Questionnaire] {
				script := q.Script(lang)
				for _, a := range script.Asked {
					for _, words := range a.Said {
						add(Sentence{Questionnaire: d.Questionnaire, Item: a.LinkID, Lang: lang, Words: words})
					}
				}
				for _, words := range script.End {
					add(Sentence{Questionnaire: d.Questionnaire, Item: "end", Lang: lang, Words: words})
				}
			}
			add(Sentence{Questionnaire: d.Questionnaire, Item: SafetyItem, Lang: lang, Words: d.SafetyText[lang]})
		}
		asked[d.Questionnaire] = true
	}
	slices.SortStableFunc(all, func(a, b Sentence) int { return cmp.Compare(a.Lang, b.Lang) })
	return all, nil
}

// Narrations are those of a study that were not removed, the latest of the same words.
func (c *Coordinator) Narrations(ctx context.Context, study StudyID) (map[Spoken]Narration, error) {
	out := map[Spoken]Narration{}
	for n, err := range c.narrations.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("study", string(study))}}) {
		if err != nil {
			return nil, err
		}
		if old, ok := out[n.Spoken()]; n.Removed.IsZero() && (!ok || old.At.Before(n.At)) {
			out[n.Spoken()] = n
		}
	}
	return out, nil
}

// Playable says whether the sound of a narration is there as it was put. It is read once; then the answer
// is remembered.
func (c *Coordinator) Playable(ctx context.Context, n Narration) bool {
	if _, read := c.playable.Load(n.ID); read {
		return true
	}
	_, err := c.narrationSound(ctx, n)
	return err == nil
}

// narrationSound reads the sound of a narration. ErrNarrationBroken where it is not what was put there.
func (c *Coordinator) narrationSound(ctx context.Context, n Narration) ([]byte, error) {
	s, err := c.narrationSounds.Get(ctx, n.ID)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil, ErrNarrationBroken
	}
	if err != nil {
		return nil, err
	}
	if digestOf(s.Data) != n.Digest {
		return nil, ErrNarrationBroken
	}
	c.playable.Store(n.ID, true)
	return s.Data, nil
}

// NarrationSound returns a narration and its sound, also for a while after it was removed.
// docstore.ErrNotFound where there is none, ErrNarrationBroken where it cannot be played.
func (c *Coordinator) NarrationSound(ctx context.Context, id string) (Narration, []byte, error) {
	n, err := c.narrations.Get(ctx, id)
	if err != nil {
		return n, nil, err
	}
	data, err := c.narrationSound(ctx, n)
	return n, data, err
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
