package session_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/auth/session"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/seal"
)

// wall is real time plus what a test adds.
type wall struct {
	mu   sync.Mutex
	plus time.Duration
}

func (w *wall) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.plus)
}

func (w *wall) add(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plus += d
}

func newStore(t *testing.T, w *wall) *docstore.Store {
	t.Helper()
	return openStore(t, w, filepath.Join(t.TempDir(), "s.db"))
}

func openStore(t *testing.T, w *wall, path string) *docstore.Store {
	t.Helper()
	d, err := sqlitedoc.Open(t.Context(), path, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return docstore.New(d, w.now)
}

func newManager(t *testing.T, s *docstore.Store, w *wall, o session.Options) *session.Manager {
	t.Helper()
	return withRing(t, s, newRing(t), w, o)
}

func newRing(t *testing.T) *seal.Ring {
	t.Helper()
	r, err := seal.Open(filepath.Join(t.TempDir(), "ring"), true)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func withRing(t *testing.T, s *docstore.Store, r *seal.Ring, w *wall, o session.Options) *session.Manager {
	t.Helper()
	m, err := session.New(t.Context(), s, r, w.now, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// site serves /in/{subject}, /who, /out, /short and /note for one manager.
func site(t *testing.T, m *session.Manager) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	check := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("/in/{subject}", func(w http.ResponseWriter, r *http.Request) {
		check(m.SignIn(r.Context(), r.PathValue("subject"), r.URL.Query().Has("remember")))
	})
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(m.Subject(r.Context()))) })
	mux.HandleFunc("/out", func(w http.ResponseWriter, r *http.Request) { check(m.SignOut(r.Context())) })
	mux.HandleFunc("/note/{text}", func(w http.ResponseWriter, r *http.Request) { m.Put(r.Context(), "note", r.PathValue("text")) })
	mux.HandleFunc("/short", func(w http.ResponseWriter, r *http.Request) { m.Shorten(r.Context(), time.Minute) })
	mux.HandleFunc("/renew", func(w http.ResponseWriter, r *http.Request) { check(m.Renew(r.Context())) })
	srv := httptest.NewServer(m.LoadAndSave(mux))
	t.Cleanup(srv.Close)
	return srv
}

type browser struct {
	t *testing.T
	c *http.Client
}

func newBrowser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, &http.Client{Jar: jar}}
}

func (b *browser) get(url string) (string, *http.Response) {
	b.t.Helper()
	res, err := b.c.Get(url)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	buf := make([]byte, 512)
	n, _ := res.Body.Read(buf)
	return string(buf[:n]), res
}

func (b *browser) who(base, want string) {
	b.t.Helper()
	if got, _ := b.get(base + "/who"); got != want {
		b.t.Errorf("signed in as %q, want %q", got, want)
	}
}

func token(res *http.Response) string {
	for _, c := range res.Cookies() {
		return c.Value
	}
	return ""
}

func TestSignInAndOut(t *testing.T) {
	w := &wall{}
	m := newManager(t, newStore(t, w), w, session.Options{Name: "me"})
	srv := site(t, m)
	b := newBrowser(t)
	b.who(srv.URL, "")
	_, res := b.get(srv.URL + "/in/per_1")
	first := token(res)
	if len(first) < 22 {
		t.Fatalf("token %q has fewer than 128 bits", first)
	}
	b.who(srv.URL, "per_1")
	_, res = b.get(srv.URL + "/renew")
	if second := token(res); second == "" || second == first {
		t.Errorf("the token was not renewed: %q then %q", first, second)
	}
	b.who(srv.URL, "per_1")
	if whoWith(t, srv, "muster-me", first) != "" {
		t.Error("the token from before the renewal still opens the session")
	}
	b.get(srv.URL + "/out")
	b.who(srv.URL, "")
}

