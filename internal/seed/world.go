package seed

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/trial"
)

// someone is a person of the demo while it is made.
type someone struct {
	contacts.Person
	key      string // of people with a story
	id       contacts.PersonID
	facts    []contacts.Fact
	complete map[string]string
	age      int
	region   *region
	has      map[string]bool // conditions, by the words of this package
	answered bool            // the list of conditions is whole
	taken    bool            // has a part in a study or on a list
}

// world is the demo while it is made. Everything in it follows from now and the seed.
type world struct {
	now     time.Time
	zone    *time.Location // of the hospital
	rand    *rand.Rand
	ids     *contacts.Directory // only to know the ids
	studies map[trial.StudyID]*trial.Study
	numbers *numbers
	people  []*someone
	named   map[string]*someone
}

func newWorld(now time.Time, seed uint64, studies []trial.Study, ids *contacts.Directory) (*world, error) {
	w := &world{now: now, zone: pittsburgh(), rand: rand.New(rand.NewPCG(seed, 0x6d7573746572)), ids: ids,
		studies: map[trial.StudyID]*trial.Study{}, named: map[string]*someone{}}
	for i := range studies {
		w.studies[studies[i].StudyID()] = &studies[i]
	}
	w.numbers = newNumbers(w.rand)
	return w, nil
}

// local is now on the hospital's clock.
func (w *world) local() time.Time { return w.now.In(w.zone) }

// day is the date so many days from today: "2026-03-02".
func (w *world) day(offset int) string { return w.local().AddDate(0, 0, offset).Format(time.DateOnly) }

// at is a moment of the day so many days from today, on the hospital's clock.
func (w *world) at(offset int, clock string) time.Time { return w.atIn(w.zone, offset, clock) }

func (w *world) atIn(zone *time.Location, offset int, clock string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", w.day(offset)+" "+clock, zone)
	if err != nil {
		panic(fmt.Sprintf("seed: %v", err)) // the clocks written in this package are ones
	}
	return t.UTC()
}

// last is the latest such day of the calendar that is over: last(5, 3) is the last 3 May.
func (w *world) last(month time.Month, day int) time.Time {
	today := w.local()
	t := time.Date(today.Year(), month, day, 0, 0, 0, 0, w.zone)
	if !t.Before(time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, w.zone)) {
		t = time.Date(today.Year()-1, month, day, 0, 0, 0, 0, w.zone)
	}
	return t
}

// born is the birth date of somebody who is so old today and has the birthday on that day.
func (w *world) born(age int, month time.Month, day int) string {
	today := w.local()
	had := time.Date(today.Year(), month, day, 0, 0, 0, 0, w.zone)
	year := today.Year() - age
	if had.After(today) {
		year--
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, day)
}

// add takes a finished person in.
func (w *world) add(s *someone) {
	s.id = w.ids.ImportID(s.Source, s.SourceID)
	w.people = append(w.people, s)
	if s.key != "" {
		w.named[s.key] = s
	}
}

// some returns n of them, or all where there are fewer, drawn by lot.
func some(r *rand.Rand, from []*someone, n int) []*someone {
	return weighted(r, from, n, func(*someone) float64 { return 1 })
}

// weighted is some with unequal chances; who has none is never drawn.
func weighted(r *rand.Rand, from []*someone, n int, weight func(*someone) float64) []*someone {
	type lot struct {
		s   *someone
		key float64
	}
	var lots []lot
	for _, s := range from {
		u := 1 - r.Float64() // drawn for everybody, so that a changed weight changes no other draw
		if x := weight(s); x > 0 {
			lots = append(lots, lot{s, -math.Log(u) / x})
		}
	}
	slices.SortStableFunc(lots, func(a, b lot) int {
		if a.key < b.key {
			return -1
		}
		if a.key > b.key {
			return 1
		}
		return 0
	})
	out := make([]*someone, 0, min(n, len(lots)))
	for _, l := range lots[:min(max(n, 0), len(lots))] {
		out = append(out, l.s)
	}
	return out
}

// share is a part of n, rounded.
func share(n int, part float64) int { return int(math.Round(float64(n) * part)) }

func filter(from []*someone, keep func(*someone) bool) (out []*someone) {
	for _, s := range from {
		if keep(s) {
			out = append(out, s)
		}
	}
	return out
}
