package contacts

import "time"

func Zones(p Person, pt Point) []*time.Location {
	if p.Zone != "" {
		if z, err := time.LoadLocation(p.Zone); err == nil {
			return []*time.Location{z}
		}
	}
	return nil
}

func (q *asking) findZones() []*time.Location {
	if q.Ask.Zone != nil {
		return []*time.Location{q.Ask.Zone}
	}
	return Zones(*q.p, q.point)
}
