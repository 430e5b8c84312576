package columns_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// Studies and people are drawn from few codes, values and days, so that they meet: a window's
// first day, the day before it, a bound, a birthday.

const drawnStudy = "OAK"

var (
	hba1c, weight, ownAnswer eval.Code = "loinc|4548-4", "loinc|29463-7", "muster|can-swallow"

	listed = map[eval.Kind][]eval.Code{
		eval.Condition:  {"icd10|E11", "icd10|E11.9", "icd10|E11.65", "icd10|I21", "icd10|I21.4", "snomed|230690007", "snomed|77386006"},
		eval.Medication: {"rxnorm|6809", "rxnorm|860975", "rxnorm|5856"},
		eval.Allergy:    {"snomed|91936005", "snomed|293584003"},
		eval.Procedure:  {"snomed|232717009", "icd10|Z95", "icd10|Z95.1"},
	}
	drawnSites = []columns.Site{
		{ID: "north", At: geo.Point{Lat: 40.444, Lon: -79.9552}},
		{ID: "south", At: geo.Point{Lat: 33.4152, Lon: -111.8315}},
	}
	homes = []geo.Point{{}, {Lat: 40.444, Lon: -79.9552}, {Lat: 40.86, Lon: -79.9}, {Lat: 33.5, Lon: -112.1}, {Lat: 21.3, Lon: -157.86}}
)

// drawing draws the parts of one case.
type drawing struct {
	*rapid.T
	asOf      eval.Date
	overrides bool             // somebody decided about some criteria
	about     []eval.Criterion // what people are mostly told to say something about
}

func pick[V any](d drawing, label string, from ...V) V {
	return rapid.SampledFrom(from).Draw(d.T, label)
}

func (d drawing) seldom(label string) bool { return pick(d, label, false, false, false, true) }

func (d drawing) query() columns.Query {
	q := columns.Query{Study: drawnStudy, AsOf: d.asOf, Settled: map[string]bool{}, Busy: map[string][]eval.Participation{}}
	q.Sites = drawnSites[:rapid.IntRange(0, 2).Draw(d.T, "sites")]
	for i := range pick(d, "items", 1, 3, 5, 8) {
		q.Items = append(q.Items, d.criterion(fmt.Sprintf("I%d", i+1), 2))
	}
	return q
}

func (d drawing) period(label string) eval.Period {
	return pick(d, label, eval.Period{}, eval.Period{}, eval.Period{Days: 30}, eval.Period{Months: 6}, eval.Period{Years: 1}, eval.Period{Months: 1, Days: 1}, eval.Period{Years: 1, Months: 6})
}

func (d drawing) within(values ...float64) (r eval.Range) {
	low, high := pick(d, "low", values...), pick(d, "high", values...)
	if high < low {
		low, high = high, low
	}
	which := pick(d, "bounds", "both", "low", "high")
	if which != "high" {
		r.Min, r.Above = &low, d.seldom("above")
	}
	if which != "low" {
		r.Max, r.Below = &high, d.seldom("below")
	}
	return r
}

func (d drawing) some(label string, from ...string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 1, 2, rapid.ID).Draw(d.T, label)
}

