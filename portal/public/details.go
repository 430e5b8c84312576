package public

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type detailsPage struct {
	sheet
	For      string // the study's title, "" for the registry
	You      []view.Field
	Number   []view.Field
	Needs    []view.Field
	Consents []view.Field
	Run      string
	Device   view.Field
}

func (*detailsPage) Template() string { return "public/details" }

// boxes are the consents to contact, one per channel (F6). The wording's version is kept with
// the consent; a changed text gets the next number.
var boxes = []struct {
	name    string
	channel contacts.Channel
	key     string
}{
	{"agree-sms", contacts.SMS, "public.consent.sms"},
	{"agree-voice", contacts.Voice, "public.consent.voice"},
	{"agree-call", contacts.Call, "public.consent.call"},
	{"agree-email", contacts.ByEmail, "public.consent.email"},
}

const wordingVersion = "@1"

func (h *Pages) detailsPage(w http.ResponseWriter, r *http.Request) error {
	j, err := h.on(r, "/join/details")
	if err != nil {
		return err
	}
	s, err := h.studyOf(r.Context(), j)
	if err != nil {
		return err
	}
	var f *web.Form
	if j.Details != nil {
		f = web.NewForm(j.Details, func(key string, pairs ...any) string { return h.T(r, key, pairs...) })
	}
	return h.askDetails(w, r, http.StatusOK, j, s, f)
}

// options of the closed questions.
func (h *Pages) kinds(r *http.Request) []view.Option {
	return []view.Option{{Value: "mobile", Label: h.T(r, "public.details.mobile")}, {Value: "landline", Label: h.T(r, "public.details.landline")}}
}

func (h *Pages) yesNo(r *http.Request) []view.Option {
	return []view.Option{{Value: "yes", Label: h.T(r, "common.yes")}, {Value: "no", Label: h.T(r, "common.no")}}
}

func (h *Pages) languages() []view.Option {
	var out []view.Option
	for _, l := range i18n.Langs() {
		out = append(out, view.Option{Value: string(l), Label: l.Name()})
	}
	return out
}

func (h *Pages) ways(r *http.Request) []view.Option {
	return []view.Option{
		{Value: "any", Label: h.T(r, "public.details.wayAny")},
		{Value: "text", Label: h.T(r, "public.details.wayText")},
		{Value: "phone", Label: h.T(r, "public.details.wayPhone")},
		{Value: "relay", Label: h.T(r, "public.details.wayRelay"), Hint: h.T(r, "public.details.wayRelayHint")},
	}
}

func (h *Pages) helps(r *http.Request) []view.Option {
	return []view.Option{{Value: "large", Label: h.T(r, "public.details.large")}, {Value: "interpreter", Label: h.T(r, "public.details.interpreter")}}
}

func (h *Pages) times(r *http.Request) []view.Option {
	return []view.Option{
		{Value: "morning", Label: h.T(r, "public.details.morning")},
		{Value: "afternoon", Label: h.T(r, "public.details.afternoon")},
		{Value: "evening", Label: h.T(r, "public.details.evening")},
	}
}

