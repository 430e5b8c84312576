package public

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type codePage struct {
	sheet
	Sent     string // what was sent where, the number masked
	Code     view.Field
	CanCall  bool
	CanText  bool
	CanMail  bool
	ByCall   bool
	ByMail   bool
	Continue string // asked every few seconds whether the number was confirmed elsewhere
}

func (*codePage) Template() string { return "public/code" }

func (h *Pages) codePage(w http.ResponseWriter, r *http.Request) error {
	j, err := h.on(r, "/join/code")
	if err != nil {
		return err
	}
	return h.askCode(w, r, http.StatusOK, j, nil)
}

func (h *Pages) askCode(w http.ResponseWriter, r *http.Request, status int, j join, f *web.Form) error {
	p := &codePage{sheet: h.sheet(r, h.T(r, "public.code.title")), ByCall: j.ByCall, CanCall: !j.NoCall, CanText: !j.NoText, CanMail: j.Email != "", ByMail: j.ByMail, Continue: "/join/code/wait",
		Code: view.Field{Kind: view.KindCode, Name: "code", Label: h.T(r, "public.code.label"), Hint: h.T(r, "public.code.hint"), Width: 10, Max: 11}.From(f)}
	if p.Sent = h.T(r, "public.code.texted", "number", view.MaskPhone(j.Number)); j.ByCall {
		p.Sent = h.T(r, "public.code.called", "number", view.MaskPhone(j.Number))
	}
	if j.ByMail {
		p.Title, p.Sent = h.T(r, "public.code.mailTitle"), h.T(r, "public.code.mailed")
	}
	p.Back = &view.Link{Label: h.T(r, "public.code.change"), Href: "/join/details"}
	p.Errors = view.Problems(p.Code)
	return h.site.Render(w, r, status, p)
}

func (h *Pages) code(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	j, err := h.on(r, "/join/code")
	if err != nil {
		return err
	}
	code := f.Code("code", 6)
	if !f.OK() {
		return h.askCode(w, r, http.StatusUnprocessableEntity, j, f)
	}
	_, err = h.Trial.Confirm(r.Context(), visitor, j.Challenge, code)
	switch {
	case errors.Is(err, contacts.ErrCodeWrong):
		f.Refuse("code", h.T(r, "public.code.wrong"))
		return h.askCode(w, r, http.StatusUnprocessableEntity, j, f)
	case errors.Is(err, contacts.ErrCodeOver):
		f.Refuse("code", h.T(r, "public.code.over"))
		return h.askCode(w, r, http.StatusUnprocessableEntity, j, f)
	case err != nil:
		return fmt.Errorf("confirm number: %w", err)
	}
	// Reading one's mail is less than holding one's phone: it confirms the address and opens nothing.
	if j.Own && !j.ByMail { // on somebody else's device, "back" would open it for whoever comes next (F24)
		j.Pass = j.Challenge
	}
	if err := h.finish(r, j); err != nil {
		return err
	}
	return web.Redirect(w, r, "/join/done")
}

// again sends another code, by text, by a call that reads it out, or by e-mail.
func (h *Pages) again(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	j, err := h.on(r, "/join/code")
	if err != nil {
		return err
	}
	j.ByMail = j.Email != "" && (f.Value("by") == "mail" || j.NoCall && j.NoText)
	j.ByCall = !j.ByMail && (j.NoText || f.Value("by") == "call" && !j.NoCall)
	var challenge string
	if j.ByMail {
		challenge, err = h.Trial.MailCode(r.Context(), visitor, j.Person, j.Study, j.Email)
	} else {
		challenge, err = h.Trial.ResendCode(r.Context(), visitor, j.Person, j.Number, j.ByCall)
	}
	var many *contacts.TooManyCodes
	if errors.As(err, &many) {
		h.site.Flash(r, view.Problem, h.site.CodeWait(r, many.Wait, many.Today))
		return web.Redirect(w, r, "/join/code")
	}
	if err != nil {
		return fmt.Errorf("send another code: %w", err)
	}
	j.Challenge = challenge
	if err := h.keep(r, j); err != nil {
		return err
	}
	h.site.Flash(r, view.Done, h.T(r, "public.code.again"))
	return web.Redirect(w, r, "/join/code")
}

// noCode keeps the sign-up for a call by a person.
func (h *Pages) noCode(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	once := f.Once()
	if once == "" {
		return web.ErrBadRequest
	}
	j, err := h.on(r, "/join/code")
	if err != nil {
		return err
	}
	t := trial.Task{Kind: "call", Person: j.Person, Study: j.Study, Site: j.Site, Due: h.promise(r, j),
		Text: "Signed up on the web but cannot get a code. Reach them to confirm the number."}
	t.ID = "tsk_nocode_" + once
	if err := h.Trial.OpenTask(r.Context(), visitor, t); err != nil {
		return fmt.Errorf("keep sign-up for a call: %w", err)
	}
	j.NoCode = true
	if err := h.finish(r, j); err != nil {
		return err
	}
	return web.Redirect(w, r, "/join/done")
}

