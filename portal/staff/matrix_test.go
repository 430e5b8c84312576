package staff_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/muster-health/muster/contacts"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// things are one of each kind that a route may name, all of Rosa's at Main in STEADY.
type things map[string]string

func (d *desk) things() things {
	d.t.Helper()
	d.study()
	other, err := trial.ParseStudy([]byte(strings.Replace(studyYAML, "id: STEADY", "id: OTHER", 1)))
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.Trial.PutStudy(d.t.Context(), rig.Staff, other); err != nil {
		d.t.Fatal(err)
	}
	p, sub := d.rosa()
	err = d.Trial.OpenTask(d.t.Context(), rig.Staff, trial.Task{Meta: docstore.Meta{ID: "tsk_1"}, Kind: "call", Person: p, Study: "STEADY", Site: "main", Text: "Call her.", Due: d.Clock.Now()})
	if err != nil {
		d.t.Fatal(err)
	}
	d.volunteer("Rosalia", "Delgado", "+14125550110", "main") // looks like Rosa
	reviews, err := d.People.ReviewsOf(d.t.Context(), p)
	if err != nil || len(reviews) != 1 {
		d.t.Fatalf("look-alikes: %d, %v", len(reviews), err)
	}
	d.Sent.Taped("RE1", "I feel dizzy.")
	if err := errors.Join(d.Trial.NoteRecording(d.t.Context(), trial.Carrier, trial.Recording{SID: "RE1", Person: p, Study: "STEADY", Site: "main", Call: "CA1", Proved: true, Made: d.Clock.Now(), Seconds: 4}), d.Trial.FetchRecordings(d.t.Context(), d.Tapes)); err != nil {
		d.t.Fatal(err)
	}
	d.named = url.Values{"person": {string(p)}, "review": {reviews[0].ID}}
	d.hire("temp", "Tom Temp", members.Recruiter)
	return things{"studies": "STEADY", "people": string(p), "subjects": sub, "visits": trial.VisitID(sub, "V2"), "alerts": d.alert(p).ID, "tasks": "tsk_1", "inbox": d.wrote(p, "Hello").ID, "team": "temp", "recordings": trial.RecordingID("RE1"), "narrations": d.narrated(), "questionnaires": "phq-9"}
}

// fill puts the things into a route's address. about is the kind of thing it is about, "" for none.
func (x things) fill(t *testing.T, path string) (at, about string) {
	t.Helper()
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		about = parts[i-1]
		id, known := x[about]
		if !known {
			t.Fatalf("%s: the test has no %s to try it with", path, about)
		}
		parts[i] = id
	}
	return strings.Join(parts, "/"), about
}

// ask sends a request as a browser does; a form has a fresh id and what it may name, and nothing else.
func (b *browser) ask(method, path string, headers ...string) answer {
	b.d.t.Helper()
	forms++
	body := ""
	if method == http.MethodPost {
		body = b.d.named.Encode() + fmt.Sprintf("&once=frm_%08d", forms)
	}
	req, err := http.NewRequestWithContext(b.d.t.Context(), method, b.d.server.URL+path, strings.NewReader(body))
	if err != nil {
		b.d.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	a := b.do(req)
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		b.d.t.Errorf("%s %s (%d): Cache-Control %q", method, path, a.code, got)
	}
	return a
}

