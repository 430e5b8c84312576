package view

import (
	"embed"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed words
var wordFiles embed.FS

// Texts gives the words of a key in a language, with {name} placeholders filled from args.
// An unknown key should give something visible, such as the key.
type Texts interface {
	T(lang, key string, args map[string]any) string
}

// TextsFunc makes a Texts of a function.
type TextsFunc func(lang, key string, args map[string]any) string

// T calls f.
func (f TextsFunc) T(lang, key string, args map[string]any) string { return f(lang, key, args) }

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

func (w *words) text(lang, key string, args map[string]any) string {
	s, ok := w.by[lang][key]
	if !ok {
		if s, ok = w.by["en"][key]; !ok {
			return key
		}
	}
	if len(args) == 0 {
		return s
	}
	pairs := make([]string, 0, 2*len(args))
	for k, v := range args {
		pairs = append(pairs, "{"+k+"}", fmt.Sprint(v))
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// T is the text of a key in a language. pairs are names and values in turn: "phone", p.
func (r *Renderer) T(lang, key string, pairs ...any) string {
	args := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		args[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	if strings.HasPrefix(key, "view.") || r.texts == nil {
		return r.words.text(lang, key, args)
	}
	return r.texts.T(lang, key, args)
}

// Languages are the codes pages can be rendered in, the fallback first.
func (r *Renderer) Languages() []string { return r.languages }
