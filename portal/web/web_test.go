package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/mux"
	"github.com/muster-health/muster/internal/auth/session"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/view/viewtest"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/static"
)

// form is a page with one form, the way an audience writes one.
type form struct {
	view.Page
	Name, Born view.Field
}

func (*form) Template() string { return "test/form" }

var testPages = fstest.MapFS{"pages/form.html": {Data: []byte(`{{define "main"}}<form method="post" action="/form">{{once}}{{template "part" .}}<button class="usa-button">Send</button></form>{{end}}
{{define "part"}}{{template "field" .Name}}{{template "field" .Born}}{{end}}`)}}

// rig is a small site: a router in the chain, with a store and a log to look at.
type rig struct {
	site   *web.Site
	router *mux.Router
	store  *docstore.Store
	log    bytes.Buffer
	seen   []string
	url    string
}

func newRig(t *testing.T, change func(*web.Options)) *rig {
	t.Helper()
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	var ids atomic.Int64
	newID := func() string { return fmt.Sprintf("req_%04d", ids.Add(1)) }
	r, err := view.NewRenderer(view.Options{Assets: assets, NewID: newID}, view.Set{Name: "test", Layout: "public", FS: testPages})
	if err != nil {
		t.Fatal(err)
	}
	driver, err := sqlitedoc.Open(t.Context(), filepath.Join(t.TempDir(), "w.db"), sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { driver.Close() })
	g := &rig{router: mux.NewRouter(), store: docstore.New(driver, time.Now)}
	ring, err := seal.Open(filepath.Join(t.TempDir(), "ring"), true)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := session.New(t.Context(), g.store, ring, time.Now, session.Options{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	o := web.Options{
		Log: slog.New(slog.NewJSONHandler(&g.log, nil)), Wall: time.Now, NewID: newID,
		Now:      func() time.Time { return time.Date(2026, 3, 2, 9, 5, 0, 0, time.UTC) },
		Machines: []string{"/hooks/"},
		Observe: func(_ context.Context, a web.Answered) {
			g.seen = append(g.seen, fmt.Sprintf("%s %s %d", a.Method, a.Route, a.Status))
		},
	}
	if change != nil {
		change(&o)
	}
	outer := web.New(r, o)
	g.site = outer.With(sessions, func(r *http.Request, p *view.Page) { p.Help.Phone = "+14125550101" })
	g.router.NotFoundHandler = outer.NotFound()
	g.router.MethodNotAllowedHandler = outer.MethodNotAllowed()
	srv := httptest.NewServer(outer.Wrap(g.router))
	t.Cleanup(srv.Close)
	g.url = srv.URL
	return g
}

func (g *rig) handle(path string, h web.Handler, methods ...string) {
	if len(methods) == 0 {
		methods = []string{"GET"}
	}
	g.router.Handle(path, g.site.Handle(h)).Methods(methods...)
}

func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func do(t *testing.T, c *http.Client, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 200},
		{fmt.Errorf("get: %w", docstore.ErrNotFound), 404},
		{web.ErrNotFound, 404},
		{fmt.Errorf("put: %w", docstore.ErrConflict), 409},
		{docstore.ErrExists, 409},
		{web.Forbidden("role"), 403},
		{web.ErrSignIn, 401},
		{web.ErrGone, 410},
		{web.Invalid(view.FieldError{Field: "a", Text: "b"}), 422},
		{web.ErrTooMany, 429},
		{fmt.Errorf("x: %w", &http.MaxBytesError{Limit: 1}), 413},
		{web.ErrUnavailable, 503},
		{context.DeadlineExceeded, 503},
		{fmt.Errorf("x: %w", &web.StatusError{Code: 405, Err: errors.New("no")}), 405},
		{errors.New("disk on fire"), 500},
	} {
		if got := web.Status(c.err); got != c.want {
			t.Errorf("Status(%v) = %d, want %d", c.err, got, c.want)
		}
	}
}

