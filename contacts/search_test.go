package contacts

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/docstore"
)

func indexOf(people ...Person) *names {
	n := newNames()
	for i := range people {
		n.put(&people[i])
	}
	return n
}

func named(id, given, family, birth string, points ...string) Person {
	p := Person{Meta: docstore.Meta{ID: id}, Given: given, Family: family, BirthDate: birth}
	for _, v := range points {
		kind, value, err := ParsePoint(v)
		if err != nil {
			kind, value = Landline, ""
			p.Points = append(p.Points, Point{Kind: kind, Raw: v, Status: StatusNoDial})
			continue
		}
		p.Points = append(p.Points, Point{Kind: kind, Value: value})
	}
	return p
}

func TestFindNames(t *testing.T) {
	n := indexOf(
		named("rosa", "Rosa", "Delgado", "1952-05-03", "412-555-0110", "rosa@example.test"),
		named("ernesto", "Ernesto", "Delgado", "1950-03-01", "412-555-0110"),
		named("delia", "Delia", "Garza", "1980-05-03", "412-555-0111"),
		named("jose", "José María", "García López", "1975-01-02", "808-555-1952"),
		named("anne", "Anne-Marie", "Smith-Jones", "1990", "555-856-9091"),
		named("sean", "Seán", "O’Connor", "1961-07-08"),
		named("cruz", "Ana", "de la Cruz", "1962-07-08"),
		named("lukasz", "Łukasz", "Wiśniewski", "1963-07-08"),
		named("harold", "Harold", "Whitcombe", "1944-07-08"),
		named("li", "李", "王", "1970-07-08"),
	)
	n.settle()
	n.put(new(named("tom", "Tom", "Brannigan", "1966-02-03", "412-555-0145"))) // stays among the fresh words

	for _, tc := range []struct {
		query string
		want  []PersonID
	}{
		{"rosa delgado", []PersonID{"rosa"}},
		{"delgado", []PersonID{"ernesto", "rosa"}},
		{"del", []PersonID{"delia", "ernesto", "rosa", "cruz"}},
		{"DELGADO,  Rosa", []PersonID{"rosa"}},
		{"delgdao", []PersonID{"ernesto", "rosa"}},        // two letters swapped
		{"delgda", []PersonID{"ernesto", "rosa"}},         // a slip while still typing
		{"rsoa delgado", []PersonID{"rosa"}},              //
		{"ros", []PersonID{"rosa"}},                       // three letters: no slips
		{"rso", nil},                                      //
		{"wihtcomb", []PersonID{"harold"}},                //
		{"whitkombee", []PersonID{"harold"}},              // two slips in ten letters
		{"jose garcia", []PersonID{"jose"}},               // no accents
		{"lopez", []PersonID{"jose"}},                     // the second family name
		{"garcía lópez josé", []PersonID{"jose"}},         //
		{"smith", []PersonID{"anne"}},                     // either side of the hyphen
		{"jones anne", []PersonID{"anne"}},                //
		{"smithjones", []PersonID{"anne"}},                // or none
		{"oconnor", []PersonID{"sean"}},                   // no apostrophe
		{"o'connor sean", []PersonID{"sean"}},             //
		{"delacruz", []PersonID{"cruz"}},                  //
		{"lukasz wisniewski", []PersonID{"lukasz"}},       //
		{"rosa delgado vega", []PersonID{"rosa"}},         // a name we do not have
		{"rosa vega", nil},                                //
		{"0110", []PersonID{"ernesto", "rosa"}},           // last four
		{"0110 rosa", []PersonID{"rosa"}},                 //
		{"(412) 555-0110", []PersonID{"ernesto", "rosa"}}, //
		{"412 555 0110", []PersonID{"ernesto", "rosa"}},   //
		{"+1 412 555 0145", []PersonID{"tom"}},            //
		{"555-0145", []PersonID{"tom"}},                   //
		{"9091", []PersonID{"anne"}},                      // kept though not dialable
		{"110", nil},                                      // three digits say too little
		{"1952", []PersonID{"rosa", "jose"}},              // a year, or the end of a number
		{"delgado 1950", []PersonID{"ernesto"}},           //
		{"1952-05-03", []PersonID{"rosa"}},                //
		{"5/3/1952", []PersonID{"rosa"}},                  //
		{"Rosa@Example.test", []PersonID{"rosa"}},         //
		{"brannigan", []PersonID{"tom"}},                  //
		{"branigan", []PersonID{"tom"}},                   //
		{"王", []PersonID{"li"}},                           //
		{"ernesto", []PersonID{"ernesto"}},                //
		{"harold ", []PersonID{"harold"}},                 //
		{"", nil}, {"  ", nil}, {"-", nil}, {"zzzz", nil},
	} {
		got := n.find(tc.query, 10)
		if d := cmp.Diff(tc.want, got); d != "" && len(got)+len(tc.want) > 0 {
			t.Errorf("%q (-want +got):\n%s", tc.query, d)
		}
	}
	if got := n.find("delgado", 1); len(got) != 1 {
		t.Errorf("limit: %v", got)
	}
	n.put(new(named("rosa", "Rosa", "Vega", "1952-05-03")))
	n.drop("ernesto")
	if got := n.find("delgado", 10); len(got) != 0 {
		t.Errorf("after a change and a removal: %v", got)
	}
	if got := n.find("0110", 10); len(got) != 0 {
		t.Errorf("the old number still finds %v", got)
	}
	if got := n.find("rosa vega", 10); len(got) != 1 {
		t.Errorf("by the new name: %v", got)
	}
}

