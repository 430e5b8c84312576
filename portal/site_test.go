package portal_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/portal"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/view/viewtest"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/static"
	"github.com/muster-health/muster/trial"
)

// cedar is a study with a pre-screen, two sites and a daily diary whose wheeze of 3 is a red flag.
const cedar = `
id: CEDARS
title: {en: Reminders for people who use inhalers, es: Recordatorios para quien usa inhalador}
summary: {en: We want to learn whether reminders help., es: Queremos saber si los recordatorios ayudan.}
neutralName: {en: the Larkfield research office, es: la oficina de Larkfield}
keyword: CEDAR
sponsor: Larkfield University Hospital
payment: {en: "$30 for each visit you come to.", es: "$30 por cada visita."}
duration: {en: Three visits in 13 weeks., es: Tres visitas en 13 semanas.}
conditions: [asthma, inhaler, asma]
state: open
recruitmentOpen: true
enrolmentOpen: true
board: {name: Larkfield ethics board, phone: 412-555-0103, number: LUH-25-0042, approved: "2026-01-01", expires: "2026-12-31"}
enrolmentPoint: consent
sites:
  - {id: main, name: Larkfield Main, address: 12 Elm Street, room: Room 2, zip: "15213", zone: America/New_York, phone: 412-555-0101, hours: "Mon-Fri 08:00-17:00"}
  - {id: mesa, name: Mesa Ridge, address: 400 Ridge Avenue, zip: "85201", zone: America/Phoenix, phone: 412-555-0101, majorityAge: 19}
preScreen: clearway-prescreen
criteria: |
  - {id: I1, text: Age 18 to 65, kind: age, range: [18, 65]}
  - {id: I2, name: asthma, kind: condition, code: snomed|195967001}
  - {id: E1, name: COPD, kind: condition, code: snomed|13645005, exclude: true}
visits:
  - {code: V1, name: {en: First visit, es: Primera visita}, day: 0, minutes: 60}
  - {code: V2, name: {en: Second visit, es: Segunda visita}, day: 30, early: 5, late: 5, minutes: 30, prep: {en: Bring your inhaler., es: Traiga su inhalador.}}
  - {code: V3, name: {en: Last visit, es: Última visita}, day: 90, early: 7, late: 7, mode: video, minutes: 30}
diary:
  questionnaire: clearway-daily
  name: {en: Daily diary, es: Diario}
  from: "06:00"
  to: "24:00"
  days: daily
  channels: [web, sms]
  redFlagApproval: LUH-1-RF
  redFlags: [{item: wheeze, op: "=", value: "3", level: urgent}]
  safetyText:
    en: "This may need help now. Call 911 if you cannot catch your breath. We are sending a message to the study team; they may not see it at once. Their phone: 412-555-0101."
    es: "Esto puede necesitar ayuda ahora. Llame al 911 si le falta el aire. Estamos enviando un mensaje al equipo del estudio; es posible que no lo vea enseguida. Su teléfono: 412-555-0101."
onCall: [{name: Noor Haddad, phone: 412-555-0102, hours: always}]
outOfHours: Noor is on call around the clock.
promise: {caller: Ben from the research office, number: 412-555-0100, hours: 8}
`

// site is the whole portal over a real core, served on loopback.
type site struct {
	*rig.Rig
	t    *testing.T
	url  string
	fits []trial.StudyID

	routes web.Routes // the map of the site
}

func newSite(t *testing.T, o rig.Options) *site {
	t.Helper()
	s := &site{Rig: rig.New(t, o), t: t}
	study, err := trial.ParseStudy([]byte(cedar))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Trial.PutStudy(t.Context(), rig.Staff, study); err != nil {
		t.Fatal(err)
	}
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	once := func() string { n++; return fmt.Sprintf("form%06d", n) }
	renderer, err := view.NewRenderer(view.Options{Assets: assets, NewID: once}, portal.Templates()...)
	if err != nil {
		t.Fatal(err)
	}
	w := web.New(renderer, web.Options{Log: slog.New(slog.NewTextHandler(complaints{t}, &slog.HandlerOptions{Level: slog.LevelError})), Now: s.Clock.Now, Wall: s.Clock.Wall, NewID: func() string { return "req" }})
	h, err := portal.New(t.Context(), portal.Deps{Site: w, Assets: assets, Store: s.Store, Ring: s.Ring, Clock: s.Clock, People: s.People, Trial: s.Trial,
		Fits: s.mayFit})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	s.url, s.routes = srv.URL, h.Routes
	return s
}