func TestCookie(t *testing.T) {
	for _, c := range []struct {
		name     string
		secure   bool
		remember string
		want     []string
		not      string
	}{
		{"http", false, "", []string{"muster-staff=", "HttpOnly", "SameSite=Lax", "Path=/"}, "Max-Age"},
		{"https", true, "", []string{"__Host-muster-staff=", "Secure", "Path=/"}, "Domain"},
		{"remembered", true, "?remember", []string{"Max-Age"}, "Domain"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &wall{}
			srv := site(t, newManager(t, newStore(t, w), w, session.Options{Name: "staff", Secure: c.secure}))
			_, res := newBrowser(t).get(srv.URL + "/in/stf_1" + c.remember)
			got := res.Header.Get("Set-Cookie")
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q lacks %q", got, want)
				}
			}
			if strings.Contains(got, c.not) {
				t.Errorf("%q has %q", got, c.not)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name  string
		first string
		wait  time.Duration
		want  string
	}{
		{"within the idle time", "", 14 * time.Minute, "per_1"},
		{"idle", "", 16 * time.Minute, ""},
		{"shortened, within", "/short", 50 * time.Second, "per_1"},
		{"shortened, idle", "/short", 2 * time.Minute, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &wall{}
			srv := site(t, newManager(t, newStore(t, w), w, session.Options{Name: "me", Idle: 15 * time.Minute, Life: time.Hour}))
			b := newBrowser(t)
			b.get(srv.URL + "/in/per_1")
			if c.first != "" {
				b.get(srv.URL + c.first)
			}
			w.add(c.wait)
			b.who(srv.URL, c.want)
		})
	}
}

// A session ends after its life, however much it is used.
func TestLife(t *testing.T) {
	w := &wall{}
	srv := site(t, newManager(t, newStore(t, w), w, session.Options{Name: "staff", Idle: 24 * time.Hour, Life: 12 * time.Hour}))
	b := newBrowser(t)
	b.get(srv.URL + "/in/maria")
	for _, hours := range []time.Duration{4, 4, 3} {
		w.add(hours * time.Hour)
		b.get(srv.URL + "/note/still-here")
		b.who(srv.URL, "maria")
	}
	w.add(time.Hour + time.Minute)
	b.who(srv.URL, "")
}

func TestAudiencesAreApart(t *testing.T) {
	w := &wall{}
	s := newStore(t, w)
	ring := newRing(t)
	me, staff := withRing(t, s, ring, w, session.Options{Name: "me"}), withRing(t, s, ring, w, session.Options{Name: "staff"})
	mine, theirs := site(t, me), site(t, staff)
	_, res := newBrowser(t).get(mine.URL + "/in/per_1")
	if whoWith(t, theirs, "muster-staff", token(res)) != "" {
		t.Error("a participant's token opened a staff session")
	}
}

func TestEndAll(t *testing.T) {
	w := &wall{}
	m := newManager(t, newStore(t, w), w, session.Options{Name: "staff"})
	srv := site(t, m)
	a, b, other := newBrowser(t), newBrowser(t), newBrowser(t)
	a.get(srv.URL + "/in/stf_1")
	b.get(srv.URL + "/in/stf_1")
	other.get(srv.URL + "/in/stf_2")
	list, err := m.Sessions(t.Context(), "stf_1")
	if err != nil || len(list) != 2 {
		t.Fatalf("sessions: %v, %v", list, err)
	}
	n, err := m.EndAll(t.Context(), "stf_1")
	if err != nil || n != 2 {
		t.Fatalf("ended %d: %v", n, err)
	}
	a.who(srv.URL, "")
	b.who(srv.URL, "")
	other.who(srv.URL, "stf_2")
}

// A request that was under way while the session ended must not bring it back.
func TestEndedStaysEnded(t *testing.T) {
	w := &wall{}
	m := newManager(t, newStore(t, w), w, session.Options{Name: "me"})
	begun, release := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) {
		if err := m.SignIn(r.Context(), "per_1", false); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		m.Put(r.Context(), "k", "v")
		close(begun)
		<-release
	})
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(m.Subject(r.Context()))) })
	srv := httptest.NewServer(m.LoadAndSave(mux))
	defer srv.Close()
	b := newBrowser(t)
	b.get(srv.URL + "/in")
	done := make(chan struct{})
	go func() {
		defer close(done)
		if res, err := b.c.Get(srv.URL + "/slow"); err == nil {
			res.Body.Close()
		}
	}()
	<-begun
	if _, err := m.EndAll(t.Context(), "per_1"); err != nil {
		t.Fatal(err)
	}
	close(release)
	<-done
	b.who(srv.URL, "")
}