// criterion draws a criterion in which groups lie depth deep at the most.
func (d drawing) criterion(id string, depth int) eval.Criterion {
	kinds := append([]eval.Kind{eval.Condition, eval.Condition, eval.Medication, eval.Medication, eval.Lab, eval.Lab}, eval.Kinds()...)
	if depth == 0 {
		kinds = kinds[:len(kinds)-3]
	}
	c := eval.Criterion{ID: id, Kind: pick(d, "kind", kinds...), Exclude: rapid.Bool().Draw(d.T, "exclude")}
	if d.seldom("policy") {
		c.Missing = pick(d, "missing", eval.Fail, eval.Pass)
	}
	if d.seldom("applies") || c.Kind == eval.Pregnancy {
		c.AppliesTo = pick(d, "sex", "female", "male", "")
	}
	switch c.Kind {
	case eval.Age:
		c.Unit = pick(d, "unit", "", "", "mo", "wk", "d")
		c.Range = d.within(map[string][]float64{"": {18, 40, 41, 75}, "mo": {6, 18, 480}, "wk": {26, 52}, "d": {30, 365, 366}}[c.Unit]...)
	case eval.Sex:
		c.In = d.some("sexes", "female", "male", "other")
	case eval.Gender:
		c.In = d.some("genders", "woman", "man", "non-binary")
	case eval.Language:
		c.In = d.some("languages", "en", "es")
	case eval.Device:
		c.In = d.some("devices", "mobile", "phone", "web")
	case eval.Distance:
		c.Site = pick(d, "site", "any", "north", "south", "elsewhere")
		c.Unit = pick(d, "unit", "km", "[mi_i]")
		c.Range = d.within(0, 25, 50, 80, 5000)
	case eval.Lab:
		c.Codes, c.Unit = []eval.Code{hba1c}, "%"
		if d.seldom("weight") {
			c.Codes, c.Unit = append(c.Codes, weight), pick(d, "mass", "kg", "g", "%")
		}
		c.Range, c.Within = d.within(5, 6.5, 7, 7.1, 8), d.period("within")
		c.Pick = pick(d, "pick", eval.PickLatest, eval.PickAny, eval.PickMin, eval.PickMax)
	case eval.Condition, eval.Medication, eval.Allergy, eval.Procedure:
		c.Codes = rapid.SliceOfNDistinct(rapid.SampledFrom(listed[c.Kind]), 1, 3, rapid.ID).Draw(d.T, "codes")
		c.Descendants = rapid.Bool().Draw(d.T, "descendants")
		c.Within, c.AtLeastAgo = d.period("within"), d.period("ago")
		c.Ever = d.seldom("ever")
		c.Active = !c.Ever && !c.Within.IsZero() && d.seldom("active")
	case eval.Availability:
		c.In = d.some("slots", "weekday-morning", "weekday-evening", "weekend")
	case eval.LastVisit:
		c.Within, c.AtLeastAgo = d.period("within"), d.period("ago")
	case eval.Pregnancy, eval.OtherTrial:
		c.Within = d.period("within")
	case eval.Smoking:
		c.In, c.Within = d.some("status", "current", "former", "never"), d.period("within")
	case eval.Answer:
		c.Codes, c.Within = []eval.Code{ownAnswer}, d.period("within")
		if rapid.Bool().Draw(d.T, "in") {
			c.In = d.some("answers", "true", "false", "loinc|LA33-6", "with water")
		} else {
			c.Range = d.within(1, 2, 3)
		}
	case eval.AnyOf, eval.AllOf, eval.AtLeastOf:
		for i := range rapid.IntRange(1, 3).Draw(d.T, "of") {
			c.Of = append(c.Of, d.criterion(pick(d, "inner", "", fmt.Sprintf("%s.%d", id, i)), depth-1))
		}
		if c.Kind == eval.AtLeastOf {
			c.N = rapid.IntRange(1, len(c.Of)).Draw(d.T, "need")
		}
	}
	return c
}

// day draws a date: near the end of a window, partial, in the future, missing or none at all.
func (d drawing) day(label string) eval.Date {
	back := pick(d, label, eval.Period{Days: 1}, eval.Period{Days: 30}, eval.Period{Days: 31}, eval.Period{Months: 1, Days: 1}, eval.Period{Months: 6}, eval.Period{Months: 6, Days: 1},
		eval.Period{Years: 1}, eval.Period{Years: 1, Days: 1}, eval.Period{Years: 1, Months: 6}, eval.Period{Years: 3}, eval.Period{}, eval.Period{Days: -1}, eval.Period{Days: -40})
	day := back.Before(d.asOf)
	switch pick(d, label+" is", "full", "full", "full", "full", "month", "year", "none", "odd") {
	case "month":
		return day[:7]
	case "year":
		return day[:4]
	case "none":
		return ""
	case "odd":
		return pick[eval.Date](d, "odd", "2025-02-30", "spring", "2025-13")
	}
	return day
}

func (d drawing) truth(label string) eval.Truth {
	return pick(d, label, eval.False, eval.Unknown, eval.True)
}

