package eval

import (
	_ "embed"
	"strings"
)

//go:embed english.txt
var english string

// English returns the English catalogue of reasons and descriptions.
func English() Lookup { return Catalogue(english) }

// Catalogue reads texts written one a line as "key: text"; # begins a comment line. A translation
// has the same keys and placeholders as English.
func Catalogue(text string) Lookup {
	texts := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if key, value, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, "#") {
			texts[key] = strings.TrimSuffix(strings.TrimPrefix(value, `"`), `"`)
		}
	}
	return func(key string) string { return texts[key] }
}
