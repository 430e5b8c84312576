package geo_test

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/geo"
)

// all returns every place there is, by ZIP.
func all() []geo.Place {
	var places []geo.Place
	for n := range 100_000 {
		if p, ok := geo.Find(fmt.Sprintf("%05d", n)); ok {
			places = append(places, p)
		}
	}
	return places
}

func realCSV(t *testing.T, name string) []map[string]string {
	t.Helper()
	dir := os.Getenv("MUSTER_REAL_DATA")
	if dir == "" {
		t.Skip("SKIPPED: set MUSTER_REAL_DATA to compare with the Census and ZIP tables")
	}
	f, err := os.Open(filepath.Join(dir, "geo", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(gz).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, v := range r {
			m[rows[0][i]] = v
		}
		out = append(out, m)
	}
	return out
}

func degrees(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The packed data is the source, row by row.
func TestRealSameAsSource(t *testing.T) {
	rows := realCSV(t, "zip_city.csv.gz")
	for _, r := range rows {
		p, ok := geo.Find(r["zip"])
		want := geo.Point{Lat: degrees(t, r["latitude"]), Lon: degrees(t, r["longitude"])}
		if s := r["state"]; s == "AA" || s == "AE" || s == "AP" {
			want = geo.Point{}
		}
		if !ok || p.City != r["city"] || p.State != r["state"] || p.Point != want {
			t.Errorf("%s: got %+v %v, want %v", r["zip"], p, ok, r)
		}
	}
	if got := len(all()); got != len(rows) {
		t.Errorf("%d places, want %d", got, len(rows))
	}
	missing := 0
	for _, r := range realCSV(t, "zip_timezone.csv.gz") {
		if _, ok := geo.Find(r["zip"]); !ok {
			missing++
			continue
		}
		if z, _ := geo.Zone(r["zip"]); z != r["iana_time_zone"] {
			t.Errorf("Zone(%s) = %s, want %s", r["zip"], z, r["iana_time_zone"])
		}
	}
	t.Logf("%d ZIP codes have a zone but no place in the sources, and are left out", missing)
	if missing > 50 {
		t.Errorf("%d ZIP codes with a zone are missing", missing)
	}
}

// Census centroids are an independent source: how far off are our points? The tail is Alaska,
// where one area can be as large as a state, and the two packages disagree about bases.
func TestRealNearCensusCentroids(t *testing.T) {
	var off []int
	unknown := 0
	for _, r := range realCSV(t, "zctas.csv.gz") {
		p, ok := geo.Find(r["ZCTA5"])
		if !ok || !p.Located() {
			unknown++
			continue
		}
		off = append(off, geo.Distance(p.Point, geo.Point{Lat: degrees(t, r["Latitude"]), Lon: degrees(t, r["Longitude"])}))
	}
	slices.Sort(off)
	at := func(share float64) int { return off[int(share*float64(len(off)-1))] }
	t.Logf("%d areas compared, %d unknown; metres off: median %d, 90 %% %d, 99 %% %d, most %d", len(off), unknown, at(.5), at(.9), at(.99), off[len(off)-1])
	if at(.5) > 2_000 || at(.9) > 7_500 || at(.99) > 25_000 {
		t.Error("points are further from the Census centroids than they were")
	}
	if unknown > 150 {
		t.Errorf("%d areas unknown", unknown)
	}
}

// The zone of the county an area lies in mostly is a second opinion about the hour there.
func TestRealZonesAgreeWithCounties(t *testing.T) {
	county := map[string]string{}
	for _, r := range realCSV(t, "counties.csv.gz") {
		county[r["GEOID"]] = r["Time Zone"]
	}
	hour := func(zone string) [2]int {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatalf("zone %q: %v", zone, err)
		}
		_, winter := time.Date(2025, 1, 15, 12, 0, 0, 0, loc).Zone()
		_, summer := time.Date(2025, 7, 15, 12, 0, 0, 0, loc).Zone()
		return [2]int{winter, summer}
	}
	compared, differ := 0, map[string]int{}
	for _, r := range realCSV(t, "zctas.csv.gz") {
		ours, ok := geo.Zone(r["ZCTA5"])
		theirs := county[r["Primary County"]]
		if !ok || theirs == "" {
			continue
		}
		compared++
		if hour(ours) != hour(theirs) {
			p, _ := geo.Find(r["ZCTA5"])
			differ[p.State+" "+ours+" / "+theirs]++
		}
	}
	total := 0
	for _, n := range differ {
		total += n
	}
	t.Logf("%d areas compared, %d keep another hour than their county: %v", compared, total, differ)
	if compared < 32_000 || total > compared/100 {
		t.Errorf("%d of %d areas keep another hour than their county", total, compared)
	}
}