// What went wrong inside stays inside; the reader gets plain words and an id that is in the log.
func TestErrorsAreNotShown(t *testing.T) {
	g := newRig(t, nil)
	secret := "per_7 Rosa Delgado +14125550110"
	g.handle("/people/{id}", func(http.ResponseWriter, *http.Request) error { return errors.New(secret) })
	g.handle("/panic", func(http.ResponseWriter, *http.Request) error { panic(secret) })
	for _, path := range []string{"/people/per_7", "/panic"} {
		res, body := do(t, browser(t), "GET", g.url+path, "")
		if res.StatusCode != 500 || strings.Contains(body, "Rosa") {
			t.Errorf("%s: %d\n%s", path, res.StatusCode, body)
		}
		viewtest.Check(t, path, []byte(body))
		id := res.Header.Get("X-Request-Id")
		if id == "" || !strings.Contains(body, id) || !strings.Contains(g.log.String(), id) {
			t.Errorf("%s: the id %q is not on the page and in the log", path, id)
		}
	}
	for line := range strings.SplitSeq(g.log.String(), "\n") {
		if strings.Contains(line, `"msg":"request"`) && strings.Contains(line, "per_7") {
			t.Errorf("the access log has the path: %s", line)
		}
		if strings.Contains(line, `"msg":"panic"`) && strings.Contains(line, "Rosa") {
			t.Errorf("the panic log quotes its value: %s", line)
		}
	}
	if want := "GET /people/{id} 500"; g.seen[0] != want {
		t.Errorf("observed %q, want %q", g.seen[0], want)
	}
}

func TestUnknownAddresses(t *testing.T) {
	g := newRig(t, nil)
	g.handle("/form", func(http.ResponseWriter, *http.Request) error { return nil }, "POST")
	for _, c := range []struct {
		method, path string
		want         int
	}{{"GET", "/nowhere", 404}, {"GET", "/form", 405}} {
		res, body := do(t, browser(t), c.method, g.url+c.path, "", "Accept-Language", "es-MX")
		if res.StatusCode != c.want || !strings.Contains(body, `<html lang="es">`) {
			t.Errorf("%s %s: %d in\n%.200s", c.method, c.path, res.StatusCode, body)
		}
		viewtest.Check(t, c.path, []byte(body))
	}
}

func TestHeaders(t *testing.T) {
	for _, secure := range []bool{false, true} {
		g := newRig(t, func(o *web.Options) { o.Secure = secure })
		g.handle("/", func(w http.ResponseWriter, r *http.Request) error { return g.site.Render(w, r, 200, &form{}) })
		res, body := do(t, browser(t), "GET", g.url+"/", "")
		viewtest.Check(t, "page", []byte(body))
		h := res.Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; style-src 'self'") || strings.Contains(csp, "unsafe") {
			t.Errorf("policy %q", csp)
		}
		if got := h.Get("Strict-Transport-Security") != ""; got != secure {
			t.Errorf("HSTS sent: %v, want %v", got, secure)
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	g := newRig(t, nil)
	ok := func(w http.ResponseWriter, r *http.Request) error { w.WriteHeader(204); return nil }
	g.handle("/form", ok, "POST")
	g.handle("/hooks/sms", ok, "POST")
	for _, c := range []struct {
		name, path, header, value string
		want                      int
	}{
		{"same origin", "/form", "Sec-Fetch-Site", "same-origin", 204},
		{"no browser", "/form", "X-Nothing", "1", 204},
		{"another site", "/form", "Sec-Fetch-Site", "cross-site", 403},
		{"a sister site", "/form", "Sec-Fetch-Site", "same-site", 403},
		{"no origin", "/form", "Origin", "null", 403},
		{"webhook", "/hooks/sms", "Sec-Fetch-Site", "cross-site", 204},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, body := do(t, browser(t), "POST", g.url+c.path, "", c.header, c.value)
			if res.StatusCode != c.want {
				t.Errorf("%d, want %d: %.100s", res.StatusCode, c.want, body)
			}
		})
	}
}

