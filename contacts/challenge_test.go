package contacts

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

func TestCodes(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	start := func(value string) (Started, error) {
		var s Started
		err := b.store.Do(ctx, func(batch *docstore.Batch) (err error) {
			s, err = b.StartCode(ctx, batch, value, "signin", "")
			return err
		})
		return s, err
	}
	s, err := start("+14125550123")
	if err != nil || len(s.Code) != 6 {
		t.Fatal(s, err)
	}
	// Twenty right answers at once: exactly one succeeds.
	var wg sync.WaitGroup
	won := make(chan Proven, 20)
	for range 20 {
		wg.Go(func() {
			proof, err := b.CheckCode(ctx, s.ID, s.Code[:3]+" "+s.Code[3:])
			if err == nil {
				won <- proof
			} else if !errors.Is(err, ErrCodeOver) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d succeeded", len(won))
	}
	var many *TooManyCodes
	if _, err := start("412-555-0123"); !errors.As(err, &many) || many.Wait != resendAfter {
		t.Errorf("at once again: %v", err)
	}
	b.clock.Advance(resendAfter)
	s, err = start("412-555-0123")
	if err != nil {
		t.Fatal(err)
	}
	wrong := "000000"
	if s.Code == wrong {
		wrong = "000001"
	}
	for range codeTries {
		if _, err := b.CheckCode(ctx, s.ID, wrong); !errors.Is(err, ErrCodeWrong) {
			t.Error(err)
		}
	}
	if _, err := b.CheckCode(ctx, s.ID, s.Code); !errors.Is(err, ErrCodeOver) {
		t.Error("after five wrong ones:", err)
	}
	other, err := start("+14125550199")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.CheckCode(ctx, s.ID, other.Code); !errors.Is(err, ErrCodeOver) {
		t.Error("another browser's code:", err)
	}
	b.clock.Advance(codeLife)
	if _, err := b.CheckCode(ctx, other.ID, other.Code); !errors.Is(err, ErrCodeOver) {
		t.Error("late:", err)
	}
	if _, err := b.CheckCode(ctx, "chl_none", "123456"); !errors.Is(err, ErrCodeOver) {
		t.Error("unknown:", err)
	}
	for i := range 3 {
		if _, err := start("+14125550123"); err != nil {
			t.Errorf("code %d: %v", i+3, err)
		}
		b.clock.Advance(time.Minute)
	}
	if _, err := start("+14125550123"); !errors.As(err, &many) {
		t.Error("the sixth in an hour:", err)
	}
	b.clock.Advance(48 * time.Hour)
	if n, err := b.SweepCodes(ctx); n != 6+2+1 || err != nil { // codes, numbers, the site's day
		t.Errorf("swept %d, %v", n, err)
	}
}

// A number gets so many codes a day, and so does the whole site, whoever has the number.
func TestCodesADay(t *testing.T) {
	b := newBench(t)
	b.join(t, dana())
	start := func(value string) error {
		return b.store.Do(t.Context(), func(batch *docstore.Batch) error {
			_, err := b.StartCode(t.Context(), batch, value, "signin", "")
			return err
		})
	}
	for _, value := range []string{"+14125550123", "+14125550177"} { // somebody's, and nobody's
		for i := range pointADay {
			if err := start(value); err != nil {
				t.Fatalf("code %d: %v", i+1, err)
			}
			b.clock.Advance(15 * time.Minute)
		}
		var many *TooManyCodes
		if err := start(value); !errors.As(err, &many) || !many.Today || many.Wait != 24*time.Hour-pointADay*15*time.Minute {
			t.Errorf("one more for a number: %+v, %v", many, err)
		}
	}
	for i := range 40 - 2*pointADay {
		if err := start(fmt.Sprintf("+1412555%04d", 130+i)); err != nil {
			t.Fatalf("code %d of the site: %v", i+1, err)
		}
	}
	var many *TooManyCodes
	if err := start("+14125550199"); !errors.As(err, &many) || !many.Today {
		t.Errorf("one more for the site: %v", err)
	}
	if sent, limit, err := b.CodesToday(t.Context()); sent != 40 || limit != 40 || err != nil {
		t.Errorf("today %d of %d, %v", sent, limit, err)
	}
	b.clock.Advance(24 * time.Hour)
	if err := start("+14125550123"); err != nil {
		t.Error("the next day:", err)
	}
}

// What a right code allows besides is counted where it is kept, so that asking for it many times
// at once brings no more.
func TestBuildingOnACode(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	var s Started
	start := func() {
		t.Helper()
		err := b.store.Do(ctx, func(batch *docstore.Batch) (err error) {
			s, err = b.StartCode(ctx, batch, "+14125550123", "signup", "per_1")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	prove := func() {
		t.Helper()
		if _, err := b.CheckCode(ctx, s.ID, s.Code); err != nil {
			t.Fatal(err)
		}
	}
	at := func(n int, f func() error) (won int) {
		var wg sync.WaitGroup
		var done atomic.Int64
		for range n {
			wg.Go(func() {
				if err := f(); err == nil {
					done.Add(1)
				} else if !errors.Is(err, ErrCodeOver) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		return int(done.Load())
	}
	try := func() error { _, err := b.Try(ctx, s.ID); return err }
	pass := func() error { _, err := b.Pass(ctx, s.ID); return err }
	start()
	if try() == nil || pass() == nil {
		t.Error("before the code was right")
	}
	prove()
	if n := at(20, try); n != codeTries {
		t.Errorf("%d tries at once, want %d", n, codeTries)
	}
	if n := at(20, pass); n != 1 {
		t.Errorf("%d passed, want 1", n)
	}
	b.clock.Advance(time.Minute)
	start()
	b.clock.Advance(codeLife - time.Second)
	prove()
	b.clock.Advance(codeLife - time.Second)
	if left, err := b.Try(ctx, s.ID); left != codeTries-1 || err != nil {
		t.Errorf("the ten minutes begin with the code: %d left, %v", left, err)
	}
	b.clock.Advance(time.Second)
	if try() == nil || pass() == nil {
		t.Error("after ten minutes")
	}
	if p, err := b.Pass(ctx, "chl_none"); !errors.Is(err, ErrCodeOver) {
		t.Errorf("a challenge nobody made: %+v, %v", p, err)
	}
}

// Of many asked for at the same moment, one code is sent, also to a number that never had one.
func TestFirstCodesAtOnce(t *testing.T) {
	b := newBench(t)
	results := make(chan error, 8)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			results <- b.store.Do(t.Context(), func(batch *docstore.Batch) error {
				_, err := b.StartCode(t.Context(), batch, "+14125550123", "signin", "")
				return err
			})
		})
	}
	wg.Wait()
	close(results)
	sent := 0
	for err := range results {
		var many *TooManyCodes
		switch {
		case err == nil:
			sent++
		case !errors.As(err, &many):
			t.Error(err)
		}
	}
	if sent != 1 {
		t.Errorf("%d codes were sent, want 1", sent)
	}
}
