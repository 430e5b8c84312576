package staff

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/wording"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
	"github.com/muster-health/muster/trial/rehearsed"
)

// composer is how staff get in touch: one of text, call and note is open at a time, with the
// consent gate's answer above its button.
type composer struct {
	Do      string // "text", "call", "note"
	Tabs    []view.NavItem
	Post    string
	Study   string
	Reply   string // the inbound contact it answers
	Replied view.Thread
	Gate    *view.Gate
	Dial    string         // E.164 when the number may be shown and dialled
	Rows    [][]view.Field // side by side where there is room
	Submit  string
	Measure bool     // its length can be asked for
	Length  []string // how long the text is that was typed, and what makes it long
	Blocked bool     // there is nothing to press
	Errors  []view.FieldError
}

func (h *Desk) composer(r *http.Request, k *known, f *web.Form, do string) (*composer, error) {
	if do == "" {
		do = r.URL.Query().Get("do")
	}
	if !slices.Contains([]string{"text", "call", "note"}, do) {
		do = "call"
	}
	study := r.URL.Query().Get("about")
	reply := r.URL.Query().Get("reply")
	if f.Sent() {
		study, reply = f.Value("about"), f.Value("reply")
	} else if study == "" && len(k.subjects) > 0 {
		study = string(k.subjects[0].Study)
	}
	base := "/staff/people/" + k.ID
	c := &composer{Do: do, Post: base + "/" + do, Study: study}
	for _, x := range []struct{ do, label, icon string }{{"call", h.T(r, "staff.compose.call"), "phone"}, {"text", h.T(r, "staff.compose.text"), "chat"}, {"note", h.T(r, "staff.compose.note"), "edit"}} {
		c.Tabs = append(c.Tabs, view.NavItem{Label: x.label, Icon: x.icon, Href: base + "?do=" + x.do + "#compose", Current: x.do == do})
	}
	if do == "note" {
		c.Submit = h.T(r, "staff.note.save")
		c.Rows = [][]view.Field{{view.Field{Kind: view.KindArea, Name: "note", Label: h.T(r, "staff.note.label"), Hint: h.T(r, "staff.note.hint"), Rows: 3, Max: 2000}.From(f)}}
		c.Errors = h.problems(c.Rows[0]...)
		return c, nil
	}
	channel, purpose := contacts.SMS, h.purposeOf(k, study)
	if do == "call" {
		channel = contacts.Call
	}
	if reply != "" && do == "text" {
		if err := h.answering(r, k, reply, c); err != nil {
			return nil, err
		}
	}
	if c.Reply != "" {
		purpose = contacts.Requested
	}
	gate, err := h.Trial.May(r.Context(), k.PersonID(), purpose, channel, trial.StudyID(study))
	if err != nil {
		return nil, fmt.Errorf("consent gate: %w", err)
	}
	c.Gate = h.gate(r, k, gate, base)
	about := h.aboutField(r, k, study)
	if do == "text" {
		h.textForm(r, k, c, f, gate, about)
	} else {
		h.callForm(r, k, c, f, gate, about)
	}
	for _, row := range c.Rows {
		c.Errors = append(c.Errors, h.problems(row...)...)
	}
	return c, nil
}

// answering shows the message that is answered, when it is one this person sent.
func (h *Desk) answering(r *http.Request, k *known, id string, c *composer) error {
	t, err := h.touchOf(r, id)
	if err != nil {
		return err
	}
	if t.Out || t.Person != k.PersonID() {
		return web.ErrNotFound
	}
	c.Reply = t.ID
	c.Replied = view.Thread{Label: h.T(r, "staff.compose.replied"), Bubbles: []view.Bubble{{Text: k.hide(t.Body), At: t.At.In(on(r).zone)}}}
	return nil
}

