package criteria_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
)

func TestYAMLProblems(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"duration", "criteria:\n  - {id: I05, kind: lab, code: loinc|4548-4, range: [7, 10.5], unit: \"%\",\n     within: P180}", "line 3, `within`: P180 is not a duration; write P180D"},
		{"key nearly right", "criteria:\n  - {id: I1, kind: age, rnage: [1, 2], min: 3}", "line 2, `rnage`: unknown; did you mean range?"},
		{"key of another kind", "criteria:\n  - {id: I1, kind: age, min: 18, within: P1Y}", "line 2, `within`: does not go with age; age takes range, min, max, exclusive, unit"},
		{"kind nearly right", "criteria:\n  - {id: I1, kind: medicaton, code: rxnorm|1}", "line 2, `kind`: medicaton is no kind; did you mean medication?"},
		{"no kind", "criteria:\n  - {id: I1}", "line 2, `kind`: missing; known are age, sex, gender, distance, lab, condition, medication, allergy, procedure, pregnancy, smoking, language, interpreter, device, availability, otherTrial, lastVisit, answer, any, all, atLeast"},
		{"no id", "criteria:\n  - {kind: interpreter}", "line 2: a criterion needs an id"},
		{"id twice", "criteria:\n  - {id: I1, kind: interpreter}\n  - {id: I1, kind: interpreter}", "line 3, `id`: I1 is already used in line 2"},
		{"id that is a word", "criteria:\n  - {id: age, kind: interpreter}", "line 2, `id`: age is a word of this language; choose another id"},
		{"code without system", "criteria:\n  - {id: I1, kind: condition, code: \"38341003\"}", "line 2, `code`: 38341003 is not a code; write system|code, as in loinc|4548-4"},
		{"no code", "criteria:\n  - {id: I1, kind: condition}", "line 2, `code`: missing; write system|code, as in loinc|4548-4"},
		{"no range", "criteria:\n  - {id: I1, kind: age}", "line 2, `range`: missing; give range: [from, to], min or max"},
		{"impossible range", "criteria:\n  - {id: I1, kind: age, range: [75, 40]}", "line 2, `range`: no number lies in this range"},
		{"range of one", "criteria:\n  - {id: I1, kind: age, range: [75]}", "line 2, `range`: needs two bounds, [40, 75]"},
		{"not a number", "criteria:\n  - {id: I1, kind: age, min: old}", "line 2, `min`: old is not a number"},
		{"no NaN", "criteria:\n  - {id: I1, kind: age, min: .nan}", "line 2, `min`: .nan is not a number"},
		{"exclusive of nothing", "criteria:\n  - {id: I1, kind: age, min: 18, exclusive: max}", "line 2, `exclusive`: there is no max to exclude"},
		{"descendants of SNOMED", "criteria:\n  - {id: I1, kind: condition, code: snomed|38341003, descendants: true}", "line 2, `descendants`: works for icd10 only; list the codes of snomed instead"},
		{"smoking word", "criteria:\n  - {id: I1, kind: smoking, value: curent}", "line 2, `value`: curent is none of current, former, never; did you mean current?"},
		{"opposite of pregnant", "criteria:\n  - {id: I1, kind: pregnancy, value: none}", "line 2, `value`: none is none of pregnant (to ask for the opposite, write exclude: true)"},
		{"policy", "criteria:\n  - {id: I1, kind: interpreter, missing: fial}", "line 2, `missing`: fial is none of ask, fail, pass; did you mean fail?"},
		{"yes is not true", "criteria:\n  - {id: I1, kind: interpreter, exclude: yes}", "line 2, `exclude`: yes is not true or false"},
		{"no length of a last visit", "criteria:\n  - {id: I1, kind: lastVisit}", "line 2, `within`: missing; give within (so recently), atLeastAgo (so long ago) or both"},
		{"time of the week", "criteria:\n  - {id: I1, kind: availability, in: [weekends]}", "line 2, `in`: weekends is none of weekday-morning, weekday-afternoon, weekday-evening, weekend; did you mean weekend?"},
		{"empty group", "criteria:\n  - {id: I1, any: []}", "line 2, `any`: has no criteria under it"},
		{"too many asked", "criteria:\n  - {id: I1, atLeast: 2, of: [{kind: interpreter}]}", "line 2, `atLeast`: asks for more than there are criteria"},
		{"not said how many", "criteria:\n  - {id: I1, of: [{kind: interpreter}]}", "line 2, `atLeast`: missing; write how many of them must hold"},
		{"two groups", "criteria:\n  - {id: I1, any: [{kind: interpreter}], all: [{kind: interpreter}]}", "line 2, `all`: is a second group; put one inside the other"},
		{"key twice", "criteria:\n  - {id: I1, kind: age, min: 1, min: 2}", "line 2, `min`: is there twice"},
		{"top key twice", "study: A\nstudy: B\ncriteria: []", "line 2, `study`: is there twice"},
		{"alias", "criteria:\n  - {id: I1, kind: age, min: &a 1, max: *a}", "line 2, `max`: is an alias; write the value itself"},
		{"unit of age", "criteria:\n  - {id: I1, kind: age, min: 1, unit: years}", "line 2, `unit`: years is not a unit of age; write a, mo, wk or d"},
		{"unknown top key", "studdy: X\ncriteria: []", "line 1, `studdy`: unknown; did you mean study?"},
		{"version", "version: new\ncriteria: []", "line 1, `version`: new is not a version; write 1, 2, 3 …"},
		{"no criteria", "study: X", "line 1, `criteria`: missing"},
		{"not a list", "criteria: 3", "line 1, `criteria`: is not a list"},
		{"not a mapping", "criteria: [age]", "line 1: a criterion is not a mapping of keys to values"},
		{"empty", "", "the file is empty"},
		{"second document", "criteria: []\n---\ncriteria: []", "line 2: a second document; one file holds one study's criteria"},
		{"two at once", "criteria:\n  - {id: I1, kind: age, min: x}\n  - {id: I2, kind: sexx}", "line 2, `min`: x is not a number\nline 3, `kind`: sexx is no kind; did you mean sex?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := criteria.ParseYAML([]byte(tt.in))
			if err == nil {
				t.Fatal("was read")
			}
			got := err.Error()
			if tt.name == "no kind" || strings.HasPrefix(got, "line 1: a criterion") {
				got, _, _ = strings.Cut(got, "\n")
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if criteria.Of(err) == nil {
				t.Error("is not Problems")
			}
		})
	}
}

