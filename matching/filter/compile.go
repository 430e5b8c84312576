package filter

import (
	"fmt"
	"slices"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// firstYear is the first anybody can be born in; see contacts.
const firstYear = 1880

// shared is how many years before the day they were written the last birth year lies that stands for
// itself; see contacts.ClearBirthYear.
const shared = 90

// Compile finds out which birth years, sexes and areas may fit c on asOf, a full date. this is the year
// it is now: nobody was written later. Sites whose place is unknown are left out by the caller.
func Compile(c eval.Criteria, sites []Site, asOf eval.Date, this int) *Filter {
	f := &Filter{asOf: asOf}
	used := map[string]bool{}
	f.Years = years(c, asOf, this, used)
	f.Areas = areas(c, sites, asOf, used)
	if f.Areas != nil {
		f.near = make(map[string]bool, len(f.Areas))
		for _, a := range f.Areas {
			f.near[a] = true
		}
	}
	certain := known{eval.Sex: true, eval.Language: true, eval.Interpreter: true}
	f.rest = only(c, func(k eval.Kind) bool { return certain[k] }, certain)
	for i := range c.Items {
		if id := c.Items[i].ID; used[id] {
			f.Uses = append(f.Uses, id)
		}
	}
	return f
}

// years tries each sex with each birth year.
func years(c eval.Criteria, asOf eval.Date, this int, used map[string]bool) map[string][]Span {
	look := func(k eval.Kind) bool { return k == eval.Age || k == eval.Sex }
	loose := only(c, look, known{eval.Sex: true})
	unborn := only(c, look, known{eval.Sex: true, eval.Age: true}) // no birth date at all: nobody will know more
	day, _, _ := asOf.Parts()
	this = max(this, day)
	out := map[string][]Span{}
	for _, sex := range sexes() {
		fits := func(c eval.Criteria, birth ...eval.Date) bool {
			ok := false
			for _, b := range birth {
				ok = try(c, eval.Person{Sex: sex, BirthDate: b}, asOf, used) || ok
			}
			return ok
		}
		var spans []Span
		add := func(from, to int) {
			if n := len(spans); n > 0 && spans[n-1].To == from {
				spans[n-1].To = to
				return
			}
			spans = append(spans, Span{from, to})
		}
		if fits(unborn, "") {
			add(0, firstYear) // nobody else stands below firstYear
		}
		older := false
		for y := firstYear; y <= this+1; y++ {
			year := eval.Date(fmt.Sprintf("%04d", y))
			ok := fits(loose, year, year+"-12-31")
			older = older || ok
			if ok || y <= this-shared && older {
				add(y, y+1)
			}
		}
		if n := len(spans); n > 0 {
			if last := &spans[n-1]; last.To == this+2 {
				last.To = 0
			}
			out[sex] = spans
		}
	}
	return out
}

// areas tries every ZIP code whose place is known, and an unknown place; nil: everything fits.
func areas(c eval.Criteria, sites []Site, asOf eval.Date, used map[string]bool) []string {
	place := known{eval.Distance: true}
	loose := only(c, func(k eval.Kind) bool { return k == eval.Distance }, place)
	if len(loose.Items) == 0 || len(sites) == 0 {
		return nil
	}
	out := []string{}
	if try(loose, eval.Person{}, asOf, used) {
		out = append(out, "")
	}
	all := true
	last, fits := "", false // ZIP codes come in order
	end := func() {
		switch {
		case fits:
			out = append(out, last)
		case last != "":
			all = false
		}
	}
	for zip, at := range geo.Located() {
		if area := zip[:3]; area != last {
			end()
			last, fits = area, false
		}
		if !fits {
			fits = try(loose, eval.Person{Distances: distances(sites, at)}, asOf, used)
		}
	}
	end()
	if all && slices.Contains(out, "") {
		return nil
	}
	return out
}

func distances(sites []Site, at geo.Point) (out []eval.SiteDistance) {
	for _, s := range sites {
		out = append(out, eval.SiteDistance{Site: s.ID, Metres: geo.Distance(at, s.At)})
	}
	return out
}

func only(c eval.Criteria, look func(eval.Kind) bool, k known) eval.Criteria {
	return eval.Criteria{Study: c.Study, Items: loosen(c.Items, look, k)}
}

// try says whether p is not excluded, and notes by which criteria they are.
func try(c eval.Criteria, p eval.Person, asOf eval.Date, used map[string]bool) bool {
	v := eval.Evaluate(c, p, asOf)
	if v.Class != eval.Excluded {
		return true
	}
	for _, id := range v.Failed() {
		used[id] = true
	}
	return false
}
