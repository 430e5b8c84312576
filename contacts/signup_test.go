package contacts

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/docstore"
)

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

// An e-mail that is known here with another number is no repeat: the code would go nowhere, and who
// asks would learn that the e-mail is known.
func TestKnownEmailWithAnotherNumber(t *testing.T) {
	b := newBench(t)
	first := b.join(t, dana())
	again := dana()
	again.Person.Points[0].Value = "412-555-0124"
	second := b.join(t, again)
	if second.Repeat || second.Person.ID == first.Person.ID || len(second.Reviews) != 1 {
		t.Errorf("repeat %v, %d reviews; want a person of their own and a review", second.Repeat, len(second.Reviews))
	}
	if third := b.join(t, again); !third.Repeat || third.Person.ID != second.Person.ID {
		t.Errorf("the same again is a repeat: %+v", third)
	}
}

// Whoever gave up a number does not keep it from signing up anew.
func TestSignUpWithANumberSinceRemoved(t *testing.T) {
	b := newBench(t)
	first := b.join(t, dana())
	_, err := b.Edit(t.Context(), portal, first.Person.PersonID(), "new number", func(p *Person) error { p.Points = p.Points[1:]; return nil })
	if err != nil {
		t.Fatal(err)
	}
	second := b.join(t, dana())
	if second.Repeat || second.Person.ID == first.Person.ID {
		t.Errorf("taken for a repeat: %+v", second)
	}
	if third := b.join(t, dana()); !third.Repeat || third.Person.ID != second.Person.ID {
		t.Errorf("the same again is a repeat: %+v", third)
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
