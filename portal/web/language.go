package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/muster-health/muster/portal/view"
	"golang.org/x/text/language"
)

const langCookie = "lang"

// Lang is the language of the answer: the person's own (SetLang), else ?lang=, else the
// cookie, else what the browser prefers, else the first language of the site.
func (s *Site) Lang(r *http.Request) string {
	known := s.renderer.Languages()
	if l := r.URL.Query().Get("lang"); slices.Contains(known, l) {
		return l
	}
	if c, err := r.Cookie(langCookie); err == nil && slices.Contains(known, c.Value) {
		return c.Value
	}
	if l, ok := r.Context().Value(langContext{}).(string); ok && slices.Contains(known, l) {
		return l
	}
	return match(known, r.Header.Get("Accept-Language"))
}

type langContext struct{}

// SetLang gives the language a signed-in person chose when they joined. A choice made in this
// browser goes before it.
func SetLang(ctx context.Context, lang string) context.Context {
	return context.WithValue(ctx, langContext{}, lang)
}

func match(known []string, header string) string {
	tags := make([]language.Tag, len(known))
	for i, k := range known {
		tags[i] = language.Make(k)
	}
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(wanted) == 0 {
		return known[0]
	}
	_, i, confidence := language.NewMatcher(tags).Match(wanted...)
	if confidence == language.No {
		return known[0]
	}
	return known[i]
}

// chooseLanguage remembers ?lang= in a cookie.
func (s *Site) chooseLanguage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l := r.URL.Query().Get("lang"); slices.Contains(s.renderer.Languages(), l) && r.Method == http.MethodGet {
			http.SetCookie(w, &http.Cookie{Name: langCookie, Value: l, Path: "/", MaxAge: 365 * 24 * 3600, Secure: s.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		}
		next.ServeHTTP(w, r)
	})
}

// ownName is a language in its own words.
func ownName(code string) string {
	switch code {
	case "en":
		return "English"
	case "es":
		return "Español"
	}
	return strings.ToUpper(code)
}

// languages is the switch: this page in each language.
func (s *Site) languages(r *http.Request, current string) []view.Language {
	var out []view.Language
	for _, code := range s.renderer.Languages() {
		q := url.Values{}
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			q = r.URL.Query()
		}
		q.Set("lang", code)
		out = append(out, view.Language{Code: code, Name: ownName(code), Href: r.URL.Path + "?" + q.Encode(), Current: code == current})
	}
	return out
}
