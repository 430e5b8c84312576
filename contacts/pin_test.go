package contacts

import (
	"errors"
	"fmt"
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
	match := func(from, pin string) (PersonID, error) {
		m, err := b.MatchCaller(ctx, portal, Caller{From: from, Among: []PersonID{r, e}, Own: true, Keys: pin})
		return m.Person, err
	}
	for id, pin := range map[PersonID]string{r: "4471", e: "9026"} {
		if err := b.SetPIN(ctx, maria, id, pin, "by phone"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := match("landline", "9026"); err != nil || got != e {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := b.MatchCaller(ctx, portal, Caller{From: "elsewhere", Keys: "9026"}); !errors.Is(err, ErrPINWrong) {
		t.Error("among nobody:", err)
	}
	for range callerTries {
		if _, err := match("landline", "1111"); !errors.Is(err, ErrPINWrong) {
			t.Error("wrong:", err)
		}
	}
	if _, err := match("landline", "9026"); !errors.Is(err, ErrPINLocked) {
		t.Error("the right one from there:", err)
	}
	if got, err := match("", "9026"); err != nil || got != e {
		t.Error("the right one from elsewhere:", got, err)
	}
	if err := b.CheckPIN(ctx, portal, r, "4471"); err != nil {
		t.Error("on a call of ours:", err)
	}
}

// A forged number locks only calls to us from it; guessing from many makes tries slow, for an hour
// at a time, and says so once.
func TestGuessing(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	r := PersonID(b.join(t, person("Rosa", "Delgado", "1952-05-03", "+14125550110")).Person.ID)
	if err := b.SetPIN(ctx, maria, r, "4471", "by phone"); err != nil {
		t.Fatal(err)
	}
	try := func(from, keys string) (Match, error) {
		return b.MatchCaller(ctx, portal, Caller{From: from, Among: []PersonID{r}, Keys: keys})
	}
	told := 0
	for i := range 3 * guessesADay {
		m, err := try(fmt.Sprint("forged", i), "1111")
		if !errors.Is(err, ErrPINWrong) {
			t.Error("wrong:", err)
		}
		told += len(m.Guessed)
	}
	if told != 1 {
		t.Errorf("told %d times of the guessing", told)
	}
	if _, err := try("her own", "4471"); !errors.Is(err, ErrPINWrong) {
		t.Error("right, but slow:", err)
	}
	if err := b.CheckPIN(ctx, portal, r, "4471"); err != nil {
		t.Error("on a call of ours:", err)
	}
	p, err := b.Get(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	if locked, err := b.PINLocked(ctx, &p); err != nil || !locked {
		t.Error("staff see it:", locked, err)
	}
	b.clock.Advance(guessAfter)
	if m, err := try("her own", "4471"); err != nil || m.Person != r {
		t.Error("an hour later:", m, err)
	}
	if err := b.ClearPINLock(ctx, maria, r, "spoke to her"); err != nil {
		t.Fatal(err)
	}
	if locked, err := b.PINLocked(ctx, &p); err != nil || locked {
		t.Error("after staff lifted it:", locked, err)
	}
}

// Month and day of birth stand in for a PIN only where they are let, never where they are a
// housemate's PIN, and wrong ones count over all calls.
func TestBirthdayInPlaceOfAPIN(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	r := PersonID(b.join(t, person("Rosa", "Delgado", "1952-05-03", "+14125550110")).Person.ID)
	e := PersonID(b.join(t, person("Ernesto", "Delgado", "1950-03-01", "+14125550110")).Person.ID)
	try := func(from, keys string, birthday ...PersonID) (Match, error) {
		return b.MatchCaller(ctx, portal, Caller{From: from, Among: []PersonID{r, e}, Birthday: birthday, Keys: keys})
	}
	if _, err := try("a", "0503", e); !errors.Is(err, ErrPINWrong) {
		t.Error("where it will not do:", err)
	}
	if m, err := try("a", "0503", r, e); err != nil || m.Person != r || !m.Birthday {
		t.Error("where it will:", m, err)
	}
	if err := b.SetPIN(ctx, maria, e, "0503", "by phone"); err != nil {
		t.Fatal(err)
	}
	if _, err := try("b", "0503", r, e); !errors.Is(err, ErrPINWrong) {
		t.Error("also a housemate's PIN:", err)
	}
	for range pinTries {
		if err := b.CheckBirthday(ctx, portal, r, "0504"); err == nil {
			t.Error("a wrong day is right")
		}
	}
	if err := b.CheckBirthday(ctx, portal, r, "0503"); !errors.Is(err, ErrPINLocked) {
		t.Error("locked:", err)
	}
}
