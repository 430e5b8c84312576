// Command match measures the index of package columns beside its peers: a plain scan in Go, SQLite,
// PostgreSQL and DuckDB, on the same made-up people and the same study, one thread each. All must
// count alike, or there are no figures.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"time"

	"github.com/muster-health/muster/internal/geo"
)

func main() {
	n := flag.Int("people", 1_000_000, "how many people")
	big := flag.Bool("big", false, "measure ten million people too")
	scripts := flag.String("duckdb", "bench/match/duckdb", "folder with run.mjs and its node_modules")
	write := flag.String("write", "", "file in which to replace the section of these figures")
	registry := flag.Bool("registry", false, "measure only how long it takes to read so many people from a database")
	dir := flag.String("dir", "", "folder in which that database is kept")
	flag.Parse()
	if *registry {
		if err := measureRebuild(*n, *dir); err != nil {
			log.Fatal(err)
		}
		return
	}
	runtime.GOMAXPROCS(1)
	report, err := run(*n, *big, *scripts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(report)
	if *write != "" {
		if err := replaceSection(*write, report); err != nil {
			log.Fatal(err)
		}
	}
}

// run measures and returns the section for RESULTS.md.
func run(n int, big bool, scripts string) (string, error) {
	r := newReport(n)
	places := allPlaces()
	people := generate(n, places)
	before := resident()
	table, took := index(len(people), func(i int) *person { return &people[i] }, places)
	r.detail("rows into the index, one thread", fmt.Sprintf("%.1f s, %.1f µs a person", took.Seconds(), float64(took.Microseconds())/float64(len(people))))
	r.detail("memory", fmt.Sprintf("%d bytes a person by its own count, %d on the heap", table.Memory()/len(people), (resident()-before)/len(people)))
	b := &bench{table, people, places}
	// The index and its closest peer are asked before the databases and after: some minutes are
	// slower than others on a machine that is shared.
	first, err := b.answers()
	if err != nil {
		return "", err
	}
	if err := peers(&r, people, places, scripts); err != nil {
		return "", err
	}
	all, err := b.answers()
	if err != nil {
		return "", err
	}
	for i := range all {
		all[i].times = append(all[i].times, first[i].times...)
	}
	r.peer(all[0])
	all[1].load = took
	r.ours(all[1])
	r.ours(all[2])
	if err := b.rest(&r); err != nil {
		return "", err
	}
	sizes := []int{n / 10}
	if big {
		sizes = append(sizes, 10*n)
	}
	for _, size := range sizes {
		if err := growth(&r, size, places); err != nil {
			return "", err
		}
	}
	return r.String(), r.alike()
}

// peers measures the databases that are on this machine.
func peers(r *report, people []person, places []geo.Point, scripts string) error {
	dir, err := os.MkdirTemp("", "muster-match-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m, err := measureSQLite(dir, people, places)
	if err != nil {
		return err
	}
	r.peer(m)
	if err := writeCSV(dir, people, places); err != nil {
		return err
	}
	if m, err = duckDB(scripts, dir, databaseRuns); err == nil {
		r.peer(m)
	} else if !errors.Is(err, errAbsent) {
		return err
	}
	if m, err = measurePostgres(dir); err == nil {
		r.peer(m)
	} else if !errors.Is(err, errAbsent) {
		return err
	}
	return nil
}

// databaseRuns is how often a database is asked, warm: each takes seconds.
const databaseRuns = 3

func measureSQLite(dir string, people []person, places []geo.Point) (measured, error) {
	began := time.Now()
	db, err := openSQLite(dir, people, places)
	if err != nil {
		return measured{}, err
	}
	defer db.db.Close()
	load := time.Since(began)
	m, err := warm("SQLite (modernc), normalised", databaseRuns, db.count)
	m.load = load
	return m, err
}

func measurePostgres(dir string) (measured, error) {
	pg, err := startPostgres(dir)
	if err != nil {
		return measured{}, err
	}
	defer pg.stop()
	began := time.Now()
	if err := pg.load(dir); err != nil {
		return measured{}, fmt.Errorf("load PostgreSQL: %w", err)
	}
	load := time.Since(began)
	m, err := pg.count(databaseRuns)
	m.load = load
	return m, err
}

// answers measures the plain scan, the full answer, and the full answer asked again.
func (b *bench) answers() (all [3]measured, err error) {
	if all[0], err = warm("plain scan in Go", 10, func() (answer, error) { return scan(b.people, b.places), nil }); err != nil {
		return all, err
	}
	if all[1], err = b.full(); err != nil {
		return all, err
	}
	all[2], err = b.again()
	return all, err
}

// rest measures what else the index does.
func (b *bench) rest(r *report) error {
	edited, err := b.edit()
	if err != nil {
		return err
	}
	r.detail("everything counted again after one bound was edited", times(edited))
	top, candidates, err := b.top()
	if err != nil {
		return err
	}
	r.detail(fmt.Sprintf("the first 50 of %s candidates, in order", thousands(candidates)), times(top))
	codes, sentences := b.explain()
	r.detail("one person explained, 20 criteria", fmt.Sprintf("%.1f µs as codes, %.1f µs as sentences", micros(codes), micros(sentences)))
	bytes, wrote, read, err := b.snapshot()
	if err != nil {
		return err
	}
	r.detail("a start from a snapshot, without reading it from disk and unsealing", fmt.Sprintf("%.2f s for %.0f MB, written in %.2f s", read.Seconds(), float64(bytes)/1e6, wrote.Seconds()))
	changed, err := b.change()
	if err != nil {
		return err
	}
	r.detail("one value of a person changed, until the next count shows it", fmt.Sprintf("%.1f µs", micros(changed)))
	return nil
}

// growth measures the index at another size, people made as they are taken in.
func growth(r *report, n int, places []geo.Point) error {
	g := newGenerator(places)
	table, _ := index(n, func(i int) *person { p := g.person(i); return &p }, places)
	b := &bench{Table: table}
	full, err := b.full()
	if err != nil {
		return err
	}
	again, err := b.again()
	if err != nil {
		return err
	}
	r.detail(thousands(n)+" people: full answer, and again", fmt.Sprintf("%s, %s; %d bytes a person", times(full), times(again), b.Memory()/n))
	return nil
}

func generate(n int, places []geo.Point) []person {
	g := newGenerator(places)
	people := make([]person, n)
	for i := range people {
		people[i] = g.person(i)
	}
	return people
}
