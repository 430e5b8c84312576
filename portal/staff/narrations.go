package staff

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/sound"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// narrationRoom is how large a form with a file may be: one that is somewhat too large is still read, so
// that it can be refused with its mend.
const narrationRoom = sound.MostBytes + 1<<20

type narrationsPage struct {
	view.Page
	Counts    []string // by language
	May       bool     // put and remove
	Post      string
	Languages []narrationPart
	Stale     []narrationRow
}

func (*narrationsPage) Template() string { return "staff/narrations" }

// narrationPart is what the phone says in one language.
type narrationPart struct {
	Title string
	Rows  []narrationRow
}

type narrationRow struct {
	Key, Lang, Words, Where, File string
	Chip                          view.Chip
	ID, Sound, Put                string // of the recording: where it plays, how long it is and who put it when
	Error                         string
}

// narrations lists every sentence the phone says word for word in a study, with what is recorded of it.
func (h *Desk) narrations(w http.ResponseWriter, r *http.Request) error {
	return h.showNarrations(w, r, http.StatusOK, "", "")
}

func (h *Desk) showNarrations(w http.ResponseWriter, r *http.Request, status int, wrong, mend string) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	report, err := h.Trial.NarrationReport(r.Context(), &st)
	if err != nil {
		return err
	}
	p := &narrationsPage{Page: view.Page{Title: h.T(r, "staff.narrations.title", "study", st.ID), Lead: h.T(r, "staff.narrations.lead"), Back: &view.Link{Label: st.ID, Href: "/staff/studies/" + st.ID}},
		May: on(r).Role.May(members.WriteQuestions), Post: "/staff/studies/" + st.ID + "/narrations"}
	for _, n := range report.Counts() {
		line := h.T(r, "staff.narrations.count", "language", i18n.Lang(n.Lang).Name(), "recorded", n.Recorded, "all", n.All, "missing", n.Missing, "stale", n.Stale)
		p.Counts = append(p.Counts, line)
		part := narrationPart{Title: i18n.Lang(n.Lang).Name()}
		for _, x := range report.Sentences {
			if x.Lang != n.Lang {
				continue
			}
			row := narrationRow{Key: x.Spoken().Key(), Lang: x.Lang, Words: x.Words, Where: h.saidWith(r, x.Sentence), File: x.File(), Chip: h.narrationChip(r, x.State)}
			h.put(r, &row, p.Post, x.Narration)
			if row.Key == wrong {
				row.Error = mend
				p.Errors = append(p.Errors, view.FieldError{Field: "file-" + row.Key, Text: mend})
			}
			part.Rows = append(part.Rows, row)
		}
		if len(part.Rows) > 0 {
			p.Languages = append(p.Languages, part)
		}
	}
	for _, n := range report.Stale {
		row := narrationRow{Key: n.Spoken().Key(), Lang: n.Lang, Words: n.Words, Chip: h.narrationChip(r, "stale")}
		h.put(r, &row, p.Post, n)
		p.Stale = append(p.Stale, row)
	}
	if mend != "" && len(p.Errors) == 0 { // of words that are on the page no more
		p.Errors = []view.FieldError{{Text: mend}}
	}
	return h.site.Render(w, r, status, p)
}

// saidWith names the question a sentence is said with.
func (h *Desk) saidWith(r *http.Request, s trial.Sentence) string {
	where := s.Questionnaire + ", " + s.Item
	if s.Item == trial.SafetyItem {
		where = h.T(r, "staff.narrations.safety")
	}
	if s.Others > 0 {
		where = h.T(r, "staff.narrations.others", "count", s.Others, "where", where)
	}
	return where
}

func (h *Desk) narrationChip(r *http.Request, state string) view.Chip {
	c := view.Chip{Text: h.word(r, "staff.narrations.state.", state), Tone: view.Amber}
	switch state {
	case trial.NarrationRecorded:
		c.Tone, c.Icon = view.Green, "check"
	case trial.NarrationUnreadable:
		c.Tone = view.Red
	}
	return c
}

// put fills in what is recorded.
func (h *Desk) put(r *http.Request, row *narrationRow, at string, n trial.Narration) {
	if n.ID == "" {
		return
	}
	row.ID, row.Sound = n.ID, at+"/"+n.ID
	row.Put = h.T(r, "staff.narrations.put", "seconds", fmt.Sprintf("%.1f", n.Lasts().Seconds()), "by", n.By, "day", view.DayMonthYear("en", n.At.In(on(r).zone)))
}

// narration plays a recording to staff.
func (h *Desk) narration(w http.ResponseWriter, r *http.Request) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	n, data, err := h.Trial.NarrationSound(r.Context(), pathVar(r, "narration"))
	if errors.Is(err, docstore.ErrNotFound) || errors.Is(err, trial.ErrNarrationBroken) || err == nil && n.Study != st.StudyID() {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", n.Type)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	return nil
}

// changeNarration takes a file for a sentence, or a recording away.
func (h *Desk) changeNarration(w http.ResponseWriter, r *http.Request) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	to := "/staff/studies/" + st.ID + "/narrations"
	leads(r, to)
	done := "staff.narrations.done"
	if id := f.Value("remove"); id != "" {
		done = "staff.narrations.removed"
		err = h.Trial.RemoveNarration(r.Context(), on(r).Actor(), st.StudyID(), id)
		if errors.Is(err, docstore.ErrNotFound) { // somebody was faster
			err = nil
		}
	} else {
		name, file, err2 := f.File("file")
		if err2 != nil {
			return err2
		}
		_, err = h.Trial.PutNarration(r.Context(), on(r).Actor(), st.StudyID(), f.Value("words"), name, file)
		if errors.Is(err, trial.ErrNarration) {
			mend := strings.TrimPrefix(err.Error(), trial.ErrNarration.Error()+": ")
			return h.showNarrations(w, r, http.StatusUnprocessableEntity, f.Value("words"), sentence(strings.NewReplacer("file: "+sound.ErrUnusable.Error()+": ", "", "words: ", "").Replace(mend)))
		}
	}
	if err != nil {
		return fmt.Errorf("recorded prompts: %w", err)
	}
	h.site.Flash(r, view.Done, h.T(r, done))
	return web.Redirect(w, r, to)
}
