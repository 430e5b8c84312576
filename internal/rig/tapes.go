package rig

import (
	"context"

	"github.com/muster-health/muster/trial"
)

// Taped is what the phone company recorded: its sound is the words that were said.
func (r *Recorder) Taped(sid, words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tapes == nil {
		r.tapes = map[string]string{}
	}
	r.tapes[sid] = words
}

// Recording gives a recording away as often as it is asked for.
func (r *Recorder) Recording(_ context.Context, sid string) ([]byte, string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	words, ok := r.tapes[sid]
	if !ok {
		return nil, "", trial.ErrNoRecording
	}
	return []byte(words), "audio/x-wav", nil
}

// DeleteRecording forgets one.
func (r *Recorder) DeleteRecording(_ context.Context, sid string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tapes, sid)
	return nil
}
