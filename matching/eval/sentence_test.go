package eval_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/matching/eval"
)

func TestSentence(t *testing.T) {
	hba1c := eval.Criterion{ID: "I3", Kind: eval.Lab, Codes: []eval.Code{"loinc|4548-4"}, Range: eval.Range{Min: num(7), Max: num(10.5)}, Unit: "%", Within: eval.Period{Days: 180}}
	value := func(v float64, unit string, date eval.Date) eval.Person {
		return eval.Person{Facts: []eval.Fact{{Kind: eval.FactObservation, Code: "loinc|4548-4", Number: &v, Unit: unit, Date: date, Source: "sign-up, web"}}}
	}
	noStroke := eval.Criterion{ID: "E2", Name: "stroke", Kind: eval.Condition, Codes: []eval.Code{stroke}, Within: eval.Period{Months: 6}, Exclude: true}
	hypertension := eval.Criterion{ID: "I5", Name: "high blood pressure", Kind: eval.Condition, Codes: []eval.Code{"snomed|38341003"}}
	longSince := hypertension
	longSince.AtLeastAgo = eval.Period{Years: 1}
	said := func(code eval.Code, date eval.Date) eval.Person {
		return eval.Person{Facts: []eval.Fact{{Kind: eval.FactAnswer, Code: code, Bool: yes(), Date: date, Source: "web"}}}
	}
	lately := func(b *bool, date eval.Date) eval.Person {
		return eval.Person{Facts: []eval.Fact{{Kind: eval.FactAnswer, Code: stroke, Bool: b, Date: date, Back: eval.Period{Months: 6}, Source: "web"}}}
	}
	smoking := eval.Criterion{ID: "E1", Kind: eval.Smoking, In: []string{"current"}, Exclude: true}
	egfr := eval.Criterion{ID: "E1", Kind: eval.Lab, Codes: []eval.Code{"loinc|33914-3"}, Range: eval.Range{Max: num(30), Below: true}, Unit: "mL/min/{1.73_m2}", Within: eval.Period{Years: 1}, Exclude: true, Missing: eval.Fail}
	language := eval.Criterion{ID: "I2", Kind: eval.AnyOf, Of: []eval.Criterion{{Kind: eval.Language, In: []string{"es"}}, {Kind: eval.Interpreter}}}
	tests := []struct {
		c    eval.Criterion
		p    eval.Person
		want string
	}{
		{hba1c, value(7.4, "%", "2026-02-03"), "HbA1c 7.4 % on 3 Feb 2026 (sign-up, web): within 7.0–10.5 %"},
		{hba1c, value(6, "%", "2026-02"), "HbA1c 6 % in Feb 2026 (sign-up, web): not within 7.0–10.5 %"},
		{hba1c, value(53, "mmol/mol", "2026-02-03"), "HbA1c 53 mmol/mol (7 %) on 3 Feb 2026 (sign-up, web): within 7.0–10.5 %"},
		{hba1c, value(53, "g", "2026-02-03"), `Unknown: HbA1c is in "g" on 3 Feb 2026 (sign-up, web), which cannot be converted to %`},
		{hba1c, value(7.4, "%", "2024-02-03"), "Unknown: HbA1c is too old (7.4 % on 3 Feb 2024 (sign-up, web); needed within 180 days)"},
		{hba1c, value(7.4, "%", "2027-02-03"), "Unknown: HbA1c is dated in the future (3 Feb 2027) (sign-up, web); check it"},
		{hba1c, eval.Person{}, "Unknown: HbA1c (never measured)"},
		{smoking, eval.Person{}, "Unknown: smoking (never asked)"},
		{smoking, eval.Person{Facts: []eval.Fact{{Kind: eval.FactAnswer, Code: eval.SmokingCode, Text: "never", Date: "2026-02-03", Source: "text message"}}}, "Smoking: never on 3 Feb 2026 (text message); looked for: current"},
		{noStroke, eval.Person{}, "Unknown: stroke (list of conditions not confirmed)"},
		{noStroke, eval.Person{Lists: eval.Lists{Conditions: "2026-01-09"}}, "Stroke: not on the list confirmed on 9 Jan 2026"},
		{noStroke, eval.Person{Facts: []eval.Fact{{Kind: eval.FactCondition, Code: stroke, Date: "2025-12-01", Source: "records"}}}, "Has stroke since 1 Dec 2025 (records)"},
		{noStroke, eval.Person{Lists: eval.Lists{Conditions: "2026-01-09"}, Facts: []eval.Fact{{Kind: eval.FactCondition, Code: stroke, Date: "2020-12-01", Source: "records"}}}, "Had stroke since 1 Dec 2020 (records); it does not count here"},
		{noStroke, eval.Person{Facts: []eval.Fact{{Kind: eval.FactAnswer, Code: stroke, Bool: no(), Date: "2026-02-01", Source: "call"}}}, "Stroke: said no on 1 Feb 2026 (call)"},
		{hypertension, said(hypertension.Codes[0], "2026-02-02"), "Said on 2 Feb 2026 (web): has high blood pressure"},
		{longSince, said(hypertension.Codes[0], "2026-02-02"), "Unknown: high blood pressure (said yes on 2 Feb 2026 (web), not since when)"},
		{longSince, said(hypertension.Codes[0], "2024-02-02"), "Said on 2 Feb 2024 (web): has high blood pressure"},
		{hypertension, eval.Person{Facts: []eval.Fact{{Kind: eval.FactCondition, Code: hypertension.Codes[0], Noted: "2025-12-01", Source: "records"}}}, "Has high blood pressure (records)"},
		{eval.Criterion{ID: "I6", Kind: eval.Medication, Codes: []eval.Code{"rxnorm|6809"}, Name: "metformin"}, said("rxnorm|6809", "2026-02-02"), "Said on 2 Feb 2026 (web): takes or took metformin"},
		{eval.Criterion{ID: "I7", Kind: eval.Procedure, Codes: []eval.Code{"snomed|232717009"}, Name: "a bypass", Within: eval.Period{Years: 1}}, said("snomed|232717009", "2026-02-02"), "Unknown: a bypass (said yes on 2 Feb 2026 (web), not when)"},
		{noStroke, lately(yes(), asOf), "Said on 10 Feb 2026 (web): stroke in the 6 months before"},
		{noStroke, lately(yes(), "2026-02-02"), "Unknown: stroke (said on 2 Feb 2026 (web): in the 6 months before, not on which day)"},
		{noStroke, lately(no(), "2026-02-02"), "Stroke: said none in the 6 months before 2 Feb 2026 (web)"},
		{egfr, eval.Person{}, "Unknown: eGFR (never measured); an unknown counts as not met"},
		{language, eval.Person{Language: "en"}, "At least one of: Language: English; looked for: Spanish · Unknown: interpreter (never asked)"},
		{eval.Criterion{ID: "I1", Kind: eval.Age, Range: eval.Range{Min: num(60)}}, eval.Person{BirthDate: "1951-05-03"}, "Age 74 years: at least 60"},
		{eval.Criterion{ID: "I4", Kind: eval.Distance, Site: "any", Range: eval.Range{Max: num(60)}, Unit: "km"}, eval.Person{Distances: []eval.SiteDistance{{Site: "main", Metres: 12345}}}, "12.3 km away: at most 60 km"},
		{eval.Criterion{ID: "E3", Kind: eval.OtherTrial, Exclude: true}, eval.Person{Participations: []eval.Participation{{Study: "CLEARWAY", From: "2026-01-01"}}}, "Is or was in another study: CLEARWAY"},
		{eval.Criterion{ID: "E4", Kind: eval.Pregnancy, AppliesTo: "female", Exclude: true}, eval.Person{Sex: "male"}, "Pregnancy: does not apply"},
		{eval.Criterion{ID: "I8", Kind: eval.Availability, In: []string{"weekend"}}, eval.Person{Available: []string{}}, "Can come at none of these times: weekends"},
		{eval.Criterion{ID: "I9", Kind: eval.LastVisit, Within: eval.Period{Years: 2}, AtLeastAgo: eval.Period{Days: 30}}, eval.Person{LastVisit: "2026-02-03"}, "Last here on 3 Feb 2026: not within 2 years and at least 30 days ago"},
		{eval.Criterion{ID: "I9", Kind: eval.LastVisit, Within: eval.Period{Years: 1}}, eval.Person{LastVisit: "2025"}, "Unknown: last here in 2025, date not precise enough for within 1 year"},
		{
			smoking,
			eval.Person{Overrides: []eval.Override{{Criterion: "E1", Met: true, By: "Maria Santos", On: "2026-02-09", Why: "asked by phone"}}},
			"Counted as met by Maria Santos on 9 Feb 2026 (asked by phone). Unknown: smoking (never asked)",
		},
	}
	for _, tt := range tests {
		r := eval.Evaluate(eval.Criteria{Items: []eval.Criterion{tt.c}}, tt.p, asOf).Reasons[0]
		if d := cmp.Diff(tt.want, eval.Sentence(tt.c, r, eval.English())); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.c.ID, d)
		}
	}
}

