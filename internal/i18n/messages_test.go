package i18n

import (
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/unicode/norm"
)

// areas are what keys may begin with. Participant decides which of them are written for
// participants; a new one is decided there.
var areas = []string{"public", "participant", "sms", "voice", "email", "common", "staff", "date"}

func TestEveryMessageInEveryLanguage(t *testing.T) {
	c := catalog()
	for _, lang := range Langs() {
		for key, e := range c.entries[En] {
			other, ok := c.entries[lang][key]
			if !ok {
				t.Errorf("%s: missing in %s", key, lang)
				continue
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(e.forms)), slices.Sorted(maps.Keys(other.forms))); diff != "" {
				t.Errorf("%s: plural forms in %s (-en +%s):\n%s", key, lang, lang, diff)
			}
			for form, text := range other.forms {
				// "1 day" may say the number in words, so only the general form must name it.
				want := slices.DeleteFunc(Placeholders(key), func(name string) bool { return form != "other" && name == "count" })
				if diff := cmp.Diff(want, names(text, form), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s: placeholders in %s (-want +got):\n%s", key, lang, diff)
				}
			}
		}
		for key, e := range c.entries[lang] {
			if _, ok := c.entries[En][key]; !ok {
				t.Errorf("%s: %s is not in English", e.file, key)
			}
		}
	}
}

func names(text, form string) []string {
	found := map[string]bool{}
	for _, p := range parse(text) {
		if p.name != "" && (form == "other" || p.name != "count") {
			found[p.name] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func TestMessagesAreWellFormed(t *testing.T) {
	key := regexp.MustCompile(`^[a-z]+(\.[a-zA-Z0-9]+)+$`)
	for lang, entries := range catalog().entries {
		for k, e := range entries {
			area, _, _ := strings.Cut(k, ".")
			if !key.MatchString(k) || !slices.Contains(areas, area) {
				t.Errorf("%s: key %q is not AREA.name with an area of %v", e.file, k, areas)
			}
			if e.plural() && (len(e.forms) != 2 || e.forms["one"] == "" || e.forms["other"] == "") {
				t.Errorf("%s: %s needs the plural forms one and other", e.file, k)
			}
			for form, text := range e.forms {
				for what, bad := range map[string]bool{
					"empty":                         text == "",
					"no known plural form":          form != "one" && form != "other",
					"{{: placeholders are {name}":   strings.Contains(text, "{{"),
					"a stray brace":                 strings.Count(text, "{") != strings.Count(text, "}") || strings.Count(text, "{") != len(slices.DeleteFunc(parse(text), func(p part) bool { return p.name == "" })),
					"space at an end or two inside": text != strings.TrimSpace(text) || strings.Contains(text, "  "),
					"not NFC":                       !norm.NFC.IsNormalString(text),
					"markup":                        strings.ContainsAny(text, "<>"),
					"an exclamation mark":           strings.ContainsAny(text, "!¡"),
					"a curly quote, UCS-2 in texts": strings.HasPrefix(k, "sms.") && strings.ContainsAny(text, "’‘“”…–—"),
					"informal Spanish, not usted":   lang == Es && regexp.MustCompile(`(?i)(^|[^\pL])(tú|tu|tus|te|ti|contigo|vos|vosotros|os)([^\pL]|$)`).MatchString(text),
				} {
					if bad {
						t.Errorf("%s: %s: %s: %q", e.file, k, what, text)
					}
				}
			}
		}
	}
}

// encoding/json keeps the last of two equal keys and says nothing.
func TestNoKeyTwiceInAFile(t *testing.T) {
	paths, err := fs.Glob(files, "messages/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if !regexp.MustCompile(`^messages/[a-z]+\.(en|es)\.json$`).MatchString(path) {
			t.Errorf("%s is not AREA.LANG.json", path)
		}
		f, err := files.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		in, depth, isKey := json.NewDecoder(f), 0, true
		for {
			token, err := in.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			switch v := token.(type) {
			case json.Delim:
				if depth++; v == '}' {
					depth -= 2
				}
				isKey = true
			case string:
				if depth == 1 && isKey {
					if seen[v] {
						t.Errorf("%s: %s stands there twice", path, v)
					}
					seen[v] = true
				}
				isKey = depth != 1 || !isKey
			}
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	for _, tc := range []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"a key in two areas", fstest.MapFS{"messages/a.en.json": file(`{"sms.x":"1"}`), "messages/b.en.json": file(`{"sms.x":"2"}`)}, "messages/b.en.json: sms.x is already in messages/a.en.json"},
		{"not JSON", fstest.MapFS{"messages/a.es.json": file(`{`)}, "messages/a.es.json: unexpected end of JSON input"},
		{"a number", fstest.MapFS{"messages/a.en.json": file(`{"sms.x":1}`)}, "messages/a.en.json: sms.x is neither a text nor plural forms"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := load(tc.files); err == nil || err.Error() != tc.want {
				t.Errorf("error = %v, want %s", err, tc.want)
			}
		})
	}
}

// sample returns a typical value, long rather than short, for measuring length.
func sample(lang Lang, name string) string {
	known := map[string]string{
		"phone": "412-555-0101", "emergency": "911", "caller": "the Larkfield research office", "site": "Larkfield University Hospital",
		"name": "Maria", "code": "123456", "count": "4", "max": "4", "yes": "1", "change": "2", "call": "3",
		"when": "Wednesday 24 September at 10:30 am", "place": "Eastside Clinic, Room 4", "age": "18", "value": "one hundred eighty-six",
	}
	if lang == Es {
		maps.Copy(known, map[string]string{
			"caller": "la oficina de estudios Larkfield", "site": "el Hospital Larkfield", "when": "el miércoles 24 de septiembre a las 10:30 a. m.",
			"place": "Clínica Eastside, sala 4", "value": "ciento ochenta y seis",
		})
	}
	if v, ok := known[name]; ok {
		return v
	}
	return "Larkfield Office"
}

func filled(text string, value func(name string) string) string {
	var b strings.Builder
	for _, p := range parse(text) {
		b.WriteString(p.text)
		if p.name != "" {
			b.WriteString(value(p.name))
		}
	}
	return b.String()
}

// An accent makes a text UCS-2, 67 characters a part instead of 153, so Spanish may take four
// parts to say what English says in two.
func TestTextsAreShort(t *testing.T) {
	most := map[Lang]int{En: 2, Es: 4}
	for lang, entries := range catalog().entries {
		for key, e := range entries {
			if !strings.HasPrefix(key, "sms.") {
				continue
			}
			for _, text := range e.forms {
				if text := filled(text, func(name string) string { return sample(lang, name) }); Segments(text) > most[lang] {
					t.Errorf("%s in %s takes %d parts, at most %d: %s", key, lang, Segments(text), most[lang], text)
				}
			}
		}
	}
}
