// Package session keeps server-side sessions in the document store.
//
// A browser holds a random token only; the store holds its hash and the values, the one keyed and
// the other sealed with the key ring. A copy of the database opens no session, and whoever can
// write to it makes none. Participants, staff and the anonymous public flow have cookies of their
// own, so signing out of one leaves the others.
package session

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

// Options describe the sessions of one audience.
type Options struct {
	Name   string        // of the cookie, without prefix: "staff", "me", "public"
	Secure bool          // served over https: __Host- prefix and Secure
	Idle   time.Duration // ends after so long without a request; 0: 15 minutes
	Life   time.Duration // ends after so long in any case; 0: 12 hours

	// Failed answers a request whose session could not be read or kept.
	Failed func(w http.ResponseWriter, r *http.Request, err error)
}

// Manager loads, keeps and ends sessions. Put, Get, Pop, Remove, Destroy, GetString and so on
// are those of scs; they need a request that passed LoadAndSave.
type Manager struct {
	*scs.SessionManager
	store *store
	name  string
}

// New returns the sessions of one audience, kept in the collection "sessions" and closed with ring:
// values are a person's id, half-filled forms, whose names a member has seen.
func New(ctx context.Context, s *docstore.Store, ring *seal.Ring, wall func() time.Time, o Options) (*Manager, error) {
	if o.Idle == 0 {
		o.Idle = 15 * time.Minute
	}
	if o.Life == 0 {
		o.Life = 12 * time.Hour
	}
	kept, err := open(ctx, s, ring, wall, o)
	if err != nil {
		return nil, err
	}
	m := scs.New()
	m.Store = kept
	m.HashTokenInStore = false // the store does, with a key
	m.IdleTimeout = o.Idle
	m.Lifetime = o.Life
	m.Cookie.Name = cookieName(o)
	m.Cookie.Path = "/"
	m.Cookie.HttpOnly = true
	m.Cookie.Secure = o.Secure
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Persist = false
	if o.Failed != nil {
		m.ErrorFunc = o.Failed
	}
	return &Manager{m, kept, o.Name}, nil
}

// cookieName has the __Host- prefix wherever browsers allow it, which needs Secure.
func cookieName(o Options) string {
	if o.Secure {
		return "__Host-muster-" + o.Name
	}
	return "muster-" + o.Name
}

const (
	subjectKey = "subject"
	idleKey    = "idle" // seconds, int64; only to shorten Options.Idle
)

// SignIn gives the browser a new token, so that one planted before is worthless, and binds
// the session to a subject, such as "per_…" or a staff id. remember keeps the cookie after
// the browser closes; never on a borrowed phone.
func (m *Manager) SignIn(ctx context.Context, subject string, remember bool) error {
	if err := m.RenewToken(ctx); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	m.Put(ctx, subjectKey, subject)
	m.RememberMe(ctx, remember)
	return nil
}

// Subject is who is signed in, "" for nobody.
func (m *Manager) Subject(ctx context.Context) string { return m.GetString(ctx, subjectKey) }

// Shorten gives this session an idle limit below the usual one: five minutes on a borrowed
// phone.
func (m *Manager) Shorten(ctx context.Context, idle time.Duration) {
	m.Put(ctx, idleKey, int64(idle/time.Second))
}

// SignOut ends the session on the server and in the browser.
func (m *Manager) SignOut(ctx context.Context) error {
	if err := m.Destroy(ctx); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

// Renew gives a new token and keeps the values: for a step-up within a session.
func (m *Manager) Renew(ctx context.Context) error {
	if err := m.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	return nil
}

// EndAll ends every session of a subject in this audience, wherever it is, and returns how many.
func (m *Manager) EndAll(ctx context.Context, subject string) (int, error) {
	return m.store.endAll(ctx, subject)
}

// Sessions lists the subject's sessions of this audience, newest use first.
func (m *Manager) Sessions(ctx context.Context, subject string) ([]Info, error) {
	return m.store.list(ctx, subject)
}

// Count is how many sessions of every audience have not run out.
func (m *Manager) Count(ctx context.Context) (int, error) {
	return m.store.records.Count(ctx, docstore.Query{Range: &docstore.Range{Path: "expires", From: m.store.wall()}})
}

// Sweep deletes sessions of every audience that are over, at most 1,000 a call, and returns
// how many.
func (m *Manager) Sweep(ctx context.Context) (int, error) { return m.store.sweep(ctx) }
