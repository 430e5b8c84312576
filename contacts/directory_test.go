package contacts

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/id"
	"github.com/muster-health/muster/internal/seal"
)

var (
	maria  = audit.Actor{Kind: audit.Staff, ID: "maria", Role: "coordinator"}
	portal = audit.Actor{Kind: audit.System, ID: "portal"}
)

// bench is a directory on a database of its own, whose guard refuses changes without an entry.
type bench struct {
	*Directory
	clock *clock.Clock
	store *docstore.Store
	log   *audit.Log
	path  string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	ctx := t.Context()
	b := &bench{clock: clock.Manual(noon), path: filepath.Join(t.TempDir(), "muster.db")}
	driver, err := sqlitedoc.Open(ctx, b.path, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { driver.Close() })
	b.store = docstore.New(driver, b.clock.Wall, docstore.Require(audit.Guard(Unaudited()...)))
	ring, err := seal.Open(filepath.Join(t.TempDir(), "keyring.json"), true)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.OpenKeys(ctx, b.store, ring)
	if err != nil {
		t.Fatal(err)
	}
	b.log, err = audit.Open(ctx, b.store, ring, b.clock, audit.Options{Unaudited: Unaudited()})
	if err != nil {
		t.Fatal(err)
	}
	b.Directory, err = Open(ctx, b.store, keys, b.log, id.Sequence(), b.clock, Options{CodesADay: 40})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) actions(t *testing.T) (out []string) {
	t.Helper()
	for e, err := range b.log.Find(t.Context(), docstore.Query{Order: "at"}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Action)
	}
	return out
}

func dana() SignUp {
	return SignUp{
		Person: Person{
			Given: " Dana ", Family: "Okafor", BirthDate: "2005-11-02", Sex: "female", Language: "en",
			Address: Address{ZIP: "15213-1234"},
			Points:  []Point{{Value: "(412) 555-0123"}, {Value: "Dana@Example.test"}},
		},
		Consents: []Consent{{Purpose: Recruitment, Channel: SMS, Granted: true, Source: "web", Wording: "join.sms@1", Evidence: "box ticked"}},
		Facts:    []Fact{{Kind: Condition, Code: "snomed|195967001", Date: "2019", Status: "active", Source: "web"}},
	}
}