func (h *Pages) askDetails(w http.ResponseWriter, r *http.Request, status int, j join, s *trial.Study, f *web.Form) error {
	help, err := h.Help(r.Context(), h.lang(r))
	if err != nil {
		return err
	}
	site := who(help, s)
	field := func(k view.FieldKind, name, label string) view.Field {
		return view.Field{Kind: k, Name: name, Label: label}
	}
	given := field(view.KindText, "given", h.T(r, "public.details.given"))
	given.Autocomplete, given.Max = "given-name", 60
	family := field(view.KindText, "family", h.T(r, "public.details.family"))
	family.Autocomplete, family.Max = "family-name", 60
	zip := field(view.KindText, "zip", h.T(r, "public.zip"))
	zip.Autocomplete, zip.Width, zip.Max, zip.Hint = "postal-code", 6, 10, h.T(r, "public.details.zipHint")
	lang := field(view.KindRadio, "language", h.T(r, "public.details.language"))
	lang.Options, lang.Value = h.languages(), string(h.lang(r))
	number := field(view.KindTel, "phone", h.T(r, "public.phone"))
	number.Autocomplete, number.Width, number.Hint = "tel", 20, h.T(r, "public.phoneHint")
	kind := field(view.KindRadio, "kind", h.T(r, "public.details.kind"))
	kind.Options = h.kinds(r)
	shared := field(view.KindRadio, "shared", h.T(r, "public.details.shared"))
	shared.Options, shared.Hint = h.yesNo(r), h.T(r, "public.details.sharedHint")
	voicemail := field(view.KindRadio, "voicemail", h.T(r, "public.details.voicemail"))
	voicemail.Options = h.yesNo(r)
	email := field(view.KindEmail, "email", h.T(r, "public.details.email"))
	email.Optional, email.Autocomplete = true, "email"
	way := field(view.KindRadio, "way", h.T(r, "public.details.way"))
	way.Options = h.ways(r)
	helps := field(view.KindChecks, "help", h.T(r, "public.details.help"))
	helps.Options, helps.Optional = h.helps(r), true
	best := field(view.KindSelect, "best", h.T(r, "public.details.best"))
	best.Options, best.Blank, best.Optional = h.times(r), h.T(r, "public.details.anytime"), true
	device := field(view.KindRadio, "own", h.T(r, "participant.borrowed"))
	device.Options, device.Hint = h.yesNo(r), h.T(r, "public.details.ownHint")

	p := &detailsPage{sheet: h.sheet(r, h.T(r, "public.details.title"))}
	p.Lead = h.T(r, "public.details.lead")
	if s != nil {
		p.For = pick(s.Title, h.lang(r))
	}
	p.Back = &view.Link{Href: "/join/about"}
	if s != nil && j.Answers != nil {
		if n := len(j.Answers.Answers); n > 0 {
			p.Back.Href = "/join/questions?q=" + j.Answers.Answers[n-1].LinkID
		}
	}
	fill := func(fields ...view.Field) []view.Field {
		for i := range fields {
			fields[i] = fields[i].From(f)
			p.Errors = append(p.Errors, view.Problems(fields[i])...)
		}
		return fields
	}
	p.You = fill(given, family, zip, lang)
	p.Number = fill(number, kind, shared, voicemail, email)
	p.Needs = fill(way, helps, best)
	for _, b := range boxes { // never ticked by us
		p.Consents = append(p.Consents, fill(view.Field{Kind: view.KindConsent, Name: b.name, Label: h.consent(r, b.key, site), Wording: b.key + wordingVersion, Optional: true})...)
	}
	p.Device = fill(device)[0]
	if help.Board != "" {
		p.Run = help.Board
	}
	return h.site.Render(w, r, status, p)
}

// consent is the text of a box.
func (h *Pages) consent(r *http.Request, key, site string) string {
	return h.T(r, key, "site", site, "max", contacts.DefaultCap)
}

// details signs the person up: one batch with the person, what they agreed to, their answers,
// their place on the study's list and the code. A repeat looks the same.
func (h *Pages) details(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	j, err := h.on(r, "/join/details")
	if err != nil {
		return err
	}
	s, err := h.studyOf(r.Context(), j)
	if err != nil {
		return err
	}
	help, err := h.Help(r.Context(), h.lang(r))
	if err != nil {
		return err
	}
	up, own := h.readDetails(r, f, j, who(help, s))
	if !f.OK() {
		return h.askDetails(w, r, http.StatusUnprocessableEntity, j, s, f)
	}
	if up.Facts, err = h.registryFacts(r, j); err != nil {
		return err
	}
	a := trial.Application{SignUp: up, Source: "web", VerifyNumber: up.Person.Points[0].Value,
		CodeByCall: f.Value("way") == "phone" || f.Value("kind") == "landline", KeepAnswers: j.Keep}
	noCall, noText := up.Person.ReachMe.TextOnly || up.Person.ReachMe.Relay, up.Person.Points[0].NoText
	a.CodeByCall = a.CodeByCall && !noCall
	address := ""
	if pt, ok := up.Person.EmailPoint(); ok && h.Trial.Mails {
		address = pt.Value
	}
	if noCall && noText { // no machine can bring a code there: an e-mail does, else a person (F8)
		a.CodeByMail, a.NoCode = address, address == ""
	}
	if s != nil {
		a.Study, a.Site, a.PreScreen = s.StudyID(), nearestSite(*s, up.Person.Address.ZIP), j.Answers
	}
	applied, err := h.Trial.Apply(r.Context(), visitor, a)
	var many *contacts.TooManyCodes
	var wrong contacts.Problems
	if errors.As(err, &many) && many.Today { // somebody calls, whoever it is
		a.NoCode, a.CodeByMail = true, ""
		applied, err = h.Trial.Apply(r.Context(), visitor, a)
	}
	switch {
	case errors.As(err, &many):
		f.Refuse("phone", h.site.CodeWait(r, many.Wait, many.Today))
		return h.askDetails(w, r, http.StatusUnprocessableEntity, j, s, f)
	case errors.As(err, &wrong):
		f.Refuse("phone", h.T(r, "view.form.phone"))
		return h.askDetails(w, r, http.StatusUnprocessableEntity, j, s, f)
	case errors.Is(err, trial.ErrRefused): // recruitment closed just now
		return web.SeeOther("/studies")
	case err != nil:
		return fmt.Errorf("sign up: %w", err)
	}
	if len(j.Changed) > 0 && applied.Person != "" {
		note := "Changed an answer after the outcome of the pre-screen was shown: " + strings.Join(j.Changed, ", ")
		if err := h.Trial.Note(r.Context(), visitor, applied.Person, note); err != nil {
			return fmt.Errorf("flag changed answers: %w", err)
		}
	}
	j.Person, j.Challenge, j.Repeat, j.Promised, j.Applied = applied.Person, applied.Challenge, applied.Repeat, applied.Promised, h.Clock.Now()
	j.Number, j.ByCall, j.TextOnly, j.Site = a.VerifyNumber, a.CodeByCall, up.Person.ReachMe.TextOnly, a.Site
	j.Email, j.ByMail = address, a.CodeByMail != ""
	j.NoCall, j.NoText, j.NoCode, j.Own = noCall, noText, a.NoCode, own
	j.Details = nil
	if own {
		j.Details = r.PostForm
	} else {
		h.Sessions.Shorten(r.Context(), 5*time.Minute)
	}
	if j.NoCode {
		if err := h.finish(r, j); err != nil {
			return err
		}
		return web.Redirect(w, r, "/join/done")
	}
	if err := h.keep(r, j); err != nil {
		return err
	}
	return web.Redirect(w, r, "/join/code")
}

