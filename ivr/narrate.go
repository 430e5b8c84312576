package ivr

import (
	"context"
	"errors"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/sound"
	"github.com/muster-health/muster/trial"
)

// narrate has the words of a script read by somebody's recorded voice where the study of the call has a
// recording of them, word for word, that can be played. All else is said by the synthetic voice, and so is
// everything when recordings cannot be looked up: none is worth a call.
func (o *Operator) narrate(ctx context.Context, c *call, s Script) {
	if c.Study == "" {
		return
	}
	read, err := o.Trial.Narrations(ctx, c.Study)
	if err != nil || len(read) == 0 {
		return
	}
	by := func(v Say) Say {
		if n, ok := read[trial.Spoken{Lang: string(v.Lang), Words: v.Text}]; ok && o.Trial.Playable(ctx, n) {
			v.Sound = n.ID + sound.Ext(n.Type)
		}
		return v
	}
	for i, x := range s {
		switch v := x.(type) {
		case Say:
			s[i] = by(v)
		case Gather:
			for n := range v.Prompts {
				v.Prompts[n] = by(v.Prompts[n])
			}
		}
	}
}

// Narration is a recording that a script names.
type Narration struct {
	Words, Type string // what it says, and its media type
	Data        []byte
}

// ErrNoNarration: there is no such recording, or not any more.
var ErrNoNarration = errors.New("there is no such recording")

// Narration returns the recording that a Say names by the id in its Sound.
func (o *Operator) Narration(ctx context.Context, id string) (Narration, error) {
	n, data, err := o.Trial.NarrationSound(ctx, id)
	if errors.Is(err, docstore.ErrNotFound) || errors.Is(err, trial.ErrNarrationBroken) {
		return Narration{}, ErrNoNarration
	}
	return Narration{Words: n.Words, Type: n.Type, Data: data}, err
}