// wait answers the code page when the number was confirmed meanwhile, in another tab or by staff.
func (h *Pages) wait(w http.ResponseWriter, r *http.Request) error {
	j := h.joining(r)
	if j.Challenge != "" && !j.Done {
		p, err := h.People.Get(r.Context(), j.Person)
		if err != nil {
			return fmt.Errorf("wait for confirmation: %w", err)
		}
		for _, pt := range p.Points {
			if pt.Value == j.Number && !pt.Verified.Before(j.Applied) && !pt.Verified.IsZero() {
				if err := h.finish(r, j); err != nil {
					return err
				}
				j.Done = true
			}
		}
	}
	if !j.Done {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte("/join/done"))
	return err
}

// finish keeps of the sign-up only what the last page shows.
func (h *Pages) finish(r *http.Request, j join) error {
	return h.keep(r, join{Study: j.Study, Site: j.Site, TextOnly: j.TextOnly, Repeat: j.Repeat, Promised: h.promise(r, j), NoCode: j.NoCode, Pass: j.Pass, Done: true})
}

// promise is when somebody will have been in touch: as the study's list says; for somebody who
// did not confirm, as for anyone who signs up now, since they may not learn who is on the list.
func (h *Pages) promise(r *http.Request, j join) time.Time {
	now := h.Clock.Now()
	if !j.NoCode && j.Promised.After(now) {
		return j.Promised
	}
	if s, err := h.Trial.Study(r.Context(), j.Study); err == nil && j.Study != "" {
		return s.PromisedBy(j.Site, now)
	}
	return now.Add(24 * time.Hour)
}

type endPage struct {
	sheet
	Promise string
	Steps   view.Steps
	Known   bool // they were on the list already, and have just proved who they are
	Study   bool
	NoCode  bool
	Open    view.Action // to their own page
}

func (*endPage) Template() string { return "public/end" }

// endPage says who will be in touch, by when, from which number, and what happens then (F9).
func (h *Pages) endPage(w http.ResponseWriter, r *http.Request) error {
	j, err := h.on(r, "/join/done")
	if err != nil {
		return err
	}
	lang := h.lang(r)
	p := &endPage{sheet: h.sheet(r, h.T(r, "public.end.title")), NoCode: j.NoCode, Known: j.Repeat && !j.NoCode, Study: j.Study != "",
		Open: view.Action{Label: h.T(r, "public.end.open"), Kind: view.Secondary, Href: "/me"}}
	if j.Pass != "" {
		p.Open = view.Action{Label: p.Open.Label, Kind: view.Secondary, Post: "/me/pass", Fields: []view.Hidden{{Name: "pass", Value: j.Pass}}}
	}
	if j.Study == "" {
		p.Steps = view.Steps{Title: h.T(r, "public.end.next"), List: []view.Step{
			{Is: "done", Text: h.T(r, "public.end.got")},
			{Is: "now", Text: h.T(r, "public.end.look")},
			{Is: "next", Text: h.T(r, "public.end.tell")},
		}}
		if j.NoCode {
			p.Steps.List[1] = view.Step{Is: "now", Text: h.T(r, "public.end.noCode")}
			p.Steps.List[2] = view.Step{Is: "next", Text: h.T(r, "public.end.look")}
		}
		return h.site.Render(w, r, http.StatusOK, p)
	}
	s, err := h.Trial.Study(r.Context(), j.Study)
	if err != nil {
		return fmt.Errorf("end of sign-up: %w", err)
	}
	when := whole(j.Promised).In(zoneOf(&s, j.Site))
	by := i18n.When(lang, when, h.Clock.Now().In(when.Location()))
	name, _, _ := strings.Cut(s.Promise.Caller, " from ")
	number := view.Phone(e164(s.Promise.Number))
	switch {
	case p.Known: // what was promised then stands on their own page
	case j.TextOnly && name != "":
		p.Promise = h.T(r, "public.end.text", "name", name, "when", by, "phone", number)
	case j.TextOnly:
		p.Promise = h.T(r, "public.end.textOffice", "when", by, "phone", number)
	case name != "":
		p.Promise = h.T(r, "public.next.call", "name", name, "when", by, "phone", number)
	default:
		p.Promise = h.T(r, "public.next.office", "when", by, "phone", number)
	}
	p.Steps = view.Steps{Title: h.T(r, "public.end.next"), List: []view.Step{
		{Is: "done", Text: h.T(r, "public.end.got")},
		{Is: "now", Text: h.T(r, "public.end.talk")},
		{Is: "next", Text: h.T(r, "public.end.visit")},
		{Is: "next", Text: h.T(r, "public.end.decide")},
	}}
	return h.site.Render(w, r, http.StatusOK, p)
}

// whole is the next full hour: what is promised is said later than it is planned, never earlier.
func whole(t time.Time) time.Time {
	if u := t.Truncate(time.Hour); u.Before(t) {
		return u.Add(time.Hour)
	}
	return t
}
