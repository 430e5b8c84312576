package eval

import "strings"

// Lookup finds the text for a key in one language, with {name} where values go. English is the
// catalogue to translate.
type Lookup map[string]*text

// Catalogue reads texts written one a line as "key: text"; # begins a comment line. A translation
// has the same keys and placeholders as English.
func Catalogue(texts string) Lookup {
	all := Lookup{}
	for line := range strings.Lines(texts) {
		line = strings.TrimRight(line, "\r\n")
		if key, value, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, "#") {
			all[key] = newText(strings.TrimSuffix(strings.TrimPrefix(value, `"`), `"`))
		}
	}
	return all
}

// Text is the text for a key as it stands in the catalogue, "" if there is none.
func (say Lookup) Text(key string) string { return say[key].String() }

// text is taken apart at the names in braces once, and put together often.
type text struct {
	whole string
	parts []part
	rest  string // behind the last name
}

// part is a name and what stands before it.
type part struct{ words, name string }

func newText(s string) *text {
	t := &text{whole: s}
	for {
		from := strings.IndexByte(s, '{')
		length := strings.IndexByte(s[max(from, 0):], '}')
		if from < 0 || length < 0 {
			t.rest = s
			return t
		}
		t.parts = append(t.parts, part{s[:from], s[from+1 : from+length]})
		s = s[from+length+1:]
	}
}

// String is the text as it was written; "" where there is none.
func (t *text) String() string {
	if t == nil {
		return ""
	}
	return t.whole
}
