package columns_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

const today eval.Date = "2026-03-02"

// source draws people and criteria of every sort, the same for a seed.
type source struct{ *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 7))} }

func one[T any](s source, of ...T) T { return of[s.IntN(len(of))] }

func (s source) chance(percent int) bool { return s.IntN(100) < percent }

// odds say how often data are not as they should be, in percent.
type odds struct{ partial, future, missing int }

func (s source) date(o odds) eval.Date {
	if s.chance(o.missing) {
		return ""
	}
	n, _ := today.Day()
	d := eval.DateOfDay(n - s.IntN(one(s, 40, 400, 4000)))
	if s.chance(o.future) {
		d = eval.DateOfDay(n + 1 + s.IntN(300))
	}
	if s.chance(o.partial) {
		return d[:one(s, 4, 7)]
	}
	return d
}

func conditions() []eval.Code {
	return []eval.Code{"icd10|E11", "icd10|E11.9", "icd10|E11.65", "icd10|E10.1", "icd10|I21.4", "icd10|I21", "snomed|77386006", "snomed|230690007"}
}

func drugs() []eval.Code { return []eval.Code{"rxnorm|6809", "rxnorm|29046", "rxnorm|5856"} }

func labs() []eval.Code {
	return []eval.Code{"loinc|4548-4", "loinc|2345-7", "loinc|2339-0", "loinc|8480-6"}
}

func (s source) fact(o odds) eval.Fact {
	f := eval.Fact{Date: s.date(o), Scope: eval.Registry, Status: one(s, "", "", "active", "resolved", "stopped")}
	if s.chance(o.future + 3) {
		n, _ := today.Day()
		f.Recorded = time.Unix(int64(n-5+s.IntN(10))*86400, 0).UTC()
	}
	yes := s.chance(50)
	switch s.IntN(9) {
	case 0, 1, 2:
		f.Kind, f.Code = eval.FactCondition, one(s, conditions()...)
		if s.chance(10) {
			f.End = s.date(o)
		}
	case 3:
		f.Kind, f.Code = eval.FactMedication, one(s, drugs()...)
		if s.chance(10) {
			f.End = s.date(o)
		}
	case 4, 5:
		f.Kind, f.Code, f.Status = eval.FactObservation, one(s, labs()...), ""
		v, unit := 0.0, ""
		switch f.Code {
		case "loinc|4548-4":
			v, unit = float64(50+s.IntN(70))/10, "%"
			if s.chance(20) {
				v, unit = float64(30+s.IntN(70)), "mmol/mol"
			}
		case "loinc|8480-6":
			v, unit = float64(90+s.IntN(110)), "mm[Hg]"
		default:
			v, unit = float64(60+s.IntN(140)), "mg/dL"
			if s.chance(30) {
				v, unit = float64(30+s.IntN(80))/10, "mmol/L"
			}
		}
		f.Number, f.Unit = &v, unit
		f.Comparator = one(s, "", "", "", "", "", "<", ">=", "ad")
		if s.chance(3) {
			f.Number = nil
		}
	case 6:
		f.Kind, f.Bool = eval.FactAnswer, &yes
		f.Code = one(s, one(s, conditions()...), one(s, drugs()...), "muster|own-car")
		if s.chance(15) {
			f.Back = eval.Period{Months: 6}
		}
	case 7:
		f.Kind, f.Code, f.Status = one(s, eval.FactObservation, eval.FactAnswer), eval.SmokingCode, ""
		f.Text = one(s, "current", "former", "never", "unknown", "")
		if f.Text == "" {
			f.ValueCode = one[eval.Code](s, "snomed|449868002", "snomed|8517006", "loinc|LA18980-5", "x|y")
		}
	case 8:
		f.Kind, f.Code, f.Status = eval.FactAnswer, eval.PregnancyCode, ""
		if s.chance(50) {
			f.Bool = &yes
		} else {
			f.Text = one(s, "pregnant", "not pregnant", "who knows")
		}
	}
	if f.Kind == eval.FactCondition && s.chance(20) {
		f.Noted, f.Date = f.Date, ""
	}
	return f
}

