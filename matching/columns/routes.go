package columns

import (
	"github.com/muster-health/muster/internal/geo"
)

// metres is how far each point lies from a place; points that came since are added.
func (t *Table) metres(from geo.Point) []int32 {
	t.onTheWay.Lock()
	defer t.onTheWay.Unlock()
	way := t.routes[from]
	if len(way) == len(t.points) {
		return way
	}
	longer := make([]int32, len(t.points))
	for i := copy(longer, way); i < len(longer); i++ {
		longer[i] = -1
		if i > 0 {
			longer[i] = int32(geo.Distance(t.points[i], from))
		}
	}
	t.routes[from] = longer
	return longer
}