// aboutField chooses the study a contact is about; every study they are in, and none.
func (h *Desk) aboutField(r *http.Request, k *known, study string) view.Field {
	f := view.Field{Kind: view.KindSelect, Name: "about", Label: h.T(r, "staff.compose.about"), Value: study}
	for _, sub := range k.subjects {
		f.Options = append(f.Options, view.Option{Value: string(sub.Study), Label: string(sub.Study) + " · " + sub.Status.String(), On: string(sub.Study) == study})
	}
	f.Options = append(f.Options, view.Option{Value: "", Label: h.T(r, "staff.compose.registry"), On: study == ""})
	return f
}

// purposeOf is what a contact about a study is for: care once consent is given, else recruitment.
func (h *Desk) purposeOf(k *known, study string) contacts.Purpose {
	for _, sub := range k.subjects {
		if string(sub.Study) == study && sub.Status.AfterConsent() {
			return contacts.StudyCare
		}
	}
	return contacts.Recruitment
}

// gate puts the consent gate's answer into words for the page.
func (h *Desk) gate(r *http.Request, k *known, g contacts.Gate, base string) *view.Gate {
	v := &view.Gate{Open: g.OK, Channel: h.word(r, "staff.channel.do.", string(g.Channel))}
	if g.OK {
		for _, x := range g.Reasons {
			v.Why = append(v.Why, k.hide(x.Text))
		}
		return v
	}
	v.Says = k.hide(g.Sentence())
	if !g.NotBefore.IsZero() {
		zone, ok := contacts.Zone(k.Person)
		if !ok {
			zone = on(r).zone
		}
		v.Until = h.T(r, "staff.gate.until", "when", view.When("en", g.NotBefore.In(zone)), "here", view.When("en", g.NotBefore.In(on(r).zone)))
	}
	if g.Channel == contacts.SMS && !k.recordsOnly() && k.Deceased == "" {
		v.Instead = []view.Action{{Label: h.T(r, "staff.gate.callinstead"), Kind: view.Secondary, Icon: "phone", Href: base + "?do=call#compose"}}
	}
	return v
}

const textMost = 480 // three parts

func (h *Desk) textForm(r *http.Request, k *known, c *composer, f *web.Form, g contacts.Gate, about view.Field) {
	c.Submit = h.T(r, "staff.text.send")
	if !g.OK && g.NotBefore.IsZero() {
		c.Blocked = true
		return
	}
	if !g.NotBefore.IsZero() {
		c.Submit = h.T(r, "staff.text.later")
	}
	hint := h.T(r, "staff.text.hint")
	if g.Point.Value != "" && k.revealed {
		hint = h.T(r, "staff.text.to", "phone", view.Phone(g.Point.Value)) + " " + hint
	}
	c.Measure = true
	if body := strings.TrimSpace(f.Value("text")); body != "" {
		c.Length = h.length(r, h.signed(trial.StudyID(c.Study), on(r), k, body))
	}
	c.Rows = [][]view.Field{{about}, {view.Field{Kind: view.KindArea, Name: "text", Label: h.T(r, "staff.text.label"), Hint: hint, Rows: 3, Max: textMost}.From(f)}}
}

// about reads the study of a form: one the person is in at the member's sites, or none.
func (h *Desk) about(f *web.Form, k *known) (trial.StudyID, error) {
	v := f.Value("about")
	if v == "" {
		return "", nil
	}
	for _, sub := range k.subjects {
		if string(sub.Study) == v {
			return sub.Study, nil
		}
	}
	return "", web.ErrBadRequest
}

