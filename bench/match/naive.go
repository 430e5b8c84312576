package main

import (
	"math/bits"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// scan answers the study by a plain walk over everybody, as one would write it by hand for this
// very study: no dates parsed, codes looked up in tables, distances once for each place.
func scan(people []person, places []geo.Point) (a answer) {
	near := make([]bool, len(places))
	for i, p := range places {
		near[i] = geo.Distance(p, site.At) <= maxMetres
	}
	var onList [conditionCodes]uint8 // bits of the criteria a condition matters to
	mark := func(s span, bit uint8) {
		for n := s.from; n < s.to; n++ {
			onList[n] |= bit
		}
	}
	const isT2D, isT1D, isVascular, isCancer = 1, 2, 4, 8
	mark(diabetes2, isT2D)
	mark(diabetes1, isT1D)
	for _, c := range vascular {
		mark(under(c), isVascular)
	}
	for _, c := range cancers {
		mark(under(c), isCancer)
	}
	const isMetformin, isInsulin, isGLP1 = 1, 2, 4
	var taken [medicationCodes]uint8
	taken[metformin] = isMetformin
	for n := insulins.from; n < insulins.to; n++ {
		taken[n] = isInsulin
	}
	for n := glp1.from; n < glp1.to; n++ {
		taken[n] = isGLP1
	}
	start := func(p eval.Period) day { return dayOf(p.Before(asOf)) }
	halfYearAgo, yearAgo, fiveYearsAgo, ninetyAgo, thirtyAgo := start(halfYear), start(year), start(fiveYears), start(ninetyDays), start(thirtyDays)
	eldest, youngest := start(eval.Period{Years: maxAge + 1})+1, start(eval.Period{Years: minAge})
	steps := func(k int, v float64) int16 { return int16(v*scales[k].steps + 0.5) }
	lowBMI, highBMI, lowA1c, highA1c := steps(bmi, minBMI), steps(bmi, maxBMI), steps(hba1c, minHbA1c), steps(hba1c, maxHbA1c)

	for i := range people {
		p := &people[i]
		var f, u uint32 // criteria that fail, criteria that are unknown
		fails := func(j int, known, met bool) {
			if !known {
				u |= 1 << j
			} else if !met {
				f |= 1 << j
			}
		}
		number := func(j, k int, low, high int16) {
			v := p.number[k]
			fails(j, v != unknown, v >= low && v <= high)
		}
		fails(0, p.birth != unknown, p.birth >= eldest && p.birth <= youngest)
		number(1, alt, unknown, maxALT)
		fails(2, p.place >= 0, p.place >= 0 && near[p.place])
		number(3, bmi, lowBMI, highBMI)
		v, when := p.number[hba1c], p.measured[hba1c]
		fails(4, v != unknown && when != unknown && when >= halfYearAgo, v >= lowA1c && v <= highA1c)
		number(5, egfr, minEGFR, 32767)
		number(6, systolic, minSystolic, maxSystolic)

		// Of each code group: found so (2), found without the day that is asked for (1), not found (0).
		var t2d, onset, t1d, vessel, cancer, met, insulin, glp uint8
		for _, e := range p.condition[:p.conditions] {
			g := onList[e.code]
			if g == 0 {
				continue
			}
			if g&isT2D != 0 {
				t2d = 2
				onset = max(onset, since(e.day == unknown, e.day <= yearAgo))
			}
			if g&isT1D != 0 {
				t1d = 2
			}
			if g&isVascular != 0 {
				vessel = max(vessel, since(e.day == unknown, e.day >= halfYearAgo))
			}
			if g&isCancer != 0 {
				cancer = max(cancer, since(e.day == unknown, e.day >= fiveYearsAgo))
			}
		}
		for _, e := range p.medication[:p.medications] {
			switch taken[e.code] {
			case isMetformin:
				met = max(met, since(e.day == unknown, e.day >= ninetyAgo))
			case isInsulin:
				insulin = max(insulin, since(e.day == unknown, e.day >= thirtyAgo))
			case isGLP1:
				glp = max(glp, since(e.day == unknown, e.day >= ninetyAgo))
			}
		}
		listed := func(j int, found uint8, confirmed, wanted bool) {
			fails(j, found == 2 || found == 0 && confirmed, found == 2 == wanted)
		}
		listed(7, t2d, p.conditionsKnown, true)
		listed(8, onset, p.conditionsKnown, true)
		listed(9, t1d, p.conditionsKnown, false)
		listed(10, vessel, p.conditionsKnown, false)
		listed(11, cancer, p.conditionsKnown, false)
		listed(12, met, p.medicationsKnown, true)
		listed(13, insulin, p.medicationsKnown, false)
		listed(14, glp, p.medicationsKnown, false)

		if p.attribute[sex] != male {
			fails(15, p.attribute[pregnancy] != 0, p.attribute[pregnancy] == no)
		}
		fails(16, p.attribute[smoking] != 0, p.attribute[smoking] != smoker)
		fails(17, p.attribute[language] != 0, p.attribute[language] <= spanish)
		fails(18, p.available != 0, p.available&wanted != 0)
		fails(19, p.trial != unknown, p.trial < ninetyAgo)

		switch {
		case f != 0:
			a.Excluded++
			if f&(f-1) == 0 {
				a.Only[bits.TrailingZeros32(f)]++
			}
			for ; f != 0; f &= f - 1 {
				a.Alone[bits.TrailingZeros32(f)]++
			}
		case u != 0:
			a.Possible++
			for ; u != 0; u &= u - 1 {
				a.Unknown[bits.TrailingZeros32(u)]++
			}
		default:
			a.Eligible++
		}
	}
	return a
}

// since says what one dated code on a list does for a group.
func since(undated, inside bool) uint8 {
	switch {
	case undated:
		return 1
	case inside:
		return 2
	}
	return 0
}
