package eval

import "slices"

// SmokingCode is the LOINC code of the smoking status (NHIS).
const SmokingCode Code = "loinc|72166-2"

// smokingStatus reads the value of a smoking status: SNOMED and LOINC answer codes of the
// LOINC list LL2201-3, or our own words. "" is an answer that says not known.
func smokingStatus(f *Fact) (status string, ok bool) {
	switch f.ValueCode {
	case "snomed|449868002", "snomed|428041000124106", "snomed|77176002", "snomed|428071000124103",
		"snomed|428061000124105", "loinc|LA18976-3", "loinc|LA18977-1", "loinc|LA18979-7",
		"loinc|LA18981-3", "loinc|LA18982-1":
		return "current", true
	case "snomed|8517006", "loinc|LA15920-4":
		return "former", true
	case "snomed|266919005", "loinc|LA18978-9":
		return "never", true
	case "snomed|266927001", "loinc|LA18980-5":
		return "", true
	}
	switch f.Text {
	case "current", "former", "never":
		return f.Text, true
	case "unknown":
		return "", true
	}
	return "", false
}

func (e *evaluation) smoking(c *Criterion) finding {
	facts := e.facts(measured, func(f *Fact) bool { return f.Code == SmokingCode })
	return e.latest(facts, e.start(c.Within), func(f *Fact) (Truth, Cause) {
		status, ok := smokingStatus(f)
		switch {
		case !ok:
			return Unknown, NoValue
		case status == "":
			return Unknown, Unsure
		case slices.Contains(c.In, status):
			return True, Matches
		}
		return False, Differs
	})
}

// PregnancyCode is the LOINC code of the pregnancy status.
const PregnancyCode Code = "loinc|82810-3"

// IsPregnancy says whether a condition with this code is a pregnancy.
func IsPregnancy(c Code) bool { return c == "snomed|77386006" || c == "snomed|72892002" }

// pregnancy looks at the latest statement: the status, an answer, or an active condition, which a
// no can stand against. An older one is stale, ten months if the criterion gives no window; a list
// of conditions without a pregnancy does not say that there is none.
func (e *evaluation) pregnancy(c *Criterion) finding {
	facts := e.facts(measured|conditions, func(f *Fact) bool {
		if f.Kind == FactCondition {
			return IsPregnancy(f.Code)
		}
		return f.Code == PregnancyCode
	})
	return e.latest(facts, e.start(c.Window()), func(f *Fact) (Truth, Cause) {
		t := Unknown
		switch {
		case f.Bool != nil && !*f.Bool:
			t = False
		case f.Kind == FactCondition:
			t = e.current(placed{fact: f})
		case f.Bool != nil:
			t = True
		case f.ValueCode == "snomed|77386006" || f.ValueCode == "loinc|LA15173-0" || f.Text == "pregnant":
			t = True
		case f.ValueCode == "snomed|60001007" || f.ValueCode == "loinc|LA26683-5" || f.Text == "not pregnant":
			t = False
		default:
			return Unknown, Unsure
		}
		switch t {
		case True:
			return True, Present
		case False:
			return False, Differs
		}
		return Unknown, Imprecise
	})
}
