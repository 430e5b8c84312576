package staff_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/id"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/portal"
	"github.com/muster-health/muster/portal/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/view/viewtest"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/static"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// desk is the staff pages over a whole core, served by a real server.
type desk struct {
	*rig.Rig
	t        *testing.T
	members  *members.Members
	server   *httptest.Server
	second   *httptest.Server // of another process, made when a form is repeated
	search   *contacts.Search
	asking   sync.Mutex
	asked    []string // paths and queries of all requests
	practice *practiced
	desk     *staff.Desk
	site     *web.Site
	deps     staff.Deps
	named    url.Values // what forms may name in the test of all routes

	rehearsed  []string // what was asked for
	rehearsing bool     // one is running
}

var cli = audit.Actor{Kind: audit.CLI, ID: "operator"}

// practiced begins a practice and notes with whom; nobody is called.
type practiced struct {
	trial *trial.Coordinator
	who   []contacts.PersonID
}

func (p *practiced) Practice(ctx context.Context, by audit.Actor, who contacts.PersonID) error {
	p.who = append(p.who, who)
	_, err := p.trial.BeginPractice(ctx, by, who)
	return err
}

func newDesk(t *testing.T, change func(*staff.Deps)) *desk {
	t.Helper()
	r := rig.New(t, rig.Options{})
	m, err := members.Open(t.Context(), r.Store, r.Audit, r.Clock)
	if err != nil {
		t.Fatal(err)
	}
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	onceIDs := id.ULID(r.Clock.Wall)
	renderer, err := view.NewRenderer(view.Options{Assets: assets, NewID: func() string { return onceIDs("frm_") }}, staff.Templates())
	if err != nil {
		t.Fatal(err)
	}
	site := web.New(renderer, web.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: r.Clock.Now, Wall: r.Clock.Wall, NewID: func() string { return r.NewID("req_") }})
	d := &desk{Rig: r, t: t, members: m, search: contacts.NewSearch(r.People), practice: &practiced{trial: r.Trial}}
	deps := staff.Deps{Site: site, Store: r.Store, Ring: r.Ring, Clock: r.Clock, Members: m, People: r.People, Search: d.search, Trial: r.Trial, Audit: r.Audit, Office: rig.Office, Practice: d.practice, Rehearser: d}
	if change != nil {
		change(&deps)
	}
	h, err := staff.New(t.Context(), deps)
	if err != nil {
		t.Fatal(err)
	}
	d.desk, d.site, d.deps = h, site, deps
	mux := http.NewServeMux()
	mux.Handle("/static/", assets)
	mux.Handle("/", portal.Router(h, h.Routes()))
	d.server = httptest.NewServer(site.Wrap(mux))
	t.Cleanup(d.server.Close)
	d.hire("maria", "Maria Santos", members.Coordinator)
	return d
}

func (d *desk) hire(id, name string, role members.Role, sites ...string) {
	d.t.Helper()
	if _, err := d.members.Put(d.t.Context(), cli, members.Member{Meta: docstore.Meta{ID: id}, Name: name, Role: role, Sites: sites}); err != nil {
		d.t.Fatal(err)
	}
}

// browser is one member at work.
type browser struct {
	d      *desk
	client *http.Client
}