func (h *Desk) sendText(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	study, err := h.about(f, &k)
	if err != nil {
		return err
	}
	body := f.Text("text", web.Max(textMost), web.Missing(h.T(r, "staff.text.missing")))
	h.checkWords(r, f, study, body)
	if !f.OK() {
		return h.showPerson(w, r, http.StatusUnprocessableEntity, f, "text")
	}
	if f.Value("measure") != "" {
		return h.showPerson(w, r, http.StatusOK, f, "text")
	}
	reach := trial.Reach{Key: "staff|" + on(r).ID + "|" + f.Once(), Person: k.PersonID(), Study: study, Purpose: h.purposeOf(&k, string(study)), Kind: outbox.SMS, Template: trial.TemplateStaff, Version: "1",
		Body: h.signed(study, on(r), &k, body), Staff: on(r).ID}
	if id := f.Value("reply"); id != "" {
		t, err := h.touchOf(r, id)
		if err != nil {
			return err
		}
		if t.Out || t.Person != k.PersonID() {
			return web.ErrBadRequest
		}
		reach.ReplyTo, reach.Purpose = t.ID, contacts.Requested
	}
	_, gate, err := h.Trial.Reach(r.Context(), on(r).Actor(), reach)
	if err != nil {
		return fmt.Errorf("send text: %w", err)
	}
	if !gate.OK && gate.NotBefore.IsZero() {
		return h.showPerson(w, r, http.StatusUnprocessableEntity, f, "text") // its gate says why
	}
	if reach.ReplyTo != "" {
		if err := h.People.MarkRead(r.Context(), on(r).Actor(), reach.ReplyTo); err != nil {
			return err
		}
	}
	if gate.OK {
		h.site.Flash(r, view.Done, h.T(r, "staff.text.queued"))
	} else {
		h.site.Flash(r, view.Notice, h.T(r, "staff.text.waits", "when", view.When("en", gate.NotBefore.In(on(r).zone))))
	}
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}

// length says in how many parts a text goes, what they cost, which links lead elsewhere, and which
// characters make the parts short ones: a curly apostrophe out of a word processor is enough.
func (h *Desk) length(r *http.Request, body string) []string {
	n := i18n.Segments(body)
	out := []string{h.T(r, "staff.text.parts", "count", n), h.T(r, "staff.text.cost", "count", n, "price", rehearsed.List().Text(n), "year", rehearsed.PricesAsOf)}
	for _, x := range wording.Look("", body, wording.Rules{Hosts: []string{(&url.URL{Host: r.Host}).Hostname()}}) {
		if !x.Error {
			out = append(out, sentence(x.String()))
		}
	}
	odd := i18n.Outside(body)
	if len(odd) == 0 {
		return out
	}
	shown := strings.Join(odd[:min(len(odd), 8)], " ")
	return append(out, h.T(r, "staff.text.odd", "characters", shown))
}

// checkWords refuses a text that names a study or what one is about (F11): a stranger may read the
// screen. A field in it is filled in by nobody.
func (h *Desk) checkWords(r *http.Request, f *web.Form, study trial.StudyID, body string) {
	for _, st := range on(r).studies {
		rules := st.WordingRules("en")
		if st.StudyID() != study {
			rules.Conditions = nil
		}
		for _, x := range wording.Look("", body, rules) {
			switch {
			case x.Place == st.ID:
				f.Refuse("text", h.T(r, "staff.text.neutral", "study", st.ID, "neutral", st.NeutralName["en"]))
			case x.Error:
				f.Refuse("text", sentence(x.String()))
			}
		}
	}
}

// signed begins a text with the neutral name of who writes, in the person's language.
func (h *Desk) signed(study trial.StudyID, s *shift, k *known, body string) string {
	var from string
	for _, st := range s.studies {
		if study == "" || st.StudyID() == study {
			from = st.NeutralName[string(k.Language)]
			if from == "" {
				from = st.NeutralName["en"]
			}
			break
		}
	}
	if from == "" || strings.HasPrefix(strings.ToLower(body), strings.ToLower(from)) {
		return body
	}
	return strings.TrimSuffix(sentence(from), ".") + ": " + body
}

func (h *Desk) addNote(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	note := f.Text("note", web.Max(2000), web.Missing(h.T(r, "staff.note.missing")))
	if !f.OK() {
		return h.showPerson(w, r, http.StatusUnprocessableEntity, f, "note")
	}
	if err := h.Trial.Note(r.Context(), on(r).Actor(), k.PersonID(), note); err != nil {
		return fmt.Errorf("note: %w", err)
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.note.saved"))
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}
