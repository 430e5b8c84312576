package staff

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type newPersonPage struct {
	view.Page
	Who, Reach, Permission, Why []view.Field
}

func (*newPersonPage) Template() string { return "staff/newperson" }

func (h *Desk) newPerson(w http.ResponseWriter, r *http.Request) error {
	return h.showNewPerson(w, r, http.StatusOK, nil)
}

func (h *Desk) showNewPerson(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	p := &newPersonPage{Page: view.Page{Title: h.T(r, "staff.people.add"), Lead: h.T(r, "staff.add.lead"), Back: &view.Link{Label: h.T(r, "staff.people.title"), Href: "/staff/people"}}}
	p.Who = []view.Field{
		{Kind: view.KindDate, Name: "born", Label: h.T(r, "staff.person.birthdate"), Hint: h.T(r, "staff.add.born.hint")},
		{Kind: view.KindText, Name: "given", Label: h.T(r, "staff.add.given"), Width: 20, Max: 80, Autocomplete: "off"},
		{Kind: view.KindText, Name: "family", Label: h.T(r, "staff.add.family"), Width: 20, Max: 80, Autocomplete: "off"},
		{Kind: view.KindSelect, Name: "language", Label: h.T(r, "staff.person.language"), Options: h.languages()},
	}
	p.Reach = []view.Field{
		{Kind: view.KindTel, Name: "phone", Label: h.T(r, "staff.person.phone"), Hint: h.T(r, "staff.add.phone.hint"), Width: 10, Autocomplete: "off"},
		{Kind: view.KindRadio, Name: "kind", Label: h.T(r, "staff.add.kind"), Options: h.phoneKinds(r), Value: "mobile"},
		{Kind: view.KindText, Name: "zip", Label: h.T(r, "staff.person.zip"), Width: 6, Max: 10, Optional: true, Autocomplete: "off"},
		{Kind: view.KindChecks, Name: "needs", Label: h.T(r, "staff.add.needs"), Optional: true, Options: h.needs(r)},
	}
	p.Permission = []view.Field{
		{Kind: view.KindSelect, Name: "basis", Label: h.T(r, "staff.add.basis"), Hint: h.T(r, "staff.add.basis.hint"), Options: h.bases(r), Blank: h.T(r, "staff.choose")},
		{Kind: view.KindChecks, Name: "agrees", Label: h.T(r, "staff.add.agrees"), Hint: h.T(r, "staff.add.agrees.hint"), Optional: true, Options: h.agreeable(r)},
	}
	p.Why = []view.Field{
		{Kind: view.KindSelect, Name: "study", Label: h.T(r, "staff.add.study"), Optional: true, Options: h.recruiting(r), Blank: h.T(r, "staff.add.nostudy")},
		{Kind: view.KindSelect, Name: "reason", Label: h.T(r, "staff.add.reason"), Options: h.addReasons(r), Blank: h.T(r, "staff.choose")},
	}
	for _, list := range [][]view.Field{p.Who, p.Reach, p.Permission, p.Why} {
		for i := range list {
			list[i] = list[i].From(f)
		}
		p.Errors = append(p.Errors, h.problems(list...)...)
	}
	return h.site.Render(w, r, status, p)
}

func (h *Desk) languages() []view.Option {
	var out []view.Option
	for _, l := range i18n.Langs() {
		out = append(out, view.Option{Value: string(l), Label: languageName(l)})
	}
	return out
}

// coded are options whose words stand under prefix.
func (h *Desk) coded(r *http.Request, prefix string, codes ...string) []view.Option {
	out := make([]view.Option, len(codes))
	for i, c := range codes {
		out[i] = view.Option{Value: c, Label: h.word(r, prefix, c)}
	}
	return out
}

func (h *Desk) phoneKinds(r *http.Request) []view.Option {
	return h.coded(r, "staff.point.", "mobile", "landline")
}

func (h *Desk) needs(r *http.Request) []view.Option {
	return h.coded(r, "staff.need.", "textonly", "relay", "large", "slow", "shared")
}

func (h *Desk) bases(r *http.Request) []view.Option {
	return h.coded(r, "staff.basis.", string(contacts.ByConsent), string(contacts.ByReferral))
}

func (h *Desk) agreeable(r *http.Request) []view.Option {
	return h.coded(r, "staff.agree.", "sms", "voice", "call")
}

func (h *Desk) addReasons(r *http.Request) []view.Option {
	return h.coded(r, "staff.add.reason.", "called", "visited", "wrote", "referred")
}

