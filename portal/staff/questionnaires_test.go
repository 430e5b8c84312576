package staff_test

import (
	"testing"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/survey"
)

func TestQuestionnaires(t *testing.T) {
	d := newDesk(t, nil)
	d.moodStudy("[web, staff]")
	d.hire("joan", "Joan Pell", members.Director)
	b := d.as("joan") // it is about words, not people
	has(t, b.page("/staff/studies"), "Questionnaires")
	list := b.page("/staff/questionnaires")
	has(t, list, "Patient Health Questionnaire (PHQ-9)", `not by text: item "q9" (LOINC 44260-8`, "PHQ-9 total score", "locked to the first channel", "STEADY", "English, Español (draft)")
	for _, name := range survey.LibraryNames() {
		q, err := survey.Library(name)
		if err != nil {
			t.Fatal(err)
		}
		has(t, list, name, q.Title("en"))
		page := b.page("/staff/questionnaires/" + name)
		d.look("questionnaire-"+name, page)
		for _, lang := range q.Languages() {
			for _, a := range q.Script(lang).Asked {
				if a.When == "" {
					has(t, page, a.Question)
				}
			}
		}
	}
	d.look("questionnaires", list)
	has(t, b.page("/staff/questionnaires/phq-9"), "with an educational grant from Pfizer Inc.", "Sum of q1 + q2", "0–4 minimal · 5–9 mild", "q9 &gt;= 1: critical", "asks about thoughts of dying")
	has(t, b.page("/staff/questionnaires/medicine-today"), "asked if taken = “All of it” or taken = “Some of it”", "1 segment", "For All of it, press 1.", "Para Toda, oprima 1.", "This translation is a draft")
	if a := b.get("/staff/questionnaires/gone"); a.code != 404 {
		t.Errorf("a questionnaire there is not: %d", a.code)
	}
}