func TestBodyLimit(t *testing.T) {
	g := newRig(t, func(o *web.Options) { o.MaxBody = 100 })
	g.handle("/form", func(w http.ResponseWriter, r *http.Request) error { _, err := g.site.Form(w, r); return err }, "POST")
	for body, want := range map[string]int{"a=" + strings.Repeat("x", 50): 200, "a=" + strings.Repeat("x", 200): 413, "a=%zz": 400} {
		if res, _ := do(t, browser(t), "POST", g.url+"/form", body); res.StatusCode != want {
			t.Errorf("%.10s…: %d, want %d", body, res.StatusCode, want)
		}
	}
}

// A refused form comes back with its values, the mend beside each field, and 422; a good one
// redirects, and the next page says so once.
func TestFormRoundTrip(t *testing.T) {
	g := newRig(t, nil)
	page := func(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
		p := &form{Page: view.Page{Title: "Form"}, Name: view.Field{Kind: view.KindText, Name: "name", Label: "Name"}.From(f), Born: view.Field{Kind: view.KindDate, Name: "born", Label: "Born"}.From(f)}
		p.Errors = view.Problems(p.Name, p.Born)
		if web.IsFragment(r) {
			return g.site.Fragment(w, r, status, p, "part")
		}
		return g.site.Render(w, r, status, p)
	}
	g.handle("/form", func(w http.ResponseWriter, r *http.Request) error { return page(w, r, 200, nil) })
	g.handle("/form", func(w http.ResponseWriter, r *http.Request) error {
		f, err := g.site.Form(w, r)
		if err != nil {
			return err
		}
		f.Text("name", web.Missing("Enter your name, as you like to be called."))
		f.Date("born")
		if !f.OK() {
			return page(w, r, 422, f)
		}
		g.site.Flash(r, view.Done, "Thank you, "+f.Value("name")+".")
		return web.Redirect(w, r, "/form")
	}, "POST")
	b := browser(t)
	res, body := do(t, b, "POST", g.url+"/form", url.Values{"name": {" "}, "born-day": {"31"}, "born-month": {"2"}, "born-year": {"1974"}}.Encode())
	viewtest.Check(t, "refused", []byte(body))
	for _, want := range []string{"Enter your name, as you like to be called.", `value="1974"`, `<option value="2" selected>`, "There are 2 problems", `href="#name"`, `href="#born-month"`, `aria-invalid="true"`} {
		if res.StatusCode != 422 || !strings.Contains(body, want) {
			t.Errorf("%d, no %q in\n%s", res.StatusCode, want, body)
		}
	}
	res, body = do(t, b, "POST", g.url+"/form", "name=", "HX-Request", "true", "HX-Request-Type", "partial")
	if res.StatusCode != 422 || strings.Contains(body, "<html") || !strings.Contains(body, `id="name-error"`) {
		t.Errorf("fragment: %d\n%s", res.StatusCode, body)
	}
	good := url.Values{"name": {"Dana"}, "born-day": {"3"}, "born-month": {"5"}, "born-year": {"2006"}}.Encode()
	res, _ = do(t, b, "POST", g.url+"/form", good)
	if res.StatusCode != 303 || res.Header.Get("Location") != "/form" {
		t.Errorf("%d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	_, body = do(t, b, "GET", g.url+"/form", "")
	if !strings.Contains(body, "Thank you, Dana.") {
		t.Error("the next page does not say so")
	}
	if _, body = do(t, b, "GET", g.url+"/form", ""); strings.Contains(body, "Thank you") {
		t.Error("it is said twice")
	}
	res, _ = do(t, b, "POST", g.url+"/form", good, "HX-Request", "true", "HX-Request-Type", "partial")
	if res.Header.Get("HX-Redirect") != "/form" || res.StatusCode != 200 {
		t.Errorf("htmx: %d to %q", res.StatusCode, res.Header.Get("HX-Redirect"))
	}
}

func TestGuard(t *testing.T) {
	g := newRig(t, nil)
	type who struct{}
	guarded := g.site.Guarded(func(_ http.ResponseWriter, r *http.Request) (*http.Request, error) {
		switch r.URL.Query().Get("as") {
		case "maria":
			return r.WithContext(context.WithValue(r.Context(), who{}, "maria")), nil
		case "carl":
			return nil, web.Forbidden("monitors only read")
		}
		return nil, web.SeeOther("/sign-in")
	})
	g.router.Handle("/staff", guarded.Handle(func(w http.ResponseWriter, r *http.Request) error {
		_, err := fmt.Fprint(w, r.Context().Value(who{}))
		return err
	}))
	for as, want := range map[string]int{"maria": 200, "carl": 403, "": 303} {
		res, body := do(t, browser(t), "GET", g.url+"/staff?as="+as, "")
		if res.StatusCode != want {
			t.Errorf("%q: %d, want %d", as, res.StatusCode, want)
		}
		if as == "maria" && body != "maria" {
			t.Errorf("the handler did not learn who it is: %q", body)
		}
	}
}

func TestRedirectStaysHere(t *testing.T) {
	for to, want := range map[string]string{"/me": "/me", "//evil.test": "/", "https://evil.test": "/", "/\\evil.test": "/", "/a\r\nX: 1": "/", "": "/", "/a?b=c": "/a?b=c"} {
		w := httptest.NewRecorder()
		if err := web.Redirect(w, httptest.NewRequest("POST", "/x", nil), to); err != nil {
			t.Fatal(err)
		}
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("%q: to %q, want %q", to, got, want)
		}
	}
}

func TestLanguage(t *testing.T) {
	g := newRig(t, nil)
	g.handle("/", func(w http.ResponseWriter, r *http.Request) error {
		if r.URL.Query().Has("person") {
			r = r.WithContext(web.SetLang(r.Context(), "es"))
		}
		return g.site.Render(w, r, 200, &form{Page: view.Page{Title: "x"}})
	})
	b := browser(t)
	for _, c := range []struct{ name, path, accept, want string }{
		{"nothing said", "/", "", "en"},
		{"browser", "/", "es-US,es;q=0.9,en;q=0.5", "es"},
		{"unknown", "/", "ja", "en"},
		{"the person's own", "/?person=1", "en", "es"},
		{"chosen", "/?lang=es", "en", "es"},
		{"remembered", "/", "en", "es"},
		{"chosen again", "/?lang=en&person=1", "es", "en"},
		{"a choice goes before the person's own", "/?person=1", "es", "en"},
		{"no such language", "/?lang=%3Cscript%3E", "es", "en"},
	} {
		_, body := do(t, b, "GET", g.url+c.path, "", "Accept-Language", c.accept)
		if !strings.Contains(body, `<html lang="`+c.want+`">`) {
			t.Errorf("%s: not in %s", c.name, c.want)
		}
	}
}

func TestClientIP(t *testing.T) {
	for _, c := range []struct{ name, proxy, peer, forwarded, want string }{
		{"direct", "", "203.0.113.9:1", "", "203.0.113.9"},
		{"a client's own header", "", "203.0.113.9:1", "1.1.1.1", "203.0.113.9"},
		{"behind our proxy", "10.0.0.0/8", "10.0.0.1:1", "203.0.113.9", "203.0.113.9"},
		{"forged before our proxy", "10.0.0.0/8", "10.0.0.1:1", "1.1.1.1, 203.0.113.9", "203.0.113.9"},
		{"two of our proxies", "10.0.0.0/8", "10.0.0.1:1", "203.0.113.9, 10.0.0.2", "203.0.113.9"},
		{"nonsense", "10.0.0.0/8", "10.0.0.1:1", "x", "10.0.0.1"},
		{"mapped", "", "[::ffff:203.0.113.9]:1", "", "203.0.113.9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var proxies []netip.Prefix
			if c.proxy != "" {
				proxies = append(proxies, netip.MustParsePrefix(c.proxy))
			}
			s := web.New(nil, web.Options{Proxies: proxies})
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = c.peer
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
			}
			if got := s.ClientIP(r).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestLimiter(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	l := web.NewLimiter(time.Minute, 3, 2, func() time.Time { return now })
	a, b, c := netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("203.0.113.3")
	for i, want := range []bool{true, true, true, false} {
		if got := l.Allow(a); got != want {
			t.Errorf("request %d: %v, want %v", i+1, got, want)
		}
	}
	if !l.Allow(b) {
		t.Error("another client waits for the first")
	}
	now = now.Add(time.Minute)
	if !l.Allow(a) || l.Allow(a) {
		t.Error("a minute gives exactly one more")
	}
	for range 3 {
		l.Allow(netip.MustParseAddr("2001:db8::2")) // with ::1 above: one network
	}
	if l.Allow(b) {
		t.Error("addresses of one IPv6 network count apart")
	}
	l.Allow(c) // forgets a, the least recent of three
	if !l.Allow(a) {
		t.Error("the oldest client was not forgotten")
	}
}

func TestLimitedPage(t *testing.T) {
	g := newRig(t, nil)
	l := web.NewLimiter(time.Hour, 1, 0, time.Now)
	g.handle("/code", g.site.Limit(l, func(w http.ResponseWriter, r *http.Request) error { w.WriteHeader(204); return nil }), "POST")
	for i, want := range []int{204, 429} {
		res, _ := do(t, browser(t), "POST", g.url+"/code", "")
		if res.StatusCode != want || (want == 429) != (res.Header.Get("Retry-After") != "") {
			t.Errorf("request %d: %d, want %d", i+1, res.StatusCode, want)
		}
	}
}

type thing struct {
	docstore.Meta `bson:",inline"`
	N             int `bson:"n"`
}

// Twenty senders of one form make one change and all go to the same place.
func TestOnce(t *testing.T) {
	g := newRig(t, nil)
	once, err := web.OpenOnce(t.Context(), g.store, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	things, err := docstore.Open[thing](t.Context(), g.store, docstore.Spec{Name: "things", Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	var made atomic.Int64
	send := func(form string) (string, error) {
		return once.Do(t.Context(), form, func(b *docstore.Batch) (string, error) {
			id := fmt.Sprintf("thg_%d", made.Add(1))
			things.Insert(b, &thing{Meta: docstore.Meta{ID: id}})
			return "/things/" + id, nil
		})
	}
	results := make(chan string, 20)
	for range 20 {
		go func() {
			to, err := send("form_0001")
			if err != nil {
				to = err.Error()
			}
			results <- to
		}()
	}
	first := <-results
	for range 19 {
		if got := <-results; got != first {
			t.Errorf("went to %q, the first to %q", got, first)
		}
	}
	stored, err := things.Count(t.Context(), docstore.Query{Scan: true})
	if err != nil || stored != 1 || !strings.HasPrefix(first, "/things/") {
		t.Errorf("%d things, first %q: %v", stored, first, err)
	}
	if _, err := send(""); web.Status(err) != 400 {
		t.Errorf("a form without an id: %v", err)
	}
	if _, err := once.Do(t.Context(), "form_0002", func(*docstore.Batch) (string, error) { return "", web.ErrGone }); !errors.Is(err, web.ErrGone) {
		t.Errorf("the reason is lost: %v", err)
	}
	if _, err := once.Result(t.Context(), "form_0002"); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("a refused form is claimed: %v", err)
	}
	if n, err := once.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil || n != 1 {
		t.Errorf("swept %d: %v", n, err)
	}
}

func TestAccessLogIsJSONWithoutPaths(t *testing.T) {
	g := newRig(t, nil)
	g.handle("/people/{id}", func(w http.ResponseWriter, r *http.Request) error {
		if got := web.Var(r, "id"); got != "per_1" {
			t.Errorf("Var: %q", got)
		}
		return nil
	})
	do(t, browser(t), "GET", g.url+"/people/per_1?q=rosa", "")
	var line map[string]any
	if err := json.Unmarshal(g.log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line["route"] != "/people/{id}" || line["status"] != float64(200) || strings.Contains(g.log.String(), "rosa") {
		t.Errorf("logged %s", g.log.String())
	}
}
