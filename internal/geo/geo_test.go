package geo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/geo"
)

func TestFind(t *testing.T) {
	for _, tc := range []struct {
		name, zip string
		want      geo.Place
		ok        bool
	}{
		{"Pittsburgh", "15213", geo.Place{Point: geo.Point{Lat: 40.444, Lon: -79.9552}, ZIP: "15213", City: "Pittsburgh", State: "PA", Zone: "America/New_York"}, true},
		{"ZIP+4", " 15213-1234 ", geo.Place{Point: geo.Point{Lat: 40.444, Lon: -79.9552}, ZIP: "15213", City: "Pittsburgh", State: "PA", Zone: "America/New_York"}, true},
		{"leading zeros", "00601", geo.Place{Point: geo.Point{Lat: 18.16, Lon: -66.72}, ZIP: "00601", City: "Adjuntas", State: "PR", Zone: "America/Puerto_Rico"}, true},
		{"unknown in records", "00000", geo.Place{}, false},
		{"after the last", "99999", geo.Place{}, false},
		{"four digits", "1521", geo.Place{}, false},
		{"Canadian", "K1A 0B1", geo.Place{}, false},
		{"empty", "", geo.Place{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := geo.Find(tc.zip)
			if diff := cmp.Diff(tc.want, got); diff != "" || ok != tc.ok {
				t.Errorf("Find(%q) ok = %v, want %v (-want +got):\n%s", tc.zip, ok, tc.ok, diff)
			}
		})
	}
}

// States that lie in two zones, or keep their own rules, are where a state table goes wrong.
func TestZone(t *testing.T) {
	for _, tc := range []struct{ name, zip, want string }{
		{"Kansas, east", "66044", "America/Chicago"},
		{"Kansas, Goodland", "67735", "America/Denver"},
		{"Indiana, most", "46204", "America/Indiana/Indianapolis"},
		{"Indiana, Gary", "46402", "America/Chicago"},
		{"Indiana, Evansville", "47708", "America/Chicago"},
		{"Arizona, Mesa", "85201", "America/Phoenix"},
		{"Arizona, Navajo Nation", "86515", "America/Denver"},
		{"Florida, Pensacola", "32501", "America/Chicago"},
		{"Oregon, Ontario", "97914", "America/Boise"},
		{"Honolulu", "96813", "Pacific/Honolulu"},
		{"Guam", "96910", "Pacific/Guam"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, ok := geo.Zone(tc.zip); got != tc.want || !ok {
				t.Errorf("Zone(%s) = %q, %v, want %q", tc.zip, got, ok, tc.want)
			}
		})
	}
}

func TestMilitaryMailHasNoPlace(t *testing.T) {
	p, ok := geo.Find("09128") // Stuttgart
	if !ok || p.State != "AE" || p.Located() || p.Zone != "" {
		t.Errorf("Find(09128) = %+v, %v, want state AE, no position, no zone", p, ok)
	}
	if _, ok := geo.Zone("09128"); ok {
		t.Error("Zone(09128) is known, want unknown")
	}
}

func TestNormalAndZIP3(t *testing.T) {
	for _, tc := range []struct{ zip, five, three string }{
		{"15213", "15213", "152"},
		{"15213-1234", "15213", "152"},
		{"152131234", "15213", "152"},
		{"00601", "00601", "006"},
		{"15213-12", "", ""},
		{"1521a", "", ""},
		{"１５２１３", "", ""},
		{"", "", ""},
	} {
		five, ok := geo.Normal(tc.zip)
		if five != tc.five || ok != (tc.five != "") || geo.ZIP3(tc.zip) != tc.three {
			t.Errorf("Normal(%q) = %q, %v and ZIP3 %q, want %q, %q", tc.zip, five, ok, geo.ZIP3(tc.zip), tc.five, tc.three)
		}
	}
}

func TestDistance(t *testing.T) {
	at := func(zip string) geo.Point { p, _ := geo.Find(zip); return p.Point }
	for _, tc := range []struct {
		name string
		a, b geo.Point
		want int
	}{
		{"nowhere far", at("15213"), at("15213"), 0},
		{"Pittsburgh to Butler", at("15213"), at("16001"), 49_170},
		{"Pittsburgh to Mesa", at("15213"), at("85201"), 2_922_116},
		{"one degree of latitude", geo.Point{Lat: 10, Lon: 20}, geo.Point{Lat: 11, Lon: 20}, 111_195},
		{"across the date line", geo.Point{Lat: 52, Lon: 179.5}, geo.Point{Lat: 52, Lon: -179.5}, 68_458},
		{"the other side of the world", geo.Point{Lat: 0, Lon: 1}, geo.Point{Lat: 0, Lon: -179}, 20_015_114},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := geo.Distance(tc.a, tc.b); got != tc.want {
				t.Errorf("Distance = %d m, want %d m", got, tc.want)
			}
		})
	}
}

func TestDistanceIsAMetric(t *testing.T) {
	point := rapid.Custom(func(t *rapid.T) geo.Point {
		return geo.Point{Lat: rapid.Float64Range(-90, 90).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := point.Draw(t, "a"), point.Draw(t, "b"), point.Draw(t, "c")
		ab, bc, ac := geo.Distance(a, b), geo.Distance(b, c), geo.Distance(a, c)
		if geo.Distance(b, a) != ab || ab < 0 || ab > 20_015_115 {
			t.Fatalf("Distance(a,b) = %d, (b,a) = %d", ab, geo.Distance(b, a))
		}
		if ac > ab+bc+2 { // each is rounded
			t.Fatalf("a to c is %d m, more than over b: %d + %d", ac, ab, bc)
		}
	})
}

func TestEveryZoneLoads(t *testing.T) {
	zones := map[string]bool{}
	for _, p := range all() {
		zones[p.Zone] = true
	}
	delete(zones, "")
	for z := range zones {
		if _, err := time.LoadLocation(z); err != nil {
			t.Errorf("zone %s: %v", z, err)
		}
	}
	if len(zones) < 30 {
		t.Errorf("%d zones, want the 41 of the source less a few", len(zones))
	}
}
