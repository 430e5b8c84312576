package percolate_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/matching/percolate"
)

// world draws studies and people who have much to do with each other: few codes, few days around
// the ends of windows, values at bounds.
type world struct {
	t     *rapid.T
	kinds []eval.Kind // of criteria; nil: all
}

func pick[T any](w world, name string, all ...T) T { return rapid.SampledFrom(all).Draw(w.t, name) }

var windows = []eval.Period{{}, {}, {Days: 30}, {Months: 6}, {Years: 1}, {Years: 5}}

var listCodes = map[eval.Kind][]eval.Code{
	eval.Condition:  {"icd10|E11", "icd10|E11.9", "icd10|I10", "snomed|230690007", "snomed|77386006"},
	eval.Medication: {"rxnorm|6809", "rxnorm|29046"},
	eval.Allergy:    {"snomed|91935009"},
	eval.Procedure:  {"snomed|232717009"},
}

var measures = []eval.Code{"loinc|4548-4", "loinc|8480-6", "loinc|2160-0"}

func (w world) bounds(from, to int) eval.Range {
	var r eval.Range
	number := func(name string) *float64 {
		v := float64(rapid.IntRange(from*2, to*2).Draw(w.t, name)) / 2
		return &v
	}
	switch pick(w, "bounds", "min", "max", "both") {
	case "min":
		r.Min = number("min")
	case "max":
		r.Max = number("max")
	default:
		r.Min, r.Max = number("min"), number("max")
	}
	r.Above, r.Below = rapid.Bool().Draw(w.t, "above"), rapid.Bool().Draw(w.t, "below")
	return r
}

func (w world) criterion(depth int) eval.Criterion {
	kinds := w.kinds
	if kinds == nil {
		kinds = append(eval.Kinds(), eval.Condition, eval.Medication, eval.Condition, eval.Lab, eval.Age)
	}
	c := eval.Criterion{ID: "X", Kind: rapid.SampledFrom(kinds).Draw(w.t, "kind")}
	if depth == 0 && c.Kind.Group() {
		c.Kind = eval.Lab
	}
	c.Exclude = rapid.IntRange(0, 2).Draw(w.t, "exclude") == 0
	c.Missing = pick(w, "missing", eval.Ask, eval.Ask, eval.Ask, eval.Fail, eval.Pass)
	c.AppliesTo = pick(w, "applies", "", "", "", "female", "male")
	switch c.Kind {
	case eval.Age:
		c.Range, c.Unit = w.bounds(15, 80), pick(w, "unit", "", "a", "mo", "d")
	case eval.Sex:
		c.In = []string{pick(w, "in", "female", "male")}
	case eval.Gender:
		c.In = []string{"woman"}
	case eval.Language:
		c.In = []string{pick(w, "in", "en", "es")}
	case eval.Availability:
		c.In = []string{pick(w, "in", eval.Slots()...)}
	case eval.LastVisit:
		c.Within, c.AtLeastAgo = rapid.SampledFrom(windows).Draw(w.t, "within"), rapid.SampledFrom(windows[1:]).Draw(w.t, "ago")
	case eval.Interpreter, eval.OtherTrial:
		c.Within = rapid.SampledFrom(windows).Draw(w.t, "within")
	case eval.Device:
		c.In = []string{pick(w, "in", "mobile", "phone", "web")}
	case eval.Distance:
		c.Range, c.Site, c.Unit = w.bounds(0, 60), pick(w, "site", "any", "main", "north"), pick(w, "unit", "km", "[mi_i]")
	case eval.Lab:
		c.Codes = rapid.SliceOfNDistinct(rapid.SampledFrom(measures), 1, 2, rapid.ID).Draw(w.t, "codes")
		c.Range, c.Unit = w.bounds(4, 9), pick(w, "unit", "%", "mmol/mol", "mg/dL", "mm[Hg]")
		c.Within = rapid.SampledFrom(windows).Draw(w.t, "within")
		c.Pick = pick(w, "pick", eval.PickLatest, eval.PickLatest, eval.PickLatest, eval.PickAny, eval.PickMax)
	case eval.Answer:
		c.Codes, c.Within = []eval.Code{pick(w, "code", "muster|x", measures[0])}, rapid.SampledFrom(windows).Draw(w.t, "within")
		if rapid.Bool().Draw(w.t, "number") {
			c.Range, c.Unit = w.bounds(4, 9), "%"
		} else {
			c.In = []string{pick(w, "in", "true", "red")}
		}
	case eval.Smoking:
		c.In, c.Within = []string{pick(w, "in", "current", "never")}, rapid.SampledFrom(windows).Draw(w.t, "within")
	case eval.Pregnancy:
		c.Within = rapid.SampledFrom(windows).Draw(w.t, "within")
	case eval.AnyOf, eval.AllOf, eval.AtLeastOf:
		c.N = rapid.IntRange(1, 2).Draw(w.t, "n")
		for range rapid.IntRange(1, 3).Draw(w.t, "of") {
			c.Of = append(c.Of, w.criterion(depth-1))
		}
	default:
		c.Codes = rapid.SliceOfNDistinct(rapid.SampledFrom(listCodes[c.Kind]), 1, 2, rapid.ID).Draw(w.t, "codes")
		c.Descendants = rapid.Bool().Draw(w.t, "descendants")
		c.Within = rapid.SampledFrom(windows).Draw(w.t, "within")
		c.AtLeastAgo = rapid.SampledFrom(windows[1:]).Draw(w.t, "ago")
		c.Ever, c.Active = rapid.Bool().Draw(w.t, "ever"), rapid.Bool().Draw(w.t, "active")
	}
	return c
}