// recruiting lists the studies that may take somebody in now.
func (h *Desk) recruiting(r *http.Request) []view.Option {
	var out []view.Option
	for _, st := range on(r).studies {
		if ok, _ := st.Recruiting(on(r).now); ok {
			out = append(out, view.Option{Value: st.ID, Label: st.ID + " · " + title(st)})
		}
	}
	return out
}

// majority is the age below which nothing is stored: the highest of the member's sites.
func (s *shift) majority() int {
	age := 18
	for _, x := range s.sites {
		age = max(age, x.MajorityAge)
	}
	return age
}

// addPerson puts somebody into the registry who called, came or was referred.
func (h *Desk) addPerson(w http.ResponseWriter, r *http.Request) error {
	s := on(r)
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	born := f.Date("born")
	person := contacts.Person{BirthDate: born, Given: f.Text("given", web.Max(80)), Family: f.Text("family", web.Max(80)), Source: "staff",
		Language: i18n.Lang(f.Choice("language", h.languages())), Address: contacts.Address{ZIP: f.Text("zip", web.Optional(), web.Max(10))}}
	if len(s.Sites) > 0 {
		person.Home = s.Sites[0]
	}
	number := f.Phone("phone", "US")
	point := contacts.Point{Kind: contacts.PointKind(f.Choice("kind", h.phoneKinds(r))), Value: number.E164()}
	for _, n := range f.Choices("needs", h.needs(r)) {
		switch n {
		case "textonly":
			person.ReachMe.TextOnly = true
		case "relay":
			person.ReachMe.Relay = true
		case "large":
			person.ReachMe.LargePrint = true
		case "slow":
			person.Slow = true
		case "shared":
			point.Shared = true
		}
	}
	person.Points = []contacts.Point{point}
	person.Basis = contacts.Basis{Kind: contacts.BasisKind(f.Choice("basis", h.bases(r)))}
	var agreed []contacts.Consent
	for _, c := range f.Choices("agrees", h.agreeable(r)) {
		agreed = append(agreed, contacts.Consent{Purpose: contacts.Recruitment, Channel: contacts.Channel(c), Granted: true, Source: "staff", Wording: "staff.agree." + c + "@1", Lang: string(person.Language), Evidence: "said to " + s.Name})
	}
	study := f.Choice("study", h.recruiting(r), web.Optional())
	reason := f.Choice("reason", h.addReasons(r))
	if !f.OK() {
		return h.showNewPerson(w, r, http.StatusUnprocessableEntity, f)
	}
	if limit := s.now.AddDate(-s.majority(), 0, 0).Format(time.DateOnly); born > limit {
		f.Refuse("born", h.T(r, "staff.add.minor", "age", s.majority())) // nothing is stored (F4)
		return h.showNewPerson(w, r, http.StatusUnprocessableEntity, f)
	}
	done, err := h.People.Add(r.Context(), s.Actor(), contacts.SignUp{Person: person, Consents: agreed, Reason: reason}, func(_ *docstore.Batch, p *contacts.Person) error {
		leads(r, "/staff/people/"+p.ID)
		return nil
	})
	if refuseAll(f, err, map[string]string{"birthDate": "born", "points": "phone", "phone": "phone", "address": "zip", "given": "given", "family": "family", "name": "given"}, "given") {
		return h.showNewPerson(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return fmt.Errorf("add person: %w", err)
	}
	if done.Repeat {
		h.site.Flash(r, view.Notice, h.T(r, "staff.add.repeat"))
	} else {
		h.site.Flash(r, view.Done, h.T(r, "staff.add.done"))
		h.setRevealed(r.Context(), done.Person.PersonID()) // whoever typed the name knows it
	}
	if len(done.Reviews) > 0 {
		h.site.Flash(r, view.Notice, h.T(r, "staff.add.review"))
	}
	if study != "" {
		if err := h.refer(r, done.Person.PersonID(), trial.StudyID(study)); err != nil {
			return err
		}
	}
	return web.Redirect(w, r, "/staff/people/"+done.Person.ID)
}

// refer lists somebody in a study; a refusal is said on the next page.
func (h *Desk) refer(r *http.Request, p contacts.PersonID, study trial.StudyID) error {
	s := on(r)
	st, _ := s.study(study)
	site := ""
	for _, x := range st.Sites {
		if s.At(x.ID) {
			site = x.ID
			break
		}
	}
	_, err := h.Trial.Refer(r.Context(), s.Actor(), p, study, site, "staff")
	if errors.Is(err, trial.ErrRefused) {
		h.site.Flash(r, view.Problem, mend(err))
		return nil
	}
	if err != nil {
		return fmt.Errorf("add to %s: %w", study, err)
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.candidates.added", "study", string(study)))
	return nil
}
