package seed

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
)

// coding is a code with what staff read.
type coding struct{ code, display string }

// The codes of the four studies' criteria: SNOMED CT conditions, RxNorm ingredients, LOINC
// observations, and our own for answers about the person.
var (
	hypertension = coding{"snomed|38341003", "High blood pressure"}
	asthma       = coding{"snomed|195967001", "Asthma"}
	diabetes     = coding{"snomed|44054006", "Type 2 diabetes"}
	copd         = coding{"snomed|13645005", "COPD"}
	stroke       = coding{"snomed|230690007", "Stroke"}
	dementia     = coding{"snomed|52448006", "Dementia"}

	pressureTablets = []coding{{"rxnorm|29046", "Lisinopril"}, {"rxnorm|17767", "Amlodipine"}, {"rxnorm|52175", "Losartan"}}
	inhalers        = []coding{{"rxnorm|19831", "Budesonide"}, {"rxnorm|41126", "Fluticasone"}, {"rxnorm|1347", "Beclomethasone"}}
	metformin       = coding{"rxnorm|6809", "Metformin"}

	upperPressure = coding{"loinc|8480-6", "Systolic blood pressure"}
	lowerPressure = coding{"loinc|8462-4", "Diastolic blood pressure"}
	hba1c         = coding{"loinc|4548-4", "HbA1c"}
	egfr          = coding{"loinc|33914-3", "eGFR"}
	smoking       = coding{"loinc|72166-2", "Tobacco smoking status"}
	pregnancy     = coding{"loinc|82810-3", "Pregnancy status"}

	ownMobile  = coding{"muster|own-mobile", "Own mobile phone"}
	otherStudy = coding{"muster|other-study", "In another study now or in the last 30 days"}
	inTrial    = coding{"muster|in-trial", "another study"}
	canWalk    = coding{"muster|walk-20-min", "Can walk for 20 minutes"}
)

// Answers about smoking, in SNOMED CT.
var (
	smokesDaily = coding{"snomed|449868002", "Every day"}
	smokedOnce  = coding{"snomed|8517006", "I used to"}
	smokedNever = coding{"snomed|266919005", "Never"}
)

// health: who has what, who told us, and what was measured when. Shares are of all n.
func (w *world) health(crowd []*someone, n int) {
	r := w.rand
	told := func(f func(*someone) bool) int { return len(filter(w.people, f)) }
	has := func(c coding) func(*someone) bool { return func(s *someone) bool { return s.has[c.code] } }

	for _, s := range some(r, crowd, share(n, 0.80)-told(func(s *someone) bool { return s.answered })) {
		s.answered = true
		s.list("condition", s.joined())
		if r.IntN(100) < 85 {
			s.list("medication", s.joined())
		}
	}
	answered := filter(crowd, func(s *someone) bool { return s.answered })
	all := len(answered) + told(func(s *someone) bool { return s.answered })
	older := func(power float64) func(*someone) float64 {
		return func(s *someone) float64 { return math.Pow(float64(s.age)/50, power) }
	}
	// A hospital knows most of its own patients.
	nearer := func(power, times float64) func(*someone) float64 {
		return func(s *someone) float64 {
			if near(s) {
				return times * older(power)(s)
			}
			return older(power)(s)
		}
	}
	w.ill(answered, hypertension, share(all, 0.34)-told(has(hypertension)), nearer(2.2, 1.9))
	w.ill(answered, asthma, share(all, 0.16)-told(has(asthma)), older(-0.3))
	w.ill(answered, diabetes, share(all, 0.13)-told(has(diabetes)), nearer(1.5, 6))
	w.ill(answered, copd, share(all, 0.04), older(4))
	w.ill(answered, stroke, share(all, 0.015), older(4))
	w.ill(answered, dementia, share(all, 0.015), older(7))

	for _, s := range crowd {
		w.medicines(s)
		w.answers(s)
	}
	for _, s := range some(r, crowd, share(n, 0.52)-told(func(s *someone) bool { return s.knows(smoking) })) {
		x := smokedNever
		if k := r.IntN(100); k < 14 {
			x = smokesDaily
		} else if k < 38 {
			x = smokedOnce
		}
		s.say(smoking, x)
	}
	w.measured(crowd, n)
	busy := filter(crowd, func(s *someone) bool { return s.answered && !s.knows(otherStudy) })
	for _, s := range some(r, busy, 12) {
		s.facts = append(s.facts, contacts.Fact{Kind: contacts.Answered, Code: inTrial.code, Display: inTrial.display,
			Date: w.day(-20 - r.IntN(90)), Source: s.Source, Scope: contacts.Registry, Recorded: w.now.AddDate(0, 0, -3)})
		s.taken = true
	}
}

// ill gives n of them a condition, begun some years ago.
func (w *world) ill(from []*someone, c coding, n int, weight func(*someone) float64) {
	for _, s := range weighted(w.rand, from, n, weight) {
		s.suffers(c, w.now.AddDate(-1-w.rand.IntN(min(18, max(1, s.age-14))), 0, 0).Format("2006"))
	}
}