func (w world) study(id string) percolate.Study {
	s := percolate.Study{ID: id, Sites: []columns.Site{{ID: "main", At: geo.Point{Lat: 40.4, Lon: -80}}}}
	if rapid.Bool().Draw(w.t, "north") {
		s.Sites = append(s.Sites, columns.Site{ID: "north", At: geo.Point{Lat: 40.8, Lon: -80}})
	}
	for range rapid.IntRange(1, 4).Draw(w.t, "criteria") {
		s.Criteria.Items = append(s.Criteria.Items, w.criterion(2))
	}
	return s
}

func (w world) date() eval.Date {
	return rapid.OneOf(
		rapid.SampledFrom([]eval.Date{"", "", "2026", "2026-03", "2025-09", "2025", "2026-04", "2026-03-02", "2026-03-03", "2026-01-31", "2025-09-02", "2025-09-01", "2025-03-02", "2021-03-02", "2021-03-01"}),
		rapid.Map(rapid.IntRange(-20, 2500), func(n int) eval.Date {
			return eval.DateOf(time.Date(2026, 3, 2-n, 0, 0, 0, 0, time.UTC))
		})).Draw(w.t, "date")
}

func (w world) fact() eval.Fact {
	f := eval.Fact{Scope: eval.Registry, Date: w.date()}
	if rapid.IntRange(0, 2).Draw(w.t, "recorded") > 0 {
		f.Recorded = time.Date(2026, 3, rapid.IntRange(1, 4).Draw(w.t, "recorded on"), 0, 0, 0, 0, time.UTC)
	}
	yes := rapid.Bool().Draw(w.t, "yes")
	switch pick(w, "fact", "measure", "measure", "list", "list", "list", "answer", "habit", "text") {
	case "measure":
		v := float64(rapid.IntRange(8, 18).Draw(w.t, "value")) / 2
		f.Kind, f.Code, f.Number = eval.FactObservation, rapid.SampledFrom(measures).Draw(w.t, "code"), &v
		f.Unit, f.Comparator = pick(w, "unit", "%", "%", "mmol/mol", "mg/dL", "mm[Hg]"), pick(w, "comparator", "", "", "", "<", ">=", "ad")
		if f.Unit == "mmol/mol" {
			v *= 9
		}
	case "list":
		kind := pick(w, "list", eval.Condition, eval.Condition, eval.Medication, eval.Allergy, eval.Procedure)
		f.Kind, f.Code = string(kind), rapid.SampledFrom(listCodes[kind]).Draw(w.t, "code")
		f.Status, f.Noted = pick(w, "status", "", "active", "resolved"), pick(w, "noted", "", "", w.date())
		if rapid.IntRange(0, 3).Draw(w.t, "ended") == 0 {
			f.End = w.date()
		}
	case "answer":
		kind := pick(w, "list", eval.Condition, eval.Medication)
		f.Kind, f.Code, f.Bool = eval.FactAnswer, rapid.SampledFrom(listCodes[kind]).Draw(w.t, "code"), &yes
		f.Back = rapid.SampledFrom(windows[1:4]).Draw(w.t, "back")
	case "habit":
		f.Kind, f.Code, f.Text = eval.FactAnswer, eval.SmokingCode, pick(w, "smokes", "current", "never", "unknown")
		if rapid.Bool().Draw(w.t, "pregnant?") {
			f.Code, f.Text = eval.PregnancyCode, pick(w, "pregnant", "pregnant", "not pregnant", "?")
		}
	default:
		f.Kind, f.Code, f.Text = eval.FactAnswer, "muster|x", pick(w, "colour", "red", "blue")
		if yes {
			f.Text, f.Bool = "", &yes
		}
	}
	return f
}

