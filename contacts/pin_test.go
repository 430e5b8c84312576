package contacts

import (
	"errors"
	"sync"
	"testing"
)

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
