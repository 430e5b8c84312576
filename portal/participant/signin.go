package participant

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/muster-health/muster/contacts"
	doors "github.com/muster-health/muster/internal/auth/participant"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

// knockKey and ownKey keep who is on the way in, and whether the device is their own.
const (
	knockKey = "knock"
	ownKey   = "own"
)

// borrowed is how long a page stays open on somebody else's device (F24).
const borrowed = 5 * time.Minute

type signInPage struct {
	sheet
	Phone, How, Own view.Field
	Out             bool
}

func (*signInPage) Template() string { return "participant/signin" }
func (*signInPage) Layout() string   { return "public" }

func (h *Pages) signInPage(w http.ResponseWriter, r *http.Request) error {
	if h.Sessions.Subject(r.Context()) != "" {
		return web.Redirect(w, r, "/me")
	}
	return h.askNumber(w, r, http.StatusOK, nil)
}

func (h *Pages) hows(r *http.Request) []view.Option {
	return []view.Option{{Value: "text", Label: h.T(r, "participant.signin.text")}, {Value: "call", Label: h.T(r, "participant.signin.call")}}
}

func (h *Pages) yesNo(r *http.Request) []view.Option {
	return []view.Option{{Value: "yes", Label: h.T(r, "common.yes")}, {Value: "no", Label: h.T(r, "common.no")}}
}

func (h *Pages) askNumber(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	p := &signInPage{sheet: h.sheet(r, h.T(r, "participant.signin.title")), Out: r.URL.Query().Has("out"),
		Phone: view.Field{Kind: view.KindTel, Name: "phone", Label: h.T(r, "participant.signin.phone"), Hint: h.T(r, "participant.signin.phoneHint"), Autocomplete: "tel", Width: 20}.From(f),
		How:   view.Field{Kind: view.KindRadio, Name: "how", Label: h.T(r, "participant.signin.how"), Options: h.hows(r), Value: "text"}.From(f),
		Own:   view.Field{Kind: view.KindRadio, Name: "own", Label: h.T(r, "participant.borrowed"), Hint: h.T(r, "participant.signin.ownHint"), Options: h.yesNo(r)}.From(f)}
	p.Lead = h.T(r, "participant.signin.lead")
	p.Errors = view.Problems(p.Phone, p.How, p.Own)
	return h.door.Render(w, r, status, p)
}

// signIn sends a code. The answer is the same for a number nobody has.
func (h *Pages) signIn(w http.ResponseWriter, r *http.Request) error {
	f, err := h.door.Form(w, r)
	if err != nil {
		return err
	}
	n := f.Phone("phone", "US")
	how := f.Choice("how", h.hows(r), web.Missing(h.T(r, "participant.signin.howMissing")))
	own := f.Choice("own", h.yesNo(r), web.Missing(h.T(r, "participant.signin.ownMissing")))
	if !f.OK() {
		return h.askNumber(w, r, http.StatusUnprocessableEntity, f)
	}
	k, err := h.Doors.Begin(r.Context(), n, how == "call")
	var many *contacts.TooManyCodes
	var wrong contacts.Problems
	switch {
	case errors.As(err, &many):
		if k, err := h.knock(r); err == nil && k.Number == n.E164() && k.Point == "" && !many.Today { // this browser waits for a code already
			h.Sessions.Put(r.Context(), ownKey, own == "yes")
			h.door.Flash(r, view.Notice, h.T(r, "participant.code.waiting"))
			return web.Redirect(w, r, "/me/code")
		}
		f.Refuse("phone", h.door.CodeWait(r, many.Wait, many.Today))
		return h.askNumber(w, r, http.StatusUnprocessableEntity, f)
	case errors.As(err, &wrong):
		f.Refuse("phone", h.T(r, "view.form.phone"))
		return h.askNumber(w, r, http.StatusUnprocessableEntity, f)
	case err != nil:
		return err
	}
	h.Sessions.Put(r.Context(), ownKey, own == "yes")
	if err := h.keepKnock(r, k); err != nil {
		return err
	}
	return web.Redirect(w, r, "/me/code")
}

func (h *Pages) keepKnock(r *http.Request, k doors.Knock) error {
	b, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("keep sign-in: %w", err)
	}
	h.Sessions.Put(r.Context(), knockKey, string(b))
	return nil
}

// knock is who is on the way in; nobody leads to the first screen.
func (h *Pages) knock(r *http.Request) (doors.Knock, error) {
	var k doors.Knock
	kept := h.Sessions.GetString(r.Context(), knockKey)
	if kept == "" || json.Unmarshal([]byte(kept), &k) != nil {
		return k, web.SeeOther("/me/sign-in")
	}
	return k, nil
}

type codePage struct {
	sheet
	Sent string
	Code view.Field
}

func (*codePage) Template() string { return "participant/code" }
func (*codePage) Layout() string   { return "public" }

func (h *Pages) codePage(w http.ResponseWriter, r *http.Request) error {
	k, err := h.knock(r)
	if err != nil {
		return err
	}
	return h.askCode(w, r, http.StatusOK, k, nil)
}

func (h *Pages) askCode(w http.ResponseWriter, r *http.Request, status int, k doors.Knock, f *web.Form) error {
	p := &codePage{sheet: h.sheet(r, h.T(r, "participant.code.title")), Sent: h.T(r, "participant.code.sent", "number", view.MaskPhone(k.Number)),
		Code: view.Field{Kind: view.KindCode, Name: "code", Label: h.T(r, "participant.code.label"), Hint: h.T(r, "participant.code.hint"), Width: 10, Max: 11}.From(f)}
	p.Back = &view.Link{Label: h.T(r, "participant.code.back"), Href: "/me/sign-in"}
	p.Errors = view.Problems(p.Code)
	return h.door.Render(w, r, status, p)
}

