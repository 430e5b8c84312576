package matching

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/matching/filter"
)

// Whoever is eligible or possible is found by one query and passes what else stands in clear: for any
// study, any person, any day, and whenever they were written last.
func TestFilterDropsNobodyWhoMayFit(t *testing.T) {
	dropped, kept := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		asOf := someDay(t, "as of", 2000, 2026)
		this := rapid.IntRange(2026, 2030).Draw(t, "this year")
		study := someStudy(t)
		f := filterOf(&study, asOf, this)
		queries := f.Queries()
		for i := range 25 {
			p, c := someone(t, i, asOf, this)
			r := newRecord(&p, &c)
			found, clear := findable(t, queries, &p)
			if found > 1 {
				t.Fatalf("%d queries find somebody, want at most one: %+v", found, queries)
			}
			passes := found == 1
			if prof := inClear(clear); prof == nil || !f.Fits(prof.person, clear) {
				passes = false
			}
			if r.profile == nil {
				continue
			}
			j := r.judge(&study, study.places(), asOf, nil)
			switch {
			case passes:
				kept++
			case j.verdict.Class == eval.Excluded:
				dropped++
			default:
				t.Fatalf("%s, and dropped: born %s (%d), sex %q, ZIP %s (%q), language %s\n%s\nreasons %+v",
					j.verdict.Class, p.BirthDate, p.BirthYear, p.Sex, p.Address.ZIP, p.Area, p.Language, f, j.verdict.Reasons)
			}
		}
	})
	if dropped < 100 || kept < 100 {
		t.Errorf("%d dropped, %d kept: the filter was not tried", dropped, kept)
	}
}

func filterOf(s *Study, asOf eval.Date, this int) *filter.Filter {
	return NewStream(nil, func() time.Time { return time.Date(this, 7, 1, 0, 0, 0, 0, time.UTC) }, Options{}).filter(s, asOf)
}

// findable stores p and says how many of the queries (none: one for everybody) find them, and what
// stands in clear.
func findable(t *rapid.T, queries []docstore.Query, p *contacts.Person) (found int, clear contacts.Clear) {
	raw, err := bson.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := bson.Unmarshal(raw, &clear); err != nil {
		t.Fatal(err)
	}
	if len(queries) == 0 {
		return 1, clear
	}
	for _, q := range queries {
		match, err := q.Matcher()
		if err != nil {
			t.Fatal(err)
		}
		if match(raw) {
			found++
		}
	}
	return found, clear
}

// zips are near and far, in one area and in several, without a place, and unknown.
func zips() []string {
	return []string{"", "15213", "15222", "15001", "16001", "15299", "85201", "10001", "09128", "43952", "44004"}
}

// someone is anybody as contacts keeps them, written in a year up to this one.
func someone(t *rapid.T, n int, asOf eval.Date, this int) (contacts.Person, contacts.Chart) {
	written := rapid.IntRange(2020, this).Draw(t, "written")
	p := contacts.Person{
		Meta:     docstore.Meta{ID: fmt.Sprintf("per_%03d", n)},
		Sex:      rapid.SampledFrom([]string{"", "female", "male", "other"}).Draw(t, "sex"),
		Gender:   rapid.SampledFrom([]string{"", "woman", "man"}).Draw(t, "gender"),
		Language: rapid.SampledFrom([]i18n.Lang{"en", "es"}).Draw(t, "language"),
		Address:  contacts.Address{ZIP: rapid.SampledFrom(zips()).Draw(t, "zip")},
		Basis:    contacts.Basis{Kind: rapid.SampledFrom([]contacts.BasisKind{contacts.ByConsent, contacts.ByRecords}).Draw(t, "basis")},
		Deceased: rapid.SampledFrom([]string{"", "", "", "", "2010", "2024-05-03", contacts.DiedUnknown}).Draw(t, "died"),
	}
	p.ReachMe.Interpreter = rapid.SampledFrom([]i18n.Lang{"", "", "vi"}).Draw(t, "interpreter")
	switch rapid.IntRange(0, 4).Draw(t, "birth") {
	case 0:
		p.BirthDate = ""
	case 1: // near the as-of day, where a week counts
		year, _, _ := asOf.Parts()
		year = min(year, written)
		p.BirthDate = string(someDay(t, "born", year-2, min(year+1, written)))
	default:
		p.BirthDate = string(someDay(t, "born", 1880, written))
	}
	p.BirthDate = p.BirthDate[:min(len(p.BirthDate), rapid.SampledFrom([]int{4, 7, 10, 10, 10}).Draw(t, "precision"))]
	p.BirthYear = contacts.ClearBirthYear(p.BirthDate, time.Date(written, 6, 1, 0, 0, 0, 0, time.UTC))
	p.Area = geo.Area(p.Address.ZIP)
	if rapid.Bool().Draw(t, "phone") {
		p.Points = []contacts.Point{{Kind: contacts.Mobile, Shared: rapid.Bool().Draw(t, "shared")}}
	}
	c := contacts.Chart{Complete: map[string]string{}}
	for _, code := range []string{"snomed|195967001", "snomed|44054006", CodeOwnMobile, CodeOtherStudy} {
		if rapid.IntRange(0, 2).Draw(t, code) == 0 {
			yes := rapid.Bool().Draw(t, "yes")
			c.Facts = append(c.Facts, contacts.Fact{ID: code, Kind: contacts.Answered, Code: code, Bool: &yes, Date: "2019-05-01", Scope: contacts.Registry, Source: "web"})
		}
	}
	if rapid.Bool().Draw(t, "complete") {
		c.Complete["condition"] = "2019-05-01"
	}
	return p, c
}

