package staff

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/http"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

type pinPage struct {
	view.Page
	ID     string
	Hidden bool   // reveal first: a PIN is given to somebody, not to initials
	Locked string // too many wrong ones
	Why    view.Field
	PIN    string // shown once
	Said   string // the same, digit by digit
}

func (*pinPage) Template() string { return "staff/pin" }

func (h *Desk) pin(w http.ResponseWriter, r *http.Request) error {
	return h.showPIN(w, r, http.StatusOK, nil, "")
}

func (h *Desk) pinReasons(r *http.Request) []view.Option {
	return h.coded(r, "staff.pin.reason.", "office", "phone", "unlock")
}

func (h *Desk) showPIN(w http.ResponseWriter, r *http.Request, status int, f *web.Form, pin string) error {
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	p := &pinPage{Page: view.Page{Title: h.T(r, "staff.pin.of", "who", k.label()), Back: &view.Link{Label: k.label(), Href: "/staff/people/" + k.ID}}, ID: k.ID, Hidden: !k.revealed,
		Why: view.Field{Kind: view.KindRadio, Name: "why", Label: h.T(r, "staff.pin.why"), Hint: h.T(r, "staff.pin.why.hint"), Options: h.pinReasons(r)}.From(f), PIN: pin}
	locked, err := h.People.PINLocked(r.Context(), &k.Person)
	if err != nil {
		return fmt.Errorf("show PIN: %w", err)
	}
	if locked {
		p.Locked = h.T(r, "staff.pin.locked")
	}
	for i, d := range pin {
		if i > 0 {
			p.Said += " · "
		}
		p.Said += string(d)
	}
	p.Errors = h.problems(p.Why)
	return h.site.Render(w, r, status, p)
}

// setPIN makes a PIN and shows it once; or lets somebody try again with the one they have.
func (h *Desk) setPIN(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	if !k.revealed || k.recordsOnly() {
		return h.showPIN(w, r, http.StatusUnprocessableEntity, f, "")
	}
	why := f.Choice("why", h.pinReasons(r), web.Missing(h.T(r, "staff.pin.why.missing")))
	if !f.OK() {
		return h.showPIN(w, r, http.StatusUnprocessableEntity, f, "")
	}
	if why == "unlock" {
		if err := h.People.ClearPINLock(r.Context(), on(r).Actor(), k.PersonID(), why); err != nil {
			return fmt.Errorf("unlock PIN: %w", err)
		}
		h.site.Flash(r, view.Done, h.T(r, "staff.pin.unlocked"))
		return web.Redirect(w, r, "/staff/people/"+k.ID)
	}
	for range 40 { // weak ones and those of housemates are refused: another one then
		n, err := rand.Int(rand.Reader, big.NewInt(10_000))
		if err != nil {
			return fmt.Errorf("make PIN: %w", err)
		}
		pin := fmt.Sprintf("%04d", n)
		err = h.People.SetPIN(r.Context(), on(r).Actor(), k.PersonID(), pin, why)
		if errors.Is(err, contacts.ErrPINWeak) || errors.Is(err, contacts.ErrPINTaken) {
			continue
		}
		if err != nil {
			return fmt.Errorf("set PIN: %w", err)
		}
		return h.showPIN(w, r, http.StatusOK, nil, pin)
	}
	return errors.New("no PIN was accepted")
}
