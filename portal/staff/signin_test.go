package staff_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/staff"
)

// Without a session every page sends to sign-in and shows nothing; no form does anything.
func TestNobodyGetsInWithoutSigningIn(t *testing.T) {
	d := newDesk(t, nil)
	h, err := staff.New(t.Context(), staff.Deps{})
	if err == nil || h != nil {
		t.Fatal("a desk without anything behind it was made")
	}
	b := d.stranger()
	for _, path := range []string{"/staff", "/staff/people", "/staff/people/new", "/staff/people/per_1", "/staff/people/per_1/trail", "/staff/people/per_1/card", "/staff/alerts", "/staff/alerts/alr_1", "/staff/tasks", "/staff/inbox", "/staff/visits", "/staff/visits/vis_1", "/staff/studies", "/staff/studies/STEADY", "/staff/studies/STEADY/candidates", "/staff/studies/STEADY/pipeline", "/staff/subjects/sub_1/move"} {
		if a := b.get(path); a.code != http.StatusSeeOther || a.to != "/staff/sign-in" {
			t.Errorf("GET %s: %d to %q", path, a.code, a.to)
		}
	}
	for _, path := range []string{"/staff/people", "/staff/people/per_1/reveal", "/staff/people/per_1/text", "/staff/alerts/alr_1/acknowledge", "/staff/visits/sheet"} {
		if a := b.send(path, "q", "Rosa"); a.code != http.StatusSeeOther || a.to != "/staff/sign-in" {
			t.Errorf("POST %s: %d to %q", path, a.code, a.to)
		}
	}
	has(t, b.page("/staff/sign-in"), "muster staff link", "15 minutes")
}

func TestSignInByLink(t *testing.T) {
	d := newDesk(t, nil)
	secret, _, err := d.members.Link(t.Context(), cli, "maria")
	if err != nil {
		t.Fatal(err)
	}
	b := d.stranger()
	// Looking at the link does not use it up.
	for range 2 {
		has(t, b.page("/staff/sign-in/"+secret), "signs you in once")
	}
	a := b.post("/staff/sign-in", url.Values{"secret": {secret}})
	home := b.went(a, "/staff")
	has(t, home, "Nothing waits for you.")
	if !strings.Contains(home, "Maria Santos") {
		t.Error("the page does not say who is signed in")
	}
	if got := b.get("/staff").header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", got)
	}
	// A second browser cannot use it.
	c := d.stranger()
	if a := c.get("/staff/sign-in/" + secret); a.code != http.StatusGone {
		t.Errorf("a used link: %d, want 410", a.code)
	}
	if a := c.post("/staff/sign-in", url.Values{"secret": {secret}}); a.code != http.StatusGone {
		t.Errorf("sign in again: %d, want 410", a.code)
	}
	if a := c.get("/staff"); a.to != "/staff/sign-in" {
		t.Error("a used link let somebody in")
	}
	b.went(b.post("/staff/sign-out", nil), "/staff/sign-in")
	if a := b.get("/staff"); a.to != "/staff/sign-in" {
		t.Error("still signed in after signing out")
	}
}

func TestWhoLeftIsOutAtOnce(t *testing.T) {
	d := newDesk(t, nil)
	d.hire("ben", "Ben Adeyemi", members.Recruiter)
	b := d.as("ben")
	b.page("/staff")
	if _, err := d.members.Put(t.Context(), cli, members.Member{Meta: docstore.Meta{ID: "ben"}, Name: "Ben Adeyemi", Role: members.Recruiter, Left: d.Clock.Now()}); err != nil {
		t.Fatal(err)
	}
	if a := b.get("/staff"); a.to != "/staff/sign-in" {
		t.Errorf("somebody who left still sees the desk: %d to %q", a.code, a.to)
	}
}

func TestUnknownAddressIsAPage(t *testing.T) {
	d := newDesk(t, nil)
	if a := d.as("maria").get("/staff/nowhere"); a.code != http.StatusNotFound {
		t.Errorf("got %d, want 404", a.code)
	}
}

// A double click, a reload and "back, send again" count once.
func TestAFormCountsOnce(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	b := d.as("maria")
	path := "/staff/people/" + string(p)
	form := url.Values{"once": {"frm_once0001"}, "note": {"only once"}}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			res, err := b.client.PostForm(d.server.URL+path+"/note", form)
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			if res.StatusCode != http.StatusSeeOther {
				t.Errorf("got %d", res.StatusCode)
			}
		})
	}
	both.Wait()
	if a := b.post(path+"/note", form); a.code != http.StatusSeeOther || a.to != path {
		t.Errorf("sent again: %d to %q", a.code, a.to)
	}
	touches, err := d.People.Timeline(t.Context(), p, 10, time.Time{})
	if err != nil || len(touches) != 1 {
		t.Errorf("%d notes, %v; want 1", len(touches), err)
	}
	// A form that was refused may be mended and sent again under its id.
	form = url.Values{"once": {"frm_once0002"}, "note": {""}}
	b.refused(b.post(path+"/note", form), "Write the note.")
	form.Set("note", "now with words")
	b.went(b.post(path+"/note", form), path)
}

// What went wrong is said on a page of the desk to who is signed in, and on a public one to others.
func TestErrorPagesKeepTheDesk(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	d.hire("joan", "Joan Pell", members.Director)
	maria, joan, stranger := d.as("maria"), d.as("joan"), d.stranger()
	for _, tc := range []struct {
		name string
		a    answer
		code int
		desk bool
	}{
		{"no such person", maria.get("/staff/people/per_none"), 404, true},
		{"no such address", maria.get("/staff/nowhere"), 404, true},
		{"no such method", maria.post("/staff/visits", nil), 405, true},
		{"a form without its id", maria.post("/staff/people/new", nil), 400, true},
		{"not for this role", joan.get("/staff/people"), 403, true},
		{"a stranger", stranger.get("/staff/nowhere"), 404, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			desk := strings.Contains(tc.a.body, `<body class="staff">`) && strings.Contains(tc.a.body, `action="/staff/sign-out"`)
			if tc.a.code != tc.code || desk != tc.desk {
				t.Errorf("%d, on the desk: %v; want %d, %v\n%s", tc.a.code, desk, tc.code, tc.desk, text(tc.a.body))
			}
			if !strings.Contains(tc.a.body, `class="usa-button" href="/staff"`) {
				t.Error("no way back to the desk")
			}
		})
	}
}