func (h *Pages) code(w http.ResponseWriter, r *http.Request) error {
	f, err := h.door.Form(w, r)
	if err != nil {
		return err
	}
	k, err := h.knock(r)
	if err != nil {
		return err
	}
	code := f.Code("code", 6)
	if !f.OK() {
		return h.askCode(w, r, http.StatusUnprocessableEntity, k, f)
	}
	k, who, err := h.Doors.Code(r.Context(), k, code)
	switch {
	case errors.Is(err, doors.ErrWrong):
		f.Refuse("code", h.T(r, "participant.code.wrong"))
		return h.askCode(w, r, http.StatusUnprocessableEntity, k, f)
	case errors.Is(err, doors.ErrOver):
		f.Refuse("code", h.T(r, "participant.code.over"))
		return h.askCode(w, r, http.StatusUnprocessableEntity, k, f)
	case err != nil:
		return err
	}
	if who == "" {
		if err := h.Sessions.Renew(r.Context()); err != nil { // the number is proved: a token known before is worthless now
			return err
		}
		if err := h.keepKnock(r, k); err != nil {
			return err
		}
		return web.Redirect(w, r, "/me/birth-date")
	}
	return h.enter(w, r, who)
}

type birthPage struct {
	sheet
	Birth, First view.Field // First is asked only where two share number and birth date
}

func (*birthPage) Template() string { return "participant/birth" }
func (*birthPage) Layout() string   { return "public" }

func (h *Pages) birthPage(w http.ResponseWriter, r *http.Request) error {
	k, err := h.knock(r)
	if err != nil {
		return err
	}
	if k.Point == "" {
		return web.SeeOther("/me/code")
	}
	return h.askBirth(w, r, http.StatusOK, nil, false)
}

func (h *Pages) askBirth(w http.ResponseWriter, r *http.Request, status int, f *web.Form, name bool) error {
	p := &birthPage{sheet: h.sheet(r, h.T(r, "participant.birth.title")),
		Birth: view.Field{Kind: view.KindDate, Name: "birth", Label: h.T(r, "participant.birth.label"), Autocomplete: "bday"}.From(f)}
	p.Lead = h.T(r, "participant.birth.lead")
	if name {
		p.First = view.Field{Kind: view.KindText, Name: "first", Label: h.T(r, "participant.birth.first"), Autocomplete: "given-name", Max: 60}.From(f)
	}
	p.Errors = view.Problems(p.Birth, p.First)
	return h.door.Render(w, r, status, p)
}

func (h *Pages) birth(w http.ResponseWriter, r *http.Request) error {
	f, err := h.door.Form(w, r)
	if err != nil {
		return err
	}
	k, err := h.knock(r)
	if err != nil {
		return err
	}
	birth := f.Date("birth")
	if !f.OK() {
		return h.askBirth(w, r, http.StatusUnprocessableEntity, f, f.Has("first"))
	}
	who, err := h.Doors.BirthDate(r.Context(), k, birth, f.Value("first"))
	switch {
	case errors.Is(err, doors.ErrName):
		f.Refuse("first", h.T(r, "participant.birth.firstMissing"))
		return h.askBirth(w, r, http.StatusUnprocessableEntity, f, true)
	case errors.Is(err, doors.ErrWrong):
		f.Refuse("birth", h.T(r, "participant.birth.wrong"))
		return h.askBirth(w, r, http.StatusUnprocessableEntity, f, f.Has("first"))
	case errors.Is(err, doors.ErrOver):
		h.Sessions.Remove(r.Context(), knockKey)
		h.door.Flash(r, view.Problem, h.T(r, "participant.birth.over"))
		return web.Redirect(w, r, "/me/sign-in")
	case err != nil:
		return err
	}
	return h.enter(w, r, who)
}

// enter begins the session. On a borrowed device it ends soon and with the browser.
func (h *Pages) enter(w http.ResponseWriter, r *http.Request, who contacts.PersonID) error {
	own := h.Sessions.GetBool(r.Context(), ownKey)
	if err := h.Sessions.Clear(r.Context()); err != nil { // nothing of who was here before
		return fmt.Errorf("sign in: %w", err)
	}
	if err := h.Sessions.SignIn(r.Context(), string(who), own); err != nil {
		return err
	}
	if !own {
		h.Sessions.Shorten(r.Context(), borrowed)
	}
	return web.Redirect(w, r, "/me")
}

// pass lets in who confirmed their number at the end of signing up, in this browser and just now.
func (h *Pages) pass(w http.ResponseWriter, r *http.Request) error {
	f, err := h.door.Form(w, r)
	if err != nil {
		return err
	}
	who, err := h.Doors.Pass(r.Context(), f.Value("pass"))
	if errors.Is(err, doors.ErrOver) {
		return web.SeeOther("/me/sign-in")
	}
	if err != nil {
		return err
	}
	h.Sessions.Put(r.Context(), ownKey, true) // it is offered on no other device
	return h.enter(w, r, who)
}

// signOut ends the session and has the browser forget what it kept (F24).
func (h *Pages) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := h.Sessions.SignOut(r.Context()); err != nil {
		return err
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return web.Redirect(w, r, "/me/sign-in?out=1")
}
