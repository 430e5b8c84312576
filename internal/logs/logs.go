// Package logs writes the log: JSON for machines, short lines on a terminal, and before both a wall
// that keeps out what is about people. The first wall is the types: a phone.Number prints masked
// wherever it goes. This second one is for what slips through as plain text.
package logs

import (
	"io"
	"log/slog"

	"github.com/lmittmann/tint"
)

// New returns a logger to w at a level: debug, info, warn, error; another word is info. Terminal
// lines are for people, all else is one JSON object a line, times in UTC.
func New(w io.Writer, level string, terminal bool) *slog.Logger {
	v := new(slog.LevelVar)
	var inner slog.Handler
	if terminal {
		inner = tint.NewTextHandler(w, &tint.Options{Level: v, TimeFormat: "15:04:05"})
	} else {
		inner = slog.NewJSONHandler(w, &slog.HandlerOptions{Level: v, ReplaceAttr: utc})
	}
	l := slog.New(&wall{inner, v})
	SetLevel(l, level)
	return l
}

// SetLevel changes the level of a logger of New while it runs. False: nobody made it here, or the
// level is no level, and nothing changed.
func SetLevel(l *slog.Logger, level string) bool {
	w, ok := l.Handler().(*wall)
	if !ok {
		return false
	}
	var v slog.Level
	if v.UnmarshalText([]byte(level)) != nil {
		return false
	}
	w.level.Set(v)
	return true
}

func utc(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	}
	return a
}
