package phonesim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// stateVersion is the form of the state file; a newer one is refused.
const stateVersion = 1

// keepLog is how many log entries are kept.
const keepLog = 600

// state is everything the simulator remembers, and exactly what the state file
// holds. Unfinished webhooks and timers are part of it, so a restart goes on
// where it stopped: an interrupted webhook is sent again under its old token.
type state struct {
	Version    int
	Seed       string
	Seq        uint64 // of SIDs, timers, jobs and log entries; never goes back
	Dice       uint64 // throws of the dice so far
	Offset     time.Duration
	Handsets   []*handset
	Messages   []*message
	Calls      []*call
	Recordings []*recording
	Blocked    map[string]bool // "phone own-number"
	Timers     []timer
	Jobs       []*job
	Faults     []*Fault
	Log        []*entry
}

// handset is a Handset and what the simulator adds.
type handset struct {
	Handset
	Edited bool // changed by hand: wins over Options at the next start
	Listed bool // shown on the desk even when unused
}

// loadState reads the file; a missing one gives a fresh state.
func loadState(path string, seed uint64) (*state, error) {
	fresh := &state{Version: stateVersion, Seed: newSeed(seed), Blocked: map[string]bool{}}
	if path == "" {
		return fresh, nil
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read simulator state: %w", err)
	}
	st := &state{}
	if err := json.Unmarshal(b, st); err != nil {
		return nil, fmt.Errorf("read simulator state %s: %w", path, err)
	}
	if st.Version > stateVersion {
		return nil, fmt.Errorf("simulator state %s has version %d, this program knows %d", path, st.Version, stateVersion)
	}
	if st.Blocked == nil {
		st.Blocked = map[string]bool{}
	}
	return st, nil
}

// writeState replaces the file in one step, so a reader or a crash never sees half of it.
func writeState(path string, body []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write simulator state: %w", err)
	}
	defer os.Remove(tmp.Name()) // a no-op after the rename
	_, err = tmp.Write(body)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write simulator state: %w", err)
	}
	return nil
}

// save writes the state when it changed since the last time. It takes the lock itself.
func (s *Simulator) save() error {
	if s.opt.StateFile == "" {
		return nil
	}
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.Lock()
	if !s.unsaved {
		s.mu.Unlock()
		return nil
	}
	s.unsaved = false
	body, err := json.Marshal(s.st)
	s.mu.Unlock()
	if err == nil {
		err = writeState(s.opt.StateFile, body)
	}
	if err != nil {
		s.mu.Lock()
		s.unsaved = true
		s.mu.Unlock()
	}
	return err
}