// readDetails is the form as a sign-up, and whether the device is the person's own.
func (h *Pages) readDetails(r *http.Request, f *web.Form, j join, site string) (up contacts.SignUp, own bool) {
	p := contacts.Person{BirthDate: j.Birth, Source: "web"}
	p.Given = f.Text("given", web.Max(60), web.Missing(h.T(r, "public.details.givenMissing")))
	p.Family = f.Text("family", web.Max(60), web.Missing(h.T(r, "public.details.familyMissing")))
	if zip := f.Text("zip", web.Max(10), web.Missing(h.T(r, "public.zip.fix"))); zip != "" {
		if _, ok := geo.Find(zip); !ok {
			f.Refuse("zip", h.T(r, "public.zip.fix"))
		}
		p.Address.ZIP, _ = geo.Normal(zip)
	}
	p.Language = i18n.Lang(f.Choice("language", h.languages()))
	n := f.Phone("phone", "US")
	if !n.IsZero() && !n.In(phone.UnitedStates()...) { // a code is sent to whatever is typed, so never where that is dear or abroad
		f.Refuse("phone", h.T(r, "view.form.phone"))
	}
	pt := contacts.Point{Kind: contacts.PointKind(f.Choice("kind", h.kinds(r), web.Missing(h.T(r, "public.details.kindMissing")))), Value: n.E164(), Preferred: true}
	pt.NoText = pt.Kind == contacts.Landline
	pt.Shared = f.Choice("shared", h.yesNo(r), web.Missing(h.T(r, "public.details.sharedMissing"))) == "yes"
	pt.Voicemail = f.Choice("voicemail", h.yesNo(r), web.Missing(h.T(r, "public.details.voicemailMissing")))
	p.Points = []contacts.Point{pt}
	if e := f.Email("email", web.Optional()); e != "" {
		p.Points = append(p.Points, contacts.Point{Kind: contacts.Email, Value: e})
	}
	switch f.Choice("way", h.ways(r), web.Missing(h.T(r, "public.details.wayMissing"))) {
	case "text":
		p.ReachMe.TextOnly = true
	case "relay":
		p.ReachMe.Relay = true
	}
	for _, v := range f.Choices("help", h.helps(r)) {
		switch v {
		case "large":
			p.ReachMe.LargePrint = true
		case "interpreter":
			p.ReachMe.Interpreter = p.Language
		}
	}
	p.ReachMe.BestTimes = f.Choice("best", h.times(r), web.Optional())
	if p.ReachMe.TextOnly && pt.Kind == contacts.Landline {
		f.Refuse("kind", h.T(r, "public.details.textHome"))
	}
	if f.Ticked("agree-email") && len(p.Points) == 1 && f.Error("email") == "" {
		f.Refuse("email", h.T(r, "public.details.emailMissing"))
	}
	own = f.Choice("own", h.yesNo(r), web.Missing(h.T(r, "public.details.ownMissing"))) == "yes"

	up.Person = p
	for _, b := range boxes {
		if f.Ticked(b.name) {
			up.Consents = append(up.Consents, contacts.Consent{Purpose: contacts.Recruitment, Channel: b.channel, Granted: true, At: h.Clock.Now(),
				Wording: b.key + wordingVersion, Lang: string(h.lang(r)), Source: "web", Evidence: h.consent(r, b.key, site)})
		}
	}
	return up, own
}
