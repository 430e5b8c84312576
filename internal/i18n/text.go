package i18n

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
)

// T returns the message of a key in a language, with its {names} filled in. args are name and
// value in turn ("phone", p, "count", 3), or one map or struct; the first letter's case does
// not matter. "count" also chooses the plural form. A phone.Number comes out readable, spoken
// digit by digit in voice messages. Give times and dates in words; see When.
//
// If anything is wrong T returns the key: a page shows that something is missing and goes on.
// Whoever sends to a person uses Text, which returns the error instead.
func T(lang Lang, key string, args ...any) string {
	text, err := Text(lang, key, args...)
	if err != nil {
		return key
	}
	return text
}

// ErrNoMessage means that there is no message of a key.
var ErrNoMessage = errors.New("no such message")

// Text is T with an error: ErrNoMessage, or a placeholder without a value.
func Text(lang Lang, key string, args ...any) (string, error) {
	c := catalog()
	if !lang.Known() {
		lang = En
	}
	e, ok := c.entries[lang][key]
	if !ok {
		return "", fmt.Errorf("message %s in %s: %w", key, lang, ErrNoMessage)
	}
	values, err := named(args)
	if err != nil {
		return "", fmt.Errorf("message %s: %w", key, err)
	}
	ask := &goi18n.LocalizeConfig{MessageID: key, TemplateParser: braces{}, TemplateData: filling{lang, strings.HasPrefix(key, "voice."), values}}
	if e.plural() {
		if ask.PluralCount, ok = values["count"]; !ok {
			return "", fmt.Errorf("message %s has plural forms and needs a count", key)
		}
	}
	text, err := c.localizers[lang].Localize(ask)
	if err != nil {
		return "", fmt.Errorf("message %s in %s: %w", key, lang, err)
	}
	return text, nil
}

// filling is what a message is filled with.
type filling struct {
	lang   Lang
	spoken bool
	values map[string]any
}

// text returns a value in words.
func (f filling) text(name string) (string, error) {
	v, ok := f.values[name]
	if !ok || v == nil {
		return "", fmt.Errorf("{%s} has no value", name)
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case interface { // phone.Number, which prints itself masked
		National() string
		Spoken(lang string) string
	}:
		if f.spoken {
			return v.Spoken(string(f.lang)), nil
		}
		return v.National(), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case time.Time, *time.Time:
		return "", fmt.Errorf("{%s} is a time: give it in words", name)
	}
	return fmt.Sprint(v), nil
}

// named turns the arguments of T into values by name.
func named(args []any) (map[string]any, error) {
	values := map[string]any{}
	if len(args) == 1 {
		switch all := args[0].(type) {
		case map[string]any:
			maps.Copy(values, all)
		case map[string]string:
			for name, v := range all {
				values[name] = v
			}
		default:
			v := reflect.Indirect(reflect.ValueOf(all))
			if v.Kind() != reflect.Struct {
				return nil, fmt.Errorf("one argument must be a map or a struct, not a %T", all)
			}
			for field, value := range v.Fields() {
				if field.IsExported() {
					values[field.Name] = value.Interface()
				}
			}
		}
	} else {
		if len(args)%2 != 0 {
			return nil, errors.New("arguments are not name and value in turn")
		}
		for i := 0; i < len(args); i += 2 {
			name, ok := args[i].(string)
			if !ok {
				return nil, fmt.Errorf("argument %d is a %T, not a name", i+1, args[i])
			}
			values[name] = args[i+1]
		}
	}
	lower := make(map[string]any, len(values))
	for name, v := range values {
		first, size := utf8.DecodeRuneInString(name)
		lower[string(unicode.ToLower(first))+name[size:]] = v
	}
	return lower, nil
}
