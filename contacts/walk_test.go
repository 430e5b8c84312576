package contacts

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/muster-health/muster/internal/docstore"
)

// fill gives every field of a struct a value that tells it from others.
func fill(v reflect.Value, name string) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(noon.Add(time.Duration(len(name)) * time.Hour)))
	case v.Type() == reflect.TypeFor[docstore.Meta](): // the store's
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), name+v.Type().Field(i).Name)
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), fmt.Sprint(name, i))
		}
	case v.Kind() == reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{name: "2026-01-01", "other": "2026"}))
	case v.Kind() == reflect.String:
		v.SetString(name)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(int64(len(name)))
	case v.CanFloat():
		v.SetFloat(float64(len(name)) + 0.5)
	}
}

// read is what a walk makes of everybody.
func (b *bench) read(t *testing.T, some Some) (out []Charted) {
	t.Helper()
	for page, err := range b.Walk(t.Context(), some) {
		if err != nil {
			t.Fatal(err)
		}
		open, err := page.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, open...)
	}
	return out
}

// A walk reads all of a chart, and of a person what it says it does, as everything else does: whatever
// is filled in, sealed, of one study, or gone.
func TestWalkReadsWhatIsStored(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	shared := cmp.Options{
		cmpopts.IgnoreFields(Person{}, "Given", "Family", "Zone", "Proxy", "Slow", "Consents", "Home", "SourceID", "Imported", "Created", "PIN", "PINFails", "PINLocked", "NameDigest"),
		cmpopts.IgnoreFields(Address{}, "Line", "City", "State", "ZIP3"),
		cmpopts.IgnoreFields(Point{}, "Value", "Hash", "Raw", "Verified", "StatusAt", "Preferred", "Discreet", "Voicemail", "NoText", "Hard", "Soft"),
	}
	const people = 450 // more than two pages
	err := b.store.Do(ctx, func(batch *docstore.Batch) error {
		for i := range people {
			id := fmt.Sprintf("per_%03d", i)
			var p Person
			c := Chart{Facts: []Fact{{}, {}}}
			if i%3 > 0 {
				fill(reflect.ValueOf(&p).Elem(), id)
				p.Erased = time.Time{}
			}
			if i%3 == 1 {
				fill(reflect.ValueOf(&c).Elem(), id)
				c.Facts = append(c.Facts, Fact{ID: "none", Scope: Registry}, Fact{ID: "own", Scope: "CLEARWAY", Text: "words of their own"})
				c.Facts[1].Scope = Registry
			}
			p.Meta, c.Meta, p.Sex = docstore.Meta{ID: id}, docstore.Meta{ID: id}, "female"
			b.people.Insert(batch, &p)
			if i%4 > 0 {
				b.charts.Insert(batch, &c)
			}
		}
		b.record(batch, maria, "test", "per_000", "")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	check := func(some Some) {
		t.Helper()
		got := b.read(t, some)
		if len(got) != people {
			t.Fatalf("%d people, want %d", len(got), people)
		}
		slices.SortFunc(got, func(x, y Charted) int { return strings.Compare(x.Person.ID, y.Person.ID) })
		for i, x := range got {
			id := PersonID(fmt.Sprintf("per_%03d", i))
			p, err := b.Get(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			c, err := b.Chart(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(Charted{p, c}, x, shared, cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("%s (-everything else +walk):\n%s", id, d)
			}
		}
	}
	everybody := Some{}
	asked := Some{Queries: []docstore.Query{BornQuery("female", 0, 0)}}
	check(everybody)
	check(asked)

	// One study's key is gone, and one person's.
	err = b.store.Do(ctx, func(batch *docstore.Batch) error {
		if err := b.keys.ShredPart(ctx, batch, "per_001", "CLEARWAY"); err != nil {
			return err
		}
		if err := b.keys.Shred(ctx, batch, "per_002"); err != nil {
			return err
		}
		b.record(batch, maria, "test", "per_001", "")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	check(everybody)
	check(asked)
	if x := b.read(t, everybody)[1]; len(x.Chart.Facts) != 3 {
		t.Errorf("%d facts are left of four, of which one study's key is gone", len(x.Chart.Facts))
	}
}
