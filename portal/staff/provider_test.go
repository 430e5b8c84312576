package staff_test

import (
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/auth/oidc"
	"github.com/muster-health/muster/internal/auth/oidc/oidctest"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/staff"
)

// shifted is a clock whose real time is that of the machine and what a test adds: sessions and tokens
// are dated by it.
type shifted struct {
	staff.Clock
	mu   sync.Mutex
	plus time.Duration
}

func (c *shifted) Wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.plus)
}

func (c *shifted) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plus += d
}

// behind is a desk whose staff come through a real identity provider.
type behind struct {
	*desk
	idp   *oidctest.Provider
	clock *shifted
}

func newBehind(t *testing.T) *behind {
	t.Helper()
	const site = "http://127.0.0.1:9" // as the provider knows it; the tests bring the browser back themselves
	b := &behind{idp: oidctest.Start(t, site), clock: &shifted{}}
	roles, err := oidc.ParseRoles("coordinators=coordinator; mesa=recruiter@mesa; admins=administrator")
	if err != nil {
		t.Fatal(err)
	}
	client, err := oidc.New(oidc.Options{Issuer: b.idp.Issuer, ClientID: "muster", ClientSecret: "muster-secret", PublicURL: site, Roles: roles, Name: "Larkfield", Wall: b.clock.Wall, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	b.desk = newDesk(t, func(d *staff.Deps) {
		b.clock.Clock = d.Clock
		d.Clock, d.Provider = b.clock, client
	})
	return b
}

func (b *behind) account(id, name string, groups ...string) {
	b.idp.Account(id, oidctest.Account{Name: name, Groups: groups})
}

// comes goes through the provider's pages as an account and returns what Muster answers.
func (b *behind) comes(who *browser, account string) answer {
	b.t.Helper()
	return who.get(b.through(who, account))
}

func (b *behind) through(who *browser, account string) string {
	b.t.Helper()
	a := who.get("/staff/sign-in/oidc")
	if a.code != http.StatusSeeOther || !strings.HasPrefix(a.to, b.idp.Issuer) {
		b.t.Fatalf("to the provider: %d to %q\n%s", a.code, a.to, text(a.body))
	}
	return b.idp.SignIn(who.client, a.to, account).RequestURI()
}

// events are what the trail says of staff coming and going.
func (b *behind) events() (out []string) {
	b.t.Helper()
	for e, err := range b.Audit.Find(b.t.Context(), docstore.Query{Order: "at"}) {
		if err != nil {
			b.t.Fatal(err)
		}
		if strings.HasPrefix(e.Action, "staff.") && !strings.Contains(e.Actor.ID+e.OnBehalf, "maria") {
			out = append(out, e.Action+" "+e.Reason)
		}
		if all := fmt.Sprintf("%+v", e); strings.Contains(all, "alice") || strings.Contains(all, "example.test") {
			b.t.Errorf("the trail holds what the provider calls somebody: %s", all)
		}
	}
	return out
}

func cookieOf(a answer) string {
	c, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
	return c
}

func TestSignInThroughTheProvider(t *testing.T) {
	d := newBehind(t)
	d.account("alice", "Alice Ito", "coordinators")
	b := d.stranger()
	has(t, b.page("/staff/sign-in"), "Sign in with Larkfield", "15 minutes")
	d.look("signin-provider", b.page("/staff/sign-in"))
	lacks(t, b.page("/staff/sign-in"), "muster staff link")

	back := d.through(b, "alice")
	before := b.get("/staff/sign-in") // still nobody
	in := b.get(back)
	home := b.went(in, "/staff")
	if !strings.Contains(home, "Alice Ito") || !strings.Contains(home, "Coordinator") {
		t.Errorf("who is signed in does not stand on the page:\n%s", home)
	}
	if cookieOf(in) == "" || cookieOf(in) == cookieOf(before) {
		t.Error("the token is the one from before signing in")
	}
	if a := b.get(back); a.code != http.StatusBadRequest {
		t.Errorf("the same answer again: %d", a.code)
	}
	b.page("/staff/people")

	out := b.post("/staff/sign-out", nil)
	if out.code != http.StatusOK {
		t.Fatalf("sign out: %d", out.code)
	}
	d.look("signedout", out.body)
	has(t, out.body, "You are signed out", "Larkfield still knows you", "Sign out of Larkfield too")
	if csp := out.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' "+d.idp.Issuer+";") {
		t.Errorf("the policy forbids the form: %s", csp)
	}
	if csp := b.get("/staff/sign-in").header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self';") {
		t.Errorf("the policy of other pages is wider: %s", csp)
	}
	if a := b.get("/staff"); a.to != "/staff/sign-in" {
		t.Errorf("still signed in: %d to %q", a.code, a.to)
	}
	action, fields := theForm(t, out.body)
	if home := d.idp.SignOut(b.client, action, fields); home.Path != "/staff/sign-in" || home.RawQuery != "" {
		t.Errorf("the provider sends to %s", home)
	}
	// The provider forgot who it was, and asks.
	d.account("ben", "Ben Adeyemi", "mesa")
	if home := b.went(d.comes(b, "ben"), "/staff"); !strings.Contains(home, "Ben Adeyemi") {
		t.Error("the next person at this browser came in as the one before")
	}
	want := []string{"staff.put ", "staff.signin oidc", "staff.signout ", "staff.put ", "staff.signin oidc"}
	if diff := cmp.Diff(want, d.events()); diff != "" {
		t.Errorf("trail (-want +got):\n%s", diff)
	}
	for _, path := range d.asked {
		if strings.Contains(path, fields.Get("id_token_hint")) {
			t.Errorf("the token stands in an address")
		}
	}
}

