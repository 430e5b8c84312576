package contacts

import (
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

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
		_, g, err := b.may(t, id, Ask{Purpose: p, Channel: SMS})
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
	if _, g, _ := b.may(t, out.Person.PersonID(), Ask{Purpose: Requested, Channel: SMS}); g.OK || !g.Has(CodeSuppressed) {
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

// Whether a study may ask by text, and whether it may send texts, are two things.
func TestTextAnswers(t *testing.T) {
	texts := Consent{Purpose: StudyCare, Channel: SMS, Granted: true}
	agreed := Consent{Purpose: StudyCare, Channel: SMS, Granted: true, Wording: TextAnswersWording + "@1", Study: "STEADY"}
	back := agreed
	back.Granted = false
	stop := Consent{Purpose: AnyPurpose, Channel: SMS}
	for name, c := range map[string]struct {
		ledger         []Consent
		study          string
		answers, texts bool
	}{
		"nothing said":       {[]Consent{texts}, "STEADY", false, true},
		"agreed":             {[]Consent{texts, agreed}, "STEADY", true, true},
		"in another study":   {[]Consent{texts, agreed}, "CLEARWAY", false, true},
		"taken back":         {[]Consent{texts, agreed, back}, "STEADY", false, true},
		"agreed again":       {[]Consent{texts, agreed, back, agreed}, "STEADY", true, true},
		"brings no texts":    {[]Consent{agreed}, "STEADY", true, false},
		"undoes no STOP":     {[]Consent{texts, stop, agreed}, "STEADY", true, false},
		"of another version": {[]Consent{texts, {Channel: SMS, Granted: true, Wording: TextAnswersWording + "@2"}}, "STEADY", true, true},
		"another wording":    {[]Consent{texts, {Purpose: StudyCare, Channel: SMS, Granted: true, Wording: "participant.consent.sms@1"}}, "STEADY", false, true},
	} {
		if _, got, _ := TextAnswers(c.ledger, c.study); got != c.answers {
			t.Errorf("%s: asked by text: %v", name, got)
		}
		if _, got, _ := Stands(c.ledger, StudyCare, SMS, c.study); got != c.texts {
			t.Errorf("%s: texts: %v", name, got)
		}
	}
}

// may asks the gate as callers do: the person, then the past, then May.
func (b *bench) may(t *testing.T, id PersonID, a Ask) (Person, Gate, error) {
	t.Helper()
	p, err := b.Get(t.Context(), id)
	if err != nil {
		return p, Gate{}, err
	}
	a, err = b.Ask(t.Context(), p, a)
	return p, May(p, a), err
}
