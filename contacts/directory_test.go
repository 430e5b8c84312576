package contacts

import (
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	b.Directory, err = Open(ctx, b.store, keys, b.log, id.Sequence(), b.clock)
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

func TestSignUpKeepsEverythingInOneBatch(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	var code Started
	out, err := b.SignUp(ctx, portal, dana(), func(batch *docstore.Batch, p *Person) (err error) {
		code, err = b.StartCode(ctx, batch, p.Points[0].Value, "signup", p.PersonID())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Get(ctx, out.Person.PersonID())
	if err != nil {
		t.Fatal(err)
	}
	if p.Given != "Dana" || p.BirthYear != 2005 || p.Address.ZIP != "15213" || p.Address.ZIP3 != "152" ||
		p.Points[0].Value != "+14125550123" || p.Points[0].Kind != Mobile || p.Points[1].Value != "dana@example.test" ||
		p.Points[1].Kind != Email || p.Basis.Kind != ByConsent || !p.Created.Equal(noon) || p.Source != "web" {
		t.Errorf("kept as %+v", p)
	}
	if len(p.Consents) != 1 || p.Consents[0].ID == "" || !p.Consents[0].At.Equal(noon) {
		t.Errorf("ledger: %+v", p.Consents)
	}
	chart, err := b.Chart(ctx, p.PersonID())
	if err != nil || len(chart.Facts) != 1 || chart.Facts[0].Scope != Registry || chart.Facts[0].ID == "" {
		t.Errorf("chart: %+v, %v", chart, err)
	}
	if g := May(p, Ask{Purpose: Recruitment, Channel: SMS, Now: noon}); !g.OK {
		t.Errorf("the zone follows from the ZIP: %s", g.Sentence())
	}
	got, err := b.ByPoint(ctx, "412.555.0123")
	if err != nil || len(got) != 1 || got[0].ID != p.ID {
		t.Errorf("by phone: %v, %v", got, err)
	}
	if got, err := b.ByPoint(ctx, "DANA@example.test"); err != nil || len(got) != 1 {
		t.Errorf("by e-mail: %v, %v", got, err)
	}
	if got, err := b.ByPoint(ctx, "412-555-0199"); err != nil || len(got) != 0 {
		t.Errorf("a number nobody has: %v, %v", got, err)
	}
	proof, err := b.CheckCode(ctx, code.ID, code.Code)
	if err != nil || proof.Person != p.PersonID() || proof.Purpose != "signup" || proof.Point != p.Points[0].Hash {
		t.Errorf("code proves %+v, %v", proof, err)
	}
	if p, err = b.Verify(ctx, portal, p.PersonID(), proof.Point); err != nil || p.Points[0].Verified.IsZero() {
		t.Errorf("verified: %+v, %v", p.Points, err)
	}
	if d := cmp.Diff([]string{"person.signup", "point.verify"}, b.actions(t)); d != "" {
		t.Error(d)
	}
}

func TestSignUpRefusesWhatCannotBeKept(t *testing.T) {
	b := newBench(t)
	for name, tc := range map[string]struct {
		change func(*Person)
		field  string
	}{
		"no name":         {func(p *Person) { p.Given, p.Family = " ", "" }, "name"},
		"impossible day":  {func(p *Person) { p.BirthDate = "1952-02-30" }, "birthDate"},
		"born tomorrow":   {func(p *Person) { p.BirthDate = "2026-06-09" }, "birthDate"},
		"area code 555":   {func(p *Person) { p.Points[0].Value = "555-856-9091" }, "points"},
		"half an address": {func(p *Person) { p.Points[1].Value = "dana@example" }, "points"},
		"equal hours":     {func(p *Person) { p.ReachMe.From, p.ReachMe.To = "09:00", "09:00" }, "reachMe.from"},
		"night hours":     {func(p *Person) { p.ReachMe.From, p.ReachMe.To = "22:00", "06:00" }, "reachMe.from"},
		"nowhere":         {func(p *Person) { p.Zone = "America/Pittsburgh" }, "zone"},
		"bare waiver":     {func(p *Person) { p.Basis = Basis{Kind: ByWaiver} }, "basis"},
		"automated waiver": {func(p *Person) {
			p.Basis = Basis{Kind: ByWaiver, Study: "A", Board: "B", Reference: "C", Expires: "2026-12-31", Ways: []Channel{SMS}}
		}, "basis.ways"},
	} {
		s := dana()
		tc.change(&s.Person)
		_, err := b.SignUp(t.Context(), portal, s, nil)
		var problems Problems
		if !errors.As(err, &problems) || !slices.ContainsFunc(problems, func(p Problem) bool { return p.Field == tc.field }) {
			t.Errorf("%s: got %v, want a problem with %s", name, err, tc.field)
		}
	}
	if n, err := b.Count(t.Context()); n != 0 || err != nil {
		t.Errorf("%d people were kept, %v", n, err)
	}
}

func TestExactRepeatMakesNoSecondPersonAndWaitsForProof(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	first := b.join(t, dana())
	if _, err := b.Revoke(ctx, portal, "+14125550123", Consent{Channel: SMS, Source: "sms", Evidence: "STOP"}, nil); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Hour)

	again := dana()
	again.Person.Given, again.Person.Points = "DANA", again.Person.Points[:1]
	again.Facts = append(again.Facts, Fact{Kind: Answered, Code: "muster|smoker", Bool: new(bool), Source: "web"})
	ran := 0
	second, err := b.SignUp(ctx, portal, again, func(_ *docstore.Batch, p *Person) error {
		if ran++; p.ID != first.Person.ID {
			t.Error("the messages are for another person")
		}
		return nil
	})
	if err != nil || !second.Repeat || second.Person.ID != first.Person.ID || ran != 1 {
		t.Fatalf("repeat: %+v, %v, ran %d", second, err, ran)
	}
	if n, _ := b.Count(ctx); n != 1 {
		t.Errorf("%d people", n)
	}
	p, _ := b.Get(ctx, first.Person.PersonID())
	if g := May(p, Ask{Purpose: Recruitment, Channel: SMS, Now: b.clock.Now()}); g.OK {
		t.Error("a form sent by anybody undid a STOP")
	}
	p, err = b.Verify(ctx, portal, p.PersonID(), p.Points[0].Hash)
	if err != nil {
		t.Fatal(err)
	}
	if g := May(p, Ask{Purpose: Recruitment, Channel: SMS, Now: b.clock.Now()}); !g.OK {
		t.Errorf("after the code: %s", g.Sentence())
	}
	if c, _ := b.Chart(ctx, p.PersonID()); len(c.Facts) != 2 {
		t.Errorf("%d facts after the code", len(c.Facts))
	}
}

func TestTheSameFormTwiceAtOnce(t *testing.T) {
	b := newBench(t)
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() {
			out, err := b.SignUp(t.Context(), portal, dana(), nil)
			if err != nil {
				t.Error(err)
			}
			ids[i] = out.Person.ID
		})
	}
	wg.Wait()
	if n, _ := b.Count(t.Context()); n != 1 || len(slices.Compact(ids)) != 1 {
		t.Errorf("%d people, ids %v", n, ids)
	}
}

