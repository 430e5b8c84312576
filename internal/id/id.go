// Package id makes identifiers: prefixed, sortable ones for documents, and secrets for links.
package id

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// New makes a fresh identifier such as "per_01h8xk…". The prefix says what it names; its
// trailing underscore may be left out. It is safe to call from several goroutines.
type New func(prefix string) string

// ULID returns a New whose identifiers are lower-case ULIDs: 26 characters, sortable by the
// time they were made, strictly increasing within a process even when wall steps back.
// They show their creation time, so they never serve as a secret; see Secret.
func ULID(wall func() time.Time) New {
	var (
		mu      sync.Mutex
		last    uint64
		entropy = ulid.Monotonic(rand.Reader, 0)
	)
	return func(prefix string) string {
		mu.Lock()
		defer mu.Unlock()
		last = max(last, ulid.Timestamp(wall()))
		u, err := ulid.New(last, entropy)
		if err != nil { // the random part ran over within this millisecond: use the next one
			last++
			u = ulid.MustNew(last, entropy)
		}
		return join(prefix, strings.ToLower(u.String()))
	}
}

// Sequence returns a New that counts from 1 for each prefix: "per_000001", "per_000002".
// For tests and seeds whose output must not change from run to run.
func Sequence() New {
	var (
		mu   sync.Mutex
		next = map[string]int{}
	)
	return func(prefix string) string {
		mu.Lock()
		defer mu.Unlock()
		prefix = strings.TrimSuffix(prefix, "_")
		next[prefix]++
		return join(prefix, fmt.Sprintf("%06d", next[prefix]))
	}
}

// Secret returns 26 random characters (A–Z, 2–7) with at least 128 bits of entropy, for
// links and tokens that grant access to whoever holds them. Store only a hash of it.
func Secret() string { return rand.Text() }

func join(prefix, rest string) string {
	if prefix = strings.TrimSuffix(prefix, "_"); prefix == "" {
		return rest
	}
	return prefix + "_" + rest
}
