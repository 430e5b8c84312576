//go:build linux

package percolate_test

import (
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/matching/percolate"
)

// The naive loop is right: it, the index and eval agree about the benchmark's crowd.
func TestTheCrowdsPeersAgree(t *testing.T) {
	c := newCrowd(400)
	x, err := percolate.New(asOf, c.studies...)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i := range 150 {
		p, q := c.person()
		want := plain(asOf, c.studies, &p)
		if diff := cmp.Diff(want, sorted(c.naive(&q, nil))); diff != "" {
			t.Fatalf("person %d (-evaluated +naive):\n%s", i, diff)
		}
		if diff := cmp.Diff(want, sorted(x.Match(nil, &p))); diff != "" {
			t.Fatalf("person %d (-evaluated +index):\n%s", i, diff)
		}
		found += len(want)
	}
	if found < 50 {
		t.Errorf("%d matches were compared, which says little", found)
	}
}

// BenchmarkPercolate holds 2,000 people against 10,000 studies of fifteen criteria on average: by the
// index when its cells are filled, by a new one, whose cells are not, by one that was the day before's
// till now, and by the naive loop. All must find the same. mean-µs and p99-µs are of the processor's time, which other work on
// the machine does not lengthen much.
func BenchmarkPercolate(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const studies, people = 10_000, 2_000
	c := newCrowd(studies)
	criteria := 0
	for _, s := range c.studies {
		criteria += len(s.Criteria.Items)
	}
	began := time.Now()
	x, err := percolate.New(asOf, c.studies...)
	if err != nil {
		b.Fatal(err)
	}
	built := time.Since(began)
	who, plain := make([]percolate.Person, people), make([]plainPerson, people)
	for i := range who {
		who[i], plain[i] = c.person()
	}
	var got []percolate.Match
	eligible, possible := 0, 0
	first := func() (took []time.Duration) {
		eligible, possible = 0, 0
		for i := range who {
			at := spent()
			got = x.Match(got[:0], &who[i])
			took = append(took, spent()-at)
			want := c.naive(&plain[i], nil)
			if !slices.Equal(got, want) {
				b.Fatalf("person %d: %d studies, the naive loop finds %d", i, len(got), len(want))
			}
			for _, m := range want {
				if m.Class == eval.Eligible {
					eligible++
				} else {
					possible++
				}
			}
		}
		return took
	}
	cold := first()
	turn := func(day eval.Date) time.Duration {
		at := spent()
		if err := x.Turn(day); err != nil {
			b.Fatal(err)
		}
		return spent() - at
	}
	turn(ago(1))
	for i := range who {
		got = x.Match(got[:0], &who[i])
	}
	turning := turn(asOf)
	midnight := first()
	b.Run("cells filled", func(b *testing.B) {
		var out []percolate.Match
		report(b, timed(b, func(i int) { out = x.Match(out[:0], &who[i%people]) }))
		b.ReportMetric(float64(criteria)/studies, "criteria/study")
		b.ReportMetric(float64(eligible)/people, "eligible/person")
		b.ReportMetric(float64(possible)/people, "possible/person")
	})
	b.Run("cells empty", func(b *testing.B) {
		for b.Loop() {
		}
		report(b, cold)
		b.ReportMetric(float64(built.Milliseconds()), "build-ms")
	})
	b.Run("first of the day", func(b *testing.B) {
		for b.Loop() {
		}
		report(b, midnight)
		b.ReportMetric(float64(turning.Microseconds())/1000, "turn-ms")
	})
	b.Run("naive", func(b *testing.B) {
		var out []percolate.Match
		report(b, timed(b, func(i int) { out = c.naive(&plain[i%people], out[:0]) }))
	})
	b.Run("change of a study", func(b *testing.B) {
		report(b, timed(b, func(i int) { x.Put(c.studies[i%studies]) }))
	})
}

func timed(b *testing.B, f func(i int)) (took []time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for i := 0; b.Loop(); i++ {
		at := spent()
		f(i)
		took = append(took, spent()-at)
	}
	return took
}

// spent is how long the processor worked for this thread so far.
func spent() time.Duration {
	const thread = 3 // CLOCK_THREAD_CPUTIME_ID
	var t syscall.Timespec
	if _, _, err := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, thread, uintptr(unsafe.Pointer(&t)), 0); err != 0 {
		panic(err)
	}
	return time.Duration(t.Nano())
}

// report says how long the mean and the slowest hundredth took, in microseconds.
func report(b *testing.B, took []time.Duration) {
	b.Helper()
	var sum time.Duration
	for _, d := range took {
		sum += d
	}
	slices.Sort(took)
	b.ReportMetric(float64(sum.Nanoseconds())/1000/float64(len(took)), "mean-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-µs")
}
