package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// Whoever got an e-mail stops them with one press, without signing in, and at once: what is queued
// does not go any more. Looking at the page changes nothing.
func TestStopMail(t *testing.T) {
	mails := &rig.Recorder{}
	s := newSite(t, rig.Options{Mail: mails})
	b := s.browser()
	b.toDetails().post("/join/details", details("agree-email", "1", "email", "dana@example.test")...)
	people, err := s.People.ByPoint(t.Context(), "dana@example.test")
	if err != nil || len(people) != 1 {
		t.Fatalf("%d people, %v", len(people), err)
	}
	dana := people[0].PersonID()
	reach := func(key string) contacts.Gate {
		t.Helper()
		_, g, err := s.Trial.Reach(t.Context(), rig.Staff, reachMail(key, dana))
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	if g := reach("one"); !g.OK {
		t.Fatalf("not even before: %s", g.Sentence())
	}
	pt, _ := people[0].EmailPoint()
	token, err := email.NewStops(s.Ring).Token(pt.Hash)
	if err != nil {
		t.Fatal(err)
	}
	stands := func() bool {
		p, err := s.People.Get(t.Context(), dana)
		if err != nil {
			t.Fatal(err)
		}
		_, on, _ := contacts.Stands(p.Consents, contacts.Recruitment, contacts.ByEmail, "")
		return on
	}
	fresh := s.browser()
	fresh.get("/u/"+token).status(200).sees("Stop e-mails").lacks("dana@", "Dana", string(dana))
	res, err := http.Head(s.url + "/u/" + token)
	if err != nil || res.StatusCode != 200 || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("HEAD: %v, %v", res, err)
	}
	if !stands() {
		t.Fatal("looking at the page stopped e-mails")
	}
	// As a mail program does it (RFC 8058): no cookies, no referrer, no form of ours.
	res, err = http.Post(s.url+"/u/"+token, "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
	if err != nil || res.StatusCode != 200 || len(res.Cookies()) > 0 {
		t.Fatalf("one click: %v, %v", res, err)
	}
	if stands() {
		t.Error("e-mails are still allowed")
	}
	s.Deliver(t)
	if n := len(mails.All()); n != 0 {
		t.Errorf("%d e-mails went after the stop", n)
	}
	for m, err := range s.Box.For(t.Context(), string(dana)) {
		if err != nil || m.Kind == outbox.Email && m.State != outbox.Cancelled {
			t.Errorf("%s %s, %v", m.ID, m.State, err)
		}
	}
	if g := reach("two"); g.OK || !g.Has(contacts.CodeStopped) {
		t.Errorf("asked again: %+v", g)
	}
	fresh.post("/u/" + token).status(200).sees("Done")
	p, err := s.People.Get(t.Context(), dana)
	if err != nil {
		t.Fatal(err)
	}
	stops := 0
	for _, c := range p.Consents {
		if !c.Granted && c.Channel == contacts.ByEmail {
			stops++
		}
	}
	if stops != 1 {
		t.Errorf("%d entries for one stop said twice", stops)
	}
	for _, bad := range []string{"x", token[:len(token)-2], token + "AA", strings.Repeat("A", 2000)} {
		fresh.get("/u/" + bad).status(404).sees("does not work")
		fresh.post("/u/" + bad).status(404)
	}
}

func reachMail(key string, p contacts.PersonID) trial.Reach {
	return trial.Reach{Key: key, Person: p, Purpose: contacts.Recruitment, Kind: outbox.Email, Template: "email.discreet", Body: "Please call 412-555-0101.",
		Vars: map[string]string{email.Subject: "A message from the Larkfield research office"}}
}