func someDay(t *rapid.T, name string, from, to int) eval.Date {
	first := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC)
	days := int(time.Date(to+1, 1, 1, 0, 0, 0, 0, time.UTC).Sub(first).Hours()/24) - 1
	return eval.DateOf(first.AddDate(0, 0, rapid.IntRange(0, days).Draw(t, name)))
}

func someStudy(t *rapid.T) Study {
	s := Study{ID: "TEST", Version: 1}
	if rapid.IntRange(0, 5).Draw(t, "sites") > 0 {
		s.Sites = []Site{{"main", "15213"}, {"north", "16001"}, {"nowhere", "09128"}}
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "criteria") {
		s.Criteria.Items = append(s.Criteria.Items, someItem(t, fmt.Sprintf("I%d", i+1), 2))
	}
	return s
}

// someItem is any criterion over what may stand in clear, and some that may not.
func someItem(t *rapid.T, id string, depth int) eval.Criterion {
	kinds := []eval.Kind{eval.Age, eval.Age, eval.Sex, eval.Distance, eval.Distance, eval.Language, eval.Interpreter, eval.Gender, eval.Device, eval.Condition, eval.OtherTrial, eval.Pregnancy}
	if depth > 0 {
		kinds = append(kinds, eval.AnyOf, eval.AllOf, eval.AtLeastOf, eval.AnyOf)
	}
	c := eval.Criterion{
		ID: id, Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
		Exclude:   rapid.IntRange(0, 3).Draw(t, "exclude") == 0,
		Missing:   rapid.SampledFrom([]eval.Missing{eval.Ask, eval.Ask, eval.Fail, eval.Pass}).Draw(t, "missing"),
		AppliesTo: rapid.SampledFrom([]string{"", "", "", "female", "male"}).Draw(t, "applies to"),
	}
	bounds := func(low, high int) {
		if rapid.IntRange(0, 4).Draw(t, "has min") > 0 {
			v := float64(rapid.IntRange(low, high).Draw(t, "min"))
			c.Range.Min, c.Range.Above = &v, rapid.Bool().Draw(t, "above")
		}
		if c.Range.Min == nil || rapid.Bool().Draw(t, "has max") {
			v := float64(rapid.IntRange(low, high).Draw(t, "max"))
			c.Range.Max, c.Range.Below = &v, rapid.Bool().Draw(t, "below")
		}
	}
	switch c.Kind {
	case eval.Age:
		c.Unit = rapid.SampledFrom([]string{"a", "a", "", "mo", "wk", "d"}).Draw(t, "unit")
		bounds(0, map[string]int{"a": 100, "": 100, "mo": 240, "wk": 200, "d": 800}[c.Unit])
	case eval.Distance:
		c.Unit = rapid.SampledFrom([]string{"km", "[mi_i]"}).Draw(t, "unit")
		c.Site = rapid.SampledFrom([]string{"any", "main", "north", "gone"}).Draw(t, "site")
		bounds(0, rapid.SampledFrom([]int{20, 60, 4000}).Draw(t, "far"))
	case eval.Sex:
		c.In = []string{rapid.SampledFrom([]string{"female", "male"}).Draw(t, "sex")}
	case eval.Gender:
		c.In = []string{"woman"}
	case eval.Language:
		c.In = []string{rapid.SampledFrom([]string{"en", "es", "vi"}).Draw(t, "language")}
	case eval.Device:
		c.In = []string{rapid.SampledFrom([]string{"mobile", "phone", "web"}).Draw(t, "device")}
	case eval.Condition:
		c.Codes = []eval.Code{rapid.SampledFrom([]eval.Code{"snomed|195967001", "snomed|44054006"}).Draw(t, "code")}
	case eval.OtherTrial:
		c.Within = eval.Period{Days: 30}
	case eval.AnyOf, eval.AllOf, eval.AtLeastOf:
		for range rapid.IntRange(1, 3).Draw(t, "of") {
			c.Of = append(c.Of, someItem(t, "", depth-1))
		}
		c.N = rapid.IntRange(1, len(c.Of)).Draw(t, "n")
	}
	return c
}