func (w *world) medicines(s *someone) {
	r := w.rand
	began := w.now.AddDate(0, -3-r.IntN(60), 0).Format("2006-01")
	if s.has[hypertension.code] && r.IntN(100) < 82 {
		s.takes(pick(r, pressureTablets), began)
	}
	if s.has[asthma.code] && r.IntN(100) < 76 {
		s.takes(pick(r, inhalers), began)
	}
	if s.has[diabetes.code] && r.IntN(100) < 74 {
		s.takes(metformin, began)
	}
}

// answers are those of the sign-up's own questions, where they were answered.
func (w *world) answers(s *someone) {
	r := w.rand
	if s.Basis.Kind == contacts.ByRecords {
		return
	}
	if r.IntN(100) < 88 {
		pt, ok := s.Phone(true)
		s.yes(ownMobile, ok && !pt.Shared)
	}
	if r.IntN(100) < 72 {
		s.yes(otherStudy, false)
		s.list("trial", s.joined())
	}
	if s.has[diabetes.code] && r.IntN(100) < 60 {
		s.yes(canWalk, r.IntN(100) < 85)
	}
	if s.Sex == "female" && s.age < 50 && r.IntN(100) < 30 {
		s.notPregnant(w.day(-5 - r.IntN(200)))
	}
}

// measured: blood pressure of 45 in 100 within 180 days and of some before; HbA1c of 70 in 100
// diabetics, a third of them older than 180 days.
func (w *world) measured(crowd []*someone, n int) {
	r := w.rand
	told := len(filter(w.people, func(s *someone) bool { return s.knows(upperPressure) }))
	recent := some(r, crowd, share(n, 0.45)-told)
	fresh := map[*someone]bool{}
	for _, s := range recent {
		fresh[s] = true
		w.pressure(s, r.IntN(180))
	}
	for _, s := range some(r, filter(crowd, func(s *someone) bool { return !fresh[s] }), share(n, 0.2)) {
		w.pressure(s, 181+r.IntN(500))
	}
	diabetics := filter(crowd, func(s *someone) bool { return s.has[diabetes.code] })
	tested := some(r, diabetics, share(len(diabetics), 0.7))
	for i, s := range tested {
		ago := 5 + r.IntN(170)
		if i < share(len(tested), 1.0/3) {
			ago = 185 + r.IntN(400)
		}
		s.lab(hba1c, math.Round((5.9+4.6*r.Float64()*r.Float64()+0.8)*10)/10, "%", w.day(-ago))
		if r.IntN(100) < 70 {
			s.lab(egfr, float64(28+r.IntN(80)), "mL/min/{1.73_m2}", w.day(-ago))
		}
	}
}

func (w *world) pressure(s *someone, ago int) {
	upper := 108 + w.rand.IntN(34)
	if s.has[hypertension.code] {
		upper = 122 + int(64*w.rand.Float64()*w.rand.Float64())
	}
	s.lab(upperPressure, float64(upper), "mm[Hg]", w.day(-ago))
	s.lab(lowerPressure, float64(upper*6/10+w.rand.IntN(8)), "mm[Hg]", w.day(-ago))
}

// joined is the day somebody signed up.
func (s *someone) joined() string { return s.Created.Format(time.DateOnly) }

func (s *someone) list(name, day string) {
	if s.complete == nil {
		s.complete = map[string]string{}
	}
	s.complete[name] = day
}

func (s *someone) knows(c coding) bool {
	return slices.ContainsFunc(s.facts, func(f contacts.Fact) bool { return f.Code == c.code })
}

// fact is told on the day somebody joined, and usable for every study.
func (s *someone) fact(k contacts.FactKind, c coding) contacts.Fact {
	return contacts.Fact{Kind: k, Code: c.code, Display: c.display, Date: s.joined(), Source: s.Source, Scope: contacts.Registry, Recorded: s.Created}
}

func (s *someone) suffers(c coding, since string) {
	if s.has == nil {
		s.has = map[string]bool{}
	}
	s.has[c.code] = true
	f := s.fact(contacts.Condition, c)
	f.Date, f.Status = since, "active"
	s.facts = append(s.facts, f)
}

func (s *someone) takes(c coding, since string) {
	f := s.fact(contacts.Medication, c)
	f.Date, f.Status = since, "active"
	s.facts = append(s.facts, f)
}

func (s *someone) yes(c coding, yes bool) {
	f := s.fact(contacts.Answered, c)
	f.Bool = &yes
	s.facts = append(s.facts, f)
}

func (s *someone) say(c, value coding) {
	f := s.fact(contacts.Answered, c)
	f.ValueCode, f.ValueText, f.Sensitive = value.code, value.display, "personal"
	s.facts = append(s.facts, f)
}

func (s *someone) notPregnant(day string) {
	no := false
	f := s.fact(contacts.Answered, pregnancy)
	f.Bool, f.Sensitive = &no, "sensitive"
	if day > f.Date {
		f.Date = day
	}
	s.facts = append(s.facts, f)
}

// lab is a value from the hospital's own records.
func (s *someone) lab(c coding, value float64, unit, day string) {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(fmt.Sprintf("seed: %v", err)) // days are made by this package
	}
	s.facts = append(s.facts, contacts.Fact{Kind: contacts.Observation, Code: c.code, Display: c.display, Number: &value, Unit: unit,
		Date: day, Source: "import:fhir", Scope: contacts.Registry, Recorded: at.Add(16 * time.Hour)})
}
