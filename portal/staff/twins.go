package staff

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/muster-health/muster/contacts"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

type twinsPage struct {
	view.Page
	ID      string
	Pairs   []pairing
	Empty   view.EmptyState
	Decides bool
}

// pairing is two records that may be one person.
type pairing struct {
	Review string
	Why    string
	Table  view.Table
	Fields []view.Field
	State  view.Chip
}

func (*twinsPage) Template() string { return "staff/twins" }

// twins shows the records that look like this person's, side by side. Nothing merges by itself (F2).
func (h *Desk) twins(w http.ResponseWriter, r *http.Request) error {
	return h.showTwins(w, r, http.StatusOK, nil)
}

func (h *Desk) showTwins(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	all, err := h.People.ReviewsOf(r.Context(), k.PersonID())
	if err != nil {
		return fmt.Errorf("look-alikes: %w", err)
	}
	p := &twinsPage{Page: view.Page{Title: h.T(r, "staff.twins.of", "who", k.label()), Lead: h.T(r, "staff.twins.lead"), Back: &view.Link{Label: k.label(), Href: "/staff/people/" + k.ID}}, ID: k.ID,
		Empty: view.EmptyState{Title: h.T(r, "staff.twins.empty")}, Decides: on(r).Role.May(members.ChangePeople)}
	people := h.crowd(r.Context(), on(r))
	for _, review := range all {
		var both []*known
		for _, id := range review.People {
			x, err := people.get(id)
			if err != nil {
				return err
			}
			if x != nil {
				both = append(both, x)
			}
		}
		if len(both) < 2 {
			continue // the other is another site's
		}
		x := pairing{Review: review.ID, Why: sentence(review.Why), Table: h.sideBySide(r, both), State: view.Chip{Text: h.word(r, "staff.twins.", review.State), Tone: view.Green}}
		if review.State == contacts.ReviewOpen {
			x.State.Tone = view.Amber
		}
		var sent *web.Form
		if f != nil && f.Value("review") == review.ID {
			sent = f
		}
		x.Fields = []view.Field{
			view.Field{Kind: view.KindRadio, Name: "is", ID: "is-" + review.ID, Label: h.T(r, "staff.twins.question"), Options: h.twinAnswers(r)}.From(sent),
			view.Field{Kind: view.KindText, Name: "note", ID: "note-" + review.ID, Label: h.T(r, "staff.twins.note"), Optional: true, Max: 200, Width: 20}.From(sent),
		}
		p.Errors = append(p.Errors, h.problems(x.Fields...)...)
		p.Pairs = append(p.Pairs, x)
	}
	return h.site.Render(w, r, status, p)
}

func (h *Desk) twinAnswers(r *http.Request) []view.Option {
	return h.coded(r, "staff.twins.", contacts.ReviewDifferent, contacts.ReviewSame)
}

// sideBySide compares two people by what may be shown of them.
func (h *Desk) sideBySide(r *http.Request, both []*known) view.Table {
	t := view.Table{Caption: h.T(r, "staff.twins.compare"), CaptionHidden: true, Columns: []view.Column{{Label: h.T(r, "staff.twins.what")}, {Label: h.T(r, "staff.twins.one")}, {Label: h.T(r, "staff.twins.other")}}}
	row := func(term string, cell func(*known) view.Cell) {
		t.Rows = append(t.Rows, view.Row{Cells: []view.Cell{{Text: term}, cell(both[0]), cell(both[1])}})
	}
	row(h.T(r, "staff.who"), func(k *known) view.Cell { return view.Cell{Text: k.label(), Href: "/staff/people/" + k.ID} })
	row(h.T(r, "staff.person.born"), func(k *known) view.Cell {
		if k.revealed {
			return view.Cell{Text: fullDay(k.BirthDate), Empty: k.BirthDate == ""}
		}
		return view.Cell{Text: strconv.Itoa(k.BirthYear)}
	})
	row(h.T(r, "staff.person.phone"), func(k *known) view.Cell {
		pt, ok := k.Phone(false)
		return view.Cell{Text: map[bool]string{true: view.MaskPhone(pt.Value)}[ok], Empty: !ok}
	})
	row(h.T(r, "staff.person.zip"), func(k *known) view.Cell { return view.Cell{Text: k.Address.ZIP3, Empty: k.Address.ZIP3 == ""} })
	row(h.T(r, "staff.person.language"), func(k *known) view.Cell { return view.Cell{Text: languageName(k.Language)} })
	row(h.T(r, "staff.twins.joined"), func(k *known) view.Cell {
		return view.Cell{Text: view.DayMonthYear("en", k.Created.In(on(r).zone)), Sub: h.sourceWords(r, k.Source)}
	})
	return t
}

func (h *Desk) decideTwins(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	all, err := h.People.ReviewsOf(r.Context(), k.PersonID())
	if err != nil {
		return fmt.Errorf("look-alikes: %w", err)
	}
	i := slices.IndexFunc(all, func(x contacts.Review) bool { return x.ID == f.Value("review") })
	if i < 0 {
		return web.ErrNotFound
	}
	for _, id := range all[i].People { // who may not know of the other cannot have compared them
		if _, err := h.look(r.Context(), on(r), id); err != nil {
			return err
		}
	}
	is := f.Choice("is", h.twinAnswers(r))
	note := f.Text("note", web.Optional())
	if !f.OK() {
		return h.showTwins(w, r, http.StatusUnprocessableEntity, f)
	}
	leads(r, "/staff/people/"+k.ID+"/twins")
	if _, err := h.People.DecideReview(r.Context(), on(r).Actor(), f.Value("review"), is, note); err != nil {
		return fmt.Errorf("decide look-alikes: %w", err)
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.twins.decided"))
	return web.Redirect(w, r, "/staff/people/"+k.ID+"/twins")
}

// twinLines are the pairs nobody has looked at yet.
func (h *Desk) twinLines(r *http.Request, people *crowd) ([]line, error) {
	open, err := h.People.Reviews(r.Context(), queueMost)
	if err != nil {
		return nil, fmt.Errorf("look-alikes: %w", err)
	}
	var out []line
	for _, review := range open {
		a, err := people.get(review.People[0])
		if err != nil {
			return nil, err
		}
		b, err := people.get(review.People[1])
		if err != nil {
			return nil, err
		}
		if a == nil || b == nil {
			continue
		}
		href := "/staff/people/" + a.ID + "/twins"
		out = append(out, line{Age: view.Since(on(r).now, review.At), Who: a.label(), Href: "/staff/people/" + a.ID, What: h.T(r, "staff.twins.maybe", "who", b.label()) + " " + sentence(review.Why),
			Actions: []view.Action{{Label: h.T(r, "staff.twins.look"), Kind: view.Secondary, Href: href, About: a.label()}}})
	}
	return out, nil
}