// As tight as an index can serve: a birth year and the areas around a site, no more.
func TestFilterAsksForNoMoreThanItMust(t *testing.T) {
	study, err := NewStudy("TEST", 1, `
- {id: I1, kind: age, range: [40, 75]}
- {id: I2, kind: distance, site: any, max: 50, unit: km}
- {id: I3, kind: condition, code: snomed|195967001}
- {id: E1, kind: sex, value: male, exclude: true}
`, Site{"main", "15213"})
	if err != nil {
		t.Fatal(err)
	}
	f := filterOf(&study, monday, 2026)
	// Whoever is born later this year has a date that must be wrong, which is not known to fail.
	years := []filter.Span{{From: 0, To: 1880}, {From: 1950, To: 1987}, {From: 2026}}
	if got := f.Years["female"]; !slices.Equal(got, years) {
		t.Errorf("birth years %v, want %v", got, years)
	}
	if got, ok := f.Years["male"]; ok {
		t.Errorf("men of %v are asked for", got)
	}
	want := []string{""}
	site, _ := geo.Find("15213")
	for n := range 100_000 {
		p, ok := geo.Find(fmt.Sprintf("%05d", n))
		if ok && p.Located() && geo.Distance(p.Point, site.Point) <= 50_000 && want[len(want)-1] != p.ZIP[:3] {
			want = append(want, p.ZIP[:3])
		}
	}
	if !slices.Equal(f.Areas, want) || len(want) > 12 {
		t.Errorf("areas %q, want %q", f.Areas, want)
	}
	if want := []string{"I1", "I2", "E1"}; !slices.Equal(f.Uses, want) {
		t.Errorf("criteria %v, want %v", f.Uses, want)
	}
	if got, want := len(f.Queries()), 3*3*len(f.Areas); got != want {
		t.Errorf("%d queries, want %d", got, want)
	}
	declared := rig.New(t, rig.Options{}).Store.Spec("people").Indexes
	served := func(f *filter.Filter, by string) {
		t.Helper()
		for _, q := range f.Queries() {
			if plan, err := q.Validate("people", declared); err != nil || plan.Index.Name != by {
				t.Errorf("%+v is served by %q, %v; want %q", q, plan.Index.Name, err, by)
			}
		}
	}
	served(f, "near")
	anywhere, err := study.With("drop I2")
	if err != nil {
		t.Fatal(err)
	}
	served(filterOf(&anywhere, monday, 2026), "born")
	anybody := study
	anybody.Criteria.Items = study.Criteria.Items[2:3]
	if f := filterOf(&anybody, monday, 2026); f.Queries() != nil || len(f.Uses) > 0 {
		t.Errorf("of a condition alone %+v is asked, for %v", f.Queries(), f.Uses)
	}
	strict := study
	strict.Criteria.Items = slices.Clone(study.Criteria.Items)
	for i := range strict.Criteria.Items {
		strict.Criteria.Items[i].Missing = eval.Fail
	}
	f = filterOf(&strict, monday, 2026)
	if got := f.Years["female"]; !slices.Equal(got, years[1:]) || len(f.Years) != 2 || f.Areas[0] == "" {
		t.Errorf("where unknowns fail: years %v of %d sexes, first area %q", got, len(f.Years), f.Areas[0])
	}
}
