package trial_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// What cannot be kept names its field and why, with the times there are to choose from, and stores nothing.
// What can counts from the next moment, for planning and for the gate.
func TestWishes(t *testing.T) {
	r := rig.New(t, rig.Options{}) // Monday 2 March 2026, 09:05 in Pittsburgh
	putStudyWith(t, r, `contact: {from: "09:00", to: "19:00"}`+"\n")
	p, _ := rosa(t, r)
	ctx, id := t.Context(), p.PersonID()
	for name, x := range map[string]struct {
		w    trial.Wishes
		want trial.Unfit
	}{
		"one hour of two":            {trial.Wishes{From: "09:00"}, trial.Unfit{Field: "from", Code: trial.UnfitHalf}},
		"no time at all":             {trial.Wishes{From: "10:00", To: "10:00"}, trial.Unfit{Field: "from", Code: trial.UnfitSame}},
		"at night":                   {trial.Wishes{From: "22:00", To: "06:00"}, trial.Unfit{Field: "from", Code: trial.UnfitLaw, From: "08:00", To: "21:00"}},
		"when the study is silent":   {trial.Wishes{From: "19:30", To: "20:30"}, trial.Unfit{Field: "from", Code: trial.UnfitStudy, From: "09:00", To: "19:00"}},
		"a call before the check-in": {trial.Wishes{CallAt: "12:00"}, trial.Unfit{Field: "callAt", Code: trial.UnfitWindow, From: "18:00", To: "22:00"}},
		"a call too late":            {trial.Wishes{CallAt: "20:00"}, trial.Unfit{Field: "callAt", Code: trial.UnfitHours}},
		"a call outside own hours":   {trial.Wishes{From: "10:00", To: "18:00", CallAt: "18:15"}, trial.Unfit{Field: "callAt", Code: trial.UnfitHours}},
		"no day is left":             {trial.Wishes{SkipDays: contacts.Weekdays()}, trial.Unfit{Field: "skipDays", Code: trial.UnfitWeek}},
		"away from a day on":         {trial.Wishes{Away: []contacts.Away{{From: "2026-03-10"}}}, trial.Unfit{Field: "away", Code: trial.UnfitHalf}},
		"back before they go":        {trial.Wishes{Away: []contacts.Away{{From: "2026-03-10", To: "2026-03-05"}}}, trial.Unfit{Field: "away", Code: trial.UnfitOrder}},
		"away last month":            {trial.Wishes{Away: []contacts.Away{{From: "2026-02-01", To: "2026-02-05"}}}, trial.Unfit{Field: "away", Code: trial.UnfitPast}},
		"away for a season":          {trial.Wishes{Away: []contacts.Away{{From: "2026-03-05", To: "2026-06-30"}}}, trial.Unfit{Field: "away", Code: trial.UnfitLong}},
		"by a way not agreed to":     {trial.Wishes{Remind: contacts.ByEmail}, trial.Unfit{Field: "remind", Code: trial.UnfitAgreed}},
	} {
		err := r.Trial.SetWishes(ctx, rig.Staff, id, "said so", x.w)
		var no trial.Unfits
		if !errors.As(err, &no) || len(no) != 1 || no[0] != x.want {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
	}
	got, err := r.People.Get(ctx, id)
	if err != nil || got.Rev != p.Rev {
		t.Errorf("what was refused changed something: %v", err)
	}

	want := trial.Wishes{From: "10:00", To: "18:45", CallAt: "18:15", SkipDays: []string{"Sun"}, Away: []contacts.Away{{From: "2026-03-10", To: "2026-03-12"}}, Remind: contacts.Voice}
	if err := r.Trial.SetWishes(ctx, rig.Staff, id, "said so", want); err != nil {
		t.Fatal(err)
	}
	if got, err = r.People.Get(ctx, id); err != nil || !got.ReachMe.Changed.Equal(r.Clock.Now()) {
		t.Errorf("changed at %v, %v", got.ReachMe.Changed, err)
	}
	if d := cmp.Diff(want, trial.WishesOf(&got, r.Clock.Now())); d != "" {
		t.Error(d)
	}
	gate, err := r.Trial.May(ctx, id, contacts.StudyCare, contacts.SMS, "STEADY")
	if after := time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC); err != nil || gate.OK || !gate.NotBefore.Equal(after) {
		t.Errorf("at five past nine: %v, %s, not before %v", err, gate.Sentence(), gate.NotBefore)
	}
	if takes, err := r.Trial.Takes(ctx, id); err != nil || !takes.Calls || len(takes.Studies) != 1 {
		t.Errorf("they may choose %+v, %v", takes, err)
	}
	if past := trial.WishesOf(&got, r.Clock.Now().AddDate(0, 0, 20)); len(past.Away) != 0 {
		t.Errorf("days away that are over: %v", past.Away)
	}
}
