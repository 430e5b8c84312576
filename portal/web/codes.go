package web

import (
	"math"
	"net/http"
	"time"
)

// CodeWait says how long to wait before another code. today means that there are no more before
// tomorrow, and a person calls instead.
func (s *Site) CodeWait(r *http.Request, wait time.Duration, today bool) string {
	switch {
	case today:
		return s.T(r, "public.code.enough")
	case wait <= time.Minute:
		return s.T(r, "public.code.waitSeconds", "count", max(1, int(math.Ceil(wait.Seconds()))))
	}
	return s.T(r, "public.code.waitMinutes", "count", int(math.Ceil(wait.Minutes())))
}
