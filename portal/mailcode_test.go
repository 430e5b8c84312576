package portal_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
)

// mailed is the code of the last e-mail to an address.
func (s *site) mailed(mails *rig.Recorder, address string) string {
	s.t.Helper()
	s.Deliver(s.t)
	sent := mails.To(address)
	if len(sent) == 0 {
		s.t.Fatal("no e-mail was sent")
	}
	m := sent[len(sent)-1]
	if m.Kind != outbox.Email || m.Vars[email.Subject] != "A message from the Larkfield research office" || strings.Contains(m.Body, "Dana") {
		s.t.Errorf("%s, subject %q", m.Kind, m.Vars[email.Subject])
	}
	return regexp.MustCompile(`\d{6}`).FindString(m.Body)
}

// Somebody whose phone gets no code asks for it by e-mail. It confirms the address and not the phone,
// and opens nobody's page.
func TestCodeByMail(t *testing.T) {
	mails := &rig.Recorder{}
	s := newSite(t, rig.Options{Mail: mails})
	b := s.browser().toDetails()
	b.post("/join/details", details("email", "Dana@example.test")...).at("/join/code").sees("E-mail me the code", "Call me with a code")
	b.post("/join/code/again", "by", "mail").at("/join/code").sees("We sent a code to your e-mail", "Text me a code", "Call me with a code").lacks("E-mail me the code", "Dana@", "dana@")
	code := s.mailed(mails, "dana@example.test")
	b.post("/join/code", "code", code).at("/join/done").lacks(`name="pass"`)
	people, err := s.People.ByPoint(t.Context(), "dana@example.test")
	if err != nil || len(people) != 1 {
		t.Fatalf("%d people, %v", len(people), err)
	}
	for _, pt := range people[0].Points {
		if confirmed := !pt.Verified.IsZero(); confirmed != (pt.Kind == contacts.Email) {
			t.Errorf("%s confirmed: %v", pt.Kind, confirmed)
		}
	}
	b.get("/me").lacks("Dana") // signing in asks for the phone
}

// A landline behind a relay gets no code from a machine: the e-mail does, at once, and nobody is called.
func TestCodeByMailWhereNoPhoneCan(t *testing.T) {
	mails := &rig.Recorder{}
	s := newSite(t, rig.Options{Mail: mails})
	b := s.browser().toDetails()
	b.post("/join/details", "given", "Tom", "family", "Roe", "zip", "15213", "language", "en", "phone", "412-555-0146", "kind", "landline", "shared", "no", "voicemail", "no", "way", "relay", "own", "yes",
		"email", "tom@example.test").at("/join/code").sees("We sent a code to your e-mail").lacks("Call me with a code", "Text me a code")
	b.post("/join/code/again", "by", "call").at("/join/code")
	b.post("/join/code", "code", s.mailed(mails, "tom@example.test")).at("/join/done")
	if sent := s.Sent.All(); len(sent) != 0 {
		t.Errorf("%d calls and texts", len(sent))
	}
}

// Who signs up as somebody else, with an address of their own, gets no code there, and sees what the
// other would see.
func TestCodeByMailGoesToNoStranger(t *testing.T) {
	mails := &rig.Recorder{}
	s := newSite(t, rig.Options{Mail: mails})
	first := s.browser().toDetails()
	first.post("/join/details", details("email", "dana@example.test")...).at("/join/code")
	s.Clock.Advance(31e9)
	other := s.browser().toDetails()
	other.post("/join/details", details("email", "other@example.test", "agree-email", "1")...).at("/join/code")
	other.post("/join/code/again", "by", "mail").at("/join/code")
	seen := words(other.page)
	s.Deliver(t)
	if n := len(mails.To("other@example.test")); n != 0 {
		t.Errorf("%d e-mails to a stranger", n)
	}
	s.Clock.Advance(31e9)
	first.post("/join/code/again", "by", "mail").at("/join/code")
	if own := words(first.page); own != seen {
		t.Errorf("the stranger reads\n%s\nwant\n%s", seen, own)
	}
	s.mailed(mails, "dana@example.test")
}

// Without a mail server nobody is offered an e-mail.
func TestNoCodeByMailWithoutAServer(t *testing.T) {
	s := newSite(t, rig.Options{})
	b := s.browser().toDetails()
	b.post("/join/details", details("email", "dana@example.test")...).at("/join/code").lacks("E-mail me the code")
	b.post("/join/code/again", "by", "mail").at("/join/code").sees("We sent a text")
}