func (w world) eval() (p eval.Person) {
	truth := func(name string) eval.Truth { return pick(w, name, eval.Unknown, eval.True, eval.False) }
	p.BirthDate = rapid.OneOf(rapid.SampledFrom([]eval.Date{"", "1990", "1990-03", "2008-03-02", "2008-03-03", "2004-02-29", "1700-01-01", "2026-05-01"}),
		rapid.Map(rapid.IntRange(0, 30000), func(n int) eval.Date { return eval.DateOf(time.Date(2011, 3, 2-n, 0, 0, 0, 0, time.UTC)) })).Draw(w.t, "birth")
	p.Sex, p.Gender = pick(w, "sex", "female", "female", "male", "other", "", "unknown"), pick(w, "gender", "", "woman", "other")
	p.Language = pick(w, "language", "en", "es-MX", "", "fr")
	p.Interpreter = truth("interpreter")
	p.Devices = eval.Devices{Mobile: truth("mobile"), Phone: truth("phone"), Web: truth("web")}
	if rapid.Bool().Draw(w.t, "asked when") {
		p.Available = []string{pick(w, "available", eval.Slots()...)}
	}
	p.LastVisit = w.date()
	for range rapid.IntRange(0, 6).Draw(w.t, "facts") {
		p.Facts = append(p.Facts, w.fact())
	}
	list := func(name string) eval.Date { return pick[eval.Date](w, name, "", "2026-01-01") }
	p.Lists = eval.Lists{Conditions: list("conditions"), Medications: list("medications"), Allergies: list("allergies"), Procedures: list("procedures"), Trials: list("trials")}
	if rapid.IntRange(0, 3).Draw(w.t, "in trial") == 0 {
		p.Participations = []eval.Participation{{Study: pick(w, "of", "S0", "elsewhere"), From: w.date(), To: w.date()}}
	}
	if rapid.IntRange(0, 20).Draw(w.t, "dead") == 0 {
		p.Dead, p.Died = true, w.date()
	}
	return p
}

func (w world) person() percolate.Person {
	p := percolate.Person{Person: w.eval()}
	asked := func() eval.Date {
		return pick[eval.Date](w, "asked", "", "2026-03-03", "2026-03-02", "2026-02-19", "2025-12-31", "2026-02")
	}
	p.Asked = asked()
	if rapid.Bool().Draw(w.t, "located") {
		p.Home = geo.Point{Lat: 40 + float64(rapid.IntRange(0, 10).Draw(w.t, "lat"))/10, Lon: -80}
	}
	switch rapid.IntRange(0, 11).Draw(w.t, "special") {
	case 0:
		p.Only = "S1"
	case 1:
		p.Overrides = []eval.Override{{Criterion: "X", Met: true}}
	case 2:
		own := columns.Own{Person: w.eval(), Asked: asked()}
		own.Person.Dead, own.Person.Died = p.Dead, p.Died // facts of a study's own are not about that
		p.Own = map[string]columns.Own{"S0": own}
	}
	return p
}

func (w world) studies(n int) (out []percolate.Study) {
	for i := range n {
		out = append(out, w.study(fmt.Sprintf("S%d", i)))
	}
	return out
}