// stranger has no session; redirects are not followed.
func (d *desk) stranger() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return &browser{d, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// as is a member who came in by a link.
func (d *desk) as(id string) *browser {
	d.t.Helper()
	secret, _, err := d.members.Link(d.t.Context(), cli, id)
	if err != nil {
		d.t.Fatal(err)
	}
	b := d.stranger()
	a := b.post("/staff/sign-in", url.Values{"secret": {secret}})
	if a.code != http.StatusSeeOther || a.to != "/staff" {
		d.t.Fatalf("sign in as %s: %d to %q", id, a.code, a.to)
	}
	return b
}

// answer is what came back.
type answer struct {
	code   int
	to     string
	body   string
	header http.Header
}

func (b *browser) do(req *http.Request) answer {
	b.d.t.Helper()
	b.d.asking.Lock()
	b.d.asked = append(b.d.asked, req.URL.RequestURI())
	b.d.asking.Unlock()
	res, err := b.client.Do(req)
	if err != nil {
		b.d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.d.t.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header.Get("Location"), string(body), res.Header}
	if a.code < 300 || a.code >= 400 {
		viewtest.Check(b.d.t, req.Method+" "+req.URL.Path, body)
	}
	if a.code >= 500 && a.code != http.StatusServiceUnavailable {
		b.d.t.Errorf("%s %s: %d\n%s", req.Method, req.URL.Path, a.code, text(a.body))
	}
	return a
}

func (b *browser) get(path string) answer {
	b.d.t.Helper()
	req, err := http.NewRequestWithContext(b.d.t.Context(), http.MethodGet, b.d.server.URL+path, nil)
	if err != nil {
		b.d.t.Fatal(err)
	}
	return b.do(req)
}

// raw is a file as it is served.
func (b *browser) raw(path string) string {
	res, err := b.client.Get(b.d.server.URL + path)
	if err != nil {
		b.d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.d.t.Fatal(err)
	}
	return string(body)
}

func (b *browser) post(path string, form url.Values) answer {
	b.d.t.Helper()
	return b.postTo(b.d.server.URL, path, form)
}

func (b *browser) postTo(server, path string, form url.Values) answer {
	b.d.t.Helper()
	req, err := http.NewRequestWithContext(b.d.t.Context(), http.MethodPost, server+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

var forms int

// send posts a form with a fresh once id. When it is taken, the same form is posted to another
// process as well: it must change nothing and lead where the first one did.
func (b *browser) send(path string, pairs ...string) answer {
	b.d.t.Helper()
	forms++
	form := url.Values{"once": {fmt.Sprintf("frm_%08d", forms)}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	a := b.post(path, form)
	if a.code != http.StatusSeeOther || a.to == "/staff/sign-in" || strings.HasSuffix(path, "/reveal") {
		return a
	}
	before := b.d.changes()
	if b.d.second == nil {
		b.d.second = b.d.another()
	}
	again := b.postTo(b.d.second.URL, path, form)
	if after := b.d.changes(); again.code != a.code || again.to != a.to || after != before {
		b.d.t.Errorf("POST %s again: %d to %q, %d changes; the first went to %q", path, again.code, again.to, after-before, a.to)
	}
	return a
}

// went fails the test unless a form was taken and led to a page, which it returns.
func (b *browser) went(a answer, to string) string {
	b.d.t.Helper()
	if a.code != http.StatusSeeOther || a.to != to {
		b.d.t.Fatalf("got %d to %q, want 303 to %q\n%s", a.code, a.to, to, text(a.body))
	}
	return b.page(to)
}

// page is a page that is there.
func (b *browser) page(path string) string {
	b.d.t.Helper()
	a := b.get(path)
	if a.code != http.StatusOK {
		b.d.t.Fatalf("GET %s: %d to %q\n%s", path, a.code, a.to, text(a.body))
	}
	return a.body
}

// refused fails the test unless a form came back with 422 and says what.
func (b *browser) refused(a answer, says string) {
	b.d.t.Helper()
	if a.code != http.StatusUnprocessableEntity {
		b.d.t.Fatalf("got %d, want 422\n%s", a.code, text(a.body))
	}
	has(b.d.t, a.body, says)
}

var tags = regexp.MustCompile(`<[^>]*>|\s+`)

// text is a page without its tags.
func text(page string) string {
	if _, main, ok := strings.Cut(page, "<main"); ok {
		page = "<main" + main
	}
	return strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&amp;", "&", "&#43;", "+").Replace(strings.TrimSpace(tags.ReplaceAllString(tags.ReplaceAllString(page, " "), " ")))
}

func has(t *testing.T, page string, wanted ...string) {
	t.Helper()
	plain := text(page)
	for _, w := range wanted {
		if !strings.Contains(plain, w) {
			t.Errorf("the page does not say %q:\n%s", w, plain)
		}
	}
}

func lacks(t *testing.T, page string, unwanted ...string) {
	t.Helper()
	for _, w := range unwanted {
		if strings.Contains(page, w) {
			t.Errorf("the page says %q:\n%s", w, text(page))
		}
	}
}

// actions lists the audit trail of a person, oldest first.
func (d *desk) actions(p contacts.PersonID) (out []string) {
	d.t.Helper()
	for e, err := range d.Audit.Find(d.t.Context(), docstore.Query{Eq: []docstore.Field{docstore.E("person", string(p))}, Order: "at"}) {
		if err != nil {
			d.t.Fatal(err)
		}
		out = append(out, e.Action)
	}
	return out
}

const studyYAML = `
id: STEADY
title: {en: "Does the time of day for blood pressure tablets matter?"}
summary: {en: We want to learn whether tablets work better in the evening.}
neutralName: {en: the Larkfield research office, es: la oficina de Larkfield}
keyword: PINE
sponsor: Larkfield University Hospital
payment: {en: "$40 for each visit you come to."}
state: open
recruitmentOpen: true
enrolmentOpen: true
board: {name: Larkfield ethics board, number: LUH-1, approved: "2026-01-01", expires: "2026-03-20"}
enrolmentPoint: randomized
target: 120
sites:
  - {id: main, name: Larkfield Main, address: 12 Elm Street, room: Room 4, zip: "15213", zone: America/New_York, phone: 412-555-0101}
  - {id: mesa, name: Mesa Ridge, zip: "85201", zone: America/Phoenix, phone: 602-555-0101}
preScreen: steady-prescreen
visits:
  - {code: V1, name: {en: First visit}, day: 0, amount: 4000}
  - {code: V2, name: {en: Start visit}, day: 14, early: 3, late: 3, amount: 4000}
  - {code: V3, day: 42, early: 2, late: 2, hard: true}
diary:
  questionnaire: steady-evening
  name: {en: Evening questions}
  from: "08:00"
  to: "22:00"
  days: daily
  channels: [voice, web]
  callAt: "18:30"
  retries: 3
  retryMinutes: 15
  redFlagApproval: LUH-1-RF
  redFlags: [{item: upper, op: ">=", value: "180", level: urgent}]
  safetyText: {en: Call 911 if you feel very unwell., es: Llame al 911 si se siente muy mal.}
criteria: ""
onCall: [{name: Noor Haddad, phone: 412-555-0102, hours: always}]
outOfHours: Noor is on call around the clock.
promise: {caller: Maria, number: 412-555-0100, hours: 8}
`

func (d *desk) study() {
	d.t.Helper()
	s, err := trial.ParseStudy([]byte(studyYAML))
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.Trial.PutStudy(d.t.Context(), rig.Staff, s); err != nil {
		d.t.Fatal(err)
	}
}

// volunteer signs somebody up for the study at a site.
func (d *desk) volunteer(given, family, number, site string, consents ...contacts.Consent) (contacts.PersonID, string) {
	d.t.Helper()
	out, err := d.Trial.Apply(d.t.Context(), rig.Staff, trial.Application{Study: "STEADY", Site: site, Source: "web", NoCode: true, SignUp: contacts.SignUp{
		Person: contacts.Person{Given: given, Family: family, BirthDate: "1952-05-03", Language: "en", Zone: "America/New_York", Points: []contacts.Point{{Kind: contacts.Mobile, Value: number}}}, Consents: consents}})
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.search.Tick(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	return out.Person, out.Subject
}

func agreed(purpose contacts.Purpose, channels ...contacts.Channel) (out []contacts.Consent) {
	for _, c := range channels {
		out = append(out, contacts.Consent{Purpose: purpose, Channel: c, Granted: true, Source: "web", Wording: "join." + string(c) + "@1"})
	}
	return out
}

// rosa is in the study at Main, with visits laid out from 2 March.
func (d *desk) rosa() (contacts.PersonID, string) {
	d.t.Helper()
	p, sub := d.volunteer("Rosa", "Delgado", "+14125550110", "main", agreed(contacts.StudyCare, contacts.SMS, contacts.Voice, contacts.Call)...)
	for _, to := range []trial.Status{trial.Contacting, trial.Considering, trial.Prescreened} {
		if _, err := d.Trial.Move(d.t.Context(), rig.Staff, sub, to, "", "", ""); err != nil {
			d.t.Fatal(err)
		}
	}
	if _, err := d.Trial.RecordConsent(d.t.Context(), rig.Staff, sub, trial.InformedConsent{FormVersion: "2.0", Signed: d.Clock.Now().Add(-time.Minute), ObtainedBy: "maria", CopyGiven: true}, ""); err != nil {
		d.t.Fatal(err)
	}
	return p, sub
}

// alert answers 186 in the person's diary and returns the alert.
func (d *desk) alert(p contacts.PersonID) trial.Alert {
	d.t.Helper()
	ctx := d.t.Context()
	due, err := d.Trial.Due(ctx, p, d.Clock.Now())
	if err != nil || len(due) != 1 {
		d.t.Fatalf("due: %d, %v", len(due), err)
	}
	resp, err := d.Trial.Begin(ctx, rig.Staff, due[0])
	if err != nil {
		d.t.Fatal(err)
	}
	for _, in := range []survey.Input{{Kind: survey.Show, Channel: survey.Web}, {Kind: survey.Reply, LinkID: "upper", Raw: "186", Channel: survey.Web}} {
		if _, err := d.Trial.Record(ctx, rig.Staff, resp.ID, in); err != nil {
			d.t.Fatal(err)
		}
	}
	open, err := d.Trial.Alerts(ctx, trial.AlertOpen)
	if err != nil || len(open) != 1 {
		d.t.Fatalf("alerts: %d, %v", len(open), err)
	}
	return open[0]
}

// wrote makes an unread text from somebody.
func (d *desk) wrote(p contacts.PersonID, body string) contacts.Touch {
	d.t.Helper()
	touch := contacts.Touch{Person: p, At: d.Clock.Now(), Channel: contacts.SMS, Kind: "message", Body: body}
	err := d.Store.Do(d.t.Context(), func(b *docstore.Batch) error {
		touch.Meta = docstore.Meta{}
		d.People.AddTouch(b, &touch)
		d.Audit.Record(b, audit.Entry{Actor: audit.Actor{Kind: audit.Provider, ID: "twilio"}, Action: "text.in", Person: string(p)})
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return touch
}
