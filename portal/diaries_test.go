package portal_test

import (
	"testing"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// A second questionnaire of a study is a card of its own with its own name, and both can be filled in.
func TestTwoDiariesAreTwoCards(t *testing.T) {
	s := newSite(t, rig.Options{})
	st, err := s.Trial.Study(t.Context(), "CEDARS")
	if err != nil {
		t.Fatal(err)
	}
	st.Diaries = []trial.DiaryPlan{{ID: "sleep", Questionnaire: "orchard-weekly", Name: map[string]string{"en": "Weekly questions"}, From: "06:00", To: "24:00", Days: "daily",
		Channels: []survey.Channel{survey.Web}, Identity: "standard", RetryMinutes: 15}}
	if _, err := s.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	sub := s.enrolled(dana)
	b := s.browser().signIn("412-555-0123", "+14125550123").at("/me").sees("Daily diary", "Weekly questions")
	today := s.Clock.Now().In(st.Zone()).Format("2006-01-02")
	b.post("/me/diary/start", "due", trial.PlanResponseID(sub.ID, today, "sleep")).at("/me/diary").sees("How well do you hear")
	b.answer("/me/diary", "7").sees("ten words").answer("/me/diary", "4").at("/me/diary/done")
	b.get("/me").sees("Daily diary", "Weekly questions", "Thank you. There is no more to do here today")
	b.post("/me/diary/start", "due", trial.ResponseID(sub.ID, today)).at("/me/diary").sees("daily inhaler")
}
