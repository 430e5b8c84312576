package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/muster-health/muster/internal/seed"
)

// everyLog is the log of every house, and what must not be in any: all run at level debug, and when
// all tests are over the logs are searched.
var everyLog logbook

type logbook struct {
	mu      sync.Mutex
	of      map[string]*output // by test
	secrets []string           // codes and PINs that were given out
}

func (b *logbook) add(name string, log *output) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.of == nil {
		b.of = map[string]*output{}
	}
	for _, taken := b.of[name]; taken; _, taken = b.of[name] {
		name += "'"
	}
	b.of[name] = log
}

func (b *logbook) secret(s string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.secrets = append(b.secrets, s)
}

// What looks personal whoever it belongs to: a number, an e-mail address, a day somebody may be born
// on. Of the program's own there are none: the office's number is masked too.
var looksPersonal = regexp.MustCompile(`\+1\d{10}|\(\d{3}\) \d{3}-\d{4}|\b\d{3}-\d{3}-\d{4}\b|[\w.]+@example\.test|\b(19\d\d|200\d)-\d\d-\d\d\b`)

// leaks lists what is in the logs and must not be, each with its surroundings.
func (b *logbook) leaks() (found []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	words := personal(dana, veraLind, samOrr)
	secrets := slices.Clone(b.secrets)
	for _, p := range seed.Story() {
		if p.PIN != "" {
			secrets = append(secrets, p.PIN)
		}
	}
	slices.Sort(secrets)
	secrets = slices.Compact(secrets)
	for name, o := range b.of {
		log := o.String()
		report := func(what string, at []int) {
			if at != nil {
				found = append(found, fmt.Sprintf("%s: the log holds %s: %q", name, what, log[max(0, at[0]-120):min(len(log), at[1]+40)]))
			}
		}
		for _, w := range words {
			pattern := `(?i)` + regexp.QuoteMeta(w)
			if len(w) < 6 {
				pattern = `(?i)\b` + regexp.QuoteMeta(w) + `\b`
			}
			report("a word about a person", regexp.MustCompile(pattern).FindStringIndex(log))
		}
		report("a number or an address", looksPersonal.FindStringIndex(log))
		for _, s := range secrets {
			report("a code or PIN", regexp.MustCompile(`["= ]`+s+`["\s]`).FindStringIndex(log))
		}
	}
	return found
}
