package geo

import "math"

// earthRadius in metres: the IUGG mean radius. Taking the Earth as a sphere is off by at most
// 0.5 %, less than a ZIP code is.
const earthRadius = 6_371_008.8

// Distance returns the metres between two points along the Earth's surface, rounded. Both must
// be Located. It is symmetric and never negative.
func Distance(a, b Point) int {
	const rad = math.Pi / 180
	sinLat := math.Sin((b.Lat - a.Lat) * rad / 2)
	sinLon := math.Sin((b.Lon - a.Lon) * rad / 2)
	// The conversions keep compilers from fusing the operations, which would let the last
	// metre differ between processors.
	h := float64(sinLat*sinLat) + float64(float64(math.Cos(a.Lat*rad)*math.Cos(b.Lat*rad))*float64(sinLon*sinLon))
	return int(math.Round(2 * earthRadius * math.Asin(math.Sqrt(min(1, h)))))
}
