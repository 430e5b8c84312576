package logs

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// wall cleans records before inner writes them.
type wall struct {
	inner slog.Handler
	level *slog.LevelVar
}

func (w *wall) Enabled(ctx context.Context, l slog.Level) bool { return w.inner.Enabled(ctx, l) }

func (w *wall) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, Line(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(attr(a))
		return true
	})
	return w.inner.Handle(ctx, clean)
}

func (w *wall) WithAttrs(as []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(as))
	for i, a := range as {
		clean[i] = attr(a)
	}
	return &wall{w.inner.WithAttrs(clean), w.level}
}

func (w *wall) WithGroup(name string) slog.Handler { return &wall{w.inner.WithGroup(name), w.level} }

// hidden stands where a value was not let through.
const hidden = "•••"

// personal are keys whose values are about people, or secrets, whatever they hold. A checkpoint's
// "token" is not one: it is logged on purpose, so that it is kept outside the database.
var personal = map[string]bool{
	"name": true, "given": true, "family": true, "fullname": true, "firstname": true, "lastname": true,
	"phone": true, "number": true, "from": true, "to": true, "email": true, "mail": true, "recipient": true,
	"address": true, "street": true, "zip": true, "birth": true, "birthdate": true, "dob": true,
	"body": true, "text": true, "message_body": true, "words": true, "answer": true, "value": true, "digits": true, "speech": true, "note": true,
	"pin": true, "otp": true, "password": true, "secret": true, "authorization": true, "cookie": true, "authtoken": true, "form": true, "query": true,
}

func attr(a slog.Attr) slog.Attr {
	if personal[strings.ToLower(strings.NewReplacer("-", "", ".", "", " ", "").Replace(a.Key))] {
		return slog.String(Line(a.Key), hidden)
	}
	return slog.Attr{Key: Line(a.Key), Value: value(a.Value.Resolve())}
}

func value(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(Line(v.String()))
	case slog.KindGroup:
		var clean []slog.Attr
		for _, a := range v.Group() {
			clean = append(clean, attr(a))
		}
		return slog.GroupValue(clean...)
	case slog.KindAny:
		return slog.AnyValue(plain(v.Any()))
	}
	return v
}

// plain lets through what is a word, a number, a time, an error, or a list of those. Of anything
// else only the type is logged: a struct may hold a person.
func plain(x any) any {
	switch x := x.(type) {
	case nil:
		return nil
	case error:
		return Line(x.Error())
	case slog.LogValuer:
		return value(slog.AnyValue(x).Resolve()).Any()
	case time.Time, time.Duration:
		return x
	}
	switch v := reflect.ValueOf(x); v.Kind() {
	case reflect.String:
		// Printed, not converted: a type of its own may know how to mask itself.
		return Line(fmt.Sprint(x))
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return x
	case reflect.Slice, reflect.Array:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = plain(v.Index(i).Interface())
		}
		return out
	}
	return fmt.Sprintf("(%T)", x)
}

// What looks like a telephone number or an e-mail address does not belong into a log, wherever it
// stands. Our own masks (+1•••0123) and ids do not look so.
var looksPersonal = []*regexp.Regexp{
	regexp.MustCompile(`\+[1-9]\d{7,14}\b`),
	regexp.MustCompile(`\(?\b\d{3}\)?[-. ]\d{3}[-. ]\d{4}\b`),
	regexp.MustCompile(`[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+`),
}

// Line is s without what looks personal, and on one line: a value must not be able to look like a
// line of its own.
func Line(s string) string {
	for _, p := range looksPersonal {
		s = p.ReplaceAllString(s, hidden)
	}
	if strings.IndexFunc(s, unicode.IsControl) < 0 && !strings.ContainsAny(s, "\u2028\u2029") {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\u2028' || r == '\u2029':
			return '⏎'
		case r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}
