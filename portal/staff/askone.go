package staff

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// askedAtOnce is how many people one sending asks at most.
const askedAtOnce = 500

type askPage struct {
	view.Page
	Action   string
	Question string
	Words    []string // the lines of the text as it goes out
	Send     string   // "" where nobody can be asked
	Now      string
	Later    view.Table
	Out      view.Table
}

func (*askPage) Template() string { return "staff/ask" }

// askBy are the questions of those named that can be asked by text now, each leading to its preview.
func (h *Desk) askBy(r *http.Request, st *trial.Study, all []Ask) (out []view.Action) {
	if h.Asker == nil || !on(r).Role.May(members.ContactPeople) {
		return nil
	}
	for _, a := range all[:min(len(all), askMost)] {
		if a.Settles < 0.5 || a.Sensitive {
			continue
		}
		if q, _, err := h.Trial.AskedAlone(r.Context(), st, a.Question); err == nil && q != nil {
			out = append(out, view.Action{Label: h.T(r, "staff.ask.by", "what", a.Name), Kind: view.Secondary, Icon: "chat", Href: "/staff/studies/" + st.ID + "/ask?question=" + a.Question})
		}
	}
	return out
}

// askPage shows who would be asked now, who later and who not, before anything is sent.
func (h *Desk) askPage(w http.ResponseWriter, r *http.Request) error {
	return h.asks(w, r, r.URL.Query().Get("question"), true)
}

// sendAsk sends the question.
func (h *Desk) sendAsk(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	return h.asks(w, r, f.Value("question"), false)
}

func (h *Desk) asks(w http.ResponseWriter, r *http.Request, question string, try bool) error {
	s := on(r)
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	if ok, _ := st.Recruiting(s.now); !ok || h.Matcher == nil || question == "" || len(question) > 100 {
		return web.ErrNotFound
	}
	unknown, err := h.Matcher.Unknown(r.Context(), st.StudyID(), question, s.now.Format(time.DateOnly))
	if err != nil {
		return fmt.Errorf("ask in %s: %w", st.ID, err)
	}
	people := h.crowd(r.Context(), s)
	var mine []contacts.PersonID // whom this member may know of
	for _, id := range unknown[:min(len(unknown), askedAtOnce)] {
		k, err := people.get(id)
		if err != nil {
			return err
		}
		if k != nil {
			mine = append(mine, id)
		}
	}
	leads(r, "/staff/studies/"+st.ID+"/candidates")
	done, err := h.Asker.AskPeople(r.Context(), s.Actor(), st.StudyID(), question, mine, try)
	if errors.Is(err, trial.ErrRefused) {
		return web.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("ask in %s: %w", st.ID, err)
	}
	if !try {
		h.site.Flash(r, view.Done, h.T(r, "staff.ask.sent", "now", len(done.Now), "later", len(done.Later)))
		return web.Redirect(w, r, "/staff/studies/"+st.ID+"/candidates")
	}
	p := &askPage{Page: view.Page{Title: h.T(r, "staff.ask.title", "study", st.ID), Lead: h.T(r, "staff.ask.lead", "n", len(mine)), Back: &view.Link{Label: h.T(r, "staff.candidates.title"), Href: "/staff/studies/" + st.ID + "/candidates"}},
		Action: "/staff/studies/" + st.ID + "/ask", Question: question, Words: strings.Split(done.Text, "\n")}
	p.Now = h.T(r, "staff.ask.now", "n", len(done.Now))
	if n := len(done.Now) + len(done.Later); n > 0 {
		p.Send = h.T(r, "staff.ask.send", "n", n)
	}
	if p.Later, err = h.askTable(r, people, h.T(r, "staff.ask.later", "n", len(done.Later)), done.Later); err != nil {
		return err
	}
	if p.Out, err = h.askTable(r, people, h.T(r, "staff.ask.out", "n", len(done.Out)), done.Out); err != nil {
		return err
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

// askNamed is how many people of one reason are named; the rest are counted.
const askNamed = 6

// askTable lists reasons, the rarest first, with whom each is about.
func (h *Desk) askTable(r *http.Request, people *crowd, caption string, all []trial.PutOff) (view.Table, error) {
	t := view.Table{Caption: caption, Columns: []view.Column{{Label: h.T(r, "staff.ask.why")}, {Label: h.T(r, "staff.people.n"), Num: true}, {Label: h.T(r, "staff.who")}}}
	var reasons []string
	who := map[string][]string{}
	for _, x := range all {
		k, err := people.get(x.Person)
		if err != nil {
			return t, err
		}
		if k == nil {
			continue
		}
		why := x.Why
		for _, name := range []string{k.Name(), k.Given} {
			why = strings.TrimPrefix(why, name+" ")
		}
		why = sentence(k.hide(why))
		if who[why] == nil {
			reasons = append(reasons, why)
		}
		who[why] = append(who[why], k.label())
	}
	slices.SortStableFunc(reasons, func(a, b string) int { return len(who[a]) - len(who[b]) })
	for _, why := range reasons {
		names := who[why]
		shown := strings.Join(names[:min(len(names), askNamed)], ", ")
		if n := len(names) - askNamed; n > 0 {
			shown += " " + h.T(r, "staff.ask.more", "n", n)
		}
		t.Rows = append(t.Rows, view.Row{Cells: []view.Cell{{Text: why}, {Text: view.Number(len(names))}, {Text: shown}}})
	}
	return t, nil
}