func (d drawing) row(id string) columns.Row {
	r := columns.Row{ID: id, Home: pick(d, "home", homes...), Own: d.own()}
	if d.seldom("waiver") {
		r.Waiver = pick(d, "for", drawnStudy, "ELM")
	}
	if d.seldom("own facts") {
		own := d.own() // a study with facts of its own sees the same person
		facts, mobile, stretches := own.Person.Facts, own.Person.Devices.Mobile, own.Person.Participations
		own.Person = r.Person
		own.Person.Facts, own.Person.Devices.Mobile, own.Person.Participations = facts, mobile, stretches
		r.Studies = map[string]columns.Own{pick(d, "whose", drawnStudy, "ELM"): own}
	}
	return r
}

func (d drawing) own() columns.Own {
	ages := []eval.Period{{Years: 18}, {Years: 40}, {Years: 41, Days: -1}, {Years: 75}, {Years: 76}, {Months: 6}, {Days: 365}, {Months: 18, Days: 3}, {Days: -3}}
	birth := pick(d, "age", ages...).Before(d.asOf)
	p := eval.Person{
		BirthDate: pick[eval.Date](d, "birth", birth, birth, birth, birth[:4], birth[:7], "1984-02-29", ""),
		Sex:       pick(d, "sex", "female", "female", "male", "other", "unknown", ""), Gender: pick(d, "gender", "", "woman", "man"),
		Language: pick(d, "language", "en", "es-MX", "EN-us", "de", ""), Interpreter: d.truth("interpreter"),
		Devices: eval.Devices{Mobile: d.truth("mobile"), Phone: d.truth("phone"), Web: d.truth("web")},
	}
	if rapid.Bool().Draw(d.T, "says when") {
		p.Available = append([]string{}, pick(d, "slots", nil, []string{"weekend"}, []string{"weekday-morning", "weekday-afternoon"})...)
	}
	if rapid.Bool().Draw(d.T, "was here") {
		p.LastVisit = d.day("visit")
	}
	if d.seldom("dead") && d.seldom("indeed") {
		p.Dead, p.Died = rapid.Bool().Draw(d.T, "undated"), d.day("died")
	}
	for _, list := range []*eval.Date{&p.Lists.Conditions, &p.Lists.Medications, &p.Lists.Allergies, &p.Lists.Procedures, &p.Lists.Trials} {
		*list = pick(d, "confirmed", "", "2024-01-01", d.asOf)
	}
	for range pick(d, "facts", 0, 1, 2, 3, 5, 8) {
		p.Facts = append(p.Facts, d.fact())
	}
	for range rapid.IntRange(0, 2).Draw(d.T, "stretches") {
		p.Participations = append(p.Participations, d.stretch())
	}
	if d.overrides && d.seldom("decision") {
		p.Overrides = []eval.Override{{Criterion: pick(d, "of", "I1", "I2", "I3", "I1.0"), Met: rapid.Bool().Draw(d.T, "met")}}
	}
	o := columns.Own{Person: p}
	if p.Lists.Trials == "" && d.seldom("asked") {
		o.Asked = pick(d, "back", eval.Period{}, eval.Period{Months: 5}, eval.Period{Years: 1}).Before(d.asOf)
	}
	return o
}

func (d drawing) stretch() eval.Participation {
	return eval.Participation{Study: pick(d, "trial", drawnStudy, "another study", "ELM"), From: d.day("from"), To: d.day("to")}
}

// leaves are the criteria that look for facts, groups taken apart.
func leaves(items []eval.Criterion) (out []eval.Criterion) {
	for _, c := range items {
		switch c.Kind {
		case eval.AnyOf, eval.AllOf, eval.AtLeastOf:
			out = append(out, leaves(c.Of)...)
		case eval.Condition, eval.Medication, eval.Allergy, eval.Procedure, eval.Lab, eval.Smoking, eval.Pregnancy, eval.Answer:
			out = append(out, c)
		}
	}
	return out
}

// topic draws what a fact is about: mostly something a criterion asks for.
func (d drawing) topic() eval.Kind {
	if len(d.about) > 0 && !d.seldom("by the way") {
		return pick(d, "about", d.about...).Kind
	}
	return pick(d, "fact", eval.Condition, eval.Medication, eval.Allergy, eval.Procedure, eval.Lab, eval.Smoking, eval.Pregnancy, eval.Answer)
}

