package contacts

import (
	"slices"
	"strings"
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
	names := append(phone.Zones(n), acrossZones(n.E164())...)
	slices.Sort(names)
	var out []*time.Location
	for _, name := range slices.Compact(names) {
		z := load(name)
		if z == nil {
			return nil // one unknown among several: nothing is safe
		}
		out = append(out, z)
	}
	return out
}

// acrossZones gives both zones of the US area codes that lie across a border of zones, where the
// number tables know one at most. Source: the North American Numbering Plan's area maps and
// 49 CFR 71, the limits of the zones; and places that keep the time of the neighbour beside them: the
// Navajo Nation within 928, the towns of 334 on the Chattahoochee.
func acrossZones(e164 string) []string {
	code, us := strings.CutPrefix(e164, "+1")
	if !us || len(code) != 10 {
		return nil
	}
	switch code[:3] {
	case "850", "448", "334", "270", "364", "606", "812", "930", "574", "219", "423", "931", "906":
		return []string{"America/New_York", "America/Chicago"}
	case "605", "701", "308", "785", "620", "432":
		return []string{"America/Chicago", "America/Denver"}
	case "208", "986", "541", "458", "775":
		return []string{"America/Denver", "America/Los_Angeles"}
	case "928":
		return []string{"America/Phoenix", "America/Denver"}
	case "907":
		return []string{"America/Anchorage", "America/Adak"}
	}
	return nil
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