func TestYAMLSyntaxIsLocated(t *testing.T) {
	_, err := criteria.ParseYAML([]byte("criteria:\n  - {id: I1, kind: age\n"))
	ps := criteria.Of(err)
	if len(ps) != 1 || ps[0].Line == 0 || !strings.Contains(ps[0].Text, "not YAML") {
		t.Errorf("got %+v", ps)
	}
}

func TestTextProblems(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"duration", "I1 lab loinc|4548-4 7..10 % within P180", "line 1, `within`: P180 is not a duration; write P180D"},
		{"option nearly right", "I1 condition snomed|38341003 wihtin P6M", "line 1: wihtin is not expected here"},
		{"no kind", "I1", "line 1, `kind`: missing; known are age, sex, gender, distance, lab, condition, medication, allergy, procedure, pregnancy, smoking, language, interpreter, device, availability, otherTrial, lastVisit, answer, any, all, atLeast"},
		{"kind nearly right", "I1 conditoin snomed|38341003", "line 1, `kind`: conditoin is no kind; did you mean condition?"},
		{"no comma", "I1 language en es", "line 1: es is not expected here"},
		{"comma too many", "I1 language en,, es", "line 1: a comma goes between two values"},
		{"open quote", "I1 interpreter text \"never ends", "line 1: a quoted text does not end, or holds a wrong escape"},
		{"option without value", "I1 otherTrial within", "line 1, `within`: needs a value"},
		{"indented under nothing", "  I1 interpreter", "line 1: is indented, but there is no group above it"},
		{"indented under a line", "I1 interpreter\n  interpreter", "line 2: is indented under line 1, which is no group"},
		{"uneven", "I1 any\n   interpreter\n  interpreter", "line 3: is indented differently from line 2"},
		{"tab", "I1 any\n\tinterpreter", "line 2: is indented with a tab; use spaces"},
		{"empty group", "I1 any\nI2 interpreter", "line 1, `any`: has no criteria under it"},
		{"range", "I1 age 75..40", "line 1, `range`: no number lies in this range"},
		{"study twice", "study A\nstudy B", "line 2, `study`: is there twice"},
		{"key of another kind", "I1 age 18.. within P1Y", "line 1, `within`: does not go with age; age takes range, min, max, exclusive, unit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := criteria.ParseText([]byte(tt.in))
			if err == nil {
				t.Fatal("was read")
			}
			if d := cmp.Diff(tt.want, err.Error()); d != "" {
				t.Error(d)
			}
		})
	}
}

