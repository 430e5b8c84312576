package survey

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
)

// one makes a questionnaire with one item of the given JSON members.
func one(t testing.TB, members string) *Questionnaire {
	t.Helper()
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","url":"urn:test","version":"1","item":[{"linkId":"q","text":"Q?",` + members + `}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

const (
	extInt = `{"url":"http://hl7.org/fhir/StructureDefinition/%s","valueInteger":%d}`
)

func limits(pairs ...any) string {
	var all []string
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, fmt.Sprintf(extInt, pairs[i], pairs[i+1]))
	}
	return `"extension":[` + strings.Join(all, ",") + `]`
}

func unit(code, display string) string {
	return `{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unit","valueCoding":{"system":"http://unitsofmeasure.org","code":"` + code + `","display":"` + display + `"}}`
}

var (
	colours = `"answerOption":[{"valueCoding":{"code":"r","display":"Red"}},{"valueCoding":{"code":"g","display":"Green","_display":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/translation","extension":[{"url":"lang","valueCode":"es"},{"url":"content","valueString":"Verde"}]}]}}},{"valueCoding":{"code":"n","display":"None of these"},"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive","valueBoolean":true}]}]`
	scale   = `"answerOption":[` + strings.Join([]string{scored(0, "Not at all"), scored(1, "Several days"), scored(2, "More than half the days"), scored(3, "Nearly every day")}, ",") + `]`
	evening = time.Date(2025, 5, 3, 20, 0, 0, 0, time.FixedZone("Honolulu", -10*3600))
)

func scored(n int, text string) string {
	return fmt.Sprintf(`{"valueCoding":{"code":"LA%d","display":%q,"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/ordinalValue","valueDecimal":%d}]}}`, n+6568, text, n)
}

