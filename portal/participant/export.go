package participant

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/wishes"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// export is what a person takes home: their own data in names anybody can read.
type export struct {
	Made     time.Time          `json:"made"`
	Name     string             `json:"name"`
	Birth    string             `json:"birthDate,omitempty"`
	Language i18n.Lang          `json:"language"`
	ZIP      string             `json:"zip,omitempty"`
	Points   []exportPoint      `json:"phonesAndEmails"`
	Consents []contacts.Consent `json:"permissions"`
	Wishes   []string           `json:"whenAndHow,omitempty"` // when and how they want to be reached
	Facts    []contacts.Fact    `json:"facts"`
	Studies  []exportStudy      `json:"studies"`
	Visits   []exportVisit      `json:"visits"`
	Answers  []exportAnswers    `json:"answers"`
	Messages []exportMessage    `json:"messages"`
}

type exportPoint struct {
	Kind  contacts.PointKind `json:"kind"`
	Value string             `json:"value"`
}

type exportStudy struct {
	Title  string `json:"title"`
	Status string `json:"status"`
	Since  string `json:"signedUp,omitempty"`
}

type exportVisit struct {
	Study string           `json:"study"`
	Visit string           `json:"visit"`
	Day   string           `json:"day"`
	Time  string           `json:"time,omitempty"`
	State trial.VisitState `json:"state"`
	Reply string           `json:"yourAnswer,omitempty"`
}

type exportAnswers struct {
	Study   string         `json:"study,omitempty"`
	Kind    string         `json:"kind"`
	Day     string         `json:"day,omitempty"`
	Mode    survey.Mode    `json:"mode,omitempty"` // allowed, flagged, locked: whether it may go on by another channel
	Mixed   bool           `json:"mixed,omitempty"`
	Answers []exportAnswer `json:"answers"`
}

type exportAnswer struct {
	Question string         `json:"question"`
	Answer   string         `json:"answer"`
	At       time.Time      `json:"at"`
	Channel  survey.Channel `json:"channel,omitempty"` // none of a score, which was added up
}

type exportMessage struct {
	At      time.Time        `json:"at"`
	FromUs  bool             `json:"fromUs"`
	Channel contacts.Channel `json:"channel"`
	Text    string           `json:"text,omitempty"`
	Outcome string           `json:"outcome,omitempty"`
}

// download is a person's own data as a file.
func (h *Pages) download(w http.ResponseWriter, r *http.Request) error {
	m, ctx, lang := self(r), r.Context(), h.lang(r)
	chart, err := h.People.Chart(ctx, m.PersonID())
	if err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	subs, err := h.Trial.SubjectsOf(ctx, m.PersonID())
	if err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	visits, err := h.Trial.VisitsOf(ctx, m.PersonID())
	if err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	responses, err := h.Trial.ResponsesOf(ctx, m.PersonID())
	if err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	touches, err := h.People.Timeline(ctx, m.PersonID(), 0, time.Time{})
	if err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	out := export{Made: h.Clock.Now(), Name: m.Name(), Birth: m.BirthDate, Language: m.Language, ZIP: m.Address.ZIP, Consents: m.Consents, Facts: chart.Facts,
		Wishes: wishes.Lines(trial.WishesOf(&m.Person, h.Clock.Now()), lang, h.words(r))}
	for _, p := range m.Points {
		out.Points = append(out.Points, exportPoint{p.Kind, p.Value})
	}
	title := map[trial.StudyID]string{}
	for _, s := range subs {
		st, err := h.Trial.Study(ctx, s.Study)
		if err != nil {
			return fmt.Errorf("own data: %w", err)
		}
		title[s.Study] = pick(st.Title, lang)
		x := exportStudy{Title: title[s.Study], Status: s.Shown(h.Clock.Now()).String()}
		if len(s.Moves) > 0 {
			x.Since = s.Moves[0].Event
		}
		out.Studies = append(out.Studies, x)
	}
	for _, v := range visits {
		x := exportVisit{Study: title[v.Study], Visit: v.Code, Day: v.Day, Time: v.Time, State: v.State, Reply: v.Reply}
		if x.Day == "" {
			x.Day = v.Earliest + " to " + v.Latest
		}
		out.Visits = append(out.Visits, x)
	}
	for _, a := range responses {
		q, err := h.Trial.QuestionnaireFor(ctx, &a)
		if err != nil {
			return fmt.Errorf("own data: %w", err)
		}
		x := exportAnswers{Study: title[a.Study], Kind: a.Kind, Day: a.Day, Mode: a.Session.Mode, Mixed: a.Session.Mixed}
		for _, l := range q.Lines(a.Session, string(lang)) {
			said := l.Text
			if l.Answer.Recorded() {
				said = i18n.T(lang, "common.answer.recorded")
			}
			x.Answers = append(x.Answers, exportAnswer{l.Question, said, l.Answer.AnsweredAt, l.Answer.Channel})
		}
		out.Answers = append(out.Answers, x)
	}
	for _, t := range touches {
		if t.Kind != "note" {
			out.Messages = append(out.Messages, exportMessage{t.At, t.Out, t.Channel, t.Body, t.Outcome})
		}
	}
	body, err := json.MarshalIndent(out, "", "  ")
	if err == nil {
		err = h.People.Saw(ctx, m.actor(), &m.Person, "person.export", "own", "")
	}
	if err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="my-data.json"`)
	_, err = w.Write(append(body, '\n'))
	return err
}
