package main

import (
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

const criteriaCount = 20

// Bounds of the study, here once for everybody who answers it.
const (
	minAge, maxAge           = 40, 75
	maxALT                   = 80
	maxMetres                = 300_000
	minBMI, maxBMI           = 25, 40
	minHbA1c, maxHbA1c       = 7.0, 10.5
	minEGFR                  = 45
	minSystolic, maxSystolic = 100, 160
)

var (
	halfYear   = eval.Period{Days: 180}
	year       = eval.Period{Years: 1}
	fiveYears  = eval.Period{Years: 5}
	ninetyDays = eval.Period{Days: 90}
	thirtyDays = eval.Period{Days: 30}

	site = columns.Site{ID: "main", At: geo.Point{Lat: 40.444, Lon: -79.9552}} // Pittsburgh
)

const (
	swallowCode eval.Code = "muster|can-swallow"
	alcoholCode eval.Code = "muster|alcohol"
)

// wanted are the slots the study has visits in: slots[2:].
const wanted = evenings | weekends

// query is the study: twenty criteria after those of type 2 diabetes trials.
func query() columns.Query {
	return columns.Query{Study: "BENCH", AsOf: asOf, Sites: []columns.Site{site}, Items: items()}
}

func items() []eval.Criterion {
	within := func(low, high float64) eval.Range { return eval.Range{Min: &low, Max: &high} }
	least := func(v float64) eval.Range { return eval.Range{Min: &v} }
	most := func(v float64) eval.Range { return eval.Range{Max: &v} }
	lab := func(k int, r eval.Range, p eval.Period) eval.Criterion {
		return eval.Criterion{Kind: eval.Lab, Codes: []eval.Code{scales[k].code}, Unit: scales[k].unit, Range: r, Within: p}
	}
	condition := func(categories ...string) eval.Criterion {
		c := eval.Criterion{Kind: eval.Condition, Descendants: true}
		for _, x := range categories {
			c.Codes = append(c.Codes, eval.Code("icd10|"+x))
		}
		return c
	}
	medication := func(s span, p eval.Period) eval.Criterion {
		c := eval.Criterion{Kind: eval.Medication, Within: p}
		for n := s.from; n < s.to; n++ {
			c.Codes = append(c.Codes, medicationCode(n))
		}
		return c
	}
	not := func(c eval.Criterion) eval.Criterion { c.Exclude = true; return c }
	recent := func(c eval.Criterion, p eval.Period) eval.Criterion { c.Within = p; return c }
	onset := condition("E11")
	onset.AtLeastAgo = year

	all := []eval.Criterion{
		{Kind: eval.Age, Range: within(minAge, maxAge)},
		lab(alt, most(maxALT), eval.Period{}),
		{Kind: eval.Distance, Site: "any", Unit: "km", Range: most(maxMetres / 1000)},
		lab(bmi, within(minBMI, maxBMI), eval.Period{}),
		lab(hba1c, within(minHbA1c, maxHbA1c), halfYear),
		lab(egfr, least(minEGFR), eval.Period{}),
		lab(systolic, within(minSystolic, maxSystolic), eval.Period{}),
		condition("E11"),
		onset,
		not(condition("E10")),
		not(recent(condition(vascular...), halfYear)),
		not(recent(condition(cancers...), fiveYears)),
		medication(span{metformin, metformin + 1}, ninetyDays),
		not(medication(insulins, thirtyDays)),
		not(medication(glp1, ninetyDays)),
		{Kind: eval.Pregnancy, Exclude: true, AppliesTo: "female"},
		{Kind: eval.Smoking, In: []string{"current"}, Exclude: true},
		{Kind: eval.Language, In: []string{"en", "es"}},
		{Kind: eval.Availability, In: slots[2:]},
		{Kind: eval.OtherTrial, Within: ninetyDays, Exclude: true},
	}
	for i := range all {
		all[i].ID = names[i]
	}
	return all
}

var names = [criteriaCount]string{"age", "ALT", "distance", "BMI", "HbA1c", "eGFR", "systolic", "T2D", "onset", "no T1D", "no MI or stroke", "no cancer",
	"metformin", "no insulin", "no GLP-1", "not pregnant", "no smoker", "language", "available", "no trial"}

// answer is what everybody must say alike.
type answer struct {
	Eligible, Possible, Excluded int
	Alone, Only, Unknown         [criteriaCount]int
}

func answerOf(a columns.Answer) (out answer) {
	out.Eligible, out.Possible, out.Excluded = a.Eligible, a.Possible, a.Counts.Excluded
	for i, c := range a.Costs {
		out.Alone[i], out.Only[i], out.Unknown[i] = c.Excluded, c.Only, c.Unknown
	}
	return out
}