func (d drawing) fact() eval.Fact {
	f := eval.Fact{Scope: eval.Registry, Date: d.day("date")}
	if d.seldom("recorded") {
		f.Recorded = d.recorded()
	}
	switch k := d.topic(); k {
	case eval.Condition, eval.Medication, eval.Allergy, eval.Procedure:
		f.Code, f.Kind = pick(d, "code", listed[k]...), string(k)
		if rapid.Bool().Draw(d.T, "yes or no") {
			f.Kind = pick(d, "by", eval.FactAnswer, eval.FactAnswer, string(k))
			f.Bool = new(bool)
			*f.Bool = rapid.Bool().Draw(d.T, "yes")
			if f.Kind == eval.FactAnswer && rapid.Bool().Draw(d.T, "back") {
				f.Back = d.period("about")
			}
		}
		if f.Kind != eval.FactAnswer && d.seldom("note") {
			f.Noted = d.day("noted")
			f.Date = pick(d, "onset", "", f.Date)
		}
		f.Status = pick(d, "status", "", "active", "resolved", "stopped")
		if d.seldom("over") {
			f.End = d.day("end")
		}
	case eval.Lab:
		f.Kind, f.Code, f.Unit = pick(d, "as", eval.FactObservation, eval.FactObservation, eval.FactAnswer), hba1c, pick(d, "unit", "%", "%", "mmol/mol", "mg/dL")
		v := pick(d, "value", 4.9, 5, 6.5, 7, 7.1, 8, 9)
		if f.Unit == "mmol/mol" {
			v = pick(d, "molar", 31.0, 48, 53, 54, 64)
		}
		if d.seldom("weight") {
			f.Code, f.Unit, v = weight, pick(d, "mass", "kg", "g"), pick(d, "weighs", 5, 6500.0, 7, 8000)
		}
		if !(d.seldom("no value")) {
			f.Number = &v
		}
		f.Comparator = pick(d, "comparator", "", "", "", "<", "<=", ">", ">=", "ad")
	case eval.Smoking:
		f.Kind, f.Code = pick(d, "as", eval.FactObservation, eval.FactAnswer), eval.SmokingCode
		f.Text = pick(d, "status", "current", "former", "never", "unknown", "sometimes", "")
		f.ValueCode = pick[eval.Code](d, "coded", "", "", "snomed|449868002", "snomed|8517006", "loinc|LA18978-9", "snomed|266927001", "snomed|1")
	case eval.Pregnancy:
		if d.seldom("on the list") {
			f.Kind, f.Code, f.Status = eval.FactCondition, pick[eval.Code](d, "code", "snomed|77386006", "snomed|72892002"), pick(d, "status", "active", "resolved")
			if d.seldom("refuted") {
				f.Bool = new(bool)
			}
			break
		}
		f.Kind, f.Code = pick(d, "as", eval.FactObservation, eval.FactAnswer), eval.PregnancyCode
		switch pick(d, "how", "bool", "code", "text") {
		case "bool":
			f.Bool = new(bool)
			*f.Bool = rapid.Bool().Draw(d.T, "yes")
		case "code":
			f.ValueCode = pick[eval.Code](d, "coded", "snomed|77386006", "snomed|60001007", "loinc|LA15173-0", "loinc|LA26683-5", "snomed|1")
		default:
			f.Text = pick(d, "says", "pregnant", "not pregnant", "")
		}
	default:
		f.Kind, f.Code = eval.FactAnswer, ownAnswer
		switch pick(d, "how", "bool", "code", "text", "number", "nothing") {
		case "bool":
			f.Bool = new(bool)
			*f.Bool = rapid.Bool().Draw(d.T, "yes")
		case "code":
			f.ValueCode = pick[eval.Code](d, "coded", "loinc|LA33-6", "loinc|LA32-8")
		case "text":
			f.Text = pick(d, "says", "with water", "no")
		case "number":
			f.Number = new(float64)
			*f.Number = pick(d, "value", 1.0, 2, 2.5, 4)
		}
	}
	return f
}

// recorded draws an instant around the day.
func (d drawing) recorded() time.Time {
	day, err := time.Parse(time.DateOnly, string(d.asOf))
	if err != nil {
		d.Fatal(err)
	}
	return day.Add(time.Duration(pick(d, "hours", -2400, 9, 10, 34)) * time.Hour)
}
