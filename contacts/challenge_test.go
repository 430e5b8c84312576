package contacts

import (
	"errors"
	"sync"
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
	b.clock.Advance(2 * time.Hour)
	if n, err := b.SweepCodes(ctx); n != 6+2 || err != nil {
		t.Errorf("swept %d, %v", n, err)
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
