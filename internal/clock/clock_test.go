package clock_test

import (
	"sync"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/clock"
)

var monday = time.Date(2025, 3, 3, 14, 5, 0, 0, time.UTC)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, flag string
		want       time.Time // of a clock that is held; zero: it runs
		err        bool
	}{
		{name: "fixed in UTC", flag: "fixed:2025-03-03T14:05", want: monday},
		{name: "fixed with seconds", flag: "fixed:2025-03-03T14:05:00", want: monday},
		{name: "fixed with zone", flag: "fixed:2025-03-03T09:05:00-05:00", want: monday},
		{name: "running", flag: "2025-03-03T14:05"},
		{name: "real", flag: ""},
		{name: "fixed without time", flag: "fixed:", err: true},
		{name: "date only", flag: "2025-03-03", err: true},
		{name: "words", flag: "monday", err: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := clock.Parse(tc.flag)
			if (err != nil) != tc.err {
				t.Fatalf("Parse(%q) error = %v, want error: %v", tc.flag, err, tc.err)
			}
			if tc.err {
				return
			}
			if got := c.Now(); !tc.want.IsZero() && !got.Equal(tc.want) {
				t.Errorf("Now() = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestStartAtRunsOnFromThere(t *testing.T) {
	c := clock.StartAt(monday)
	first := c.Now()
	if first.Before(monday.Add(-time.Millisecond)) || first.After(monday.Add(time.Minute)) {
		t.Errorf("Now() = %v right after StartAt(%v)", first, monday)
	}
	if later := c.Now(); later.Before(first) {
		t.Errorf("Now() went back from %v to %v", first, later)
	}
}

func TestAdvanceMovesBusinessTimeOnly(t *testing.T) {
	c := clock.Fixed(monday)
	wall := c.Wall()
	c.Advance(48 * time.Hour)
	if got, want := c.Now(), monday.Add(48*time.Hour); !got.Equal(want) {
		t.Errorf("Now() = %v, want %v", got, want)
	}
	if moved := c.Wall().Sub(wall); moved > time.Hour {
		t.Errorf("Wall() moved by %v", moved)
	}
	c.Advance(-time.Hour)
	if got, want := c.Now(), monday.Add(48*time.Hour); !got.Equal(want) {
		t.Errorf("Now() = %v after a negative advance, want %v", got, want)
	}
}

func TestManualMovesBoth(t *testing.T) {
	c := clock.Manual(monday)
	c.Advance(time.Hour)
	want := monday.Add(time.Hour)
	if !c.Now().Equal(want) || !c.Wall().Equal(want) {
		t.Errorf("Now, Wall = %v, %v, want both %v", c.Now(), c.Wall(), want)
	}
}

func TestChangedTellsOfAJump(t *testing.T) {
	c := clock.Fixed(monday)
	changed := c.Changed()
	select {
	case <-changed:
		t.Fatal("Changed fired before any change")
	default:
	}
	c.Advance(time.Second)
	select {
	case <-changed:
	default:
		t.Fatal("Changed did not fire on Advance")
	}
	select {
	case <-c.Changed():
		t.Fatal("a new Changed channel fired without a change")
	default:
	}
}

func TestTimesAreUTCMilliseconds(t *testing.T) {
	c := clock.Fixed(time.Date(2025, 3, 3, 9, 5, 0, 123456789, time.FixedZone("", -5*3600)))
	want := "2025-03-03T14:05:00.123Z"
	if got := c.Now().Format(time.RFC3339Nano); got != want {
		t.Errorf("Now() = %s, want %s", got, want)
	}
	if got := c.Wall(); got.Location() != time.UTC || got.Nanosecond()%1e6 != 0 {
		t.Errorf("Wall() = %v, want UTC cut to milliseconds", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	c := clock.Fixed(monday)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				c.Advance(time.Second)
				_, _, _ = c.Now(), c.Wall(), c.Changed()
			}
		})
	}
	wg.Wait()
	if got, want := c.Now(), monday.Add(800*time.Second); !got.Equal(want) {
		t.Errorf("Now() = %v, want %v", got, want)
	}
}

func TestZonesAreEmbedded(t *testing.T) {
	t.Setenv("ZONEINFO", "/nonexistent")
	for _, name := range []string{"America/New_York", "America/Phoenix", "Pacific/Honolulu"} {
		if _, err := time.LoadLocation(name); err != nil {
			t.Errorf("LoadLocation(%s): %v", name, err)
		}
	}
}