// A copy of the database opens no session of anybody, and shows nothing of what is in one.
func TestACopyOpensNothing(t *testing.T) {
	for _, audience := range []string{"staff", "me", "public"} {
		t.Run(audience, func(t *testing.T) {
			w := &wall{}
			path := filepath.Join(t.TempDir(), "s.db")
			m := newManager(t, openStore(t, w, path), w, session.Options{Name: audience})
			srv := site(t, m)
			b := newBrowser(t)
			_, res := b.get(srv.URL + "/in/somebody")
			b.get(srv.URL + "/note/Quillfeather")
			b.who(srv.URL, "somebody")
			tok := token(res)
			sum := sha256.Sum256([]byte(tok))
			var all []byte
			for _, file := range []string{path, path + "-wal"} {
				raw, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, raw...)
			}
			if !bytes.Contains(all, []byte("audience")) {
				t.Fatal("the files hold no session")
			}
			for what, secret := range map[string]string{
				"token": tok, "hash of the token": base64.RawURLEncoding.EncodeToString(sum[:]), "same in hex": hex.EncodeToString(sum[:]), "same in bytes": string(sum[:]),
				"value": "Quillfeather", "encoded values": "Deadline",
			} {
				if bytes.Contains(all, []byte(secret)) {
					t.Errorf("the %s stands in the database", what)
				}
			}
			elsewhere := filepath.Join(t.TempDir(), "copy.db")
			for _, suffix := range []string{"", "-wal"} {
				raw, err := os.ReadFile(path + suffix)
				if err == nil {
					err = os.WriteFile(elsewhere+suffix, raw, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			copied := site(t, newManager(t, openStore(t, w, elsewhere), w, session.Options{Name: audience}))
			if got := whoWith(t, copied, "muster-"+audience, tok); got != "" {
				t.Errorf("the token opens the copy without its key ring: %q", got)
			}
		})
	}
}

// Whoever can write to the database makes no session of a participant one of staff.
func TestMovedSessionStaysClosed(t *testing.T) {
	w := &wall{}
	s, ring := newStore(t, w), newRing(t)
	me, staff := withRing(t, s, ring, w, session.Options{Name: "me"}), withRing(t, s, ring, w, session.Options{Name: "staff"})
	_, res := newBrowser(t).get(site(t, me).URL + "/in/maria")
	tok := token(res)
	var body bson.D
	for raw, err := range s.Driver().Find(t.Context(), "sessions", docstore.Query{Scan: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if err := bson.Unmarshal(raw, &body); err != nil {
			t.Fatal(err)
		}
	}
	planted := ring.Hash("sessions/staff/", tok)
	for i := range body {
		switch body[i].Key {
		case "_id":
			body[i].Value = planted
		case "audience":
			body[i].Value = "staff"
		}
	}
	raw, err := bson.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Driver().Write(t.Context(), []docstore.Op{{Kind: docstore.Insert, Collection: "sessions", ID: planted, Body: raw}}); err != nil {
		t.Fatal(err)
	}
	if got := whoWith(t, site(t, staff), "muster-staff", tok); got != "" {
		t.Errorf("the moved session is open to %q", got)
	}
}

// whoWith asks who is signed in with a cookie; "" when nobody is, or the answer is an error.
func whoWith(t *testing.T, srv *httptest.Server, cookie, value string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/who", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: cookie, Value: value})
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	who, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		return ""
	}
	return string(who)
}

func TestSwept(t *testing.T) {
	w := &wall{}
	m := newManager(t, newStore(t, w), w, session.Options{Name: "me"})
	newBrowser(t).get(site(t, m).URL + "/in/per_1")
	if n, err := m.Sweep(t.Context()); err != nil || n != 0 {
		t.Errorf("swept %d before time: %v", n, err)
	}
	w.add(time.Hour)
	if n, err := m.Sweep(t.Context()); err != nil || n != 1 {
		t.Errorf("swept %d, want 1: %v", n, err)
	}
}

// Looking at pages does not cost a durable write each.
func TestReadingWritesNothing(t *testing.T) {
	w := &wall{}
	s := newStore(t, w)
	srv := site(t, newManager(t, s, w, session.Options{Name: "me"}))
	b := newBrowser(t)
	_, res := b.get(srv.URL + "/in/per_1")
	if token(res) == "" {
		t.Fatal("no session")
	}
	rev := func() (sum int64) {
		for raw, err := range s.Driver().Find(t.Context(), "sessions", docstore.Query{Scan: true}) {
			if err != nil {
				t.Fatal(err)
			}
			sum += raw.Lookup("rev").AsInt64()
		}
		return sum
	}
	before := rev()
	for range 5 {
		b.who(srv.URL, "per_1")
	}
	if after := rev(); after != before {
		t.Errorf("five page views changed the revision from %d to %d", before, after)
	}
}
