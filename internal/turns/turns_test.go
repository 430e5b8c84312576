package turns

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLaterWaitsForWhatSomebodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := New(2)
		began := time.Now()
		one, two := x.First(), x.First()
		go func() {
			time.Sleep(10 * time.Millisecond)
			one()
			one() // ending twice ends nobody else's
			time.Sleep(20 * time.Millisecond)
			two()
		}()
		x.Later(t.Context())()
		if d := time.Since(began); d != 30*time.Millisecond {
			t.Errorf("it began after %v, want when the second was over", d)
		}
		x.Later(t.Context())()
		if d := time.Since(began); d != 30*time.Millisecond {
			t.Errorf("nobody waits, and yet it began only after %v", d)
		}
	})
}

func TestLaterGoesOnUnderASteadyStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := New(1)
		defer x.First()()
		began := time.Now()
		for range 4 {
			x.Later(t.Context())()
		}
		if d := time.Since(began); d != 4*patience {
			t.Errorf("four pieces took %v, want four times %v", d, patience)
		}
	})
}

func TestLaterHasSoManyPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := New(3)
		began := time.Now()
		var wg sync.WaitGroup
		for range 9 {
			wg.Go(func() {
				defer x.Later(t.Context())()
				time.Sleep(time.Second)
			})
		}
		wg.Wait()
		if d := time.Since(began); d != 3*time.Second {
			t.Errorf("nine seconds of work at three places took %v", d)
		}
		a, b, c := x.Later(t.Context()), x.Later(t.Context()), x.Later(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		x.Later(ctx)() // gives back no place that it did not have
		a()
		b()
		c()
		x.Later(t.Context())()
	})
}

func TestNilKeepsNobodyWaiting(t *testing.T) {
	var x *Turns
	x.First()()
	x.Later(t.Context())()
}