func (s source) own(o odds) columns.Own {
	p := eval.Person{
		Sex: one(s, "", "female", "male", "other", "unknown"), Gender: one(s, "", "woman", "man", "x"),
		Language: one(s, "", "en", "es", "en-US", "vi"), Interpreter: one(s, eval.True, eval.False, eval.Unknown),
		Devices: eval.Devices{Mobile: one(s, eval.True, eval.False, eval.Unknown), Phone: one(s, eval.True, eval.Unknown), Web: one(s, eval.True, eval.Unknown)},
	}
	if !s.chance(o.missing) {
		n, _ := today.Day()
		p.BirthDate = eval.DateOfDay(n - 15*365 - s.IntN(75*365))
		if s.chance(o.partial) {
			p.BirthDate = p.BirthDate[:one(s, 4, 7)]
		}
		if s.chance(o.future / 2) {
			p.BirthDate = "2027-01-01"
		}
	}
	switch s.IntN(40) {
	case 0:
		p.Dead = true
	case 1:
		p.Died = s.date(odds{partial: 30, future: 30})
	}
	list := func() eval.Date { return one(s, "", "2026-01-01", "2025", eval.Date("")) }
	p.Lists = eval.Lists{Conditions: list(), Medications: list(), Allergies: list(), Procedures: list(), Trials: list()}
	for range s.IntN(2) {
		x := eval.Participation{Study: one(s, columns.AnotherStudy, columns.AnotherStudy, "S", "NCT1"), To: s.date(o)}
		if s.chance(20) {
			x.From = s.date(o)
		}
		p.Participations = append(p.Participations, x)
	}
	for range s.IntN(7) {
		p.Facts = append(p.Facts, s.fact(o))
	}
	if s.chance(60) {
		p.Available = []string{}
		for _, slot := range eval.Slots() {
			if s.chance(40) {
				p.Available = append(p.Available, slot)
			}
		}
	}
	if s.chance(60) {
		p.LastVisit = s.date(o)
	}
	out := columns.Own{Person: p}
	if p.Lists.Trials == "" && s.chance(30) {
		out.Asked = s.date(o)
	}
	return out
}

func (s source) row(i int, o odds) columns.Row {
	r := columns.Row{ID: fmt.Sprintf("per_%05d", i), Own: s.own(o)}
	r.Person.ID = r.ID
	if s.chance(85) {
		at, _ := geo.Find(one(s, "15213", "15213", "16001", "15222", "85201", "10001"))
		r.Home = at.Point
	}
	if s.chance(30) {
		r.Last = time.Unix(1_700_000_000+int64(s.IntN(4)), 0)
	}
	if s.chance(4) {
		r.Waiver = one(s, "S", "OTHER")
	}
	if s.chance(10) {
		study := one(s, "S", "OTHER")
		more := s.own(o)
		more.Person.Facts = append(more.Person.Facts, r.Person.Facts...)
		more.Person.BirthDate, more.Person.Sex, more.Person.Gender = r.Person.BirthDate, r.Person.Sex, r.Person.Gender
		more.Person.Language, more.Person.Interpreter = r.Person.Language, r.Person.Interpreter
		more.Person.Dead, more.Person.Died = r.Person.Dead, r.Person.Died
		more.Person.ID = r.ID
		r.Studies = map[string]columns.Own{study: more}
	}
	return r
}

func (s source) bounds(from, to float64) eval.Range {
	a := from + float64(s.IntN(int(to-from)*2))/2
	b := a + float64(s.IntN(int(to-from)))
	r := eval.Range{Min: &a, Max: &b, Above: s.chance(20), Below: s.chance(20)}
	switch s.IntN(3) {
	case 0:
		r.Min, r.Above = nil, false
	case 1:
		r.Max, r.Below = nil, false
	}
	return r
}

func (s source) window() eval.Period {
	return one(s, eval.Period{}, eval.Period{Days: 90}, eval.Period{Months: 6}, eval.Period{Years: 1}, eval.Period{Years: 5}, eval.Period{Days: 1})
}

func (s source) some(codes []eval.Code) []eval.Code {
	out := []eval.Code{one(s, codes...)}
	for s.chance(30) {
		out = append(out, one(s, codes...))
	}
	return out
}