// Every cause a kind can give has words: no sentence is empty or keeps a placeholder.
func TestEverySentenceHasWords(t *testing.T) {
	for lang, say := range map[string]eval.Lookup{"English": eval.English(), "Spanish": eval.Spanish()} {
		t.Run(lang, func(t *testing.T) { everySentenceHasWords(t, say) })
	}
}

func everySentenceHasWords(t *testing.T, say eval.Lookup) {
	causes := []eval.Cause{
		eval.Inside, eval.Outside, eval.Present, eval.Over, eval.Absent, eval.Denied, eval.Matches, eval.Differs,
		eval.NotApplicable, eval.Missed, eval.Stale, eval.Undated, eval.Imprecise, eval.FutureDated, eval.Unconfirmed,
		eval.Comparator, eval.OtherUnit, eval.NoValue, eval.Unsure, eval.Conflict, eval.SexUnknown,
	}
	placeholder := regexp.MustCompile(`\{[a-zA-Z]+\}`)
	for _, k := range eval.Kinds() {
		if say.Text("describe."+string(k)) == "" && !k.Group() || k.Group() && say.Text("group."+string(k)) == "" {
			t.Errorf("%s has no description", k)
		}
		for _, cause := range causes {
			if k.Group() && cause != eval.NotApplicable && cause != eval.SexUnknown && cause != eval.Missed {
				continue // a group has no other
			}
			for _, f := range []*eval.Fact{nil, {Kind: eval.FactAnswer, Bool: yes()}, {Kind: eval.FactAnswer, Bool: yes(), Back: eval.Period{Months: 6}}} {
				s := eval.Sentence(eval.Criterion{Kind: k}, eval.Reason{Why: cause, Fact: f}, say)
				if strings.TrimSpace(s) == "" || placeholder.MatchString(s) {
					t.Errorf("%s, %s: %q", k, cause, s)
				}
			}
		}
	}
}

