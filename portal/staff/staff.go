// Package staff is the desk of the people who run studies: what needs them now, who fits, who
// is where in a study, visits, alerts, messages.
//
// Everything is changed through trial.Coordinator and contacts.Directory with the signed-in
// member as the actor. Names stay masked until a reveal, which is written to the audit trail.
// Members of some sites or studies see the people of those; anybody else is "not found".
package staff

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/auth/oidc"
	"github.com/muster-health/muster/internal/auth/session"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

//go:embed pages partials
var files embed.FS

// Templates are this audience's pages, for view.NewRenderer.
func Templates() view.Set { return view.Set{Name: "staff", Layout: "staff", FS: fs.FS(files)} }

// Clock gives business time and real time; *clock.Clock is one.
type Clock interface {
	Now() time.Time
	Wall() time.Time
}

// Finder finds people by what staff type, best first; *contacts.Search is one.
type Finder interface {
	Find(query string, limit int) []contacts.PersonID
}

// Practice starts a practice call with a person: flagged, and counted nowhere.
type Practice interface {
	Practice(ctx context.Context, by audit.Actor, p contacts.PersonID) error
}

// Offers asks somebody by text which of some times suits them for a visit. trial.ErrRefused and
// trial.ErrWindow say why it cannot.
type Offers interface {
	OfferSlots(ctx context.Context, by audit.Actor, visit string, slots []trial.Slot) error
}

// Asker asks people one question of a study's pre-screen by text; a try only says what that would do.
// trial.ErrRefused says why the question cannot be asked.
type Asker interface {
	AskPeople(ctx context.Context, by audit.Actor, study trial.StudyID, question string, people []contacts.PersonID, try bool) (trial.Asking, error)
}

// Provider is the site's identity provider; *oidc.Client is one.
type Provider interface {
	Name() string
	Up(ctx context.Context) error
	Begin(ctx context.Context, anew bool) (string, oidc.Flow, error)
	Finish(ctx context.Context, f oidc.Flow, answer url.Values) (oidc.Identity, error)
	SignOut(ctx context.Context, idToken string) oidc.SignOut
}

// Deps is what the desk works with. All but the last seven are required.
type Deps struct {
	Site    *web.Site // made with a renderer that has Templates
	Store   *docstore.Store
	Ring    *seal.Ring // seals the sessions
	Clock   Clock
	Members *members.Members
	People  *contacts.Directory
	Search  Finder
	Trial   *trial.Coordinator
	Audit   *audit.Log
	Office  string // the number that people are texted and called from, E.164

	Matcher  Matcher                  // nil: pages say that matching is not running
	Practice Practice                 // nil: no practice calls
	Criteria func(yaml string) string // criteria as text for reading; nil: as they are
	Provider Provider                 // nil: staff come in by links alone

	Rehearser Rehearser // nil: no rehearsals
	Offers    Offers    // nil: no times are offered by text
	Asker     Asker     // nil: nobody is asked a question by text
}

// Desk serves the pages under /staff.
type Desk struct {
	Deps
	site     *web.Site // with a session and, for all but sign-in, the guard
	door     *web.Site // with a session only
	lost     *web.Site // with whoever is signed in, if anybody is: for addresses without a page
	sessions *session.Manager
	claims   *web.Once // of forms that were taken
}

// New returns the desk, ready to serve.
func New(ctx context.Context, d Deps) (*Desk, error) {
	if d.Site == nil || d.Store == nil || d.Ring == nil || d.Clock == nil || d.Members == nil || d.People == nil || d.Search == nil || d.Trial == nil || d.Audit == nil {
		return nil, errors.New("staff desk: something required is missing")
	}
	sessions, err := session.New(ctx, d.Store, d.Ring, d.Clock.Wall, session.Options{Name: "staff", Secure: d.Site.Secure, Idle: 15 * time.Minute, Life: 12 * time.Hour, Failed: d.Site.Fail})
	if err != nil {
		return nil, fmt.Errorf("staff desk: %w", err)
	}
	claims, err := web.OpenOnce(ctx, d.Store, d.Clock.Wall)
	if err != nil {
		return nil, fmt.Errorf("staff desk: %w", err)
	}
	if d.Criteria == nil {
		d.Criteria = func(yaml string) string { return yaml }
	}
	h := &Desk{Deps: d, sessions: sessions, claims: claims}
	h.door = d.Site.With(sessions, h.dress)
	h.door.Home = "/staff"
	h.site = h.door.Guarded(h.guard)
	h.lost = h.door.Guarded(h.greet)
	return h, nil
}

