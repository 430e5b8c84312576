package rehearsed_test

import (
	"testing"

	"github.com/muster-health/muster/trial/rehearsed"
)

func TestTextPrice(t *testing.T) {
	for n, want := range map[int]string{0: "$0.000", 1: "$0.008", 2: "$0.017", 10: "$0.083"} {
		if got := rehearsed.List().Text(n); got != want {
			t.Errorf("%d parts: %s, want %s", n, got, want)
		}
	}
}