func TestCatalogueKeepsQuotedSpaces(t *testing.T) {
	say := eval.Catalogue("# comment: no\na: \" b \"\nc: d: e\n\nbroken\n")
	got := []string{say.Text("a"), say.Text("c"), say.Text("broken"), say.Text("# comment")}
	if d := cmp.Diff([]string{" b ", "d: e", "", ""}, got); d != "" {
		t.Error(d)
	}
}

// The Spanish catalogue says what the English one says: the same keys, the same placeholders, and no
// sentence in two languages. It is marked as a draft until somebody has reviewed it.
func TestSpanishHasTheSameKeys(t *testing.T) {
	read := func(file string) (texts map[string]string, whole string) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = map[string]string{}
		for line := range strings.Lines(string(data)) {
			if key, text, ok := strings.Cut(strings.TrimRight(line, "\n"), ": "); ok && !strings.HasPrefix(line, "#") {
				if _, twice := texts[key]; twice {
					t.Errorf("%s: %s is there twice", file, key)
				}
				texts[key] = text
			}
		}
		return texts, string(data)
	}
	english, _ := read("english.txt")
	spanish, whole := read("spanish.txt")
	if !strings.HasPrefix(whole, "# translation: draft\n") {
		t.Error("spanish.txt does not say in its first line what it is")
	}
	placeholder := regexp.MustCompile(`\{[a-zA-Z]+\}`)
	for key, text := range english {
		other, ok := spanish[key]
		if !ok {
			t.Errorf("%s is missing in Spanish", key)
			continue
		}
		a, b := placeholder.FindAllString(text, -1), placeholder.FindAllString(other, -1)
		slices.Sort(a)
		slices.Sort(b)
		if d := cmp.Diff(a, b); d != "" {
			t.Errorf("%s has other placeholders in Spanish:\n%s", key, d)
		}
		if strings.HasPrefix(text, `"`) != strings.HasPrefix(other, `"`) {
			t.Errorf("%s: quotes keep spaces in one language alone", key)
		}
		if strings.HasPrefix(key, "cause.") && text == other && placeholder.ReplaceAllString(text, "") != ": " && len(placeholder.ReplaceAllString(text, "")) > 4 {
			t.Errorf("%s is not translated", key)
		}
	}
	for key := range spanish {
		if _, ok := english[key]; !ok {
			t.Errorf("%s is in Spanish alone", key)
		}
	}
}

func TestSentenceInSpanish(t *testing.T) {
	v := 7.4
	hba1c := eval.Criterion{ID: "I3", Kind: eval.Lab, Codes: []eval.Code{"loinc|4548-4"}, Range: eval.Range{Min: num(7), Max: num(10.5)}, Unit: "%", Within: eval.Period{Days: 180}}
	for _, x := range []struct {
		c    eval.Criterion
		p    eval.Person
		want string
	}{
		{hba1c, eval.Person{Facts: []eval.Fact{{Kind: eval.FactObservation, Code: "loinc|4548-4", Number: &v, Unit: "%", Date: "2026-02-03", Source: "records"}}}, "HbA1c 7.4 % el 3 feb 2026 (expediente): dentro de 7.0–10.5 %"},
		{hba1c, eval.Person{}, "No se sabe: HbA1c (nunca se midió)"},
		{eval.Criterion{ID: "I1", Kind: eval.Age, Range: eval.Range{Min: num(60)}}, eval.Person{BirthDate: "1951-05-03"}, "Edad 74 años: al menos 60"},
		{eval.Criterion{ID: "I2", Kind: eval.Sex, In: []string{"female"}}, eval.Person{Sex: "male"}, "Sexo al nacer: masculino; se busca: femenino"},
	} {
		r := eval.Evaluate(eval.Criteria{Items: []eval.Criterion{x.c}}, x.p, asOf).Reasons[0]
		if d := cmp.Diff(x.want, eval.Sentence(x.c, r, eval.Spanish())); d != "" {
			t.Error(d)
		}
	}
}
