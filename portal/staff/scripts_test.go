package staff_test

import (
	"testing"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/trial"
)

// The book a board gets has every text of the study with its trigger and version, in each language,
// and each question on each channel.
func TestScriptBook(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	d.hire("joan", "Joan Pell", members.Director)
	b := d.as("joan")
	has(t, b.page("/staff/studies/STEADY"), "Script book")
	page := b.page("/staff/studies/STEADY/scripts")
	d.look("scripts", page)
	st, err := d.Trial.Study(t.Context(), trial.StudyID("STEADY"))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range st.ScriptBook() {
		has(t, page, x.Key, x.Trigger, x.Version)
	}
	has(t, page, "Call 911 if you feel very unwell.", "a red flag, to whoever is on call", "sms.reminder", i18n.Version(i18n.Es, "sms.reminder"), "LUH-1", "What is the upper number on your blood pressure monitor?", "¿Cuál es el número de abajo?", "Evening check")
}
