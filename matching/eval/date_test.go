package eval_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/muster-health/muster/matching/eval"
)

// A date is one just when the calendar has it, in all months of four centuries and of those around them.
func TestEveryMonthHasItsDays(t *testing.T) {
	for year := 1896; year <= 2404; year++ {
		for month := time.January; month <= time.December; month++ {
			last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
			for day := 28; day <= 31; day++ {
				d := eval.Date(fmt.Sprintf("%04d-%02d-%02d", year, month, day))
				if got, want := d.Full(), day <= last; got != want {
					t.Errorf("%s is a date: %t, want %t", d, got, want)
				}
			}
		}
	}
}