// browser is one person at the site. Every page it gets is checked.
type browser struct {
	*site
	c    *http.Client
	page string // the last page
	path string // where it is
	code int
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{site: s, c: &http.Client{Jar: jar}}
}

func (b *browser) get(path string) *browser {
	b.t.Helper()
	res, err := b.c.Get(b.url + path)
	return b.took(res, err)
}

// post sends a form with the once id of the page it is on, as a browser would.
func (b *browser) post(path string, pairs ...string) *browser {
	b.t.Helper()
	v := url.Values{}
	if m := regexp.MustCompile(`name="once" value="([^"]+)"`).FindStringSubmatch(b.page); m != nil {
		v.Set("once", m[1])
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	res, err := b.c.PostForm(b.url+path, v)
	return b.took(res, err)
}

func (b *browser) took(res *http.Response, err error) *browser {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.page, b.path, b.code = string(body), res.Request.URL.RequestURI(), res.StatusCode
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		viewtest.Check(b.t, b.path, body)
	}
	return b
}

// sees fails unless the page holds each text; lacks if it holds one.
func (b *browser) sees(texts ...string) *browser {
	b.t.Helper()
	page := html.UnescapeString(b.page)
	for _, x := range texts {
		if !strings.Contains(page, x) {
			b.t.Errorf("%s (%d) does not say %q:\n%s", b.path, b.code, x, words(b.page))
		}
	}
	return b
}

func (b *browser) lacks(texts ...string) *browser {
	b.t.Helper()
	page := html.UnescapeString(b.page)
	for _, x := range texts {
		if strings.Contains(page, x) {
			b.t.Errorf("%s says %q", b.path, x)
		}
	}
	return b
}

func (b *browser) at(path string) *browser {
	b.t.Helper()
	if b.path != path {
		b.t.Fatalf("is at %s (%d), want %s:\n%s", b.path, b.code, path, words(b.page))
	}
	return b
}

func (b *browser) status(code int) *browser {
	b.t.Helper()
	if b.code != code {
		b.t.Fatalf("%s answers %d, want %d:\n%s", b.path, b.code, code, words(b.page))
	}
	return b
}

// words are what a reader sees of a page.
func words(page string) string {
	if _, after, ok := strings.Cut(page, "<main"); ok {
		page, _, _ = strings.Cut(after, "</main>")
	}
	page = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
	return strings.Join(strings.Fields(html.UnescapeString(page)), " ")
}

// codeFor is the last code that was texted to a number.
func (s *site) codeFor(number string) string {
	s.t.Helper()
	s.Deliver(s.t)
	sent := s.Sent.To(number)
	if len(sent) == 0 {
		s.t.Fatalf("nothing was sent to the number")
	}
	m := sent[len(sent)-1]
	if m.Kind == outbox.Call { // read out digit by digit
		return strings.NewReplacer(" ", "", ",", "").Replace(m.Vars["code"])
	}
	c := regexp.MustCompile(`\d{6}`).FindString(m.Body)
	if c == "" {
		s.t.Fatalf("the last message holds no code")
	}
	return c
}

// born fills in the age gate.
func (b *browser) born(day, month, year string) *browser {
	b.t.Helper()
	return b.post("/join", "birth-day", day, "birth-month", month, "birth-year", year)
}

// answers the question on screen with the option or number.
func (b *browser) answer(path, value string) *browser {
	b.t.Helper()
	m := regexp.MustCompile(`name="item" value="([^"]+)"`).FindStringSubmatch(b.page)
	if m == nil {
		b.t.Fatalf("no question on %s: %s", b.path, words(b.page))
	}
	if value == "" {
		return b.post(path, "item", m[1], "skip", "1")
	}
	return b.post(path, "item", m[1], "answer", value)
}

// details are a form filled in well.
func details(more ...string) []string {
	return append([]string{"given", "Dana", "family", "Okafor", "zip", "15213", "language", "en", "phone", "412-555-0123", "kind", "mobile",
		"shared", "no", "voicemail", "yes", "way", "any", "own", "yes"}, more...)
}

func (s *site) mayFit(context.Context, contacts.PersonID) ([]trial.StudyID, error) {
	return s.fits, nil
}

// complaints are errors that the site logs: no test of ours means to cause one.
type complaints struct{ t *testing.T }

func (c complaints) Write(line []byte) (int, error) {
	c.t.Errorf("logged: %s", line)
	return len(line), nil
}
