package view

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/i18n"
)

// funcs are the functions of templates in one language.
func (r *Renderer) funcs(lang string, o Options) template.FuncMap {
	l := i18n.Lang(lang)
	format := func(f func(time.Time) string) func(any) string {
		return func(v any) string {
			t, ok := moment(v)
			if !ok {
				return ""
			}
			return f(t)
		}
	}
	return template.FuncMap{
		"t":         func(key string, pairs ...any) string { return r.T(lang, key, pairs...) },
		"date":      format(func(t time.Time) string { return i18n.Day(l, t) }),
		"dateyear":  format(func(t time.Time) string { return i18n.DayYear(l, t) }),
		"shortdate": format(func(t time.Time) string { return i18n.ShortDay(l, t) }),
		"dmy":       format(func(t time.Time) string { return DayMonthYear(lang, t) }),
		"clock":     format(func(t time.Time) string { return i18n.TimeOfDay(l, t) }),
		"when":      format(func(t time.Time) string { return When(lang, t) }),
		"inwords":   between(func(now, t time.Time) string { return i18n.When(l, t, now) }),
		"ago":       between(func(now, t time.Time) string { return i18n.Relative(l, t, now) }),
		"since":     between(Since),
		"stamp":     format(Stamp),
		"iso":       format(func(t time.Time) string { return t.Format(time.RFC3339) }),
		"months":    func() []Option { return months(lang) },
		"lang":      func() string { return lang },
		"phone":     Phone,
		"mask":      MaskPhone,
		"tel":       telLink,
		"number":    Number,
		"percent":   func(share float64) string { return fmt.Sprintf("%.2f%%", 100*clamp(share)) },
		"share":     func(part, whole int) float64 { return ratio(part, whole) },
		"spark":     spark,
		"inc":       func(i int) int { return i + 1 },
		"asset": func(name string) (string, error) {
			p := o.Assets.Path(name)
			if p == "" {
				return "", fmt.Errorf("no built file %q", name)
			}
			return p, nil
		},
		"icon": func(name string) (template.HTML, error) { return icon(o.Assets, name) },
		"once": func() template.HTML {
			return template.HTML(`<input type="hidden" name="once" value="` + template.HTMLEscapeString(o.NewID()) + `">`)
		},
	}
}

// between makes a template function of now and another moment.
func between(f func(now, t time.Time) string) func(now, t any) string {
	return func(now, then any) string {
		a, ok1 := moment(now)
		b, ok2 := moment(then)
		if !ok1 || !ok2 {
			return ""
		}
		return f(a, b)
	}
}

func icon(a Assets, name string) (template.HTML, error) {
	shapes, ok := a.Icon(name)
	if !ok {
		return "", fmt.Errorf("no icon %q", name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">` + shapes + `</svg>`), nil
}

// months are the choices of a date's month: "03 – March".
func months(lang string) []Option {
	out := make([]Option, 12)
	for i := range out {
		name := i18n.T(i18n.Lang(lang), fmt.Sprintf("date.month.%d", i+1))
		out[i] = Option{Value: strconv.Itoa(i + 1), Label: fmt.Sprintf("%02d – %s", i+1, name)}
	}
	return out
}

// e164 is the number itself, of a string or of a phone.Number, which prints masked.
func e164(v any) string {
	if n, ok := v.(interface{ E164() string }); ok {
		return n.E164()
	}
	return fmt.Sprint(v)
}

// Phone writes a number as people read it: "(412) 555-0123" for +1, else as it is.
func Phone(v any) string {
	s := e164(v)
	if d, ok := strings.CutPrefix(s, "+1"); ok && len(d) == 10 && digits(d) {
		return "(" + d[:3] + ") " + d[3:6] + "-" + d[6:]
	}
	return s
}

// MaskPhone shows the last four digits only: "•••-0123".
func MaskPhone(v any) string {
	s := e164(v)
	if len(s) < 4 || !digits(s[len(s)-4:]) {
		return "•••"
	}
	return "•••-" + s[len(s)-4:]
}

// telLink is a tel: address; html/template allows that scheme only when told.
func telLink(v any) template.URL {
	s := e164(v)
	plain, plus := strings.CutPrefix(s, "+")
	if !digits(plain) || plain == "" {
		return "#"
	}
	if plus {
		return template.URL("tel:+" + plain)
	}
	return template.URL("tel:" + plain) // 911
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Number writes an integer with thin groups of three: "1,204,331".
func Number(v any) string {
	s := fmt.Sprint(v)
	body, sign := s, ""
	if strings.HasPrefix(s, "-") {
		body, sign = s[1:], "−"
	}
	if !digits(body) {
		return s
	}
	for i := len(body) - 3; i > 0; i -= 3 {
		body = body[:i] + "," + body[i:]
	}
	return sign + body
}

func clamp(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return min(1, max(0, f))
}

func ratio(part, whole int) float64 {
	if whole <= 0 {
		return 0
	}
	return clamp(float64(part) / float64(whole))
}

// spark is the points of a polyline 100 wide and 24 high.
func spark(values []float64) string {
	if len(values) < 2 {
		return ""
	}
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	span := high - low
	if span == 0 {
		span = 1
	}
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%.1f,%.1f", 100*float64(i)/float64(len(values)-1), 22-20*(v-low)/span)
	}
	return b.String()
}
