package phonesim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// manageError is an error answer of the management API: {"error": "…"}.
type manageError struct {
	Status int    `json:"-"`
	Text   string `json:"error"`
}

func (e *manageError) Error() string { return e.Text }

func badRequest(format string, args ...any) *manageError {
	return &manageError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func conflict(format string, args ...any) *manageError {
	return &manageError{http.StatusConflict, fmt.Sprintf(format, args...)}
}

// manageFunc is one operation of the management API.
type manageFunc func(r *http.Request) (int, any, error)

// manage wraps an operation: JSON in, JSON out. A change with a body must say
// that it is JSON, which a form of a foreign page cannot.
func manage(f manageFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.ContentLength != 0 {
			if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
				e := &manageError{http.StatusUnsupportedMediaType, "Content-Type must be application/json"}
				writeJSON(w, e.Status, e)
				return
			}
		}
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20) // a fault for each of some thousand numbers
		status, v, err := f(r)
		if err != nil {
			var e *manageError
			switch {
			case errors.As(err, &e):
			case errors.Is(err, errUnsettled):
				e = &manageError{http.StatusGatewayTimeout, err.Error()}
			default:
				e = badRequest("%v", err)
			}
			writeJSON(w, e.Status, e)
			return
		}
		writeJSON(w, status, v)
	})
}

// body reads the JSON of a request; an empty one leaves v as it is.
func body(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return badRequest("the request's JSON cannot be read: %v", err)
	}
	return nil
}
