package id_test

import (
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/id"
)

func TestULIDShape(t *testing.T) {
	newID := id.ULID(time.Now)
	for _, prefix := range []string{"per", "per_"} {
		if got := newID(prefix); !regexp.MustCompile(`^per_[0-9a-hjkmnp-tv-z]{26}$`).MatchString(got) {
			t.Errorf("newID(%q) = %q, want per_ and 26 lower-case Crockford characters", prefix, got)
		}
	}
	if got := newID(""); len(got) != 26 {
		t.Errorf("newID of no prefix = %q, want 26 characters and no underscore", got)
	}
}

func TestULIDIncreasesWhenTheClockStepsBack(t *testing.T) {
	start := time.Date(2025, 3, 3, 9, 0, 0, 0, time.UTC)
	walls := []time.Time{start, start, start.Add(time.Second), start.Add(-time.Hour), start}
	n := 0
	newID := id.ULID(func() time.Time { n++; return walls[(n-1)%len(walls)] })
	var got []string
	for range 1000 {
		got = append(got, newID("sub"))
	}
	if !slices.IsSorted(got) {
		t.Error("identifiers are not in the order they were made")
	}
	if len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Error("an identifier was made twice")
	}
}

func TestULIDFromManyGoroutines(t *testing.T) {
	newID := id.ULID(time.Now)
	var (
		mu   sync.Mutex
		seen = map[string]bool{}
		wg   sync.WaitGroup
	)
	for range 8 {
		wg.Go(func() {
			for range 500 {
				v := newID("vis")
				mu.Lock()
				seen[v] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got, want := len(seen), 8*500; got != want {
		t.Errorf("%d different identifiers, want %d", got, want)
	}
}

func TestSequence(t *testing.T) {
	newID := id.Sequence()
	got := []string{newID("per"), newID("sub"), newID("per_"), newID("")}
	want := []string{"per_000001", "sub_000001", "per_000002", "000001"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sequence (-want +got):\n%s", diff)
	}
}

func TestSecret(t *testing.T) {
	a, b := id.Secret(), id.Secret()
	if a == b {
		t.Error("two secrets are equal")
	}
	// Base32 carries 5 bits a character.
	if len(a)*5 < 128 {
		t.Errorf("secret has %d bits, want at least 128", len(a)*5)
	}
}