var (
	formTag  = regexp.MustCompile(`<form method="get" action="([^"]*)">(?s:.*?)</form>`)
	inputTag = regexp.MustCompile(`name="([^"]+)" value="([^"]+)"`)
)

// theForm is the one form of a page.
func theForm(t *testing.T, page string) (string, url.Values) {
	t.Helper()
	m := formTag.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no form on the page:\n%s", page)
	}
	v := url.Values{}
	for _, in := range inputTag.FindAllStringSubmatch(m[0], -1) {
		v.Set(in[1], html.UnescapeString(in[2]))
	}
	return html.UnescapeString(m[1]), v
}

// What the provider says at the next sign-in holds: another role, or none, which ends what is open.
func TestGroupsDecideAtEachSignIn(t *testing.T) {
	d := newBehind(t)
	d.hire("sam", "Sam Ortiz", members.Administrator)
	d.account("alice", "Alice Ito", "coordinators")
	first, second := d.stranger(), d.stranger()
	first.went(d.comes(first, "alice"), "/staff")
	d.account("alice", "Alice Ito", "mesa")
	second.went(d.comes(second, "alice"), "/staff")
	if a := first.get("/staff/visits"); a.code != http.StatusOK {
		t.Errorf("the first session: %d", a.code)
	}
	if a := first.get("/staff/people/per_1/trail"); a.code != http.StatusForbidden {
		t.Errorf("the first session keeps the former role: %d", a.code)
	}
	d.account("alice", "Alice Ito", "everybody")
	third := d.stranger()
	a := d.comes(third, "alice")
	if a.code != http.StatusForbidden {
		t.Fatalf("in no group: %d", a.code)
	}
	d.look("signin-refused", a.body)
	has(t, a.body, "You are not signed in", "none of your groups", "Ask Sam Ortiz to have you added", "Sign in as somebody else", "give this number: req_")
	for _, b := range []*browser{first, second, third} {
		if a := b.get("/staff"); a.to != "/staff/sign-in" {
			t.Errorf("still in: %d to %q", a.code, a.to)
		}
	}
	want := []string{"staff.put ", "staff.put ", "staff.signin oidc", "staff.role ", "staff.signin oidc", "staff.refused group"}
	if diff := cmp.Diff(want, d.events()); diff != "" {
		t.Errorf("trail (-want +got):\n%s", diff)
	}
}

// Whose work has ended is out with the next request and stays out, whatever the provider says.
func TestWhoLeftStaysOut(t *testing.T) {
	d := newBehind(t)
	d.account("alice", "Alice Ito", "coordinators")
	d.account("root", "Ada Root", "admins")
	alice, ada := d.stranger(), d.stranger()
	alice.went(d.comes(alice, "alice"), "/staff")
	ada.went(d.comes(ada, "root"), "/staff")
	team := ada.page("/staff/team")
	has(t, team, "Alice Ito", "Comes through Larkfield.", "Sites: all. Studies: all.", "signed in")
	leave := regexp.MustCompile(`/staff/team/(oidc-[0-9a-f]+)/leave`).FindStringSubmatch(team)
	if leave == nil {
		t.Fatal("no way to end somebody's work")
	}
	d.look("team", team)
	asks := ada.page(leave[0])
	d.look("team-leave", asks)
	has(t, asks, "End the access of Alice Ito?", "Keep their access")
	has(t, ada.went(ada.send(leave[0]), "/staff/team"), "Alice Ito works here no more", "Work here no more")
	if a := alice.get("/staff"); a.to != "/staff/sign-in" {
		t.Errorf("still in: %d to %q", a.code, a.to)
	}
	if a := d.comes(alice, "alice"); a.code != http.StatusForbidden {
		t.Errorf("came back: %d", a.code)
	} else {
		has(t, a.body, "your account is closed here")
	}
	if a := ada.send(leave[0]); a.code != http.StatusNotFound {
		t.Errorf("left twice: %d", a.code)
	}
	if a := ada.send("/staff/team/nobody/end"); a.code != http.StatusNotFound {
		t.Errorf("sessions of nobody: %d", a.code)
	}
}

