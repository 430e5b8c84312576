package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/view"
)

// Errors a handler returns to say what the reader gets. Wrap them with what was tried.
var (
	ErrNotFound    = errors.New("no such page")                // 404; also for what exists but is not theirs to know
	ErrForbidden   = errors.New("not allowed")                 // 403
	ErrSignIn      = errors.New("not signed in")               // 401
	ErrGone        = errors.New("no longer valid")             // 410: used or expired links
	ErrBadRequest  = errors.New("request not as it should be") // 400
	ErrTooMany     = errors.New("too many requests")           // 429
	ErrUnavailable = errors.New("not ready")                   // 503
)

// StatusError is an error with a status of its own, for packages that know better than Status.
type StatusError struct {
	Code int
	Err  error
}

func (e *StatusError) Error() string { return fmt.Sprintf("%d: %v", e.Code, e.Err) }

// Unwrap returns what happened.
func (e *StatusError) Unwrap() error { return e.Err }

// InvalidError is a refused form whose page the handler does not draw again.
type InvalidError struct{ Fields []view.FieldError }

func (e *InvalidError) Error() string {
	return fmt.Sprintf("%d fields need another look", len(e.Fields))
}

// Invalid returns an error that shows the fields and their mends with 422.
func Invalid(fields ...view.FieldError) error { return &InvalidError{fields} }

// Forbidden says why something is refused, for the log; the reader sees plain words.
func Forbidden(why string) error { return fmt.Errorf("%w: %s", ErrForbidden, why) }

// Status is the one mapping from errors to statuses. Anything it does not know is a 500.
func Status(err error) int {
	var own *StatusError
	var invalid *InvalidError
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &own):
		return own.Code
	case errors.As(err, &invalid):
		return http.StatusUnprocessableEntity
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrNotFound), errors.Is(err, docstore.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, ErrForbidden):
		return http.StatusForbidden
	case errors.Is(err, ErrSignIn):
		return http.StatusUnauthorized
	case errors.Is(err, ErrGone):
		return http.StatusGone
	case errors.Is(err, ErrBadRequest):
		return http.StatusBadRequest
	case errors.Is(err, ErrTooMany):
		return http.StatusTooManyRequests
	case errors.Is(err, ErrUnavailable):
		return http.StatusServiceUnavailable
	case errors.Is(err, docstore.ErrConflict), errors.Is(err, docstore.ErrExists):
		return http.StatusConflict
	case errors.Is(err, context.Canceled):
		return 499 // the reader left; for the log only
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
