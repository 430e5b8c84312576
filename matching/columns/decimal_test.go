package columns

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A number is taken apart as the shortest decimal that stands for it is written.
func TestDecimalIsTheShortest(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, v float64) {
		whole, fraction, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
		want, err := strconv.ParseInt(whole+fraction, 10, 64)
		fits := err == nil && len(fraction) <= maxDecimals && !(v == 0 && math.Signbit(v))
		digits, decimals, ok := decimal(v)
		if ok != fits || ok && (digits != want || decimals != len(fraction)) {
			t.Fatalf("%v is %d with %d decimals, %v; want %d with %d, %v", v, digits, decimals, ok, want, len(fraction), fits)
		}
	}
	for _, v := range []float64{0, math.Copysign(0, -1), 7.4, 0.1 + 0.2, 1e-6, 1e-7, -0.25, 1<<50 - 0.5, 1 << 50, 1 << 62, 1e300, math.Inf(1), math.NaN(), 123456789.123456, 1e9 + 1e-6} {
		check(t, v)
	}
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.IntRange(0, 9).Draw(t, "places")
		v := float64(rapid.Int64().Draw(t, "digits")) / math.Pow10(places)
		check(t, v)
		check(t, math.Nextafter(v, math.Inf(1)))
		check(t, rapid.Float64().Draw(t, "any"))
	})
}
