package web

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"
	"github.com/muster-health/muster/portal/view"
)

// Var is a variable of the route: {id}.
func Var(r *http.Request, name string) string { return mux.Vars(r)[name] }

// IsFragment reports whether htmx asks for a part of a page. Boosted links and forms ask for
// all of it.
func IsFragment(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-Request-Type") != "full" && r.Header.Get("HX-Boosted") != "true"
}

// Redirect answers a form that was taken: 303 to an address of this site. An htmx request
// is told to go there as a whole page.
func Redirect(w http.ResponseWriter, r *http.Request, to string) error {
	to = Local(to, "/")
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusOK)
		return nil
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// Local returns to if it is a path of this site, else fallback: a redirect never leaves.
func Local(to, fallback string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return fallback
	}
	return to
}

// seeOther is an error that sends the reader elsewhere.
type seeOther struct{ to string }

func (e *seeOther) Error() string { return "see other page" }

// SeeOther is an error that redirects, for guards: "sign in first".
func SeeOther(to string) error { return &seeOther{to} }

const flashKey = "flash"

// Flash keeps a sentence for the next page of this browser. Without sessions it is lost.
func (s *Site) Flash(r *http.Request, kind view.FlashKind, text string) {
	if !s.hasSession(r) {
		return
	}
	old, _ := s.sessions.Pop(r.Context(), flashKey).(string)
	s.sessions.Put(r.Context(), flashKey, old+string(kind)+"\x1f"+text+"\x1e")
}

func (s *Site) popFlash(r *http.Request) []view.Flash {
	if !s.hasSession(r) {
		return nil
	}
	kept, _ := s.sessions.Pop(r.Context(), flashKey).(string)
	var out []view.Flash
	for line := range strings.SplitSeq(kept, "\x1e") {
		if kind, text, ok := strings.Cut(line, "\x1f"); ok {
			out = append(out, view.Flash{Kind: view.FlashKind(kind), Text: text})
		}
	}
	return out
}
