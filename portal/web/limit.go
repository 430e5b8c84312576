package web

import (
	"container/list"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter lets each client through at a rate, with a burst; it remembers the most recent
// clients only. It is safe for concurrent use. What costs money or guesses codes needs a
// counter in the store besides.
type Limiter struct {
	every rate.Limit
	burst int
	keep  int
	wall  func() time.Time

	mu     sync.Mutex
	recent *list.List // of *visitor, most recent first
	by     map[netip.Prefix]*list.Element
}

type visitor struct {
	from   netip.Prefix
	bucket *rate.Limiter
}

// NewLimiter allows burst requests at once and then one per interval, for each of the keep
// most recent clients (0: 10,000). IPv6 clients count by their /64.
func NewLimiter(interval time.Duration, burst, keep int, wall func() time.Time) *Limiter {
	if keep == 0 {
		keep = 10_000
	}
	return &Limiter{every: rate.Every(interval), burst: burst, keep: keep, wall: wall, recent: list.New(), by: map[netip.Prefix]*list.Element{}}
}

// Allow takes one request of the client, or says that it is too many.
func (l *Limiter) Allow(ip netip.Addr) bool {
	bits := 128
	if ip.Is4() {
		bits = 32
	} else if ip.Is6() {
		bits = 64
	}
	from, err := ip.Prefix(bits)
	if err != nil { // unknown address: they share one bucket
		from = netip.Prefix{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.by[from]
	if ok {
		l.recent.MoveToFront(e)
	} else {
		e = l.recent.PushFront(&visitor{from, rate.NewLimiter(l.every, l.burst)})
		l.by[from] = e
		if l.recent.Len() > l.keep {
			oldest := l.recent.Back()
			delete(l.by, l.recent.Remove(oldest).(*visitor).from)
		}
	}
	return e.Value.(*visitor).bucket.AllowN(l.wall(), 1)
}

// Limit refuses a client's requests to h beyond the limiter's rate with 429.
func (s *Site) Limit(l *Limiter, h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !l.Allow(s.ClientIP(r)) {
			w.Header().Set("Retry-After", "60")
			return ErrTooMany
		}
		return h(w, r)
	}
}