func many(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"valueString":"choice %c"}`, 'a'+i))
	}
	return `"answerOption":[` + strings.Join(all, ",") + `]`
}

func TestReadPerTypeAndChannel(t *testing.T) {
	boolean := `"type":"boolean"`
	pressure := `"type":"integer",` + limits("minValue", 60, "maxValue", 260)
	pain := `"type":"integer",` + limits("minValue", 0, "maxValue", 10)
	signed := `"type":"integer"`
	temperature := `"type":"decimal","extension":[` + fmt.Sprintf(extInt, "maxDecimalPlaces", 1) + `,` + fmt.Sprintf(extInt, "minValue", 30) + `,` + fmt.Sprintf(extInt, "maxValue", 45) + `,` + unit("Cel", "°C") + `]`
	weight := `"type":"quantity","extension":[` + unit("kg", "kg") + `]`
	free := `"type":"decimal"`
	choice := `"type":"choice",` + colours
	multi := `"type":"choice","repeats":true,` + colours
	open := `"type":"open-choice",` + colours
	date := `"type":"date","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueDate":"2025-12-31"}]`
	clockTime := `"type":"time"`
	text := `"type":"string","maxLength":10`
	plate := `"type":"string","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/regex","valueString":"[A-Z]{3}"}]`

	tests := []struct {
		item    string
		channel Channel
		lang    string
		raw     string
		want    string // values in words, or "!" and the problem
	}{
		{boolean, Voice, "en", "1", "Yes"},
		{boolean, Voice, "en", "2#", "No"},
		{boolean, Voice, "en", "3", "!option"},
		{boolean, Voice, "en", "yes", "!option"},
		{boolean, SMS, "en", " YES! ", "Yes"},
		{boolean, SMS, "en", "n", "No"},
		{boolean, SMS, "es", "Sí.", "Sí"},
		{boolean, SMS, "es", "si", "Sí"},
		{boolean, SMS, "es", "NO", "No"},
		{boolean, SMS, "en", "２", "No"},
		{boolean, SMS, "en", "١", "Yes"},
		{boolean, SMS, "en", "1)", "Yes"},
		{boolean, SMS, "en", "1 yes", "Yes"},
		{boolean, SMS, "en", "1 no", "!option"},
		{boolean, SMS, "en", "maybe", "!option"},
		{boolean, SMS, "en", "  ", "!empty"},
		{boolean, Web, "en", "true", "Yes"},
		{boolean, Web, "en", "false", "No"},

		{pressure, Voice, "en", "186", "186"},
		{pressure, Voice, "en", "0186#", "186"},
		{pressure, Voice, "en", "1*8", "!whole"},
		{pressure, Voice, "en", "18 6", "!number"},
		{pressure, Voice, "en", "", "!empty"},
		{pressure, SMS, "en", "186", "186"},
		{pressure, SMS, "en", "١٨٦", "186"},
		{pressure, SMS, "en", "１８６", "186"},
		{pressure, SMS, "en", "186/95", "!number"},
		{pressure, SMS, "en", "about 186", "!number"},
		{pressure, SMS, "en", "186.0", "186"},
		{pressure, SMS, "en", "186.5", "!whole"},
		{pressure, SMS, "en", "59", "!too-low 60-260"},
		{pressure, SMS, "en", "261", "!too-high 60-260"},
		{pressure, SMS, "en", "99999999999999999999", "!too-high 60-260"},
		{pressure, Web, "en", "-5", "!too-low 60-260"},
		{pressure, Web, "en", "1,234", "!unclear"},
		{pain, Voice, "en", "10", "10"},
		{pain, Voice, "en", "1", "1"},
		{pain, Voice, "en", "0", "0"},
		{pain, Voice, "en", "11", "!too-high 0-10"},
		{pain, SMS, "en", "seven", "7"},
		{pain, SMS, "es", "Siete", "7"},
		{pain, SMS, "en", "once", "!number"},
		{pain, SMS, "en", "none", "0"},
		{signed, SMS, "en", "−12", "-12"},
		{signed, SMS, "en", "-0", "0"},
		{signed, Web, "en", "2147483648", "!too-high -2147483648-2147483647"},

		{temperature, Voice, "en", "37*5", "37.5 °C"},
		{temperature, Voice, "en", "37", "37 °C"},
		{temperature, Voice, "en", "37*5*1", "!number"},
		{temperature, SMS, "en", "37.5", "37.5 °C"},
		{temperature, SMS, "es", "37,5", "37.5 °C"},
		{temperature, SMS, "en", "37.5 C", "37.5 °C"},
		{temperature, SMS, "en", "37.5°C", "37.5 °C"},
		{temperature, SMS, "es", "37,5 grados", "37.5 °C"},
		{temperature, SMS, "en", "37.5 F", "!unit"},
		{temperature, SMS, "ar", "٣٧٫٥", "37.5 °C"},
		{temperature, SMS, "en", "37.55", "!decimals"},
		{temperature, SMS, "en", "37.50", "37.5 °C"},
		{temperature, SMS, "en", "hot", "!number"},
		{temperature, Web, "en", "45.1", "!too-high 30-45"},
		{weight, SMS, "en", "82.40 kilos", "82.40 kg"},
		{weight, SMS, "en", "180 lbs", "!unit"},
		{weight, Voice, "en", "82*4", "82.4 kg"},
		{free, SMS, "en", ".5", "0.5"},
		{free, SMS, "en", "5.", "5"},
		{free, SMS, "en", ".", "!number"},
		{free, SMS, "en", "1,234", "!unclear"},
		{free, SMS, "en", "0,125", "0.125"},
		{free, SMS, "es", "1.234", "!unclear"},
		{free, Web, "es", "1.234", "1.234"},
		{free, SMS, "en", "1e9", "!number"},
		{free, SMS, "en", "NaN", "!number"},
		{free, Web, "en", "0.1234567890123456", "!decimals"},

		{choice, Voice, "en", "2", "Green"},
		{choice, Voice, "en", "4", "!option"},
		{choice, Voice, "en", "12", "!one-only"},
		{choice, SMS, "en", "2.", "Green"},
		{choice, SMS, "en", "green", "Green"},
		{choice, SMS, "en", "verde", "Green"},
		{choice, SMS, "es", "2", "Verde"},
		{choice, SMS, "en", "G", "Green"},
		{choice, SMS, "en", "two", "Green"},
		{choice, SMS, "en", "1,2", "!one-only"},
		{choice, SMS, "en", "2) Green", "Green"},
		{choice, SMS, "en", "1 green", "!one-only"},
		{choice, SMS, "en", "blue", "!option"},
		{choice, SMS, "en", "0", "!option"},
		{`"type":"choice",` + scale, Voice, "en", "0", "Not at all"},
		{`"type":"choice",` + scale, SMS, "en", "3", "Nearly every day"},
		{`"type":"choice",` + scale, SMS, "en", "4", "!option"},
		{`"type":"choice",` + scale, SMS, "en", "several DAYS", "Several days"},
		{`"type":"choice",` + many(12), Voice, "en", "12", "choice l"},
		{`"type":"choice",` + many(12), Voice, "en", "02", "choice b"},
		{`"type":"choice",` + many(12), Voice, "en", "2", "choice b"},
		{`"type":"choice",` + many(12), Voice, "en", "13", "!option"},
		{`"type":"choice",` + many(12), SMS, "en", "2", "choice b"},
		{multi, Voice, "en", "21", "Red; Green"},
		{multi, Voice, "en", "1*2", "Red; Green"},
		{multi, Voice, "en", "11", "!duplicate"},
		{multi, Voice, "en", "13", "!exclusive"},
		{multi, SMS, "en", "1, 2", "Red; Green"},
		{multi, SMS, "en", "1 2", "Red; Green"},
		{multi, SMS, "en", "1 and 2", "Red; Green"},
		{multi, SMS, "es", "Red y verde", "Red; Verde"},
		{multi, SMS, "en", "none of these", "None of these"},
		{multi, SMS, "en", "1,9", "!option"},
		{multi, SMS, "en", "2,2", "!duplicate"},
		{multi, Web, "en", "1,2", "Red; Green"},
		{open, SMS, "en", "2", "Green"},
		{open, SMS, "en", "Light  blue", "Light  blue"},
		{open, SMS, "en", "7", "!option"},
		{open, Voice, "en", "2", "Green"},

		{date, Voice, "en", "05032025", "2025-05-03"},
		{date, Voice, "en", "02302025", "!date"},
		{date, Voice, "en", "5032025", "!date"},
		{date, SMS, "en", "2025-05-03", "2025-05-03"},
		{date, SMS, "en", "5/3/2025", "2025-05-03"},
		{date, SMS, "en", "13/3/2025", "2025-03-13"},
		{date, SMS, "es", "13/3/2025", "2025-03-13"},
		{date, SMS, "es", "3/5/2025", "!unclear"},
		{date, SMS, "es", "5/5/2025", "2025-05-05"},
		{date, SMS, "es", "3 de mayo de 2025", "2025-05-03"},
		{date, SMS, "en", "May 3rd, 2025", "2025-05-03"},
		{date, SMS, "en", "3 Sept 2025", "2025-09-03"},
		{date, SMS, "en", "٢٠٢٥-٠٥-٠٣", "2025-05-03"},
		{date, SMS, "en", "Today", "2025-05-03"},
		{date, SMS, "es", "ayer", "2025-05-02"},
		{date, SMS, "es", "Mañana", "2025-05-04"},
		{date, SMS, "en", "02/30/2025", "!date"},
		{date, SMS, "en", "5/3/25", "!date"},
		{date, SMS, "en", "1/1/2026", "!too-high -2025-12-31"},
		{date, Web, "en", "2025-02-29", "!date"},
		{date, Web, "en", "0001-01-01", "!date"},

		{clockTime, Voice, "en", "02302", "14:30"},
		{clockTime, Voice, "en", "12001", "00:00"},
		{clockTime, Voice, "en", "1430", "14:30"},
		{clockTime, Voice, "en", "0230", "!time"},
		{clockTime, Voice, "en", "02303", "!time"},
		{clockTime, SMS, "en", "2:30 pm", "14:30"},
		{clockTime, SMS, "en", "2 PM", "14:00"},
		{clockTime, SMS, "es", "2:30 p. m.", "14:30"},
		{clockTime, SMS, "en", "14:30", "14:30"},
		{clockTime, SMS, "en", "noon", "12:00"},
		{clockTime, SMS, "en", "25:00", "!time"},
		{clockTime, SMS, "en", "13 pm", "!time"},
		{clockTime, SMS, "en", "9", "!time"},

		{text, SMS, "en", " hello\x00 ", "hello"},
		{text, SMS, "en", "12345678901", "!too-long"},
		{text, Web, "en", "\x00\x01", "!empty"},
		{text, Voice, "en", "12", "!not-by-phone"},
		{plate, Web, "en", "ABC", "ABC"},
		{plate, Web, "en", "ABCD", "!format"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %s %q", tt.channel, tt.lang, tt.raw), func(t *testing.T) {
			q := one(t, tt.item)
			values, problem := read(q.byID["q"], Input{Kind: Reply, Raw: tt.raw, Channel: tt.channel, At: evening}, tt.lang)
			var words []string
			for _, v := range values {
				words = append(words, valueText(q.byID["q"], v, tt.lang))
			}
			got := strings.Join(words, "; ")
			if problem != nil {
				got = "!" + string(problem.Code)
				if problem.Code == ProblemTooLow || problem.Code == ProblemTooHigh {
					got += " " + problem.Min + "-" + problem.Max
				}
			}
			if got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.item, got, tt.want)
			}
		})
	}
}

func TestEveryDecimalDigitOfUnicodeIsRead(t *testing.T) {
	scripts := 0
	for _, r := range unicode.Nd.R16 {
		for c := rune(r.Lo); c <= rune(r.Hi); c++ {
			if want := '0' + (c-rune(r.Lo))%10; ascii(c) != want {
				t.Errorf("%q is read as %q, want %q", c, ascii(c), want)
			}
		}
		if (rune(r.Hi)-rune(r.Lo)+1)%10 != 0 || r.Stride != 1 {
			t.Errorf("digits %x–%x are no runs of ten", r.Lo, r.Hi)
		}
		scripts++
	}
	if scripts < 30 {
		t.Errorf("only %d scripts seen", scripts)
	}
	for i, c := range []rune("०१२३४५६७८९") {
		if ascii(c) != rune('0'+i) {
			t.Errorf("Devanagari %q is read as %q", c, ascii(c))
		}
	}
}

func TestCommand(t *testing.T) {
	for raw, want := range map[string]InputKind{"BACK": Back, "Atrás": Back, "skip.": Skip, "omitir": Skip, "again": Repeat, "Otra  vez": Repeat, "yes": "", "stop": "", "": ""} {
		if got, ok := Command(raw); got != want || ok != (want != "") {
			t.Errorf("%q is %q, want %q", raw, got, want)
		}
	}
}
