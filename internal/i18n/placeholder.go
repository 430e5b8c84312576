package i18n

import (
	"errors"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// braces reads messages with {name} in them. Unlike text/template it has nothing a translator
// could break, and a name without a value is an error, not "<no value>" in somebody's text.
type braces struct{}

// Parse implements template.Parser.
func (braces) Parse(src, _, _ string) (template.ParsedTemplate, error) { return parse(src), nil }

// Cacheable implements template.Parser.
func (braces) Cacheable() bool { return true }

// pattern is a message cut at its placeholders.
type pattern []part

// part is text or the name of a placeholder.
type part struct{ text, name string }

// parse cuts a message at its {names}. A brace that holds no name is text.
func parse(src string) pattern {
	var p pattern
	for src != "" {
		open := strings.IndexByte(src, '{')
		end := open + strings.IndexByte(src[max(open, 0):], '}')
		switch {
		case open < 0 || end < open:
			return append(p, part{text: src})
		case !isName(src[open+1 : end]):
			p, src = append(p, part{text: src[:open+1]}), src[open+1:]
		default:
			if open > 0 {
				p = append(p, part{text: src[:open]})
			}
			p, src = append(p, part{name: src[open+1 : end]}), src[end+1:]
		}
	}
	return p
}

func isName(s string) bool {
	return s != "" && s[0] >= 'a' && s[0] <= 'z' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// Execute implements template.ParsedTemplate. A value that ends in a full stop ("2 p. m.")
// takes the place of the sentence's own.
func (p pattern) Execute(data any) (string, error) {
	f, ok := data.(filling)
	if !ok {
		return "", errors.New("message filled without values")
	}
	var b strings.Builder
	stopped := false
	for _, part := range p {
		text := part.text
		if part.name != "" {
			var err error
			if text, err = f.text(part.name); err != nil {
				return "", err
			}
		} else if stopped {
			text = strings.TrimPrefix(text, ".")
		}
		stopped = part.name != "" && strings.HasSuffix(text, ".")
		b.WriteString(text)
	}
	return b.String(), nil
}
