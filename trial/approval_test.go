package trial_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// Whatever is sent is kept with the wording's name, version and language, and about a study with
// the approval it went under (F17). The transcripts of package ivr look at every message for it.
func TestMessageCarriesItsApproval(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p, sub := rosa(t, r)
	ctx := t.Context()
	for _, byCall := range []bool{false, true} {
		if _, err := r.Trial.SendCode(ctx, rig.Staff, "+14125550110", "signin", byCall); err != nil {
			t.Fatal(err)
		}
		r.Deliver(t)
		r.Clock.Advance(time.Minute)
	}
	visit, err := r.Trial.Book(ctx, rig.Staff, trial.VisitID(sub.ID, "V2"), "2026-03-16", "09:30", "")
	if err != nil {
		t.Fatal(err)
	}
	reach(t, r, trial.Reach{Key: "a", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.reminder", Body: "Hello", Visit: visit.ID})
	reach(t, r, trial.Reach{Key: "b", Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.Call, Template: "voice.checkin", Version: "evening|1.0.0"})
	resp, upper := evening(t, r, p)
	answer(t, r, resp, upper, "186")
	r.Deliver(t)
	r.Clock.Advance(6 * time.Minute)
	if err := r.Trial.Escalate(ctx, r.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.Deliver(t)
	wording := func(key string) string { return key + " " + i18n.Version(i18n.En, key) + " en" }
	want := map[string]string{
		wording("sms.code"): "", wording("voice.code"): "", // about no study
		wording("sms.reminder"): "LUH-1", "voice.checkin evening|1.0.0 en": "LUH-1", wording("sms.alert"): "LUH-1", wording("voice.alert"): "LUH-1",
	}
	got := map[string]string{}
	for _, m := range r.Sent.All() {
		got[m.Template+" "+m.Version+" "+m.Lang] = m.Approval
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was sent, with its approval (-want +got):\n%s", diff)
	}
	line, err := r.People.Timeline(ctx, p.PersonID(), 0, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, x := range line {
		if x.Message == "" {
			continue
		}
		kept++
		if x.Approval != want[x.Template+" "+x.Version+" "+x.Lang] {
			t.Errorf("the timeline has %s %s with approval %q", x.Template, x.Version, x.Approval)
		}
	}
	if kept != 2 {
		t.Errorf("%d messages in the timeline, want 2", kept)
	}
}

// When the approval is over nobody is recruited or pre-screened; people in the study are still
// reminded, under the number it had.
func TestExpiredApproval(t *testing.T) {
	r := rig.New(t, rig.Options{})
	s := putStudy(t, r)
	p, _ := rosa(t, r)
	ana := anyone(t, r, "Ana")
	ctx := t.Context()
	ends := s.Board.Expires
	for name, x := range map[string]struct {
		change  func(*trial.Study)
		why     string
		carries string
	}{
		"expired": {func(s *trial.Study) { s.Board.Approved, s.Board.Expires = "2025-03-01", "2026-03-01" }, "expired on 2026-03-01", "LUH-1 (expired 2026-03-01)"},
		"closed":  {func(s *trial.Study) { s.Board.Expires, s.RecruitmentOpen = ends, false }, "recruitment is not open", "LUH-1"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := r.Trial.Study(ctx, "STEADY")
			if err != nil {
				t.Fatal(err)
			}
			x.change(&s)
			if _, err := r.Trial.PutStudy(ctx, rig.Staff, s); err != nil {
				t.Fatal(err)
			}
			g, err := r.Trial.May(ctx, ana, contacts.Recruitment, contacts.SMS, "STEADY")
			if err != nil || g.OK || !g.Has(contacts.CodeStudyClosed) || !strings.Contains(g.Sentence(), x.why) {
				t.Errorf("recruiting: allowed %v, %q, %v; want a refusal that says %q", g.OK, g.Sentence(), err, x.why)
			}
			_, err = r.Trial.Apply(ctx, rig.Staff, trial.Application{Study: "STEADY", Source: "web", NoCode: true, SignUp: contacts.SignUp{Person: contacts.Person{Given: "Bea", Family: "Lima", BirthDate: "1960-01-02",
				Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550151"}}}}})
			if !errors.Is(err, trial.ErrRefused) || !strings.Contains(err.Error(), x.why) {
				t.Errorf("a new pre-screen: %v, want a refusal that says %q", err, x.why)
			}
			reach(t, r, trial.Reach{Key: name, Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.reminder", Body: name})
			r.Deliver(t)
			for _, m := range r.Sent.All() {
				if m.Body == name && m.Approval == x.carries {
					return
				}
			}
			t.Errorf("no reminder with %q among %+v", x.carries, r.Sent.All())
		})
	}
}

// A draft translation goes out in the demo alone; elsewhere the approved English does (F19).
func TestDraftsAreSentInTheDemoAlone(t *testing.T) {
	for lang, demo := range map[string]bool{"es": true, "en": false} {
		r := rig.New(t, rig.Options{})
		putStudy(t, r)
		p, _ := rosa(t, r)
		if _, err := r.People.Edit(t.Context(), rig.Staff, p.PersonID(), "asked for Spanish", func(x *contacts.Person) error { x.Language = i18n.Es; return nil }); err != nil {
			t.Fatal(err)
		}
		r.Trial.Drafts = demo
		if _, err := r.Trial.SendCode(t.Context(), rig.Staff, "+14125550110", "signin", false); err != nil {
			t.Fatal(err)
		}
		r.Deliver(t)
		resp, upper := evening(t, r, p)
		answer(t, r, resp, upper, "120")
		sent := r.Sent.All()
		if len(sent) == 0 {
			t.Fatal("nothing was sent")
		}
		for _, m := range sent {
			if m.Lang != lang {
				t.Errorf("demo %v: %s went out in %s, want %s", demo, m.Template, m.Lang, lang)
			}
		}
		if got, err := r.Trial.Response(t.Context(), resp); err != nil || got.Session.Lang != lang {
			t.Errorf("demo %v: the diary speaks %s, %v; want %s", demo, got.Session.Lang, err, lang)
		}
	}
}
