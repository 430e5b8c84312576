package staff

import (
	"net/http"

	"github.com/muster-health/muster/contacts"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

type inboxPage struct {
	view.Page
	Queue []line
	Empty view.EmptyState
}

func (*inboxPage) Template() string { return "staff/inbox" }

// inbox lists what people wrote or said and nobody has read, newest first.
func (h *Desk) inbox(w http.ResponseWriter, r *http.Request) error {
	s := on(r)
	unread, err := h.unread(r.Context(), s)
	if err != nil {
		return err
	}
	p := &inboxPage{Page: view.Page{Title: h.T(r, "staff.inbox.title"), Lead: h.T(r, "staff.inbox.lead")},
		Empty: view.EmptyState{Title: h.T(r, "staff.inbox.empty"), Text: h.T(r, "staff.inbox.empty.text")}}
	people := h.crowd(r.Context(), s)
	for _, t := range unread {
		l := line{Age: view.Since(s.now, t.At), Who: h.T(r, "staff.inbox.unplaced"), What: t.Body,
			Chips: []view.Chip{{Text: h.word(r, "staff.kind.in.", t.Kind), Icon: "chat"}, {Text: view.When("en", t.At.In(s.zone))}}}
		if t.Person != "" {
			k, err := people.get(t.Person)
			if err != nil {
				return err
			}
			if k == nil {
				continue
			}
			l.Who, l.Href, l.What = k.label(), "/staff/people/"+string(t.Person), k.hide(t.Body)
			if s.Role.May(members.ContactPeople) {
				l.Actions = append(l.Actions, view.Action{Label: h.T(r, "staff.do.answer"), Kind: view.Primary, Href: l.Href + "?do=text&reply=" + t.ID, About: k.label()})
			}
		}
		if t.Study != "" {
			l.Chips = append(l.Chips, view.Chip{Text: t.Study})
		}
		if s.Role.May(members.ContactPeople) {
			l.Actions = append(l.Actions, view.Action{Label: h.T(r, "staff.inbox.read"), Kind: view.Quiet, Post: "/staff/inbox/" + t.ID + "/read", About: l.Who})
		}
		p.Queue = append(p.Queue, l)
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

// touchOf loads a contact of a person this member may know of.
func (h *Desk) touchOf(r *http.Request, id string) (contacts.Touch, error) {
	t, err := h.People.TouchByID(r.Context(), id)
	if err != nil {
		return t, err
	}
	if !on(r).In(t.Study) {
		return t, web.ErrNotFound
	}
	if t.Person != "" {
		_, err = h.look(r.Context(), on(r), t.Person)
	}
	return t, err
}

func (h *Desk) markRead(w http.ResponseWriter, r *http.Request) error {
	t, err := h.touchOf(r, pathVar(r, "id"))
	if err != nil {
		return err
	}
	if err := h.People.MarkRead(r.Context(), on(r).Actor(), t.ID); err != nil {
		return err
	}
	return web.Redirect(w, r, "/staff/inbox")
}
