package public

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// join is somebody on the way to signing up. It lives in the browser's session only.
type join struct {
	Study    trial.StudyID   `json:"study,omitempty"` // "" the registry alone
	Young    bool            `json:"young,omitempty"` // under age: nothing else is kept, and no way back
	Birth    string          `json:"birth,omitempty"`
	Read     bool            `json:"read,omitempty"` // the words before the questions
	Keep     bool            `json:"keep,omitempty"` // answers may be used to look for other studies
	Screened trial.StudyID   `json:"screened,omitempty"`
	Answers  *survey.Session `json:"answers,omitempty"`
	Section  string          `json:"section,omitempty"` // of the question on screen
	Seen     bool            `json:"seen,omitempty"`    // the outcome page was shown
	Changed  []string        `json:"changed,omitempty"` // questions answered anew after that
	Outcome  outcome         `json:"outcome,omitempty"`
	Details  url.Values      `json:"details,omitempty"` // as typed, to show again

	Person    contacts.PersonID `json:"person,omitempty"`
	Site      string            `json:"site,omitempty"`
	Number    string            `json:"number,omitempty"`
	TextOnly  bool              `json:"textOnly,omitempty"`
	NoCall    bool              `json:"noCall,omitempty"` // no machine may call
	NoText    bool              `json:"noText,omitempty"` // the number takes no texts
	ByCall    bool              `json:"byCall,omitempty"`
	Email     string            `json:"email,omitempty"`  // where a code may go as well; "" nowhere
	ByMail    bool              `json:"byMail,omitempty"` // the last one went there
	Challenge string            `json:"challenge,omitempty"`
	Applied   time.Time         `json:"applied,omitzero"`
	Repeat    bool              `json:"repeat,omitempty"`
	Promised  time.Time         `json:"promised,omitzero"`
	NoCode    bool              `json:"noCode,omitempty"`
	Own       bool              `json:"own,omitempty"`  // the device is theirs
	Pass      string            `json:"pass,omitempty"` // the confirmed challenge, which opens their page once
	Done      bool              `json:"done,omitempty"`
}

// outcome is what a pre-screen came to.
type outcome string

const (
	open    outcome = ""
	goesOn  outcome = "goes on" // nothing rules the person out
	notThis outcome = "not this"
)

// The screens, in order.
var screens = []string{"/join", "/join/about", "/join/questions", "/join/answer", "/join/details", "/join/code", "/join/done"}

// at is the screen that comes next.
func (j *join) at() string {
	switch {
	case j.Young || j.Birth == "" && !j.Done:
		return "/join"
	case j.Done:
		return "/join/done"
	case j.Challenge != "":
		return "/join/code"
	case !j.Read:
		return "/join/about"
	case j.Study != "" && j.Outcome == open && j.Answers != nil:
		return "/join/questions"
	case j.Outcome == notThis:
		return "/join/answer"
	}
	return "/join/details"
}

const joinKey = "join"

func (h *Pages) joining(r *http.Request) join {
	var j join
	if kept := h.Sessions.GetString(r.Context(), joinKey); kept != "" {
		if json.Unmarshal([]byte(kept), &j) != nil {
			return join{} // of an older version: begin again
		}
	}
	return j
}

func (h *Pages) keep(r *http.Request, j join) error {
	b, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("keep sign-up: %w", err)
	}
	h.Sessions.Put(r.Context(), joinKey, string(b))
	return nil
}

// on returns the sign-up if the screen may be shown; otherwise an error that leads to the one
// that comes next.
func (h *Pages) on(r *http.Request, screen string) (join, error) {
	j := h.joining(r)
	next := j.at()
	switch {
	case next == "/join" || next == "/join/done":
		if screen != next {
			return j, web.SeeOther(next)
		}
	case slices.Index(screens, screen) > slices.Index(screens, next):
		return j, web.SeeOther(next)
	}
	return j, nil
}

// studyOf is the study somebody signs up for, nil for the registry alone. One that is not open
// any more leads back to the list.
func (h *Pages) studyOf(ctx context.Context, j join) (*trial.Study, error) {
	if j.Study == "" {
		return nil, nil
	}
	s, err := h.Trial.Study(ctx, j.Study)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil, web.SeeOther("/studies")
	}
	if err != nil {
		return nil, fmt.Errorf("study to join: %w", err)
	}
	if ok, _ := s.Recruiting(h.Clock.Now()); !ok {
		return nil, web.SeeOther("/studies/" + s.ID)
	}
	return &s, nil
}

// stop forgets everything this browser told us.
func (h *Pages) stop(w http.ResponseWriter, r *http.Request) error {
	if err := h.Sessions.Clear(r.Context()); err != nil {
		return fmt.Errorf("stop signing up: %w", err)
	}
	return web.Redirect(w, r, "/join/stopped")
}

type stoppedPage struct{ sheet }

func (*stoppedPage) Template() string { return "public/stopped" }

func (h *Pages) stopped(w http.ResponseWriter, r *http.Request) error {
	return h.open.Render(w, r, http.StatusOK, &stoppedPage{h.sheet(r, h.T(r, "public.stopped.title"))})
}

// majority is the age one must have, and the place to call below it: the strictest of the
// study's sites, or of all open studies for the registry.
func (h *Pages) majority(ctx context.Context, s *trial.Study) (age int, zone *time.Location, err error) {
	age, zone = 18, time.UTC
	studies := []trial.Study{}
	if s != nil {
		studies = append(studies, *s)
	} else if studies, err = h.Trial.Studies(ctx); err != nil {
		return 0, nil, fmt.Errorf("age of majority: %w", err)
	}
	for _, s := range studies {
		for _, x := range s.Sites {
			age = max(age, x.MajorityAge)
			if l, err := time.LoadLocation(x.Zone); err == nil && zone == time.UTC {
				zone = l
			}
		}
	}
	return age, zone, nil
}

// years is a person's age in whole years on a day; someone born on 29 February has the birthday
// on 1 March in other years.
func years(birth, today string) int {
	b, err1 := time.Parse(time.DateOnly, birth)
	t, err2 := time.Parse(time.DateOnly, today)
	if err1 != nil || err2 != nil {
		return 0
	}
	n := t.Year() - b.Year()
	if t.Month() < b.Month() || t.Month() == b.Month() && t.Day() < b.Day() {
		n--
	}
	return n
}
