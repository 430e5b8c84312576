package staff

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// covers says whether a matter of a study at a site is the member's.
func (s *shift) covers(study trial.StudyID, site string) bool {
	return s.In(string(study)) && s.At(site)
}

// may says whether a member may know of a person: everybody's for members of all sites and studies;
// else those in one of their studies at one of their sites, those kept by one of their sites, and
// volunteers of the registry who belong to no site yet. Whoever works in some studies only knows
// nobody who is in others alone. Of somebody erased there is what a study must keep, for that study.
func (s *shift) may(p *contacts.Person, subs []trial.Subject) bool {
	switch {
	case !p.Erased.IsZero():
		return slices.ContainsFunc(subs, func(x trial.Subject) bool { return x.Number != "" && s.covers(x.Study, x.Site) })
	case s.Everywhere(), slices.ContainsFunc(subs, func(x trial.Subject) bool { return x.Site != "" && s.covers(x.Study, x.Site) }):
		return true
	case len(s.Studies) > 0 && len(subs) > 0:
		return false
	case p.Home == "":
		return len(subs) == 0
	}
	return s.At(p.Home)
}

// known is a person as this member may see them.
type known struct {
	contacts.Person
	subjects []trial.Subject // at the member's sites
	revealed bool
}

// label is the name once revealed, initials before, and the participant's number of somebody erased.
func (k *known) label() string {
	if k.erased() {
		return k.subjects[0].Number
	}
	if k.revealed && k.Name() != "" {
		return k.Name()
	}
	return k.Masked()
}

// erased says that nobody can be told who this was: what studies must keep is left.
func (k *known) erased() bool { return !k.Erased.IsZero() }

// hide takes the given and family name out of a sentence about somebody not revealed.
func (k *known) hide(sentence string) string {
	if k.revealed {
		return sentence
	}
	for _, name := range []string{k.Name(), k.Given, k.Family} {
		if len(name) > 1 {
			sentence = strings.ReplaceAll(sentence, name, k.Masked())
		}
	}
	return sentence
}

// recordsOnly says that nothing but counting is permitted (F3).
func (k *known) recordsOnly() bool { return k.Basis.Kind == contacts.ByRecords }

// look loads a person for a member: web.ErrNotFound for somebody they may not know of.
func (h *Desk) look(ctx context.Context, s *shift, id contacts.PersonID) (known, error) {
	p, err := h.People.Get(ctx, id)
	if errors.Is(err, docstore.ErrNotFound) {
		return known{}, web.ErrNotFound
	}
	if err != nil {
		return known{}, fmt.Errorf("person: %w", err)
	}
	subs, err := h.Trial.SubjectsOf(ctx, id)
	if err != nil {
		return known{}, fmt.Errorf("studies of person: %w", err)
	}
	if !s.may(&p, subs) {
		return known{}, web.ErrNotFound
	}
	subs = slices.DeleteFunc(subs, func(x trial.Subject) bool {
		return !s.covers(x.Study, x.Site) || !p.Erased.IsZero() && x.Number == ""
	})
	slices.SortFunc(subs, func(a, b trial.Subject) int { return b.Since.Compare(a.Since) })
	return known{Person: p, subjects: subs, revealed: h.isRevealed(ctx, id)}, nil
}

// anybodyOf is look for the person a route names, also one who was erased.
func (h *Desk) anybodyOf(r *http.Request) (known, error) {
	return h.look(r.Context(), on(r), contacts.PersonID(pathVar(r, "id")))
}

// personOf is anybodyOf for what is done with a person: with nobody who was erased.
func (h *Desk) personOf(r *http.Request) (known, error) {
	k, err := h.anybodyOf(r)
	if err == nil && k.erased() {
		return k, web.ErrNotFound
	}
	return k, err
}

// subjectOf loads the subject a route names, with its study and person.
func (h *Desk) subjectOf(r *http.Request) (trial.Subject, trial.Study, known, error) {
	s := on(r)
	sub, err := h.Trial.Subject(r.Context(), pathVar(r, "id"))
	if err != nil {
		return sub, trial.Study{}, known{}, err
	}
	st, ok := s.study(sub.Study)
	if !ok || !s.covers(sub.Study, sub.Site) {
		return sub, st, known{}, web.ErrNotFound
	}
	k, err := h.look(r.Context(), s, sub.Person)
	return sub, st, k, err
}

// crowd loads people for a list, once each; those the member may not know of are missing.
type crowd struct {
	h   *Desk
	s   *shift
	ctx context.Context
	by  map[contacts.PersonID]*known
}

func (h *Desk) crowd(ctx context.Context, s *shift) *crowd {
	return &crowd{h, s, ctx, map[contacts.PersonID]*known{}}
}

func (c *crowd) get(id contacts.PersonID) (*known, error) {
	if k, ok := c.by[id]; ok {
		return k, nil
	}
	k, err := c.h.look(c.ctx, c.s, id)
	if errors.Is(err, web.ErrNotFound) {
		c.by[id] = nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c.by[id] = &k
	return &k, nil
}

// revealFor is how long a reveal holds in the session it was made in, in real time.
const revealFor = 30 * time.Minute

func (h *Desk) isRevealed(ctx context.Context, id contacts.PersonID) bool {
	at := h.sessions.GetInt64(ctx, "seen:"+string(id))
	return at > 0 && h.Clock.Wall().Sub(time.Unix(at, 0)) < revealFor
}

func (h *Desk) setRevealed(ctx context.Context, id contacts.PersonID) {
	h.sessions.Put(ctx, "seen:"+string(id), h.Clock.Wall().Unix())
}

// openAlerts are those nobody has closed, of the member's studies and sites: open ones first, newest first.
func (h *Desk) openAlerts(ctx context.Context, s *shift) ([]trial.Alert, error) {
	var out []trial.Alert
	for _, state := range []string{trial.AlertOpen, trial.AlertAcknowledged} {
		all, err := h.Trial.Alerts(ctx, state)
		if err != nil {
			return nil, fmt.Errorf("alerts: %w", err)
		}
		for _, a := range all {
			if s.covers(a.Study, a.Site) {
				out = append(out, a)
			}
		}
	}
	return out, nil
}

// openTasks are the tasks of the member's studies and sites, urgent and overdue first. A task without a site
// is shown to whoever may know its person.
func (h *Desk) openTasks(ctx context.Context, s *shift) ([]trial.Task, error) {
	all, err := h.Trial.Tasks(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("tasks: %w", err)
	}
	if s.Everywhere() {
		return all, nil
	}
	people := h.crowd(ctx, s)
	var out []trial.Task
	for _, t := range all {
		if !s.covers(t.Study, t.Site) {
			continue
		}
		if t.Person != "" {
			k, err := people.get(t.Person)
			if err != nil {
				return nil, err
			}
			if k == nil {
				continue
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// unread are inbound contacts nobody has read, newest first: of people the member may know of,
// and those nobody could be placed for.
func (h *Desk) unread(ctx context.Context, s *shift) ([]contacts.Touch, error) {
	all, err := h.People.Unread(ctx, 200)
	if err != nil {
		return nil, fmt.Errorf("unread: %w", err)
	}
	if s.Everywhere() {
		return all, nil
	}
	people := h.crowd(ctx, s)
	var out []contacts.Touch
	for _, t := range all {
		if !s.In(t.Study) {
			continue
		}
		if t.Person != "" {
			k, err := people.get(t.Person)
			if err != nil {
				return nil, err
			}
			if k == nil {
				continue
			}
		}
		out = append(out, t)
	}
	return out, nil
}