// Routes is the map of the desk: each page with the permission it asks for. What changes something
// counts once.
func (h *Desk) Routes() web.Routes {
	var all web.Routes
	door := func(method, path string, f web.Handler) { all.Add(h.door, web.Public, method, path, f) }
	add := func(method, path string, p members.Permission, f web.Handler) {
		all.Add(h.site, web.StaffMay(string(p)), method, path, needs(p, f))
	}
	page := func(path string, p members.Permission, f web.Handler) { add(http.MethodGet, path, p, f) }
	change := func(path string, p members.Permission, f web.Handler) { add(http.MethodPost, path, p, h.once(f)) }

	door("GET", "/staff/sign-in", h.signInPage)
	if h.Provider != nil {
		door("GET", "/staff/sign-in/oidc", h.door.Limit(web.NewLimiter(2*time.Second, 30, 0, h.Clock.Wall), h.leave))
		door("GET", oidc.CallbackPath, h.back)
	}
	door("GET", "/staff/sign-in/{secret}", h.linkPage)
	door("POST", "/staff/sign-in", h.signIn)
	door("POST", "/staff/sign-out", h.signOut)

	page("/staff", members.SeeCounts, h.home)
	page("/staff/studies", members.SeeCounts, h.studies)
	page("/staff/studies/{study}", members.SeeCounts, h.study)
	page("/staff/studies/{study}/candidates", members.SeePeople, h.candidates)
	change("/staff/studies/{study}/candidates", members.ChangeSubjects, h.addCandidate)
	if h.Asker != nil {
		page("/staff/studies/{study}/ask", members.ContactPeople, h.askPage)
		change("/staff/studies/{study}/ask", members.ContactPeople, h.sendAsk)
	}
	page("/staff/studies/{study}/pipeline", members.SeePeople, h.pipeline)

	page("/staff/questionnaires", members.SeeCounts, h.questionnaires)
	page("/staff/questionnaires/new", members.WriteQuestions, h.writeQuestionnaire)
	change("/staff/questionnaires/new", members.WriteQuestions, h.written)
	change("/staff/questionnaires/{questionnaire}/edition", members.WriteQuestions, h.changeEdition)
	page("/staff/questionnaires/{questionnaire}", members.SeeCounts, h.questionnaire)

	page("/staff/studies/{study}/scripts", members.SeeCounts, h.scripts)
	change("/staff/studies/{study}/scripts", members.WriteQuestions, h.approve)
	page("/staff/studies/{study}/narrations", members.SeeCounts, h.narrations)
	page("/staff/studies/{study}/narrations/{narration}", members.SeeCounts, h.narration)
	add("POST", "/staff/studies/{study}/narrations", members.WriteQuestions, h.site.Room(narrationRoom, h.once(h.changeNarration)))
	page("/staff/studies/{study}/reminders", members.ManageVisits, h.reminders)
	change("/staff/studies/{study}/reminders", members.ManageVisits, h.changeReminders)

	page("/staff/studies/{study}/schedules", members.ManageVisits, h.schedules)
	change("/staff/studies/{study}/schedules", members.ManageVisits, h.changeSchedules)

	page("/staff/studies/{study}/oncall", members.SeeCounts, h.rota)
	change("/staff/studies/{study}/oncall", members.HandleAlerts, h.addShift)
	change("/staff/studies/{study}/oncall/handover", members.HandleAlerts, h.handOver)
	change("/staff/studies/{study}/oncall/drop", members.HandleAlerts, h.dropShift)

	if h.Rehearser != nil {
		page("/staff/studies/{study}/rehearse", members.SeeCounts, h.rehearseForm)
		add("POST", "/staff/studies/{study}/rehearse", members.SeeCounts, h.rehearse) // twice does no harm
	}

	page("/staff/people", members.SeePeople, h.people)
	add("POST", "/staff/people", members.SeePeople, h.search)
	page("/staff/people/new", members.ChangePeople, h.newPerson)
	change("/staff/people/new", members.ChangePeople, h.addPerson)
	page("/staff/people/{id}", members.SeePeople, h.person)
	add("POST", "/staff/people/{id}/reveal", members.RevealNames, h.reveal)
	change("/staff/people/{id}/text", members.ContactPeople, h.sendText)
	change("/staff/people/{id}/call", members.ContactPeople, h.logCall)
	change("/staff/people/{id}/note", members.ContactPeople, h.addNote)
	page("/staff/people/{id}/permissions", members.SeePeople, h.permissions)
	change("/staff/people/{id}/permissions", members.ChangePeople, h.setPermissions)
	page("/staff/people/{id}/wishes", members.ChangePeople, h.wishes)
	change("/staff/people/{id}/wishes", members.ChangePeople, h.setWishes)
	page("/staff/people/{id}/pin", members.ChangePeople, h.pin)
	change("/staff/people/{id}/pin", members.ChangePeople, h.setPIN)
	change("/staff/people/{id}/practice", members.ContactPeople, h.practice)
	page("/staff/people/{id}/card", members.RevealNames, h.card)
	page("/staff/people/{id}/trail", members.SeeTrail, h.trail)
	page("/staff/people/{id}/twins", members.SeePeople, h.twins)
	change("/staff/people/{id}/twins", members.ChangePeople, h.decideTwins)

	page("/staff/subjects/{id}/move", members.ChangeSubjects, h.move)
	change("/staff/subjects/{id}/move", members.ChangeSubjects, h.makeMove)
	page("/staff/subjects/{id}/consent", members.RecordConsent, h.consent)
	change("/staff/subjects/{id}/consent", members.RecordConsent, h.recordConsent)
	page("/staff/subjects/{id}/entries", members.ManageVisits, h.entries)
	page("/staff/subjects/{id}/interview", members.ManageVisits, h.interview)
	change("/staff/subjects/{id}/interview", members.ManageVisits, h.interviewed)
	change("/staff/subjects/{id}/unlock", members.ManageVisits, h.unlock)
	change("/staff/subjects/{id}/told", members.ChangeSubjects, h.told)

	page("/staff/visits", members.SeePeople, h.visits)
	add("POST", "/staff/visits/sheet", members.RevealNames, h.sheet)
	page("/staff/visits/{id}", members.SeePeople, h.visit)
	change("/staff/visits/{id}/book", members.ManageVisits, h.book)
	if h.Offers != nil {
		change("/staff/visits/{id}/offer", members.ManageVisits, h.offer)
	}
	change("/staff/visits/{id}/cancel", members.ManageVisits, h.cancelVisit)
	change("/staff/visits/{id}/mark", members.ManageVisits, h.markVisit)

	page("/staff/alerts", members.SeePeople, h.alerts)
	page("/staff/alerts/{id}", members.SeePeople, h.alert)
	change("/staff/alerts/{id}/acknowledge", members.HandleAlerts, h.acknowledge)
	change("/staff/alerts/{id}/close", members.HandleAlerts, h.closeAlert)
	page("/staff/tasks", members.SeePeople, h.tasks)
	page("/staff/tasks/{id}", members.SeePeople, h.task)
	change("/staff/tasks/{id}", members.DoTasks, h.doneTask)
	page("/staff/recordings/{id}", members.Listen, h.recording)
	page("/staff/report", members.SeePeople, h.report)
	change("/staff/report", members.SeePeople, h.setReport)
	page("/staff/team", members.ManageStaff, h.team)
	add("POST", "/staff/team/{id}/end", members.ManageStaff, h.endSessions) // twice does no harm
	page("/staff/team/{id}/leave", members.ManageStaff, h.askLeave)
	change("/staff/team/{id}/leave", members.ManageStaff, h.endWork)
	page("/staff/inbox", members.SeePeople, h.inbox)
	change("/staff/inbox/{id}/read", members.ContactPeople, h.markRead)
	return all
}

// NotFound answers addresses below /staff that no route has.
func (h *Desk) NotFound() http.Handler {
	return h.lost.Handle(func(http.ResponseWriter, *http.Request) error { return web.ErrNotFound })
}

// MethodNotAllowed answers routes that do not take the method.
func (h *Desk) MethodNotAllowed() http.Handler {
	return h.lost.Handle(func(_ http.ResponseWriter, r *http.Request) error {
		return &web.StatusError{Code: http.StatusMethodNotAllowed, Err: errors.New(r.Method + " is not taken")}
	})
}

// pathVar is a variable of the route.
func pathVar(r *http.Request, name string) string { return web.Var(r, name) }
