package geo

import (
	"fmt"
	"iter"
)

// Area returns the first three digits of a ZIP code whose position is known, the finest place a
// database may be asked for; "" for every other, so that whoever has one is near or far for certain,
// and whoever has none is nowhere.
func Area(zip string) string {
	p, ok := Find(zip)
	if !ok || !p.Located() {
		return ""
	}
	return p.ZIP[:3]
}

// Located yields every ZIP code whose position is known, by rising code.
func Located() iter.Seq2[string, Point] {
	return func(yield func(string, Point) bool) {
		for _, r := range places().rows {
			at := Point{float64(r.lat) / Scale, float64(r.lon) / Scale}
			if at.Located() && !yield(fmt.Sprintf("%05d", r.zip), at) {
				return
			}
		}
	}
}
