package contacts

import (
	"cmp"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// names is the index behind Search: words of names, numbers and birth dates, each with the people
// who have it. It holds folded text only, never what was written.
type names struct {
	slots   map[PersonID]int32
	entries []entry
	free    []int32

	words  map[string][]int32
	years  map[int][]int32
	births map[string][]int32
	emails map[string][]int32
	last4  map[string][]int32

	vocab []word   // sorted; all words but those in fresh
	fresh []string // added since vocab was made
}

type word struct {
	text string
	mask uint64 // which letters occur
}

// entry is one person's place in the index.
type entry struct {
	id     PersonID
	words  []string
	phones []string // digits, country code first
	emails []string
	birth  string
	order  string // family then given, to break ties
}

func newNames() *names {
	return &names{
		slots: map[PersonID]int32{}, words: map[string][]int32{}, years: map[int][]int32{},
		births: map[string][]int32{}, emails: map[string][]int32{}, last4: map[string][]int32{},
	}
}

// nameWords are the words a name is found by: every part of every given and family name, and a
// name of several parts also written as one ("de la Cruz" as "delacruz").
func nameWords(names ...string) (out []string) {
	for _, n := range names {
		parts := strings.Fields(fold(n))
		out = append(out, parts...)
		if len(parts) > 1 {
			out = append(out, strings.Join(parts, ""))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (n *names) put(p *Person) {
	id := p.PersonID()
	n.drop(id)
	e := entry{id: id, words: nameWords(p.Given, p.Family), birth: p.BirthDate, order: fold(p.Family) + "\x00" + fold(p.Given)}
	for _, pt := range p.Points {
		switch {
		case pt.Kind == Email:
			e.emails = append(e.emails, pt.Value)
		case len(onlyDigits(pt.Value+pt.Raw)) >= 4:
			e.phones = append(e.phones, onlyDigits(pt.Value+pt.Raw))
		}
	}
	var at int32
	if k := len(n.free); k > 0 {
		at, n.free = n.free[k-1], n.free[:k-1]
		n.entries[at] = e
	} else {
		at = int32(len(n.entries))
		n.entries = append(n.entries, e)
	}
	n.slots[id] = at
	for _, w := range e.words {
		have, known := n.words[w]
		if n.words[w] = append(have, at); !known {
			n.fresh = append(n.fresh, w)
		}
	}
	for _, x := range e.emails {
		n.emails[x] = append(n.emails[x], at)
	}
	for _, x := range e.phones {
		n.last4[x[len(x)-4:]] = append(n.last4[x[len(x)-4:]], at)
	}
	if y := birthYear(e.birth); y > 0 {
		n.years[y] = append(n.years[y], at)
	}
	if len(e.birth) == len(time.DateOnly) {
		n.births[e.birth] = append(n.births[e.birth], at)
	}
	if len(n.fresh) > 1000 {
		n.settle()
	}
}

func (n *names) drop(id PersonID) {
	at, ok := n.slots[id]
	if !ok {
		return
	}
	e := n.entries[at]
	for _, w := range e.words {
		n.words[w] = without(n.words[w], at) // an empty word stays until settle
	}
	for _, x := range e.emails {
		n.emails[x] = without(n.emails[x], at)
	}
	for _, x := range e.phones {
		n.last4[x[len(x)-4:]] = without(n.last4[x[len(x)-4:]], at)
	}
	n.years[birthYear(e.birth)] = without(n.years[birthYear(e.birth)], at)
	n.births[e.birth] = without(n.births[e.birth], at)
	n.entries[at] = entry{}
	n.free = append(n.free, at)
	delete(n.slots, id)
}

// without removes one occurrence of at; order does not matter.
func without(s []int32, at int32) []int32 {
	if i := slices.Index(s, at); i >= 0 {
		s[i] = s[len(s)-1]
		s = s[:len(s)-1]
	}
	return s
}

// settle makes the sorted vocabulary anew.
func (n *names) settle() {
	n.vocab, n.fresh = n.vocab[:0], nil
	for w, who := range n.words {
		if len(who) == 0 {
			delete(n.words, w)
			continue
		}
		n.vocab = append(n.vocab, word{w, maskOf(w)})
	}
	slices.SortFunc(n.vocab, func(a, b word) int { return cmp.Compare(a.text, b.text) })
}

func maskOf(w string) (m uint64) {
	for _, r := range w {
		m |= 1 << (uint32(r) % 64)
	}
	return m
}

func birthYear(date string) int {
	if len(date) < 4 {
		return 0
	}
	y, _ := strconv.Atoi(date[:4])
	return y
}

// What a match is worth. All words of a query must match; the sum ranks.
const (
	whole  = 100
	prefix = 80
	slip   = 60 // less 10 for each letter wrong
	slips  = 45 // the same in a beginning
)

// find returns the slots that match, best first.
func (n *names) find(query string, limit int) []PersonID {
	if at, ok := n.slots[PersonID(strings.TrimSpace(query))]; ok {
		return []PersonID{n.entries[at].id}
	}
	terms := parseQuery(query)
	if len(terms) == 0 || limit <= 0 {
		return nil
	}
	type score struct{ points, terms int }
	total := map[int32]score{}
	for _, t := range terms {
		for at, points := range n.match(t) {
			s := total[at]
			total[at] = score{s.points + points, s.terms + 1}
		}
	}
	need := len(terms)
	take := func() (out []int32) {
		for at, s := range total {
			if s.terms >= need {
				out = append(out, at)
			}
		}
		return out
	}
	hits := take()
	if len(hits) == 0 && len(terms) >= 3 { // a second family name we do not have, say
		need--
		hits = take()
	}
	slices.SortFunc(hits, func(a, b int32) int {
		return cmp.Or(cmp.Compare(total[b].points, total[a].points), cmp.Compare(n.entries[a].order, n.entries[b].order), cmp.Compare(n.entries[a].id, n.entries[b].id))
	})
	out := make([]PersonID, 0, min(limit, len(hits)))
	for _, at := range hits[:cap(out)] {
		out = append(out, n.entries[at].id)
	}
	return out
}

type termKind int

const (
	nameTerm termKind = iota
	digitTerm
	birthTerm
	emailTerm
)

type term struct {
	kind termKind
	text string
}

var usDate = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{4})$`)

// parseQuery takes a query apart: names, an e-mail address, a birth date (1952-05-03 or 5/3/1952),
// and digits; groups of digits next to each other that make a phone number are one.
func parseQuery(q string) (out []term) {
	q = strings.ToLower(clean(q))
	digits := ""
	var groups []string
	flush := func() {
		if len(digits) >= 7 && len(groups) > 1 {
			groups = []string{digits}
		}
		for _, g := range groups {
			if len(g) >= 4 {
				out = append(out, term{digitTerm, g})
			}
		}
		digits, groups = "", nil
	}
	for _, f := range strings.Fields(q) {
		if m := usDate.FindStringSubmatch(f); m != nil {
			f = m[3] + "-" + ("0" + m[1])[len(m[1])-1:] + "-" + ("0" + m[2])[len(m[2])-1:]
		}
		switch {
		case len(f) == len(time.DateOnly) && ValidDate(f):
			flush()
			out = append(out, term{birthTerm, f})
		case strings.Contains(f, "@"):
			flush()
			out = append(out, term{emailTerm, f})
		case strings.Trim(f, "0123456789()+-.") == "" && onlyDigits(f) != "":
			digits += onlyDigits(f)
			groups = append(groups, onlyDigits(f))
		default:
			flush()
			for _, w := range strings.Fields(fold(f)) {
				out = append(out, term{nameTerm, w})
			}
		}
	}
	flush()
	return out
}

// match returns the points of everyone who matches one term.
func (n *names) match(t term) map[int32]int {
	out := map[int32]int{}
	give := func(who []int32, points int) {
		for _, at := range who {
			out[at] = max(out[at], points)
		}
	}
	switch t.kind {
	case birthTerm:
		give(n.births[t.text], whole)
	case emailTerm:
		give(n.emails[t.text], whole)
	case digitTerm:
		if len(t.text) == 4 {
			give(n.years[birthYear(t.text)], prefix)
		}
		for _, at := range n.last4[t.text[len(t.text)-4:]] {
			for _, x := range n.entries[at].phones {
				if strings.HasSuffix(x, t.text) {
					give([]int32{at}, prefix+min(len(t.text)-4, 6))
				}
			}
		}
	case nameTerm:
		n.matchName(t.text, give)
	}
	return out
}

// matchName: the word itself, words that begin with it, and words or beginnings one slip away
// (two from eight letters on).
func (n *names) matchName(q string, give func([]int32, int)) {
	beginning := func(w string) { give(n.words[w], prefix-min(20, len(w)-len(q))) }
	from, _ := slices.BinarySearchFunc(n.vocab, q, func(w word, q string) int { return cmp.Compare(w.text, q) })
	for _, w := range n.vocab[from:] {
		if !strings.HasPrefix(w.text, q) {
			break
		}
		beginning(w.text)
	}
	for _, w := range n.fresh {
		if strings.HasPrefix(w, q) {
			beginning(w)
		}
	}
	give(n.words[q], whole)

	letters := []rune(q)
	allowed := 0
	if len(letters) >= 4 {
		allowed = 1
	}
	if len(letters) >= 8 {
		allowed = 2
	}
	if allowed == 0 {
		return
	}
	mask := maskOf(q)
	var space [64]rune
	near := func(w string, m uint64) {
		if bits.OnesCount64(mask&^m) > allowed || utf8.RuneCountInString(w) > 39 {
			return
		}
		text := space[:0]
		for _, r := range w {
			text = append(text, r)
		}
		if d := distance(letters, text, allowed, false); d <= allowed {
			give(n.words[w], slip-10*d)
		} else if len(letters) >= 5 && len(text) > len(letters) {
			if d := distance(letters, text, allowed, true); d <= allowed {
				give(n.words[w], slips-10*d)
			}
		}
	}
	for _, w := range n.vocab {
		near(w.text, w.mask)
	}
	for _, w := range n.fresh {
		near(w, maskOf(w))
	}
}