func TestEndingSessions(t *testing.T) {
	d := newDesk(t, nil)
	d.hire("sam", "Sam Ortiz", members.Administrator)
	sam, one, two := d.as("sam"), d.as("maria"), d.as("maria")
	has(t, sam.page("/staff/team"), "signed in 2 times")
	has(t, sam.went(sam.post("/staff/team/maria/end", nil), "/staff/team"), "signed out of 2 sessions")
	for _, b := range []*browser{one, two} {
		if a := b.get("/staff"); a.to != "/staff/sign-in" {
			t.Errorf("still in: %d to %q", a.code, a.to)
		}
	}
	d.as("maria").page("/staff")
	if a := sam.get("/staff/team/sam/leave"); a.code != http.StatusForbidden {
		t.Errorf("was asked about their own work: %d", a.code)
	}
	if a := sam.send("/staff/team/sam/leave"); a.code != http.StatusForbidden {
		t.Errorf("ended their own work: %d", a.code)
	}
}

// Answers that belong to no sign-in of this browser.
func TestForeignAnswers(t *testing.T) {
	d := newBehind(t)
	d.account("alice", "Alice Ito", "coordinators")
	victim, other := d.stranger(), d.stranger()
	// Somebody else's answer, given to a browser that began none, and to one that did.
	back := d.through(other, "alice")
	for _, began := range []bool{false, true} {
		if began {
			victim.get("/staff/sign-in/oidc")
		}
		if a := victim.get(back); a.code != http.StatusBadRequest {
			t.Errorf("somebody else's answer, began %v: %d", began, a.code)
		} else {
			has(t, a.body, "another window")
		}
		if a := victim.get("/staff"); a.to != "/staff/sign-in" {
			t.Error("came in with somebody else's answer")
		}
	}
	// An answer after too long a time.
	d.clock.add(11 * time.Minute)
	if a := other.get(back); a.code != http.StatusBadRequest {
		t.Errorf("after eleven minutes: %d", a.code)
	}
	if a := victim.get("/staff/sign-in/oidc"); a.code != http.StatusSeeOther {
		t.Fatal(a.code)
	} else if to, err := url.Parse(a.to); err != nil {
		t.Fatal(err)
	} else {
		a := victim.get(oidc.CallbackPath + "?error=access_denied&state=" + to.Query().Get("state"))
		has(t, a.body, "did not finish signing in at Larkfield")
		if q := to.Query(); q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || q.Get("prompt") != "" {
			t.Errorf("asked with %v", q)
		}
	}
	if diff := cmp.Diff([]string{"staff.refused state", "staff.refused cancelled"}, d.events()); diff != "" {
		t.Errorf("trail (-want +got):\n%s", diff)
	}
	if a := victim.get("/staff/sign-in/oidc?anew"); !strings.Contains(a.to, "prompt=login") {
		t.Errorf("as somebody else: %q", a.to)
	}
}

func TestProviderDown(t *testing.T) {
	d := newBehind(t)
	d.idp.Stop()
	b := d.stranger()
	d.look("signin-down", b.page("/staff/sign-in"))
	has(t, b.page("/staff/sign-in"), "Larkfield does not answer", "Try again in a few minutes", "a link that works once")
	if a := b.get("/staff/sign-in/oidc"); a.code != http.StatusServiceUnavailable {
		t.Errorf("sign in: %d", a.code)
	} else {
		has(t, a.body, "Larkfield does not answer")
	}
	d.as("maria").page("/staff/people") // came by a link, and works
	d.idp.Restart()
	d.account("alice", "Alice Ito", "coordinators")
	d.clock.add(4 * time.Second)
	b.went(d.comes(b, "alice"), "/staff")
	d.idp.Restart() // new keys
	d.account("alice", "Alice Ito", "coordinators")
	c := d.stranger()
	c.went(d.comes(c, "alice"), "/staff")
}

func TestBreakGlassIsSeen(t *testing.T) {
	d := newDesk(t, nil)
	d.hire("sam", "Sam Ortiz", members.Administrator)
	secret, _, err := d.members.BreakGlass(t.Context(), cli, "maria", "the provider is down", 10*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	sam := d.as("sam")
	lacks(t, text(sam.page("/staff")), "Break-glass")
	b := d.stranger()
	b.went(b.post("/staff/sign-in", url.Values{"secret": {secret}}), "/staff")
	d.look("home-breakglass", sam.page("/staff"))
	has(t, sam.page("/staff"), "Break-glass sign-in by Maria Santos", "The provider is down")
	lacks(t, text(b.page("/staff")), "Break-glass")
}

// Sessions of staff end by themselves after 15 minutes without a request.
func TestSessionsEnd(t *testing.T) {
	for _, tc := range []struct {
		name string
		step time.Duration
		in   bool
	}{{"within 15 minutes", 14 * time.Minute, true}, {"after", 15*time.Minute + time.Second, false}} {
		t.Run(tc.name, func(t *testing.T) {
			c := &shifted{}
			d := newDesk(t, func(deps *staff.Deps) {
				c.Clock = deps.Clock
				deps.Clock = c
			})
			b := d.as("maria")
			c.add(tc.step)
			a := b.get("/staff/studies")
			if in := a.code == http.StatusOK; in != tc.in {
				t.Errorf("%d to %q, want in: %v", a.code, a.to, tc.in)
			}
		})
	}
}