// Every route of the desk with every role, made from the map of the desk: a new one is tried by itself,
// and one without a permission fails.
func TestEveryRouteAndRole(t *testing.T) {
	d := newDesk(t, nil)
	all := d.things()
	stranger := d.stranger()
	type at struct{ everywhere, mesa, other *browser }
	who := map[members.Role]at{}
	for _, role := range members.Roles() {
		id := string(role)
		d.hire(id, "Everywhere", role)
		d.hire(id+"-mesa", "At Mesa", role, "mesa")
		if _, err := d.members.Put(t.Context(), cli, members.Member{Meta: docstore.Meta{ID: id + "-other"}, Name: "In OTHER", Role: role, Studies: []string{"OTHER"}}); err != nil {
			t.Fatal(err)
		}
		who[role] = at{d.as(id), d.as(id + "-mesa"), d.as(id + "-other")}
	}
	tried := 0
	for _, route := range d.desk.Routes() {
		if route.Access == web.Public {
			if !strings.HasPrefix(route.Path, "/staff/sign-") {
				t.Errorf("%s %s is open to everybody", route.Method, route.Path)
			}
			continue
		}
		word, ok := strings.CutPrefix(string(route.Access), "staff: ")
		needed := members.Permission(word)
		if !ok || !slices.Contains(members.Permissions(), needed) {
			t.Errorf("%s %s: access %q is no permission of staff", route.Method, route.Path, route.Access)
			continue
		}
		path, about := all.fill(t, route.Path)
		expect := func(b *browser, as, want string, ok func(answer) bool, headers ...string) {
			t.Helper()
			tried++
			if a := b.ask(route.Method, path, headers...); !ok(a) {
				t.Errorf("%s %s as %s: %d to %q, want %s", route.Method, route.Path, as, a.code, a.to, want)
			}
		}
		is := func(code int) func(answer) bool { return func(a answer) bool { return a.code == code } }
		before := d.changes()
		expect(stranger, "nobody", "to sign in", func(a answer) bool { return a.code == http.StatusSeeOther && a.to == "/staff/sign-in" })
		expect(stranger, "nobody, a part of a page", "nothing but where to sign in", func(a answer) bool { return a.body == "" && a.header.Get("HX-Redirect") == "/staff/sign-in" }, "HX-Request", "true")
		for role, b := range who {
			if !role.May(needed) {
				expect(b.everywhere, string(role), "403", is(http.StatusForbidden))
				continue
			}
			named := about != "" && about != "studies" && about != "team" && about != "questionnaires" && about != "narrations"
			if named || strings.HasSuffix(path, "/candidates") && route.Method == http.MethodPost {
				expect(b.mesa, string(role)+" of another site", "404", is(http.StatusNotFound))
			}
			if named || about == "studies" || about == "narrations" {
				expect(b.other, string(role)+" of another study", "404", is(http.StatusNotFound))
			}
			if route.Method == http.MethodPost {
				expect(b.everywhere, string(role)+" from another site's page", "403", is(http.StatusForbidden), "Sec-Fetch-Site", "cross-site")
				expect(b.everywhere, string(role)+" from another origin", "403", is(http.StatusForbidden), "Origin", "https://elsewhere.example.test")
			}
		}
		if after := d.changes(); after != before {
			t.Errorf("%s %s: %d changes by whoever may not", route.Method, route.Path, after-before)
		}
		for role, b := range who {
			if role.May(needed) {
				expect(b.everywhere, string(role), "an answer", func(a answer) bool {
					return a.code == http.StatusOK || a.code == http.StatusSeeOther && a.to != "/staff/sign-in" || route.Method == http.MethodPost && (a.code == http.StatusUnprocessableEntity || a.code == http.StatusBadRequest)
				})
			}
		}
	}
	if tried < 800 {
		t.Errorf("only %d requests were made", tried)
	}
	// Once Rosa is in OTHER at Mesa as well, she is known there; what is STEADY's at Main is not.
	if _, err := d.Trial.Refer(t.Context(), rig.Staff, contacts.PersonID(all["people"]), "OTHER", "mesa", "staff"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "/people", "/people/" + all["people"], "/people/" + all["people"] + "/trail", "/people/" + all["people"] + "/permissions", "/visits", "/tasks", "/alerts", "/inbox", "/studies"} {
		lacks(t, who[members.Coordinator].other.page("/staff"+path), "STEADY")
	}
	for role, b := range who {
		for name, some := range map[string]*browser{"another site": b.mesa, "another study": b.other} {
			if a := some.get("/staff/people/" + all["people"]); role.May(members.SeePeople) && a.code != http.StatusOK {
				t.Fatalf("%s of %s does not see Rosa: %d", role, name, a.code)
			}
			for _, route := range d.desk.Routes() {
				path, about := "", ""
				if word, ok := strings.CutPrefix(string(route.Access), "staff: "); ok && role.May(members.Permission(word)) {
					path, about = all.fill(t, route.Path)
				}
				if !slices.Contains([]string{"subjects", "visits", "alerts", "tasks"}, about) {
					continue
				}
				if a := some.ask(route.Method, path); a.code != http.StatusNotFound {
					t.Errorf("%s %s as %s of %s, who knows Rosa: %d, want 404", route.Method, route.Path, role, name, a.code)
				}
			}
		}
	}
}