// Different spellings of one meaning give one tree.
func TestOneMeaningOneTree(t *testing.T) {
	tests := []struct{ name, a, b string }{
		{"range and bounds", "{id: X, kind: age, range: [18, 65]}", "{id: X, kind: age, min: 18.0, max: 65, unit: a}"},
		{"open bound", "{id: X, kind: age, range: [null, 65]}", "{id: X, kind: age, max: 65}"},
		{"lab and observation", "{id: X, kind: lab, code: loinc|4548-4, min: 7}", "{id: X, kind: observation, codes: [loinc|4548-4], min: 7, pick: latest, missing: ask}"},
		{"onset", "{id: X, kind: condition, code: snomed|1, within: P26W}", "{id: X, kind: condition, code: snomed|1, onset: {within: P182D}}"},
		{"not of one", "{id: X, not: {kind: interpreter}}", "{id: X, kind: interpreter, exclude: true}"},
		{"not of several", "{id: X, not: [{kind: interpreter}, {kind: otherTrial}]}", "{id: X, exclude: true, any: [{kind: interpreter}, {kind: otherTrial}]}"},
		{"not with words", "{id: X, text: Hello, not: {kind: interpreter}}", "{id: X, text: Hello, kind: interpreter, exclude: true}"},
		{"value and in", "{id: X, kind: language, value: en}", "{id: X, kind: language, in: [en]}"},
		{"defaults", "{id: X, kind: distance, max: 5}", "{id: X, kind: distance, site: any, max: 5, unit: km, sensitivity: plain, exclude: false}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, errA := criteria.ParseYAML([]byte("criteria:\n  - " + tt.a))
			b, errB := criteria.ParseYAML([]byte("criteria:\n  - " + tt.b))
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			if d := cmp.Diff(a, b); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTextAndYAMLSayTheSame(t *testing.T) {
	text := `
# a comment
study MUS-0042
version 3
as of screening

I01 age 40..75 text "Aged 40 to 75"   # bounds belong
I02 distance any ..80 km
I05 lab loinc|4548-4 >7..<10.5 % within P180D pick max
I08 condition icd10|E11 descendants atLeastAgo P365D
E03 not condition snomed|230690007 within P6M missing pass
I13 medication rxnorm|6809, rxnorm|860975 within P90D
E06 not pregnancy appliesTo female sensitivity sensitive
I20 any
  language en, es
  not atLeast 2
    interpreter
    device mobile, web
    answer muster|walk-20-min true
I21 answer muster|falls ..2 question falls
not encoded "Able to follow the visit plan"
`
	yaml := `
study: MUS-0042
version: 3
asOf: screening
criteria:
  - {id: I01, text: "Aged 40 to 75", kind: age, range: [40, 75]}
  - {id: I02, kind: distance, site: any, max: 80, unit: km}
  - {id: I05, kind: lab, code: loinc|4548-4, range: [7, 10.5], exclusive: both, unit: "%", within: P180D, pick: max}
  - {id: I08, kind: condition, code: icd10|E11, descendants: true, onset: {atLeastAgo: P365D}}
  - {id: E03, kind: condition, code: snomed|230690007, within: P6M, exclude: true, missing: pass}
  - {id: I13, kind: medication, codes: [rxnorm|6809, rxnorm|860975], within: P90D}
  - {id: E06, kind: pregnancy, value: pregnant, exclude: true, appliesTo: female, sensitivity: sensitive}
  - id: I20
    any:
      - {kind: language, in: [en, es]}
      - exclude: true
        atLeast: 2
        of:
          - {kind: interpreter, value: true}
          - {kind: device, in: [mobile, web]}
          - {kind: answer, code: muster|walk-20-min, value: true}
  - {id: I21, kind: answer, code: muster|falls, max: 2, question: falls}
notEncoded: ["Able to follow the visit plan"]
`
	a, err := criteria.ParseText([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	b, err := criteria.ParseYAML([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("-text +yaml:\n%s", d)
	}
	checkForms(t, a)
}

func TestLint(t *testing.T) {
	seven, five := 7.0, 5.0
	c := eval.Criteria{Items: []eval.Criterion{
		{ID: "A", Kind: eval.Lab, Codes: []eval.Code{"loinc|4548-3"}, Range: eval.Range{Min: &seven, Max: &five}, Unit: "percent"},
		{ID: "A", Kind: eval.Condition, Codes: []eval.Code{"snomde|38341003"}},
		{ID: "B", Kind: eval.Condition, Codes: []eval.Code{"snomed|38341004"}},
		{ID: "C", Kind: eval.Medication, Codes: []eval.Code{"rxnorm|6809a"}},
		{ID: "D", Kind: eval.Pregnancy, Exclude: true},
		{ID: "E", Kind: eval.AnyOf, Exclude: true, Of: []eval.Criterion{{Kind: eval.Interpreter, Missing: eval.Fail}}},
		{ID: "F", Kind: eval.LastVisit, Within: eval.Period{Days: 20}, AtLeastAgo: eval.Period{Months: 1}},
		{ID: "G", Kind: eval.LastVisit, Within: eval.Period{Months: 1}, AtLeastAgo: eval.Period{Days: 30}},
	}, Sets: []eval.ValueSet{{Name: "vs/own", Version: 1, Codes: []eval.Code{"rxnorm|6809a"}}}}
	want := []string{
		"A, `range`: no number lies in it",
		"A, `code`: loinc|4548-3 is mistyped: its check digit is wrong",
		"A, `unit`: \"percent\" is not known for loinc|4548-3; only values in the very same unit will compare",
		"A, `id`: is used twice",
		"A, `code`: snomde|38341003: unknown code system; did you mean snomed?",
		"B, `code`: snomed|38341004 is mistyped: its check digit is wrong",
		"C, `code`: rxnorm|6809a is mistyped: RxNorm codes are numbers",
		"D, `sensitivity`: pregnancy is asked by link after sign-in or by staff; write sensitive",
		"D, `appliesTo`: missing: without female, men stay unknown until they are asked",
		"E, `missing`: inside an exclusion it turns round; put it on the whole criterion",
		"F, `within`: no day lies within P20D and at least P1M back",
		"`valueSets`: vs/own@1 is named by no criterion",
		"`code`: rxnorm|6809a is mistyped: RxNorm codes are numbers",
	}
	if d := cmp.Diff(want, strings.Split(criteria.Lint(c).Error(), "\n")); d != "" {
		t.Error(d)
	}
	if ps := criteria.Lint(eval.Criteria{}); ps != nil {
		t.Errorf("nothing to complain of: %v", ps)
	}
}
