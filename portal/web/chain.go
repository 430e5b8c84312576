package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/felixge/httpsnoop"
	"github.com/gorilla/mux"
)

// policy is the Content-Security-Policy of every page: nothing inline, nothing from elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
	"connect-src 'self'; media-src 'self'; manifest-src 'self'; worker-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// AllowForm lets a page send a form to another site's origin as well. Call it before the page is drawn.
func AllowForm(w http.ResponseWriter, origin string) {
	w.Header().Set("Content-Security-Policy", strings.Replace(policy, "form-action 'self'", "form-action 'self' "+origin, 1))
}

// Wrap puts around the whole router what every request passes: id and log, panics, security
// headers, the cross-origin check, the body limit, the choice of language.
func (s *Site) Wrap(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Fail(w, r, Forbidden("cross-origin request"))
	}))
	pages := cross.Handler(s.chooseLanguage(next))
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), wholeBody{}, r.Body))
		r.Body = http.MaxBytesReader(w, r.Body, s.MaxBody)
		if s.machine(r) {
			next.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
	return s.record(s.headers(s.recovered(inner)))
}

// wholeBody is the body of a request behind the limit.
type wholeBody struct{}

// Room lets a handler take bodies of up to n bytes, above the site's limit: for forms with a file.
func (s *Site) Room(n int64, next Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if body, ok := r.Context().Value(wholeBody{}).(io.ReadCloser); ok {
			r.Body = http.MaxBytesReader(w, body, n)
		}
		return next(w, r)
	}
}

func (s *Site) machine(r *http.Request) bool {
	for _, prefix := range s.Machines {
		if strings.HasPrefix(r.URL.Path, prefix) {
			return true
		}
	}
	return false
}

// headers sets what browsers are told; a handler may tighten it.
func (s *Site) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// recovered turns a panic into a 500 page and a log entry with the stack.
func (s *Site) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v) // net/http's own way to drop a connection
			}
			// The value of a panic may quote personal data, so only its type is logged.
			s.Log.ErrorContext(r.Context(), "panic", "request", RequestID(r), "route", route(r), "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			s.Fail(w, r, &StatusError{http.StatusInternalServerError, errors.New("panic")})
		}()
		next.ServeHTTP(w, r)
	})
}

// note is what the log wants to know of a request and only the inside learns.
type note struct {
	id    string
	route string
}

type noteContext struct{}

func noteOf(ctx context.Context) *note {
	n, _ := ctx.Value(noteContext{}).(*note)
	return n
}

// RequestID is the id of the request, shown on error pages and in every log line about it.
func RequestID(r *http.Request) string {
	if n := noteOf(r.Context()); n != nil {
		return n.id
	}
	return ""
}

func route(r *http.Request) string {
	if n := noteOf(r.Context()); n != nil && n.route != "" {
		return n.route
	}
	return "none"
}

// noteRoute keeps the pattern the router chose; the path may hold ids.
func noteRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := noteOf(r.Context()); n != nil {
			if chosen := mux.CurrentRoute(r); chosen != nil {
				if pattern, err := chosen.GetPathTemplate(); err == nil {
					n.route = pattern
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}

// record gives the request its id and writes the access log: pattern and status, nothing
// about the person.
func (s *Site) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := &note{id: s.NewID()}
		r = r.WithContext(context.WithValue(r.Context(), noteContext{}, n))
		w.Header().Set("X-Request-Id", n.id)
		start := s.Wall()
		m := httpsnoop.CaptureMetrics(next, w, r)
		took := s.Wall().Sub(start)
		level := slog.LevelInfo
		if strings.HasPrefix(r.URL.Path, "/static/") || route(r) == "/healthz" || route(r) == "/readyz" {
			level = slog.LevelDebug
		}
		s.Log.Log(r.Context(), level, "request", "request", n.id, "method", method(r), "route", route(r), "status", m.Code, "ms", took.Milliseconds(), "bytes", m.Written)
		if s.Observe != nil {
			s.Observe(r.Context(), Answered{n.id, method(r), route(r), m.Code, took})
		}
	})
}

// method is the request's, or "other": a label must not be free text.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}
