package columns

import (
	"github.com/muster-health/muster/matching/eval"
)

// listed is what stands on people's lists under one code. A list is named by the kind of its facts,
// eval.FactAnswer for what somebody answered.
type listed struct {
	list string
	code eval.Code
	postings
	denials bool // some entry says that there is none, or may
}

// putLists enters what a person has on lists. False: some of it is odd.
func (t *Table) putLists(row uint32, p *eval.Person) bool {
	regular := true
	for i := range p.Facts {
		f := &p.Facts[i]
		if f.Kind == eval.FactObservation || f.Kind == eval.FactAnswer && f.Bool == nil {
			continue
		}
		e := t.episode(f)
		if e&formOf == denied && disputed(p.Facts, f) {
			e = odd
		}
		if e&formOf == odd || f.Kind == eval.FactCondition && eval.IsPregnancy(f.Code) {
			regular = false
		}
		l := t.list(f.Kind, f.Code)
		if e&formOf >= denied && !l.denials {
			l.denials = true
			t.listed++
		}
		l.add(row, e)
	}
	return regular
}

// disputed says whether something on the lists speaks against a denial.
func disputed(all []eval.Fact, no *eval.Fact) bool {
	for i := range all {
		f := &all[i]
		if f.Kind != eval.FactObservation && (f.Bool == nil && f.Kind != eval.FactAnswer || f.Bool != nil && *f.Bool) &&
			(f.Code.Covers(no.Code, true) || no.Code.Covers(f.Code, true)) {
			return true
		}
	}
	return false
}

// episode says as an entry what one fact on a list tells on the day floor and after it.
func (t *Table) episode(f *eval.Fact) entry {
	switch no := f.Bool != nil && !*f.Bool; {
	case !f.Back.IsZero(), !early(f.Date, t.floor), !early(f.Noted, t.floor), !early(f.End, t.floor):
		return odd
	case no:
		return denied
	case f.End != "" && (f.Kind == eval.FactMedication || f.Kind == eval.FactAnswer): // of a medicine, when it ended counts beside when it began
		return odd
	}
	form, day := onDay, f.Date
	switch {
	case f.Kind == eval.FactAnswer:
		form = upTo
	case f.Date == "":
		form, day = upTo, f.Noted
	}
	e, ok := undated, true
	if n, full := day.Day(); full {
		e, ok = entryOn(form, n)
	}
	switch {
	case !ok:
		return odd
	case f.End != "" || t.finished(f.Status):
		return e | over
	}
	return e
}

// early says whether a date is none, or a whole one that has passed on floor.
func early(d eval.Date, floor int) bool {
	day, full := d.Day()
	return d == "" || full && day <= floor
}

// finished asks the evaluator what a status without an end means.
func (t *Table) finished(status string) bool {
	if status == "" {
		return false
	}
	is, known := t.statuses[status]
	if !known {
		const day, code = "2000-01-01", "x|x"
		judge, _ := eval.On(day)
		p := eval.Person{Facts: []eval.Fact{{Kind: eval.FactCondition, Code: code, Status: status}}, Lists: eval.Lists{Conditions: day}}
		is = judge.Met("", &eval.Criterion{Kind: eval.Condition, Codes: []eval.Code{code}}, &p) == eval.False
		t.statuses[status] = is
	}
	return is
}

// list is where a code's entries stand.
func (t *Table) list(list string, code eval.Code) *listed {
	key := listKey{list, code}
	l := t.lists[key]
	if l == nil {
		l = &listed{list: list, code: code}
		t.lists[key] = l
		t.listed++
		if list == eval.FactCondition && eval.IsPregnancy(code) {
			t.pregnancies = append(t.pregnancies, l)
		}
		kin := listKey{list, category(code)}
		t.kin[kin] = append(t.kin[kin], l)
	}
	return l
}

type listKey struct {
	list string
	code eval.Code
}

// category is what a code has in common with all that lie under it, and over it.
func category(c eval.Code) eval.Code {
	if system, value := c.System(), c.Value(); system == "icd10" && len(value) > 3 {
		return eval.Code(system + "|" + value[:3])
	}
	return c
}
