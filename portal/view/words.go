package view

import (
	"embed"
	"fmt"
	"strings"

	"github.com/muster-health/muster/internal/i18n"
	"go.yaml.in/yaml/v3"
)

//go:embed words
var wordFiles embed.FS

// Texts gives the words of a key in a language; args are names and values in turn. An unknown
// key should give something visible, such as the key.
type Texts func(lang, key string, args ...any) string

// catalogue is the product's own.
func catalogue(lang, key string, args ...any) string { return i18n.T(i18n.Lang(lang), key, args...) }

// words are the components' own: keys that begin with "view.".
type words struct{ by map[string]map[string]string }

func loadWords() (*words, error) {
	w := &words{map[string]map[string]string{}}
	for _, lang := range []string{"en", "es"} {
		b, err := wordFiles.ReadFile("words/" + lang + ".yaml")
		if err != nil {
			return nil, fmt.Errorf("read words: %w", err)
		}
		m := map[string]string{}
		if err := yaml.Unmarshal(b, &m); err != nil {
			return nil, fmt.Errorf("words %s: %w", lang, err)
		}
		w.by[lang] = m
	}
	return w, nil
}

func (w *words) text(lang, key string, args []any) string {
	s, ok := w.by[lang][key]
	if !ok {
		if s, ok = w.by["en"][key]; !ok {
			return key
		}
	}
	var pairs []string
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, fmt.Sprintf("{%v}", args[i]), fmt.Sprint(args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// T is the text of a key in a language; args are names and values in turn: "phone", p.
func (r *Renderer) T(lang, key string, args ...any) string {
	if strings.HasPrefix(key, "view.") {
		return r.words.text(lang, key, args)
	}
	return r.texts(lang, key, args...)
}

// Languages are the codes pages can be rendered in, the fallback first.
func (r *Renderer) Languages() []string { return r.languages }
