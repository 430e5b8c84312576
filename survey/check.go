package survey

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// LOINC codes of the PHQ-9 panel, and of its ninth question, on thoughts of being better off dead.
const (
	phq9Panel = "44249-1"
	phq9Last  = "44260-8"
)

// BeforeConsent says whether the questionnaire can be asked of people who have not signed informed
// consent, where rules are the study's red flags: nil, or an error that names every item that
// cannot (F18).
func (q *Questionnaire) BeforeConsent(rules []FlagRule) error {
	var errs []error
	if q.locked != "" {
		errs = append(errs, fmt.Errorf("%s asks about thoughts of dying: ask it after informed consent, on the web or in an interview by staff", q.locked))
	}
	for _, it := range q.items {
		if it.asked() && slices.ContainsFunc(rules, func(r FlagRule) bool { return slices.Contains(q.LooksAt(r), it.linkID) }) {
			errs = append(errs, fmt.Errorf("item %q is a red flag of the study: ask it after informed consent, or give it another linkId", it.linkID))
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("cannot be asked before informed consent: %w", errors.Join(errs...))
	}
	return nil
}

// dangerous names what keeps an instrument to the web and to interviews: PHQ-9, known by its codes
// or its name. "" where nothing does.
func dangerous(w *wireQuestionnaire, q *Questionnaire) string {
	for _, it := range q.items {
		if slices.ContainsFunc(it.codes, func(c Coding) bool { return c.Code == phq9Last }) {
			return fmt.Sprintf("item %q (LOINC %s, the ninth of PHQ-9)", it.linkID, phq9Last)
		}
	}
	panel := func(c Coding) bool { return c.Code == phq9Panel }
	if slices.ContainsFunc(q.codes, panel) {
		return "the questionnaire (LOINC " + phq9Panel + ", PHQ-9)"
	}
	for _, it := range q.items {
		if slices.ContainsFunc(it.codes, panel) {
			return fmt.Sprintf("item %q (LOINC %s, PHQ-9)", it.linkID, phq9Panel)
		}
	}
	for _, name := range []string{w.Title, w.Name, w.URL, w.ID} {
		letters := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, name)
		if strings.Contains(letters, "phq9") || strings.Contains(letters, "patienthealthquestionnaire9") {
			return fmt.Sprintf("the questionnaire (%q, by its name PHQ-9)", name)
		}
	}
	return ""
}

// Missing lists the linkIds whose text or options have no translation into lang, in document
// order. The source language is never missing.
func (q *Questionnaire) Missing(lang string) []string {
	if base(lang) == base(q.lang) {
		return nil
	}
	var ids []string
	for _, it := range q.items {
		lacks := func(short map[Channel]phrase) bool {
			for _, p := range short {
				if !p.has(lang) {
					return true
				}
			}
			return false
		}
		if it.hidden {
			continue
		}
		if !it.text.has(lang) || lacks(it.short) ||
			slices.ContainsFunc(it.options, func(o option) bool {
				return o.value.Int == nil && o.value.Date == "" && o.value.Time == "" && (!o.text.has(lang) || lacks(o.short))
			}) {
			ids = append(ids, it.linkID)
		}
	}
	return ids
}

// TranslationStatus returns "source" for the language the questionnaire was written in, the
// declared state ("draft", "approved") of a translation, or "" where nothing is declared.
func (q *Questionnaire) TranslationStatus(lang string) string {
	if base(lang) == base(q.lang) {
		return "source"
	}
	return q.drafts[base(lang)]
}
