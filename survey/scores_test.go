package survey

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mood is three scored questions, a sum of all with bands, and a sub-scale that makes up for what is missing.
func mood(t testing.TB) *Questionnaire {
	t.Helper()
	part := func(url, kind, value string) string { return `{"url":"` + url + `","` + kind + `":` + value + `}` }
	text := func(url, value string) string { return part(url, "valueString", `"`+value+`"`) }
	band := func(from, to, label string) string {
		return `{"url":"band","extension":[` + part("from", "valueInteger", from) + `,` + part("to", "valueInteger", to) + `,` + text("label", label) + `]}`
	}
	score := func(parts ...string) string {
		return `{"url":"urn:muster:score","extension":[` + strings.Join(parts, ",") + `]}`
	}
	var items []string
	for _, id := range []string{"a", "b", "c"} {
		items = append(items, `{"linkId":"`+id+`","type":"choice","text":"`+strings.ToUpper(id)+`?",`+scale+`}`)
	}
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","url":"urn:mood","version":"1","extension":[` +
		score(text("id", "total"), text("label", "Mood"), text("item", "a"), text("item", "b"), text("item", "c"), part("missing", "valueCode", `"none"`), text("into", "sum"), band("0", "3", "low"), band("4", "9", "high")) + `,` +
		score(text("id", "sub"), text("label", "Part"), text("item", "a"), text("item", "b"), text("item", "c"), part("missing", "valueCode", `"prorate"`)) +
		`],"item":[` + strings.Join(items, ",") + `,{"linkId":"sum","type":"integer","text":"Mood","readOnly":true}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestScores(t *testing.T) {
	q := mood(t)
	type got struct {
		Value, Band string
		Missing     int
	}
	for _, tc := range []struct {
		name string
		said []string // "" skips
		want [2]got
	}{
		{"all answered", []string{"1", "0", "3"}, [2]got{{"4", "high", 0}, {"4", "", 0}}},
		{"low", []string{"1", "1", "1"}, [2]got{{"3", "low", 0}, {"3", "", 0}}},
		{"one missing", []string{"1", "", "3"}, [2]got{{"", "", 1}, {"6", "", 1}}},
		{"rounded to a whole number", []string{"1", "", "0"}, [2]got{{"", "", 1}, {"2", "", 1}}},
		{"too much missing", []string{"3", "", ""}, [2]got{{"", "", 2}, {"", "", 2}}},
		{"not finished", []string{"3", "2"}, [2]got{{"", "", 1}, {"", "", 1}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k := begin(t, q, SMS, "en")
			for _, said := range tc.said {
				if said == "" {
					k.do(Input{Kind: Skip})
					continue
				}
				k.say(said)
			}
			var have [2]got
			for i, sc := range q.Scores(k.s, "en") {
				have[i] = got{sc.Value, sc.Band, sc.Missing}
			}
			if d := cmp.Diff(tc.want, have); d != "" {
				t.Error(d)
			}
		})
	}
}

// A sum is part of the record: in the read-only item that is declared for it, and after the answers.
func TestScoreIsWrittenDown(t *testing.T) {
	q := mood(t)
	k := begin(t, q, Web, "en").say("1").say("0").say("3")
	data, err := q.Response(k.s, "", "")
	if err != nil {
		t.Fatal(err)
	}
	valid(t, data)
	items := tree(t, data)["item"].([]any)
	last := items[len(items)-1].(map[string]any)
	if d := cmp.Diff(tree(t, []byte(`{"linkId":"sum","text":"Mood","answer":[{"valueInteger":4}]}`)), last); d != "" {
		t.Error(d)
	}
	var lines []string
	for _, l := range q.Lines(k.s, "en") {
		if l.Score {
			lines = append(lines, l.Question+": "+l.Text)
		}
	}
	if d := cmp.Diff([]string{"Mood: 4 (high)", "Part: 4"}, lines); d != "" {
		t.Error(d)
	}
}

func TestScoresThatCannotBeAddedUpAreRefused(t *testing.T) {
	for parts, want := range map[string]string{
		`{"url":"id","valueString":"s"},{"url":"label","valueString":"S"},{"url":"item","valueString":"gone"}`:                                                                                                                           `score "s": there is no question "gone"`,
		`{"url":"id","valueString":"s"},{"url":"label","valueString":"S"},{"url":"item","valueString":"word"}`:                                                                                                                           `item "word" has no number to add`,
		`{"url":"id","valueString":"s"},{"url":"label","valueString":"S"},{"url":"item","valueString":"bare"}`:                                                                                                                           `give option "Red" an ordinalValue`,
		`{"url":"id","valueString":"s"},{"url":"label","valueString":"S"},{"url":"item","valueString":"n"},{"url":"into","valueString":"word"}`:                                                                                          `"word" is no read-only item`,
		`{"url":"id","valueString":"s"},{"url":"label","valueString":"S"},{"url":"item","valueString":"n"},{"url":"missing","valueCode":"guess"}`:                                                                                        `missing "guess": use none or prorate`,
		`{"url":"id","valueString":"s"},{"url":"label","valueString":"S"}`:                                                                                                                                                               `adds nothing up`,
		`{"url":"id","valueString":"s"},{"url":"item","valueString":"n"}`:                                                                                                                                                                `has no label`,
		`{"url":"id","valueString":"s"},{"url":"label","valueString":"S"},{"url":"item","valueString":"n"},{"url":"band","extension":[{"url":"from","valueInteger":9},{"url":"to","valueInteger":1},{"url":"label","valueString":"x"}]}`: `swap them`,
	} {
		_, err := Parse([]byte(`{"resourceType":"Questionnaire","url":"urn:x","extension":[{"url":"urn:muster:score","extension":[` + parts + `]}],"item":[
			{"linkId":"n","type":"integer","text":"N?"},{"linkId":"word","type":"string","text":"W?"},{"linkId":"bare","type":"choice","text":"B?",` + colours + `}]}`))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", parts, err, want)
		}
	}
}
