package main

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"time"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

const conditionCodes, medicationCodes = 2000, 1000

// span is a run of code numbers, the last not among them. Numbers follow the codes' order, so that
// what lies under an ICD-10 category is one span.
type span struct{ from, to int }

func (s span) has(code uint16) bool { return int(code) >= s.from && int(code) < s.to }

// categories are 200 ICD-10 categories in order, each with ten codes below it.
var categories = func() (all []string) {
	for letter := 'A'; letter <= 'T'; letter++ {
		for _, n := range []int{10, 11, 18, 21, 25, 34, 50, 61, 63, 64} {
			all = append(all, fmt.Sprintf("%c%d", letter, n))
		}
	}
	return all
}()

func conditionCode(n int) eval.Code {
	return eval.Code(fmt.Sprintf("icd10|%s.%d", categories[n/10], n%10))
}

func under(category string) span {
	i := sort.SearchStrings(categories, category)
	return span{i * 10, i*10 + 10}
}

const metformin = 500

func medicationCode(n int) eval.Code {
	if n == metformin {
		return "rxnorm|6809"
	}
	return eval.Code(fmt.Sprintf("rxnorm|%d", 1_000_000+n))
}

// What the study asks for.
var (
	diabetes2 = under("E11")
	diabetes1 = under("E10")
	vascular  = []string{"I21", "I63"}
	cancers   = []string{"C18", "C25", "C34", "C50", "C61", "C64"} // 60 codes
	insulins  = span{300, 320}
	glp1      = span{700, 708}
)

// zipf draws code numbers, the k-th most frequent with a weight of 1/k. Type 2 diabetes and
// metformin go by the person and are not drawn.
type zipf struct {
	codes []uint16
	upTo  []float64
}

func newZipf(n int, seed uint64) zipf {
	var z zipf
	sum := 0.0
	for k, code := range rand.New(rand.NewPCG(7, seed)).Perm(n) {
		if n == conditionCodes && diabetes2.has(uint16(code)) || n == medicationCodes && code == metformin {
			continue
		}
		sum += 1 / float64(k+1)
		z.codes, z.upTo = append(z.codes, uint16(code)), append(z.upTo, sum)
	}
	return z
}

func (z *zipf) draw(r *rand.Rand) uint16 {
	return z.codes[sort.SearchFloat64s(z.upTo, r.Float64()*z.upTo[len(z.upTo)-1])]
}

// allPlaces are the points of all ZIP codes that have one.
func allPlaces() (all []geo.Point) {
	for n := range 100_000 {
		if p, ok := geo.Find(fmt.Sprintf("%05d", n)); ok && p.Located() {
			all = append(all, p.Point)
		}
	}
	return all
}

func dateIndex(d eval.Date) int {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		panic(err) // dates of this program
	}
	return int(t.Unix() / 86400)
}

// dates are all days a person of the data set can have, written out once.
var dates = func() map[day]eval.Date {
	all := map[day]eval.Date{}
	for n := -40_000; n <= int(today); n++ {
		if n > unknown+1 {
			all[day(n)] = eval.DateOf(time.Unix(int64(dateIndex("2000-01-01")+n)*86400, 0).UTC())
		}
	}
	return all
}()

func date(d day) eval.Date { return dates[d] }
