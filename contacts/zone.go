package contacts

import (
	"time"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/internal/phone"
)

// Zones returns where the person may be when pt rings: their own zone if they told it, else that
// of their ZIP, else those their number may ring in. With several, only an hour that is allowed
// in all of them is safe: May takes their intersection. Nil: unknown. pt may be zero; then it is
// the number to try first.
func Zones(p Person, pt Point) []*time.Location {
	if z := load(p.Zone); z != nil {
		return []*time.Location{z}
	}
	if name, ok := geo.Zone(p.Address.ZIP); ok {
		if z := load(name); z != nil {
			return []*time.Location{z}
		}
	}
	if pt.Value == "" || pt.Kind == Email {
		pt, _ = p.Phone(false)
	}
	n, err := phone.Parse(pt.Value, "")
	if err != nil {
		return nil
	}
	var out []*time.Location
	for _, name := range phone.Zones(n) {
		z := load(name)
		if z == nil {
			return nil // one unknown among several: nothing is safe
		}
		out = append(out, z)
	}
	return out
}

// Zone returns the one zone the person is in; false when it is unknown or could be several. It
// is for showing times. The gate uses Zones.
func Zone(p Person) (*time.Location, bool) {
	zones := Zones(p, Point{})
	if len(zones) != 1 {
		return nil, false
	}
	return zones[0], true
}

func (q *asking) findZones() []*time.Location {
	if q.Ask.Zone != nil {
		return []*time.Location{q.Ask.Zone}
	}
	return Zones(*q.p, q.point)
}

func load(name string) *time.Location {
	if name == "" {
		return nil
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return z
}