func (b *bench) join(t *testing.T, s SignUp) SignedUp {
	t.Helper()
	out, err := b.SignUp(t.Context(), portal, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func person(given, family, birth, phone string) SignUp {
	return SignUp{Person: Person{Given: given, Family: family, BirthDate: birth, Points: []Point{{Kind: Landline, Value: phone}}}}
}

func TestEdit(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	p := b.join(t, dana()).Person
	id := p.PersonID()
	if _, err := b.Edit(ctx, maria, id, "", func(*Person) error { return nil }); !errors.Is(err, ErrReason) {
		t.Error("no reason:", err)
	}
	if _, err := b.Edit(ctx, maria, id, "x", func(p *Person) error { p.Consents = nil; return nil }); !errors.Is(err, ErrLedger) {
		t.Error("ledger:", err)
	}
	if _, err := b.Edit(ctx, maria, id, "x", func(p *Person) error { p.PIN = "0000"; return nil }); !errors.Is(err, ErrLedger) {
		t.Error("pin:", err)
	}
	got, err := b.Edit(ctx, maria, id, "moved", func(p *Person) error {
		p.Address.ZIP = "85201"
		p.Points[0].Value = "412 555 0124"
		return nil
	})
	if err != nil || got.Address.ZIP3 != "852" || got.Points[0].Value != "+14125550124" || got.Points[0].Hash == p.Points[0].Hash {
		t.Errorf("edited: %+v, %v", got, err)
	}
	if who, _ := b.ByPoint(ctx, "+14125550123"); len(who) != 0 {
		t.Error("still found by the old number")
	}
	if again, err := b.Edit(ctx, maria, id, "moved", func(p *Person) error { p.Address.ZIP = "85201"; return nil }); err != nil || again.Rev != got.Rev {
		t.Error("an edit that changes nothing was written", err)
	}
	if _, err := b.Edit(ctx, maria, "per_none", "x", func(*Person) error { return nil }); !errors.Is(err, docstore.ErrNotFound) {
		t.Error("nobody:", err)
	}
}

func TestRevealIsRecorded(t *testing.T) {
	b := newBench(t)
	p := b.join(t, dana()).Person
	if _, _, err := b.Reveal(t.Context(), maria, p.PersonID(), ""); !errors.Is(err, ErrReason) {
		t.Error("without a reason:", err)
	}
	got, chart, err := b.Reveal(t.Context(), maria, p.PersonID(), "calling about CLEARWAY")
	if err != nil || got.Name() != "Dana Okafor" || len(chart.Facts) != 1 {
		t.Errorf("revealed %q, %d facts, %v", got.Name(), len(chart.Facts), err)
	}
	for e, err := range b.log.Find(t.Context(), docstore.Query{Eq: []docstore.Field{docstore.E("person", p.ID)}, Order: "at", Desc: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Action == "person.reveal" && e.Actor == maria && e.Reason == "calling about CLEARWAY" && len(e.Objects) == 2 {
			return
		}
	}
	t.Error("no entry says who looked")
}

func TestFactsMerge(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	id := PersonID(b.join(t, dana()).Person.ID)
	six, seven := 6.0, 7.0
	hba := Fact{ID: "f1", Kind: Observation, Code: "loinc|4548-4", Number: &six, Unit: "%", Date: "2026-05-01", Source: "import:fhir"}
	record := func(f Fact) Chart {
		t.Helper()
		if err := b.RecordFacts(ctx, maria, id, "", []Fact{f}, nil); err != nil {
			t.Fatal(err)
		}
		c, err := b.Chart(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	one := record(hba)
	if b.clock.Advance(time.Hour); record(hba).Rev != one.Rev {
		t.Error("the same fact was written again")
	}
	hba.Number = &seven
	if c := record(hba); len(c.Facts) != 2 || *c.Facts[1].Number != 7 {
		t.Errorf("newest does not win: %+v", c.Facts)
	}
	old := hba
	old.Number, old.Recorded = &six, noon.AddDate(-1, 0, 0)
	if c := record(old); *c.Facts[1].Number != 7 {
		t.Error("an older word won")
	}
	smoker := Fact{Kind: Answered, Code: "muster|smoker", Text: "  only at weekends ", Date: "2026-06-08", Source: "sms"}
	record(smoker)
	if c := record(smoker); len(c.Facts) != 3 || c.Facts[2].Text != "only at weekends" {
		t.Errorf("told twice on one day: %+v", c.Facts)
	}
	if err := b.RecordFacts(ctx, maria, id, "", nil, map[string]string{"condition": "2026-06-08"}); err != nil {
		t.Fatal(err)
	}
	if c, _ := b.Chart(ctx, id); c.Complete["condition"] != "2026-06-08" {
		t.Error("complete list not kept")
	}
	if err := b.RecordFacts(ctx, maria, "per_none", "", []Fact{hba}, nil); !errors.Is(err, docstore.ErrNotFound) {
		t.Error("facts of nobody:", err)
	}
}

func TestPointStatus(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	r := b.join(t, person("Rosa", "Delgado", "1952-05-03", "+14125550110")).Person
	e := b.join(t, person("Ernesto", "Delgado", "1950-03-01", "+14125550110")).Person
	hash := r.Points[0].Hash
	people, err := b.MarkPoint(ctx, portal, hash, StatusInvalid, "carrier 21614", nil)
	if err != nil || len(people) != 2 {
		t.Errorf("invalid for all: %d, %v", len(people), err)
	}
	r, _ = b.Get(ctx, r.PersonID())
	e, _ = b.Get(ctx, e.PersonID())
	for _, p := range []Person{r, e} {
		if p.Points[0].Status != StatusInvalid || p.Points[0].StatusAt.IsZero() {
			t.Errorf("%s: %+v", p.Given, p.Points)
		}
	}
	if people, err = b.MarkPoint(ctx, portal, hash, StatusInvalid, "carrier 21614", nil); err != nil || len(people) != 0 {
		t.Errorf("again: %d, %v", len(people), err)
	}
	if people, err = b.MarkPoint(ctx, portal, "hash of a stranger", StatusWrong, "pressed 3", nil); err != nil || len(people) != 0 {
		t.Errorf("nobody's point: %d, %v", len(people), err)
	}
}
