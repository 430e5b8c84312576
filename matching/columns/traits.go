package columns

import (
	"slices"
	"strings"

	"github.com/muster-health/muster/matching/eval"
)

// trait is something people have one of, out of a few: a sex, a language. Which values meet a
// criterion the evaluator says, of each value once.
type trait struct {
	kind  eval.Kind
	read  func(*eval.Person) string  // "": not known
	write func(*eval.Person, string) // the opposite of read
	unit  column                     // index into values
	has   map[string]int             // index into values
	all   []string                   // values
	slots []string                   // what the first values are sets of, a digit each; see newTraits
}

func newTraits() []*trait {
	traits := []*trait{
		{kind: eval.Sex, read: func(p *eval.Person) string { return p.Sex }, write: func(p *eval.Person, v string) { p.Sex = v }},
		{kind: eval.Gender, read: func(p *eval.Person) string { return p.Gender }, write: func(p *eval.Person, v string) { p.Gender = v }},
		{kind: eval.Language, read: func(p *eval.Person) string { return p.Language }, write: func(p *eval.Person, v string) { p.Language = v }},
		{kind: eval.Interpreter,
			read:  func(p *eval.Person) string { return truths(p.Interpreter) },
			write: func(p *eval.Person, v string) { p.Interpreter = truthOf(v[0]) }},
		{kind: eval.Device,
			read: func(p *eval.Person) string { return truths(p.Devices.Mobile, p.Devices.Phone, p.Devices.Web) },
			write: func(p *eval.Person, v string) {
				p.Devices = eval.Devices{Mobile: truthOf(v[0]), Phone: truthOf(v[1]), Web: truthOf(v[2])}
			}},
		{kind: eval.Availability,
			read: func(p *eval.Person) string {
				if p.Available == nil {
					return ""
				}
				return strings.Join(slices.Sorted(slices.Values(p.Available)), " ") + "."
			},
			write: func(p *eval.Person, v string) {
				p.Available = append([]string{}, strings.Fields(strings.TrimSuffix(v, "."))...)
			}},
	}
	for _, x := range traits {
		x.has, x.unit.width = map[string]int{}, 1
		if x.kind == eval.Availability { // in such an order that each slot is a digit
			slots := eval.Slots()
			x.slots = slots
			for set := range 1 << len(slots) {
				p := eval.Person{Available: []string{}}
				for i, slot := range slots {
					if set>>i&1 == 1 {
						p.Available = append(p.Available, slot)
					}
				}
				x.index(x.read(&p))
			}
		}
	}
	return traits
}

// truths writes what is known as one word, "" if nothing is.
func truths(ts ...eval.Truth) string {
	var room [3]byte
	b, known := room[:0], false
	for _, t := range ts {
		b = append(b, "-?+"[t+1])
		known = known || t != eval.Unknown
	}
	if !known {
		return ""
	}
	return string(b)
}

func truthOf(b byte) eval.Truth { return eval.Truth(strings.IndexByte("-?+", b) - 1) }

func (x *trait) put(row uint32, p *eval.Person) {
	if set, ok := x.setOf(p.Available); ok {
		x.unit.set(row, set)
		return
	}
	v := x.read(p)
	if v == "" {
		return
	}
	x.unit.set(row, int64(x.index(v)))
}

// setOf is the number of a set of slots. Not ok: there is none, or something else in it.
func (x *trait) setOf(available []string) (set int64, ok bool) {
	if x.slots == nil {
		return 0, false
	}
	for _, a := range available {
		i := slices.Index(x.slots, a)
		if i < 0 || set>>i&1 == 1 {
			return 0, false
		}
		set |= 1 << i
	}
	return set, available != nil
}

// index is the number of a value, a new one if need be.
func (x *trait) index(v string) int {
	i, known := x.has[v]
	if !known {
		i = len(x.all)
		x.has[v], x.all = i, append(x.all, v)
	}
	return i
}