func TestLookAlikesAreReviewedNeverMerged(t *testing.T) {
	const line = "+14125550110"
	for name, tc := range map[string]struct {
		a, b SignUp
		why  string
	}{
		"spouses on one landline":  {person("Rosa", "Delgado", "1952-05-03", line), person("Ernesto", "Delgado", "1950-03-01", line), ""},
		"twins named alike":        {person("June", "Lindqvist", "1998-01-20", line), person("Jade", "Lindqvist", "1998-01-20", line), SharePoint},
		"twins named apart":        {person("Anna", "Lindqvist", "1998-01-20", line), person("Oliver", "Lindqvist", "1998-01-20", line), ""},
		"father and son, one name": {person("John", "Smith", "1950-01-20", line), person("John", "Smith", "1980-01-20", line), ""},
		"a new number":             {person("José", "Núñez", "1980-01-20", line), person("Jose", "Nunez", "1980-01-20", "+14125550111"), ShareName},
		"a short form":             {person("Rob", "Smith", "1980-01-20", line), person("Robert", "Smyth", "1980-01-20", line), SharePoint},
		"strangers":                {person("Rob", "Smith", "1980-01-20", line), person("Rob", "Smith", "1980-02-20", "+14125550111"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			first, second := b.join(t, tc.a), b.join(t, tc.b)
			if second.Repeat || first.Person.ID == second.Person.ID {
				t.Fatal("merged")
			}
			open, err := b.Reviews(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			var why string
			if len(open) > 0 {
				why = open[0].Why
			}
			if why != tc.why || len(open) != len(second.Reviews) {
				t.Fatalf("reviews %+v, want %q", open, tc.why)
			}
			if why == "" {
				return
			}
			if _, err := b.DecideReview(t.Context(), maria, open[0].ID, ReviewDifferent, "asked both"); err != nil {
				t.Fatal(err)
			}
			if left, _ := b.Reviews(t.Context(), 0); len(left) != 0 {
				t.Error("still open")
			}
			if of, _ := b.ReviewsOf(t.Context(), second.Person.PersonID()); len(of) != 1 || of[0].Note != "asked both" || of[0].By != "maria" {
				t.Errorf("kept: %+v", of)
			}
		})
	}
}

func TestStopFromASharedNumberIsEverybodys(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	rosa := person("Rosa", "Delgado", "1952-05-03", "+14125550110")
	rosa.Person.Points[0].Kind = Mobile
	rosa.Consents = []Consent{
		{Purpose: Recruitment, Channel: SMS, Granted: true, Source: "web"},
		{Purpose: StudyCare, Channel: SMS, Granted: true, Source: "web"},
	}
	ernesto := person("Ernesto", "Delgado", "1950-03-01", "+14125550110")
	ernesto.Person.Points[0].Kind = Mobile
	ernesto.Consents = rosa.Consents[:1]
	r, e := PersonID(b.join(t, rosa).Person.ID), PersonID(b.join(t, ernesto).Person.ID)
	b.clock.Advance(time.Hour)

	allowed := func(id PersonID, p Purpose) bool {
		_, g, err := b.MayContact(ctx, id, Ask{Purpose: p, Channel: SMS})
		if err != nil {
			t.Fatal(err)
		}
		return g.OK
	}
	if !allowed(r, Recruitment) || !allowed(r, StudyCare) || !allowed(e, Recruitment) || allowed(e, StudyCare) {
		t.Fatal("before STOP")
	}
	var told []Person
	people, err := b.Revoke(ctx, portal, "+14125550110", Consent{Channel: SMS, Source: "sms", Evidence: "STOP"}, func(_ *docstore.Batch, people []Person) error {
		told = people
		return nil
	})
	if err != nil || len(people) != 2 || len(told) != 2 {
		t.Fatalf("revoked for %d, told %d, %v", len(people), len(told), err)
	}
	for _, id := range []PersonID{r, e} {
		if allowed(id, Recruitment) || allowed(id, StudyCare) {
			t.Error("after STOP")
		}
	}
	b.clock.Advance(time.Hour)
	if _, err := b.Resume(ctx, portal, "+14125550110", Consent{Channel: SMS, Source: "sms", Evidence: "START"}, nil); err != nil {
		t.Fatal(err)
	}
	if !allowed(r, Recruitment) || !allowed(r, StudyCare) || !allowed(e, Recruitment) || allowed(e, StudyCare) {
		t.Error("START gives back what stood, and no more")
	}
	before, _ := b.Get(ctx, r)
	if _, err := b.Resume(ctx, portal, "+14125550110", Consent{Channel: SMS, Source: "sms"}, nil); err != nil {
		t.Fatal(err)
	}
	if after, _ := b.Get(ctx, r); len(after.Consents) != len(before.Consents) {
		t.Error("a second START is written again")
	}
}

func TestStopFromANumberNobodyHas(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	people, err := b.Revoke(ctx, portal, "+14125550123", Consent{Channel: SMS, Source: "sms", Evidence: "STOP"}, nil)
	if err != nil || len(people) != 0 {
		t.Fatal(people, err)
	}
	out := b.join(t, dana())
	if len(out.Suppressed) != 1 {
		t.Errorf("sign-up does not see the list: %+v", out.Suppressed)
	}
	if _, g, _ := b.MayContact(ctx, out.Person.PersonID(), Ask{Purpose: Requested, Channel: SMS}); g.OK || !g.Has(CodeSuppressed) {
		t.Errorf("gate: %+v", g)
	}
	if _, err := b.Resume(ctx, portal, "+14125550123", Consent{Channel: SMS, Source: "sms", Evidence: "START"}, nil); err != nil {
		t.Fatal(err)
	}
	if yes, err := b.Suppressed(ctx, out.Person.Points[0].Hash); yes || err != nil {
		t.Error("START did not take the number off the list", err)
	}
	if _, err := b.Revoke(ctx, portal, "not a number", Consent{Source: "sms"}, nil); err == nil {
		t.Error("nonsense was revoked")
	}
	if _, err := b.Revoke(ctx, portal, "+14125550199", Consent{}, nil); err == nil {
		t.Error("an entry without a source was taken")
	}
}

func TestRecordsBecomeConsentWhenTheyAgree(t *testing.T) {
	b := newBench(t)
	s := dana()
	s.Person.Basis, s.Consents = Basis{Kind: ByRecords}, nil
	p := b.join(t, s).Person
	if g := May(p, Ask{Purpose: Recruitment, Channel: Call, Now: noon}); g.Sentence() != RecordsOnly {
		t.Fatal(g.Sentence())
	}
	p, err := b.AddConsent(t.Context(), maria, p.PersonID(), "said so on the phone", Consent{Purpose: Recruitment, Channel: Call, Granted: true, Source: "staff"})
	if err != nil {
		t.Fatal(err)
	}
	if g := May(p, Ask{Purpose: Recruitment, Channel: Call, Now: noon}); !g.OK {
		t.Error(g.Sentence())
	}
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
	if _, err := b.SetPointStatus(ctx, portal, r.PersonID(), hash, StatusWrong, "pressed 3", nil); err != nil {
		t.Fatal(err)
	}
	r, _ = b.Get(ctx, r.PersonID())
	e, _ = b.Get(ctx, e.PersonID())
	if r.Points[0].Status != StatusWrong || r.Points[0].StatusAt.IsZero() || e.Points[0].Status != "" {
		t.Errorf("wrong for one: %+v %+v", r.Points, e.Points)
	}
	people, err := b.MarkPoint(ctx, portal, hash, StatusInvalid, "carrier 21614", nil)
	if err != nil || len(people) != 2 {
		t.Errorf("invalid for all: %d, %v", len(people), err)
	}
	if people, err = b.MarkPoint(ctx, portal, hash, StatusInvalid, "carrier 21614", nil); err != nil || len(people) != 0 {
		t.Errorf("again: %d, %v", len(people), err)
	}
	if _, err := b.SetPointStatus(ctx, portal, r.PersonID(), "other", StatusWrong, "", nil); !errors.Is(err, docstore.ErrNotFound) {
		t.Error("somebody else's point:", err)
	}
}

func TestPIN(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	r := PersonID(b.join(t, person("Rosa", "Delgado", "1952-05-03", "+14125550110")).Person.ID)
	e := PersonID(b.join(t, person("Ernesto", "Delgado", "1950-03-01", "+14125550110")).Person.ID)
	if err := b.CheckPIN(ctx, portal, r, "4471"); !errors.Is(err, ErrPINNone) {
		t.Error("none yet:", err)
	}
	for _, weak := range []string{"", "123", "1234", "9876", "7777", "0503", "0305", "1952", "12a4", "44711"} {
		if err := b.SetPIN(ctx, maria, r, weak, "by phone"); !errors.Is(err, ErrPINWeak) {
			t.Errorf("%q: %v", weak, err)
		}
	}
	if err := b.SetPIN(ctx, maria, r, "4471", "by phone"); err != nil {
		t.Fatal(err)
	}
	if err := b.SetPIN(ctx, maria, e, "4471", "by phone"); !errors.Is(err, ErrPINTaken) {
		t.Error("taken:", err)
	}
	if err := b.SetPIN(ctx, maria, e, "9026", "by phone"); err != nil {
		t.Fatal(err)
	}
	if err := b.CheckPIN(ctx, portal, r, "4471"); err != nil {
		t.Error("right:", err)
	}
	if err := b.CheckPIN(ctx, portal, e, "4471"); !errors.Is(err, ErrPINWrong) {
		t.Error("the other's:", err)
	}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if err := b.CheckPIN(ctx, portal, r, "1111"); !errors.Is(err, ErrPINWrong) && !errors.Is(err, ErrPINLocked) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if p, _ := b.Get(ctx, r); p.PINFails != pinTries {
		t.Errorf("%d failures counted", p.PINFails)
	}
	if err := b.CheckPIN(ctx, portal, r, "4471"); !errors.Is(err, ErrPINLocked) {
		t.Error("locked:", err)
	}
	if err := b.ClearPINLock(ctx, maria, r, "spoke to her"); err != nil {
		t.Fatal(err)
	}
	if err := b.CheckPIN(ctx, portal, r, "4471"); err != nil {
		t.Error("unlocked:", err)
	}
	for range pinTries {
		b.CheckPIN(ctx, portal, r, "1111")
	}
	b.clock.Advance(pinLock)
	if err := b.CheckPIN(ctx, portal, r, "4471"); err != nil {
		t.Error("a day later:", err)
	}
	if p, _ := b.Get(ctx, r); p.PINFails != 0 || !p.PINLocked.IsZero() {
		t.Errorf("a right PIN leaves %d failures, locked %v", p.PINFails, p.PINLocked)
	}
}

func TestTouches(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	p := b.join(t, dana()).Person
	add := func(touch Touch) Touch {
		t.Helper()
		err := b.store.Do(ctx, func(batch *docstore.Batch) error {
			b.AddTouch(batch, &touch)
			b.record(batch, maria, "touch.add", touch.Person, "")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(time.Minute)
		return touch
	}
	out := add(Touch{Person: p.PersonID(), Out: true, Channel: SMS, Purpose: Recruitment, Kind: "message", Body: "hello", Outcome: "queued", Message: "msg_1"})
	in := add(Touch{Person: p.PersonID(), Channel: SMS, Kind: "message", Body: "who is this?", SID: "SM1", Point: p.Points[0].Hash})
	lost := add(Touch{Channel: SMS, Kind: "message", Body: "hello?", SID: "SM2", Point: "hash of a stranger"})

	line, err := b.Timeline(ctx, p.PersonID(), 10, time.Time{})
	if err != nil || len(line) != 2 || line[0].ID != in.ID || line[1].Body != "hello" {
		t.Errorf("timeline: %+v, %v", line, err)
	}
	if line, _ = b.Timeline(ctx, p.PersonID(), 10, in.At); len(line) != 1 || line[0].ID != out.ID {
		t.Errorf("before: %+v", line)
	}
	unread, err := b.Unread(ctx, 10)
	if n, _ := b.CountUnread(ctx); err != nil || len(unread) != 2 || n != 2 || unread[0].ID != lost.ID || unread[0].Body != "hello?" {
		t.Errorf("unread: %+v, %v", unread, err)
	}
	if err := b.MarkRead(ctx, maria, in.ID); err != nil {
		t.Fatal(err)
	}
	if unread, _ = b.Unread(ctx, 10); len(unread) != 1 {
		t.Errorf("%d left", len(unread))
	}
	if at, _ := b.AtPoint(ctx, "hash of a stranger", 5, noon); len(at) != 1 {
		t.Errorf("at the number: %+v", at)
	}
	got, err := b.TouchBySID(ctx, "SM2")
	if err != nil || got.ID != lost.ID {
		t.Error("by sid:", err)
	}
	// Staff place the message; its words move to the person's own key.
	if _, err := b.UpdateTouch(ctx, maria, lost.ID, func(t *Touch, _ *docstore.Batch) error { t.Person = p.PersonID(); return nil }); err != nil {
		t.Fatal(err)
	}
	if line, _ = b.Timeline(ctx, p.PersonID(), 1, time.Time{}); len(line) != 1 || line[0].Body != "hello?" {
		t.Errorf("placed: %+v", line)
	}
	if got, err = b.TouchByMessage(ctx, "msg_1"); err != nil || got.ID != out.ID {
		t.Error("by message:", err)
	}
	ask, err := b.Ask(ctx, p, Ask{Purpose: Recruitment, Channel: SMS})
	if err != nil || len(ask.Recent) != 3 || !ask.Now.Equal(b.clock.Now()) {
		t.Errorf("ask: %+v, %v", ask, err)
	}
}

func TestCodes(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	start := func(value string) (Started, error) {
		var s Started
		err := b.store.Do(ctx, func(batch *docstore.Batch) (err error) {
			s, err = b.StartCode(ctx, batch, value, "signin", "")
			return err
		})
		return s, err
	}
	s, err := start("+14125550123")
	if err != nil || len(s.Code) != 6 {
		t.Fatal(s, err)
	}
	// Twenty right answers at once: exactly one succeeds.
	var wg sync.WaitGroup
	won := make(chan Proven, 20)
	for range 20 {
		wg.Go(func() {
			proof, err := b.CheckCode(ctx, s.ID, s.Code[:3]+" "+s.Code[3:])
			if err == nil {
				won <- proof
			} else if !errors.Is(err, ErrCodeOver) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d succeeded", len(won))
	}
	var many *TooManyCodes
	if _, err := start("412-555-0123"); !errors.As(err, &many) || many.Wait != resendAfter {
		t.Errorf("at once again: %v", err)
	}
	b.clock.Advance(resendAfter)
	s, err = start("412-555-0123")
	if err != nil {
		t.Fatal(err)
	}
	wrong := "000000"
	if s.Code == wrong {
		wrong = "000001"
	}
	for range codeTries {
		if _, err := b.CheckCode(ctx, s.ID, wrong); !errors.Is(err, ErrCodeWrong) {
			t.Error(err)
		}
	}
	if _, err := b.CheckCode(ctx, s.ID, s.Code); !errors.Is(err, ErrCodeOver) {
		t.Error("after five wrong ones:", err)
	}
	other, err := start("+14125550199")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.CheckCode(ctx, s.ID, other.Code); !errors.Is(err, ErrCodeOver) {
		t.Error("another browser's code:", err)
	}
	b.clock.Advance(codeLife)
	if _, err := b.CheckCode(ctx, other.ID, other.Code); !errors.Is(err, ErrCodeOver) {
		t.Error("late:", err)
	}
	if _, err := b.CheckCode(ctx, "chl_none", "123456"); !errors.Is(err, ErrCodeOver) {
		t.Error("unknown:", err)
	}
	for i := range 3 {
		if _, err := start("+14125550123"); err != nil {
			t.Errorf("code %d: %v", i+3, err)
		}
		b.clock.Advance(time.Minute)
	}
	if _, err := start("+14125550123"); !errors.As(err, &many) {
		t.Error("the sixth in an hour:", err)
	}
	b.clock.Advance(2 * time.Hour)
	if n, err := b.SweepCodes(ctx); n != 6+2 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
}

func TestMatchPINAmongPeopleWhoShare(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	r := PersonID(b.join(t, person("Rosa", "Delgado", "1952-05-03", "+14125550110")).Person.ID)
	e := PersonID(b.join(t, person("Ernesto", "Delgado", "1950-03-01", "+14125550110")).Person.ID)
	both := []PersonID{r, e}
	for id, pin := range map[PersonID]string{r: "4471", e: "9026"} {
		if err := b.SetPIN(ctx, maria, id, pin, "by phone"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := b.MatchPIN(ctx, portal, both, "9026"); err != nil || got != e {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := b.MatchPIN(ctx, portal, nil, "9026"); !errors.Is(err, ErrPINWrong) {
		t.Error("among nobody:", err)
	}
	var err error
	for range pinTries {
		_, err = b.MatchPIN(ctx, portal, both, "1111")
	}
	if !errors.Is(err, ErrPINLocked) {
		t.Error("wrong three times:", err)
	}
	if _, err := b.MatchPIN(ctx, portal, both, "9026"); !errors.Is(err, ErrPINLocked) {
		t.Error("the right one once locked:", err)
	}
}
