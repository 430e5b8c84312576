package public

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type callMePage struct {
	sheet
	Name, Phone, Best view.Field
	Done              bool
	When              string
}

func (*callMePage) Template() string { return "public/callme" }

func (h *Pages) callMePage(w http.ResponseWriter, r *http.Request) error {
	return h.askCallMe(w, r, http.StatusOK, nil)
}

func (h *Pages) askCallMe(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	p := &callMePage{sheet: h.sheet(r, h.T(r, "public.callme.title")),
		Name:  view.Field{Kind: view.KindText, Name: "name", Label: h.T(r, "public.callme.name"), Autocomplete: "name", Max: 80}.From(f),
		Phone: view.Field{Kind: view.KindTel, Name: "phone", Label: h.T(r, "public.phone"), Hint: h.T(r, "public.phoneHint"), Autocomplete: "tel", Width: 20}.From(f),
		Best:  view.Field{Kind: view.KindSelect, Name: "best", Label: h.T(r, "public.details.best"), Options: h.times(r), Blank: h.T(r, "public.details.anytime"), Optional: true}.From(f)}
	p.Lead = h.T(r, "public.callme.lead")
	p.Errors = view.Problems(p.Name, p.Phone, p.Best)
	return h.site.Render(w, r, status, p)
}

// callMe keeps a name, a number and a time for staff, and nothing else (F8). Its task has the
// form's id, so that sending twice asks for one call.
func (h *Pages) callMe(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	name := f.Text("name", web.Max(80), web.Missing(h.T(r, "public.callme.nameMissing")))
	number := f.Phone("phone", "US")
	best := f.Choice("best", h.times(r), web.Optional())
	if !f.OK() {
		return h.askCallMe(w, r, http.StatusUnprocessableEntity, f)
	}
	if best == "" {
		best = "any time"
	}
	once := f.Once()
	if once == "" {
		return web.ErrBadRequest
	}
	t := trial.Task{Kind: "call", Due: h.promise(r, join{}),
		Text: "Asked to be called: " + name + ", " + number.E164() + ". Best time: " + best + "."}
	t.ID = "tsk_callme_" + once
	if err := h.Trial.OpenTask(r.Context(), visitor, t); err != nil && !errors.Is(err, docstore.ErrExists) {
		return fmt.Errorf("ask for a call: %w", err)
	}
	p := &callMePage{sheet: h.sheet(r, h.T(r, "public.callme.done")), Done: true}
	return h.site.Render(w, r, http.StatusOK, p)
}

type unsubscribePage struct {
	sheet
	Point, What view.Field
	Done        bool
}

func (*unsubscribePage) Template() string { return "public/unsubscribe" }

func (h *Pages) stops(r *http.Request) []view.Option {
	return []view.Option{
		{Value: "*", Label: h.T(r, "public.unsubscribe.all")},
		{Value: string(contacts.SMS), Label: h.T(r, "public.unsubscribe.sms")},
		{Value: string(contacts.Voice), Label: h.T(r, "public.unsubscribe.voice")},
		{Value: string(contacts.ByEmail), Label: h.T(r, "public.unsubscribe.email")},
	}
}

func (h *Pages) unsubscribePage(w http.ResponseWriter, r *http.Request) error {
	return h.askUnsubscribe(w, r, http.StatusOK, nil)
}

func (h *Pages) askUnsubscribe(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	p := &unsubscribePage{sheet: h.sheet(r, h.T(r, "public.unsubscribe.title")),
		Point: view.Field{Kind: view.KindText, Name: "point", Label: h.T(r, "public.unsubscribe.point"), Width: 20, Max: 120}.From(f),
		What:  view.Field{Kind: view.KindRadio, Name: "what", Label: h.T(r, "public.unsubscribe.what"), Options: h.stops(r)}.From(f)}
	p.Lead = h.T(r, "public.unsubscribe.lead")
	p.Errors = view.Problems(p.Point, p.What)
	return h.site.Render(w, r, status, p)
}

// unsubscribe takes back the permission for everyone with a number or address, whoever asks: a
// stop is never made harder than it must be. The page is the same for a number nobody has.
func (h *Pages) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	said := contacts.Consent{Purpose: contacts.AnyPurpose, Source: "web", Lang: string(h.lang(r)), Evidence: "the page to stop messages, not signed in",
		Channel: contacts.Channel(f.Choice("what", h.stops(r), web.Missing(h.T(r, "public.unsubscribe.whatMissing"))))}
	point := f.Text("point", web.Max(120), web.Missing(h.T(r, "public.unsubscribe.pointFix")))
	var number phone.Number
	switch {
	case point == "":
	case strings.Contains(point, "@"):
		f.Email("point")
	default:
		number = f.Phone("point", "US")
	}
	if !f.OK() {
		return h.askUnsubscribe(w, r, http.StatusUnprocessableEntity, f)
	}
	if number != (phone.Number{}) {
		point = number.E164()
	}
	if _, err := h.Trial.StopAt(r.Context(), visitor, point, said); err != nil {
		return fmt.Errorf("stop messages: %w", err)
	}
	p := &unsubscribePage{sheet: h.sheet(r, h.T(r, "public.unsubscribe.done")), Done: true}
	return h.site.Render(w, r, http.StatusOK, p)
}
