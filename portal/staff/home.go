package staff

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/trial"
)

// line is one matter that waits: how long, who, what, and what to do about it.
type line struct {
	Tone    view.Tone
	Age     string
	Who     string
	Href    string
	Chips   []view.Chip
	What    string
	Actions []view.Action
}

type siteDay struct {
	Name   string
	Visits view.Table
}

type homePage struct {
	view.Page
	Queue   []line
	Empty   view.EmptyState
	Days    []siteDay
	Visits  bool // the member sees people, and so who comes today
	NoVisit string
	Stats   []view.Stat
}

func (*homePage) Template() string { return "staff/home" }

// queueMost is how many lines of each kind "Now" shows; the pages of their own show all.
const queueMost = 15

func (h *Desk) home(w http.ResponseWriter, r *http.Request) error {
	s := on(r)
	p := &homePage{Page: view.Page{Title: h.T(r, "staff.home.title")}, NoVisit: h.T(r, "staff.home.novisits"),
		Empty: view.EmptyState{Title: h.T(r, "staff.home.empty"), Text: h.T(r, "staff.home.empty.text")}}
	if p.Visits = s.Role.May(members.SeePeople); p.Visits {
		people := h.crowd(r.Context(), s)
		for _, part := range []func(*http.Request, *crowd) ([]line, error){h.alertLines, h.promiseLines, h.taskLines, h.inboxLines, h.twinLines} {
			lines, err := part(r, people)
			if err != nil {
				return err
			}
			p.Queue = append(p.Queue, lines...)
		}
		if err := h.todaysVisits(r, people, p); err != nil {
			return err
		}
	}
	p.Queue = append(p.Queue, h.boardLines(r)...)
	halts, err := h.haltLines(r)
	if err != nil {
		return err
	}
	p.Queue = append(p.Queue, halts...)
	broken, err := h.brokenLines(r)
	if err != nil {
		return err
	}
	p.Queue = append(p.Queue, broken...)
	slices.SortStableFunc(p.Queue, func(a, b line) int { return urgency(a.Tone) - urgency(b.Tone) })
	stats, err := h.week(r)
	p.Stats = stats
	if err != nil {
		return err
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

func urgency(t view.Tone) int {
	switch t {
	case view.Red:
		return 0
	case view.Amber:
		return 1
	}
	return 2
}

func (h *Desk) alertLines(r *http.Request, people *crowd) ([]line, error) {
	all, err := h.openAlerts(r.Context(), on(r))
	if err != nil {
		return nil, err
	}
	var out []line
	for _, a := range all {
		k, err := people.get(a.Person)
		if err != nil {
			return nil, err
		}
		if k == nil {
			continue
		}
		l := line{Tone: view.Red, Age: view.Since(on(r).now, a.Raised), Who: k.label(), Href: "/staff/people/" + string(a.Person), What: said(a.What),
			Chips:   []view.Chip{{Text: h.word(r, "staff.level.", a.Level), Tone: levelTone(a.Level), Icon: "warning"}, {Text: string(a.Study)}},
			Actions: []view.Action{{Label: h.T(r, "staff.alert.open"), Kind: view.Primary, Href: "/staff/alerts/" + a.ID, About: k.label()}}}
		if a.State == trial.AlertAcknowledged {
			l.Tone = view.Amber
			l.Chips = append(l.Chips, view.Chip{Text: h.T(r, "staff.alert.takenby", "who", h.staffName(r.Context(), a.AckBy)), Tone: view.Green, Icon: "check"})
			l.Actions[0].Kind = view.Secondary
		}
		out = append(out, l)
	}
	return out, nil
}

// promiseLines are the people who were promised a call (F9): overdue ones are red.
func (h *Desk) promiseLines(r *http.Request, people *crowd) ([]line, error) {
	s := on(r)
	var out []line
	for _, st := range s.studies {
		subs, err := h.Trial.SubjectsIn(r.Context(), st.StudyID(), trial.New)
		if err != nil {
			return nil, fmt.Errorf("new people of %s: %w", st.ID, err)
		}
		slices.SortFunc(subs, func(a, b trial.Subject) int { return a.Promised.Compare(b.Promised) })
		shown := 0
		for _, sub := range subs {
			if sub.Promised.IsZero() || !s.At(sub.Site) || shown == queueMost {
				continue
			}
			k, err := people.get(sub.Person)
			if err != nil {
				return nil, err
			}
			if k == nil {
				continue
			}
			shown++
			due := sub.Promised.In(zoneOf(s.site(sub.Site)))
			l := line{Age: view.Since(s.now, sub.Moves[0].Entered), Who: k.label(), Href: "/staff/people/" + string(sub.Person), Chips: []view.Chip{{Text: string(sub.Study)}},
				What:    h.T(r, "staff.promise.due", "when", i18n.When(i18n.En, due, s.now)),
				Actions: []view.Action{{Label: h.T(r, "staff.do.call"), Kind: view.Secondary, Icon: "phone", Href: "/staff/people/" + string(sub.Person) + "?do=call&about=" + string(sub.Study), About: k.label()}}}
			switch {
			case s.now.After(sub.Promised):
				l.Tone, l.What = view.Red, h.T(r, "staff.promise.late", "when", view.When("en", due), "caller", st.Promise.Caller)
			case sub.Promised.Sub(s.now) < 4*time.Hour:
				l.Tone = view.Amber
			}
			out = append(out, l)
		}
	}
	return out, nil
}

func (h *Desk) taskLines(r *http.Request, people *crowd) ([]line, error) {
	s := on(r)
	tasks, err := h.openTasks(r.Context(), s)
	if err != nil {
		return nil, err
	}
	var out []line
	for _, t := range tasks[:min(len(tasks), queueMost)] {
		l, err := h.taskLine(r, people, t)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

func (h *Desk) inboxLines(r *http.Request, people *crowd) ([]line, error) {
	s := on(r)
	all, err := h.unread(r.Context(), s)
	if err != nil {
		return nil, err
	}
	var out []line
	for _, t := range all[:min(len(all), queueMost)] {
		l := line{Age: view.Since(s.now, t.At), Who: h.T(r, "staff.inbox.unplaced"), What: t.Body, Href: "/staff/inbox",
			Chips:   []view.Chip{{Text: h.word(r, "staff.kind.in.", t.Kind), Icon: "chat"}},
			Actions: []view.Action{{Label: h.T(r, "staff.do.answer"), Kind: view.Secondary, Href: "/staff/inbox"}}}
		if t.Person != "" {
			k, err := people.get(t.Person)
			if err != nil {
				return nil, err
			}
			if k == nil {
				continue
			}
			l.Who, l.Href, l.What = k.label(), "/staff/people/"+string(t.Person), k.hide(t.Body)
			l.Actions[0].Href = "/staff/people/" + string(t.Person) + "?do=text&reply=" + t.ID
			l.Actions[0].About = k.label()
		}
		out = append(out, l)
	}
	return out, nil
}

// boardLines warn of approvals that end: 60, 30 and 7 days ahead (F17).
func (h *Desk) boardLines(r *http.Request) []line {
	var out []line
	for _, st := range on(r).studies {
		text, tone := h.boardWarning(r, st)
		if text == "" {
			continue
		}
		out = append(out, line{Tone: tone, Age: h.T(r, "staff.days", "n", boardDays(on(r), st)), Who: st.ID, Href: "/staff/studies/" + st.ID, What: text,
			Actions: []view.Action{{Label: h.T(r, "staff.do.open"), Kind: view.Secondary, Href: "/staff/studies/" + st.ID, About: st.ID}}})
	}
	return out
}

// boardWarning is a sentence about a study's approval when it is worth one.
func (h *Desk) boardWarning(r *http.Request, st trial.Study) (string, view.Tone) {
	if st.State == trial.StudyClosed || st.State == trial.StudySetup {
		return "", ""
	}
	ok, why := st.Approved(on(r).now)
	if !ok {
		return h.T(r, "staff.board.lapsed", "why", sentence(why)), view.Red
	}
	left := boardDays(on(r), st)
	text := h.T(r, "staff.board.ends", "number", st.Board.Number, "day", fullDay(st.Board.Expires), "count", left)
	switch {
	case left <= 7:
		return text, view.Red
	case left <= 30:
		return text, view.Amber
	case left <= 60:
		return text, view.Plain
	}
	return "", ""
}

// boardDays is how many days of the approval are left after today; below 0 when it has ended.
func boardDays(s *shift, st trial.Study) int {
	today, err1 := time.Parse(time.DateOnly, s.now.Format(time.DateOnly))
	ends, err2 := time.Parse(time.DateOnly, st.Board.Expires)
	if err1 != nil || err2 != nil {
		return 0
	}
	return int(ends.Sub(today).Hours() / 24)
}

func (h *Desk) todaysVisits(r *http.Request, people *crowd, p *homePage) error {
	s := on(r)
	for _, site := range s.sites {
		today := s.now.In(zoneOf(site)).Format(time.DateOnly)
		table, n, err := h.visitTable(r, people, site.ID, today)
		if err != nil {
			return err
		}
		if n > 0 {
			table.CaptionHidden = true
			p.Days = append(p.Days, siteDay{Name: site.Name, Visits: table})
		}
	}
	return nil
}

// week is four small figures: over all of the member's studies, last seven days.
func (h *Desk) week(r *http.Request) ([]view.Stat, error) {
	s := on(r)
	since := s.now.AddDate(0, 0, -7)
	var fresh, called, consented, inStudy, target int
	for _, st := range s.studies {
		if st.State == trial.StudyClosed || st.State == trial.StudySetup {
			continue
		}
		subs, err := h.Trial.SubjectsIn(r.Context(), st.StudyID(), "")
		if err != nil {
			return nil, fmt.Errorf("people of %s: %w", st.ID, err)
		}
		target += st.Target
		for _, sub := range subs {
			if !s.At(sub.Site) || sub.Practice {
				continue
			}
			if sub.Status.InStudy() || sub.Status == trial.Completed {
				inStudy++
			}
			for _, m := range sub.Moves {
				if m.Entered.Before(since) {
					continue
				}
				switch m.To {
				case trial.New:
					fresh++
				case trial.Contacting:
					called++
				case trial.Consented:
					consented++
				}
			}
		}
	}
	out := []view.Stat{
		{Label: h.T(r, "staff.week.new"), Figure: h.count(r, fresh).text},
		{Label: h.T(r, "staff.week.called"), Figure: h.count(r, called).text},
		{Label: h.T(r, "staff.week.consented"), Figure: h.count(r, consented).text},
		{Label: h.T(r, "staff.week.in"), Figure: h.count(r, inStudy).text},
	}
	if target > 0 {
		out[3].Note = h.T(r, "staff.week.target", "n", view.Number(target))
	}
	return out, nil
}

// staffName is a member's name, or the id of whoever is not one.
func (h *Desk) staffName(ctx context.Context, id string) string {
	if id == "" {
		return ""
	}
	if m, err := h.Members.Get(ctx, id); err == nil {
		return m.Name
	}
	return id
}
