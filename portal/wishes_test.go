package portal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// People choose on their own page when and how they are reached; what cannot be kept is refused beside its
// field, with what was typed still there, and nothing is stored.
func TestOwnWishes(t *testing.T) {
	s := newSite(t, rig.Options{})
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	s.enrolled(dana)
	b := s.browser().signIn("412-555-0123", "+14125550123")
	b.get("/me/data").sees("When and how we reach you", "You chose no times of your own.")
	b.get("/me/wishes").sees("Texts and calls from", "Tell of a visit first by", "Away: first day")
	b.post("/me/wishes", "from", "10 pm", "to", "6 am").status(422).sees("Texts and calls may go out from 8 am to 9 pm. Choose times in that.", `value="10 pm"`)
	b.post("/me/wishes", "from", "10 am").status(422).sees("Fill in both, or leave both empty.")
	b.post("/me/wishes", "from", "soon", "to", "6 pm").status(422)
	b.post("/me/wishes", "remind", "email").status(422).sees("There is no yes to this way yet.")
	b.post("/me/wishes", "remind", "pigeon").status(422)
	b.post("/me/wishes", "away1from-day", "9", "away1from-month", "3", "away1from-year", "2026").status(422).sees("Fill in both, or leave both empty.")
	if p, err := s.People.Get(t.Context(), dana.PersonID()); err != nil || cmp.Diff(trial.Wishes{}, trial.WishesOf(&p, s.Clock.Now())) != "" {
		t.Errorf("what was refused is stored: %+v, %v", p.ReachMe, err)
	}
	b.post("/me/wishes", "from", "10 am", "to", "6:30 pm", "remind", "sms", "skip", "Sun",
		"away1from-day", "9", "away1from-month", "3", "away1from-year", "2026", "away1to-day", "12", "away1to-month", "3", "away1to-year", "2026").at("/me/data").
		sees("Saved. It counts from now on.", "Texts and calls from 10 am to 6:30 pm", "Told of visits first by text", "No texts or calls on: Sunday", "Away from 9 March 2026 to 12 March 2026")
	p, err := s.People.Get(t.Context(), dana.PersonID())
	want := trial.Wishes{From: "10:00", To: "18:30", SkipDays: []string{"Sun"}, Remind: contacts.SMS, Away: []contacts.Away{{From: "2026-03-09", To: "2026-03-12"}}}
	if d := cmp.Diff(want, trial.WishesOf(&p, s.Clock.Now())); err != nil || d != "" {
		t.Errorf("stored: %v\n%s", err, d)
	}
	b.get("/me/wishes").sees(`value="10:00 am"`, `value="6:30 pm"`)
	b.post("/me/wishes").at("/me/data").sees("You chose no times of your own.")
}
