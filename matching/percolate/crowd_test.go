package percolate_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/matching/percolate"
)

// The crowd of the benchmark: studies of fifteen criteria and people with thirty-one attributes, of
// which 15 % are missing, each as the index reads them and, beside that, as plain a form as possible.

const (
	crowdLabs   = 14
	crowdConds  = 2000
	crowdMeds   = 1000
	crowdHomes  = 400
	crowdTowns  = 80
	unknownDay  = -1
	crowdMissed = 0.15
)

var crowdDay = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func ago(days int) eval.Date { return eval.DateOf(crowdDay.AddDate(0, 0, -days)) }

// dayOf counts from 1900, so that no day of the crowd is unknownDay.
func dayOf(d eval.Date) int32 {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return unknownDay
	}
	return int32(t.Sub(time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
}

type crowd struct {
	r       *rand.Rand
	conds   *rand.Zipf
	meds    *rand.Zipf
	homes   []geo.Point
	towns   []geo.Point
	metres  [][]int32 // from home to town
	studies []percolate.Study
	plain   []plainStudy
}

func newCrowd(studies int) *crowd {
	r := rand.New(rand.NewPCG(2026, 302))
	c := &crowd{r: r, conds: rand.NewZipf(r, 1.3, 20, crowdConds-1), meds: rand.NewZipf(r, 1.3, 20, crowdMeds-1)}
	point := func() geo.Point { return geo.Point{Lat: 30 + 18*r.Float64(), Lon: -122 + 48*r.Float64()} }
	for range crowdTowns {
		c.towns = append(c.towns, point())
	}
	for i := range crowdHomes { // people live around towns
		t := c.towns[i%crowdTowns]
		h := geo.Point{Lat: t.Lat + r.NormFloat64()*0.4, Lon: t.Lon + r.NormFloat64()*0.4}
		c.homes = append(c.homes, h)
		var row []int32
		for _, t := range c.towns {
			row = append(row, int32(geo.Distance(h, t)))
		}
		c.metres = append(c.metres, row)
	}
	for i := range studies {
		s, p := c.study(fmt.Sprintf("S%05d", i))
		c.studies, c.plain = append(c.studies, s), append(c.plain, p)
	}
	return c
}

func condCode(n int32) eval.Code {
	return eval.Code(fmt.Sprintf("icd10|%c%02d.%d", 'A'+n/100, n%100, n%10))
}
func medCode(n int32) eval.Code { return eval.Code(fmt.Sprintf("rxnorm|%d", 1000+n)) }
func labCode(n int) eval.Code   { return eval.Code(fmt.Sprintf("loinc|%d-0", 100+n)) }

// study is one of fifteen criteria on average, the cheap ones first, which is to the naive loop's good.
func (c *crowd) study(id string) (percolate.Study, plainStudy) {
	r := c.r
	s := percolate.Study{ID: id}
	var p plainStudy
	add := func(e eval.Criterion, q plainCriterion) {
		e.ID = fmt.Sprintf("C%d", len(p.items))
		q.exclude = e.Exclude
		s.Criteria.Items, p.items = append(s.Criteria.Items, e), append(p.items, q)
	}
	num := func(v float64) *float64 { return &v }
	one := func(chance float64) bool { return r.Float64() < chance }

	low, high := 18+r.IntN(40), 60+r.IntN(30)
	add(eval.Criterion{Kind: eval.Age, Range: eval.Range{Min: num(float64(low)), Max: num(float64(high))}},
		plainCriterion{kind: plainAge, lo: dayOf(eval.DateOf(crowdDay.AddDate(-high-1, 0, 1))), hi: dayOf(eval.DateOf(crowdDay.AddDate(-low, 0, 0)))})
	if one(0.9) {
		town, km := r.IntN(crowdTowns), 50+10*r.IntN(46)
		s.Sites = []columns.Site{{ID: "main", At: c.towns[town]}}
		add(eval.Criterion{Kind: eval.Distance, Site: "any", Range: eval.Range{Max: num(float64(km))}, Unit: "km"},
			plainCriterion{kind: plainDistance, n: int32(town), hi: int32(km) * 1000})
	}
	if one(0.15) {
		sex := []string{"female", "male"}[r.IntN(2)]
		add(eval.Criterion{Kind: eval.Sex, In: []string{sex}}, plainCriterion{kind: plainSex, in: 1 << word(sex)})
	}
	if one(0.7) {
		q, in := plainCriterion{kind: plainLanguage}, []string{"en", "es"}[:1+r.IntN(2)]
		for _, w := range in {
			q.in |= 1 << word(w)
		}
		add(eval.Criterion{Kind: eval.Language, In: in}, q)
	}
	if one(0.5) {
		add(eval.Criterion{Kind: eval.Smoking, In: []string{"current"}, Exclude: true}, plainCriterion{kind: plainSmoking, in: 1 << word("current")})
	}
	if one(0.6) {
		add(eval.Criterion{Kind: eval.Pregnancy, Exclude: true, AppliesTo: "female"}, plainCriterion{kind: plainPregnancy, in: 1 << word("pregnant")})
	}
	if one(0.8) {
		within := []int{30, 90, 180}[r.IntN(3)]
		add(eval.Criterion{Kind: eval.OtherTrial, Within: eval.Period{Days: within}, Exclude: true}, plainCriterion{kind: plainTrial, start: dayOf(ago(within))})
	}
	for range 3 + r.IntN(3) {
		lab, at, width := r.IntN(crowdLabs), 30+r.IntN(40), 20+r.IntN(60)
		within := []int{0, 90, 180, 365}[r.IntN(4)]
		e := eval.Criterion{Kind: eval.Lab, Codes: []eval.Code{labCode(lab)}, Unit: "U", Within: eval.Period{Days: within}, Range: eval.Range{Min: num(float64(at) / 10), Max: num(float64(at+width) / 10)}}
		q := plainCriterion{kind: plainLabs, n: int32(lab), lo: int32(at), hi: int32(at + width), start: dayOf(ago(within))}
		if within == 0 {
			q.start = unknownDay
		}
		add(e, q)
	}
	coded := func(kind eval.Kind, exclude bool, codes int) {
		var q plainCriterion
		e := eval.Criterion{Kind: kind, Exclude: exclude}
		for range codes {
			if kind == eval.Condition {
				n := int32(c.conds.Uint64())
				q.codes, e.Codes = append(q.codes, n), append(e.Codes, condCode(n))
			} else {
				n := int32(c.meds.Uint64())
				q.codes, e.Codes = append(q.codes, n), append(e.Codes, medCode(n))
			}
		}
		q.kind, q.start = plainCondition, unknownDay
		if kind == eval.Medication {
			q.kind = plainMedication
		}
		if within := []int{0, 0, 90, 180, 365, 1826}[r.IntN(6)]; within > 0 && exclude {
			e.Within, q.start = eval.Period{Days: within}, dayOf(ago(within))
		}
		add(e, q)
	}
	if one(0.8) {
		coded(eval.Condition, false, 1)
	}
	if one(0.4) {
		coded(eval.Medication, false, 1)
	}
	for range 2 + r.IntN(3) {
		codes := 1
		if one(0.1) {
			codes = 20
		}
		coded(eval.Condition, true, codes)
	}
	for range 1 + r.IntN(2) {
		coded(eval.Medication, true, 1)
	}
	if one(0.1) {
		add(eval.Criterion{Kind: eval.AnyOf, Of: []eval.Criterion{{Kind: eval.Language, In: []string{"en"}}, {Kind: eval.Interpreter}}}, plainCriterion{kind: plainSpeaks, in: 1 << word("en")})
	}
	return s, p
}

// person is somebody of the crowd in both forms.
func (c *crowd) person() (percolate.Person, plainPerson) {
	r := c.r
	known := func() bool { return r.Float64() >= crowdMissed }
	date := func(days int) eval.Date {
		if !known() {
			return ""
		}
		return ago(r.IntN(days))
	}
	p := percolate.Person{}
	q := plainPerson{birth: unknownDay, home: -1}
	if known() {
		p.BirthDate = ago(18*366 + r.IntN(72*365))
		q.birth = dayOf(p.BirthDate)
	}
	if known() {
		q.home = r.IntN(crowdHomes)
		p.Home = c.homes[q.home]
	}
	if known() {
		p.Sex = []string{"female", "male"}[r.IntN(2)]
	}
	if known() {
		p.Language = []string{"en", "en", "en", "en", "es", "zh"}[r.IntN(6)]
	}
	if known() {
		p.Interpreter = eval.Of(r.IntN(10) == 0)
	}
	q.sex, q.language, q.interpreter = word(p.Sex), word(p.Language), p.Interpreter
	fact := func(f eval.Fact) { f.Scope = eval.Registry; p.Facts = append(p.Facts, f) }
	if known() {
		text := []string{"current", "former", "never", "never"}[r.IntN(4)]
		q.smokes = word(text)
		fact(eval.Fact{Kind: eval.FactAnswer, Code: eval.SmokingCode, Text: text, Date: ago(r.IntN(900))})
	}
	if known() && p.Sex != "male" {
		text := []string{"pregnant", "not pregnant", "not pregnant", "not pregnant", "not pregnant", "not pregnant"}[r.IntN(6)]
		q.pregnant = word(text)
		fact(eval.Fact{Kind: eval.FactAnswer, Code: eval.PregnancyCode, Text: text, Date: ago(r.IntN(250))})
	}
	for i := range q.labs {
		q.labs[i] = plainLab{day: unknownDay}
		if !known() {
			continue
		}
		v := int32(min(119, max(10, 65+20*r.NormFloat64())))
		number, day := float64(v)/10, date(500)
		q.labs[i] = plainLab{has: true, value: v, day: dayOf(day)}
		fact(eval.Fact{Kind: eval.FactObservation, Code: labCode(i), Number: &number, Unit: "U", Date: day})
	}
	if q.condsKnown = known(); q.condsKnown {
		p.Lists.Conditions = ago(20)
	}
	if q.medsKnown = known(); q.medsKnown {
		p.Lists.Medications = ago(20)
	}
	for _, n := range distinct(c.conds, r.IntN(13)) {
		day := date(3000)
		q.conds = append(q.conds, plainCode{n, dayOf(day), true})
		fact(eval.Fact{Kind: eval.FactCondition, Code: condCode(n), Status: "active", Date: day})
	}
	for _, n := range distinct(c.meds, r.IntN(9)) {
		f := eval.Fact{Kind: eval.FactMedication, Code: medCode(n), Status: "active"}
		on := r.IntN(3) > 0
		if !on {
			f.Status, f.End = "stopped", ago(r.IntN(800))
		}
		q.meds = append(q.meds, plainCode{n, dayOf(f.End), on})
		fact(f)
	}
	if q.trialsKnown = known(); q.trialsKnown {
		p.Lists.Trials = ago(1)
	}
	q.trialEnd = unknownDay
	if r.IntN(30) == 0 {
		end := ago(r.IntN(400))
		p.Participations, q.trialEnd = []eval.Participation{{Study: "elsewhere", From: ago(900), To: end}}, dayOf(end)
	}
	return p, q
}

func distinct(z *rand.Zipf, n int) (out []int32) {
	seen := map[int32]bool{}
	for range n {
		if v := int32(z.Uint64()); !seen[v] {
			seen[v], out = true, append(out, v)
		}
	}
	return out
}