func (s source) criterion(i, depth int) eval.Criterion {
	c := eval.Criterion{ID: fmt.Sprintf("C%d", i), Exclude: s.chance(30)}
	if s.chance(25) {
		c.Missing = one(s, eval.Fail, eval.Pass)
	}
	if s.chance(15) {
		c.AppliesTo = one(s, "female", "male")
	}
	kinds := eval.Kinds()
	c.Kind = one(s, kinds...)
	for c.Kind.Group() && depth == 0 {
		c.Kind = one(s, kinds...)
	}
	switch c.Kind {
	case eval.Age:
		c.Range, c.Unit = s.bounds(15, 90), one(s, "a", "a", "mo")
		if c.Unit == "mo" {
			c.Range = s.bounds(200, 900)
		}
	case eval.Sex:
		c.In = []string{one(s, "female", "male")}
	case eval.Gender:
		c.In = []string{one(s, "woman", "man")}
	case eval.Language:
		c.In = []string{"en", one(s, "es", "vi")}
	case eval.Device:
		c.In = []string{one(s, "mobile", "phone", "web"), one(s, "phone", "web")}
	case eval.Distance:
		c.Range, c.Unit, c.Site = s.bounds(0, 100), one(s, "km", "[mi_i]"), one(s, "any", "", "main", "north", "none")
		if s.chance(10) {
			c.Range = s.bounds(2000, 5000)
		}
	case eval.Lab:
		c.Codes, c.Within = s.some(labs()), s.window()
		c.Pick = one(s, eval.PickLatest, eval.PickLatest, eval.PickAny, eval.PickMin, eval.PickMax)
		switch c.Codes[0] {
		case "loinc|4548-4":
			c.Range, c.Unit = s.bounds(5, 12), "%"
			if s.chance(30) {
				c.Range, c.Unit = s.bounds(30, 90), "mmol/mol"
			}
		case "loinc|8480-6":
			c.Range, c.Unit = s.bounds(90, 200), "mm[Hg]"
		default:
			c.Range, c.Unit = s.bounds(60, 200), "mg/dL"
			if s.chance(30) {
				c.Range, c.Unit = s.bounds(3, 11), "mmol/L"
			}
		}
	case eval.Condition, eval.Medication, eval.Allergy, eval.Procedure:
		codes := conditions()
		if c.Kind == eval.Medication {
			codes = drugs()
		}
		c.Codes, c.Descendants, c.Within = s.some(codes), s.chance(40), s.window()
		if s.chance(25) {
			c.AtLeastAgo = s.window()
		}
		c.Ever, c.Active = s.chance(20), s.chance(20)
	case eval.Pregnancy:
		if s.chance(20) {
			c.Within = s.window()
		}
	case eval.Smoking:
		c.In, c.Within = []string{one(s, "current", "former"), "never"}, s.window()
	case eval.OtherTrial:
		c.Within = s.window()
	case eval.LastVisit:
		c.Within, c.AtLeastAgo = s.window(), s.window()
	case eval.Availability:
		c.In = []string{one(s, eval.Slots()...), one(s, eval.Slots()...)}
	case eval.Answer:
		c.Codes, c.Within = s.some([]eval.Code{"muster|own-car", eval.SmokingCode, "icd10|E11"}), s.window()
		c.In = []string{one(s, "true", "false", "current", "snomed|8517006")}
		if s.chance(20) {
			c.Codes, c.In = s.some(labs()), nil
			c.Range, c.Unit = s.bounds(60, 200), "mg/dL"
		}
	case eval.AnyOf, eval.AllOf, eval.AtLeastOf:
		for range 1 + s.IntN(4) {
			c.Of = append(c.Of, s.criterion(i*10+len(c.Of), depth-1))
		}
		c.N = s.IntN(len(c.Of) + 2)
	}
	return c
}

func (s source) query() columns.Query {
	q := columns.Query{Study: one(s, "S", "S", "OTHER", "THIRD"), AsOf: one(s, today, today, "2026-03-03", "2026-08-31", "2027-12-01")}
	for i := range 1 + s.IntN(8) {
		q.Items = append(q.Items, s.criterion(i, 2))
	}
	for _, site := range [][2]string{{"main", "15213"}, {"north", "16001"}} {
		if s.chance(80) {
			at, _ := geo.Find(site[1])
			q.Sites = append(q.Sites, columns.Site{ID: site[0], At: at.Point})
		}
	}
	return q
}