// plainDistance is the textbook table, to compare with.
func plainDistance(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			c := 1
			if a[i-1] == b[j-1] {
				c = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+c)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

func TestDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.SampledFrom([]rune("abcé")), 0, 12)
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		for limit := range 3 {
			want := min(plainDistance(a, b), limit+1)
			if got := distance(a, b, limit, false); got != want {
				t.Fatalf("limit %d: got %d, want %d", limit, got, want)
			}
			best := limit + 1
			for j := range len(b) + 1 {
				best = min(best, plainDistance(a, b[:j]))
			}
			if got := distance(a, b, limit, true); got != best {
				t.Fatalf("beginning, limit %d: got %d, want %d", limit, got, best)
			}
		}
	})
}

// TestIndexForgets: whatever is put and dropped in whatever order, the index finds what an index
// made of the people who are left finds.
func TestIndexForgets(t *testing.T) {
	firsts, lasts := []string{"Ana", "Anna", "Hanna", "José"}, []string{"Vega", "Vegas", "de la Cruz", "Smith-Jones"}
	rapid.Check(t, func(t *rapid.T) {
		n, left := newNames(), map[PersonID]Person{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			id := PersonID(fmt.Sprint(rapid.IntRange(0, 5).Draw(t, "id")))
			if rapid.IntRange(0, 3).Draw(t, "drop") == 0 {
				n.drop(id)
				delete(left, id)
				continue
			}
			p := named(string(id), rapid.SampledFrom(firsts).Draw(t, "given"), rapid.SampledFrom(lasts).Draw(t, "family"), "1950-01-02", fmt.Sprintf("412-555-010%d", rapid.IntRange(0, 9).Draw(t, "n")))
			n.put(&p)
			left[id] = p
			if rapid.Bool().Draw(t, "settle") {
				n.settle()
			}
		}
		fresh := newNames()
		for _, p := range left {
			fresh.put(&p)
		}
		for _, q := range []string{"ana", "vega", "hana", "smithjones", "cruz", "1950", "0103", "jose vegas", "1950-01-02"} {
			if d := cmp.Diff(fresh.find(q, 10), n.find(q, 10)); d != "" {
				t.Fatalf("%q: %s", q, d)
			}
		}
	})
}

func TestSearchFollowsTheDirectory(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	rosa := b.join(t, person("Rosa", "Delgado", "1952-05-03", "+14125550110")).Person
	s := NewSearch(b.Directory)
	if err := s.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	b.join(t, person("Ernesto", "Delgado", "1950-03-01", "+14125550110"))
	if got := s.Find("delgado", 5); !slices.Equal(got, []PersonID{rosa.PersonID()}) || s.Len() != 1 {
		t.Errorf("at start: %v", got)
	}
	if _, err := b.Edit(ctx, maria, rosa.PersonID(), "married", func(p *Person) error { p.Family = "Vega"; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	if got := s.Find("rosa vega", 5); len(got) != 1 {
		t.Errorf("after the edit: %v", got)
	}
	if got := s.Find("delgado", 5); len(got) != 1 || got[0] == rosa.PersonID() {
		t.Errorf("by the old name: %v", got)
	}
}

func TestSearchWhileWriting(t *testing.T) {
	b := newBench(t)
	s := NewSearch(b.Directory)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 5 {
				b.join(t, person("Ana", fmt.Sprintf("Vega%c%c", 'a'+i, 'a'+j), fmt.Sprintf("19%d%d-01-02", i+5, j), fmt.Sprintf("+1412555010%d", i)))
			}
		})
		wg.Go(func() {
			for range 10 {
				if err := s.Tick(t.Context()); err != nil {
					t.Error(err)
				}
				s.Find("ana vega", 10)
			}
		})
	}
	wg.Wait()
	if err := s.Tick(t.Context()); err != nil || len(s.Find("ana", 50)) != 20 {
		t.Errorf("found %d, %v", len(s.Find("ana", 50)), err)
	}
}

func BenchmarkFind(b *testing.B) {
	for _, size := range []int{2_000, 100_000} {
		rng := rand.New(rand.NewPCG(1, 2))
		syllables := []string{"ma", "ri", "del", "ga", "do", "ro", "sa", "ber", "ton", "lin", "qvist", "her", "re", "ra", "wil", "son", "ka", "ne"}
		name := func() string {
			s := ""
			for range 2 + rng.IntN(3) {
				s += syllables[rng.IntN(len(syllables))]
			}
			return s
		}
		n := newNames()
		for i := range size {
			day := time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rng.IntN(25000))
			n.put(new(named(fmt.Sprint(i), name(), name(), day.Format(time.DateOnly), fmt.Sprintf("412-555-01%02d", i%100))))
		}
		n.settle()
		for _, q := range []string{"delgado", "marigado rosa", "herreradelgadi", "ma", "0142"} {
			b.Run(fmt.Sprintf("%d/%s", size, q), func(b *testing.B) {
				for b.Loop() {
					n.find(q, 20)
				}
			})
		}
	}
}
