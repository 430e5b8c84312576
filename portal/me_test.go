package portal_test

import (
	"context"
	"encoding/json"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// person puts somebody into the registry, with a number that was verified.
func (s *site) person(given, birth, number string, change func(*contacts.Person)) contacts.Person {
	s.t.Helper()
	p := contacts.Person{Given: given, Family: "Okafor", BirthDate: birth, Language: "en", Address: contacts.Address{ZIP: "15217"},
		Points: []contacts.Point{{Kind: contacts.Mobile, Value: number}}}
	if change != nil {
		change(&p)
	}
	up, err := s.People.SignUp(s.t.Context(), rig.Staff, contacts.SignUp{Person: p, Consents: []contacts.Consent{
		{Purpose: contacts.Recruitment, Channel: contacts.SMS, Granted: true, Source: "web"}, {Purpose: contacts.StudyCare, Channel: contacts.SMS, Granted: true, Source: "staff"}}}, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	q, err := s.People.Verify(s.t.Context(), rig.Staff, up.Person.PersonID(), up.Person.Points[0].Hash)
	if err != nil {
		s.t.Fatal(err)
	}
	return q
}

// enrolled puts somebody into the study, with visit 2 booked in three days.
func (s *site) enrolled(p contacts.Person) trial.Subject {
	s.t.Helper()
	ctx := s.t.Context()
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	sub, err := s.Trial.Refer(ctx, rig.Staff, p.PersonID(), "CEDARS", "main", "web")
	must(err)
	for _, to := range []trial.Status{trial.Considering, trial.Prescreened} {
		_, err = s.Trial.Move(ctx, rig.Staff, sub.ID, to, "", "", "")
		must(err)
	}
	sub, err = s.Trial.RecordConsent(ctx, rig.Staff, sub.ID, trial.InformedConsent{FormVersion: "2", Signed: s.Clock.Now(), ObtainedBy: "maria", CopyGiven: true}, s.Clock.Now().AddDate(0, 0, -27).Format(time.DateOnly))
	must(err)
	_, err = s.Trial.Book(ctx, rig.Staff, trial.VisitID(sub.ID, "V2"), "2026-03-05", "09:30", "")
	must(err)
	return sub
}

// signIn goes through the code.
func (b *browser) signIn(number, e164 string) *browser {
	b.t.Helper()
	b.get("/me").at("/me/sign-in").post("/me/sign-in", "phone", number, "how", "text", "own", "yes").at("/me/code")
	return b.post("/me/code", "code", b.codeFor(e164))
}

func TestToday(t *testing.T) {
	s := newSite(t, rig.Options{})
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	s.enrolled(dana)
	b := s.browser().signIn("412-555-0123", "+14125550123").at("/me")
	b.sees("Good morning, Dana", "Daily diary", "about 2 min", "Open until today at 11:59 pm", "Second visit", "Thursday 5 March at 9:30 am",
		"Larkfield Main, 12 Elm Street, Room 2", "miles from you", "Bring your inhaler.", "I'll be there", "The study team will talk with you")
	b.post("/me/visits", "visit", trial.VisitID(trial.SubjectID(dana.PersonID(), "CEDARS"), "V2"), "reply", "yes").at("/me").sees("We will see you then", "You said you will be there")
	b.get("/me/visits").sees("Last visit", "Planned from").post("/me/visits", "visit", trial.VisitID(trial.SubjectID(dana.PersonID(), "CEDARS"), "V2"), "reply", "change", "back", "/me/visits").at("/me/visits")
	b.sees("You asked to change")
	tasks, err := s.Trial.Tasks(t.Context(), "")
	if err != nil || len(tasks) != 1 || tasks[0].Kind != "change-visit" {
		t.Errorf("tasks %+v, %v", tasks, err)
	}

	other := s.person("Eve", "1990-01-01", "+14125550124", nil)
	e := s.browser().signIn("412-555-0124", "+14125550124").at("/me").sees("Nothing to do today")
	e.post("/me/visits", "visit", trial.VisitID(trial.SubjectID(dana.PersonID(), "CEDARS"), "V2"), "reply", "yes").status(404)
	s.fits = []trial.StudyID{"CEDARS", "NOSUCH"}
	e.get("/me").sees("Studies that may fit you", "Yes, tell me more").post("/me/interest", "study", "CEDARS").at("/me").sees("now knows who you are", "We got your sign-up", "will call or text you by").lacks("Studies that may fit you")
	if sub, err := s.Trial.Subject(t.Context(), trial.SubjectID(other.PersonID(), "CEDARS")); err != nil || sub.Status != trial.New {
		t.Errorf("subject %+v, %v", sub, err)
	}
}

// A red flag is with staff as soon as it is answered, and the safety words come at once; the
// rest of the diary is never sent (F1, F10).
func TestDiaryRaisesItsAlert(t *testing.T) {
	s := newSite(t, rig.Options{})
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	s.enrolled(dana)
	b := s.browser().signIn("412-555-0123", "+14125550123").at("/me")
	due := b.hidden("due")
	b.post("/me/diary/start", "due", due).at("/me/diary").sees("daily inhaler", "Finish later")
	b.answer("/me/diary", "nine").status(422).sees("Please write a")
	b.answer("/me/diary", "2").at("/me/diary").sees("wake you up")
	b.get("/me").sees("1 answer is kept so far", "3 questions left", "Go on where you stopped")
	b.get("/me/diary").answer("/me/diary", "2").sees("wheeze")
	b.answer("/me/diary", "3").at("/me/diary/safety").sees("This may need help now. Call 911 if you cannot catch your breath.", "they may not see it at once", "Call 911").lacks("has been told")
	alerts, err := s.Trial.Alerts(t.Context(), trial.AlertOpen)
	if err != nil || len(alerts) != 1 || alerts[0].Level != "urgent" || alerts[0].Person != dana.PersonID() {
		t.Fatalf("alerts %+v, %v", alerts, err)
	}
	s.Deliver(t)
	if sent := s.Sent.To("+14125550102"); len(sent) != 1 {
		t.Errorf("%d messages to whoever is on call, want 1", len(sent))
	}
	b.get("/me/diary").sees("quick-relief").get("/me/diary?q=woke").sees("wake you up", "checked")
	b.get("/me/diary").answer("/me/diary", "1").at("/me/diary/done").sees("You filled in 1 of 7 in the last 7 days")
	b.get("/me").sees("Thank you. There is no more to do here today")
}

// The diary is asked and kept in the language of the page, with the words that were read.
func TestDiaryGoesOnInTheLanguageItIsReadIn(t *testing.T) {
	s := newSite(t, rig.Options{})
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	s.enrolled(dana)
	b := s.browser().signIn("412-555-0123", "+14125550123").at("/me")
	b.post("/me/diary/start", "due", b.hidden("due")).at("/me/diary").sees("daily inhaler").answer("/me/diary", "2")
	b.get("/me/diary?lang=es").answer("/me/diary", "x").status(422).sees("Elija una de las respuestas")
	b.answer("/me/diary", "2").at("/me/diary")
	all, err := s.Trial.ResponsesOf(t.Context(), dana.PersonID())
	if err != nil || len(all) != 1 || len(all[0].Session.Answers) != 2 {
		t.Fatalf("responses %+v, %v", all, err)
	}
	q, err := s.Trial.Questionnaire(all[0].Questionnaire)
	if err != nil {
		t.Fatal(err)
	}
	if got := all[0].Session.Lang; got != "es" {
		t.Errorf("the session goes on in %q", got)
	}
	for i, lang := range []string{"en", "es"} {
		a := all[0].Session.Answers[i]
		if want := survey.Digest(q.Wording(a.LinkID, survey.Web, lang)); a.Lang != lang || a.Prompt != want {
			t.Errorf("answer %d was asked in %q as %s, want %q as %s", i, a.Lang, a.Prompt, lang, want)
		}
	}
}

// answersByText has the board let CEDARS take answers by text.
func (s *site) answersByText() {
	s.t.Helper()
	st, err := s.Trial.Study(s.t.Context(), "CEDARS")
	if err == nil {
		st.AnswersByText = "yes"
		_, err = s.Trial.PutStudy(s.t.Context(), rig.Staff, st)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// What was begun by text goes on here, and nothing is asked twice.
func TestDiaryGoesOnFromAText(t *testing.T) {
	s := newSite(t, rig.Options{})
	s.answersByText()
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	s.enrolled(dana)
	due, err := s.Trial.Due(t.Context(), dana.PersonID(), s.Clock.Now())
	if err != nil || len(due) != 1 {
		t.Fatalf("due %v, %v", due, err)
	}
	r, err := s.Trial.Begin(t.Context(), rig.Staff, due[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []survey.Input{{Kind: survey.Show, Channel: survey.SMS}, {Kind: survey.Reply, Raw: "2", Channel: survey.SMS}} {
		if _, err := s.Trial.Record(t.Context(), rig.Staff, r.ID, in); err != nil {
			t.Fatal(err)
		}
	}
	b := s.browser().signIn("412-555-0123", "+14125550123")
	b.get("/me/diary").sees("wake you up")
	s.Clock.Advance(22 * time.Hour) // another day's diary
	b.get("/me/diary").at("/me/diary").sees("daily inhaler")
}

// What staff began by text outside the plan, and stopped half way, stands on the page with what is
// left of it, before the diary of the day (Tom's in the demo).
func TestHalfFinishedCheckIn(t *testing.T) {
	s := newSite(t, rig.Options{})
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	s.enrolled(dana)
	s.answersByText()
	b := s.browser().signIn("412-555-0123", "+14125550123").sees("Daily diary").lacks("Questions you began")
	due, err := s.Trial.Due(t.Context(), dana.PersonID(), s.Clock.Now())
	if err != nil || len(due) != 1 {
		t.Fatalf("due %v, %v", due, err)
	}
	r := due[0]
	r.ID, r.Kind, r.Closes = r.ID+"_checkin", "checkin", s.Clock.Now().Add(2*time.Hour)
	if r, err = s.Trial.Begin(t.Context(), rig.Staff, r); err != nil {
		t.Fatal(err)
	}
	b.get("/me").lacks("Questions you began") // nobody has answered it
	for _, in := range []survey.Input{{Kind: survey.Show, Channel: survey.SMS}, {Kind: survey.Reply, Raw: "2", Channel: survey.SMS}} {
		if _, err := s.Trial.Record(t.Context(), rig.Staff, r.ID, in); err != nil {
			t.Fatal(err)
		}
	}
	b.get("/me").sees("Questions you began", "3 questions left", "1 answer is kept so far", "Go on where you stopped", "Daily diary")
	b.post("/me/diary/start", "due", b.hidden("due")).at("/me/diary").sees("wake you up")
	b.answer("/me/diary", "2").answer("/me/diary", "1")
	b.get("/me").sees("1 question left")
	b.get("/me/diary").answer("/me/diary", "1").at("/me/diary/done")
	b.get("/me").lacks("Questions you began").sees("Daily diary")
	b.post("/me/diary/start", "due", strings.Repeat("x", 201)).status(400)
	s.Clock.Advance(3 * time.Hour)
	b.get("/me").lacks("Questions you began")
}

func (b *browser) hidden(name string) string {
	b.t.Helper()
	_, after, ok := strings.Cut(b.page, `name="`+name+`" value="`)
	if !ok {
		b.t.Fatalf("no hidden %s on %s", name, b.path)
	}
	v, _, _ := strings.Cut(after, `"`)
	return v
}

// Once a code was right the browser has another token: whoever planted the first one is not let on.
func TestRightCodeChangesTheToken(t *testing.T) {
	s := newSite(t, rig.Options{})
	s.person("Ana", "1980-02-02", "+14125550162", func(p *contacts.Person) { p.Points[0].Shared = true })
	b := s.browser()
	b.get("/me").at("/me/sign-in").post("/me/sign-in", "phone", "412-555-0162", "how", "text", "own", "yes").at("/me/code")
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	planted := b.c.Jar.Cookies(at)
	b.post("/me/code", "code", b.codeFor("+14125550162")).at("/me/birth-date")
	thief := s.browser()
	thief.c.Jar.SetCookies(at, planted)
	thief.get("/me/birth-date").at("/me/sign-in")
}

func TestSharedNumberAsksTheBirthDate(t *testing.T) {
	s := newSite(t, rig.Options{})
	s.person("Rosa", "1952-05-03", "+14125550110", nil)
	s.person("Ernesto", "1950-01-02", "+14125550110", nil)
	b := s.browser().signIn("412-555-0110", "+14125550110").at("/me/birth-date").lacks("Rosa", "Ernesto")
	b.get("/me").at("/me/sign-in") // nothing is open yet
	b.get("/me/birth-date").post("/me/birth-date", "birth-day", "1", "birth-month", "1", "birth-year", "1960").status(422).sees("does not match")
	b.post("/me/birth-date", "birth-day", "2", "birth-month", "1", "birth-year", "1950").at("/me").sees("Good morning, Ernesto")

	t.Run("twins give their name", func(t *testing.T) {
		s := newSite(t, rig.Options{})
		s.person("June", "1998-02-02", "+14125550161", nil)
		s.person("Jade", "1998-02-02", "+14125550161", nil)
		b := s.browser().signIn("412-555-0161", "+14125550161").at("/me/birth-date").lacks("first name")
		born := []string{"birth-day", "2", "birth-month", "2", "birth-year", "1998"}
		b.post("/me/birth-date", born...).status(422).sees("first name")
		b.post("/me/birth-date", append(born, "first", "jade")...).at("/me").sees("Good morning, Jade")
	})
	t.Run("a number said to be shared", func(t *testing.T) {
		s := newSite(t, rig.Options{})
		s.person("Ana", "1980-02-02", "+14125550162", func(p *contacts.Person) { p.Points[0].Shared = true })
		s.browser().signIn("412-555-0162", "+14125550162").at("/me/birth-date")
	})
	t.Run("a housemate known from records alone", func(t *testing.T) {
		s := newSite(t, rig.Options{})
		s.person("Ana", "1980-02-02", "+14125550162", nil)
		s.person("Luis", "1978-03-03", "+14125550162", func(p *contacts.Person) { p.Basis.Kind = contacts.ByRecords })
		b := s.browser().signIn("412-555-0162", "+14125550162").at("/me/birth-date")
		b.post("/me/birth-date", "birth-day", "3", "birth-month", "3", "birth-year", "1978").status(422)
		b.post("/me/birth-date", "birth-day", "2", "birth-month", "2", "birth-year", "1980").at("/me").sees("Ana")
	})
	t.Run("a number nobody confirmed may be a stranger's", func(t *testing.T) {
		s := newSite(t, rig.Options{})
		if _, err := s.People.SignUp(t.Context(), rig.Staff, contacts.SignUp{Person: contacts.Person{Given: "Ana", Family: "Okafor", BirthDate: "1980-02-02", Language: "en",
			Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550162"}}}}, nil); err != nil {
			t.Fatal(err)
		}
		b := s.browser().signIn("412-555-0162", "+14125550162").at("/me/birth-date").lacks("Ana")
		b.get("/me").at("/me/sign-in")
	})
	t.Run("five wrong dates", func(t *testing.T) {
		s := newSite(t, rig.Options{})
		s.person("Ana", "1980-02-02", "+14125550162", func(p *contacts.Person) { p.Points[0].Shared = true })
		b := s.browser().signIn("412-555-0162", "+14125550162").at("/me/birth-date")
		for range 5 {
			b.post("/me/birth-date", "birth-day", "1", "birth-month", "1", "birth-year", "1960")
		}
		b.at("/me/sign-in").sees("That did not match")
		b.get("/me/birth-date").at("/me/sign-in")
	})
}

// counting counts what the store is asked to write.
type counting struct {
	docstore.Driver
	writes, ops int
}

func (c *counting) Write(ctx context.Context, ops []docstore.Op) error {
	c.writes++
	c.ops += len(ops)
	return c.Driver.Write(ctx, ops)
}

// Whether a number is known cannot be told from signing in: same status, same words, same work
// in the store.
func TestKnownAndUnknownNumbersLookTheSame(t *testing.T) {
	type trace struct {
		words       string
		status      int
		writes, ops int
	}
	try := func(number string) (out []trace) {
		t.Helper()
		d, err := sqlitedoc.Open(t.Context(), filepath.Join(t.TempDir(), "muster.db"), sqlitedoc.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		c := &counting{Driver: d}
		s := newSite(t, rig.Options{Driver: c})
		s.person("Dana", "2005-05-03", "+14125550188", nil)
		b := s.browser()
		step := func(f func()) {
			c.writes, c.ops = 0, 0
			f()
			out = append(out, trace{strings.ReplaceAll(words(b.page), number[len(number)-4:], "NNNN"), b.code, c.writes, c.ops})
		}
		step(func() { b.get("/me/sign-in") })
		step(func() { b.post("/me/sign-in", "phone", number, "how", "text", "own", "no") })
		for range 5 {
			step(func() { b.post("/me/code", "code", "000000") })
		}
		step(func() { b.post("/me/code", "code", "000000") })
		step(func() { b.get("/me/sign-in").post("/me/sign-in", "phone", number, "how", "call", "own", "no") })
		return out
	}
	known, unknown := try("412-555-0188"), try("412-555-0177")
	for i := range known {
		if known[i] != unknown[i] {
			t.Errorf("step %d: known %+v, unknown %+v", i, known[i], unknown[i])
		}
	}
	s := newSite(t, rig.Options{})
	s.browser().get("/me/sign-in").post("/me/sign-in", "phone", "412-555-0177", "how", "text", "own", "no")
	s.Deliver(t)
	if sent := s.Sent.All(); len(sent) != 0 {
		t.Errorf("sent for a number nobody has: %v", sent)
	}
}

func TestBorrowedDevice(t *testing.T) {
	for _, tc := range []struct {
		own  string
		wait time.Duration
		want string
	}{{"no", 4 * time.Minute, "/me"}, {"no", 6 * time.Minute, "/me/sign-in"}, {"yes", 15 * time.Minute, "/me"}, {"yes", 25 * time.Minute, "/me/sign-in"}} {
		t.Run(tc.own+" "+tc.wait.String(), func(t *testing.T) {
			s := newSite(t, rig.Options{Now: time.Now()}) // cookies and sessions live in real time
			s.person("Dana", "2005-05-03", "+14125550123", nil)
			b := s.browser()
			b.get("/me/sign-in").post("/me/sign-in", "phone", "412-555-0123", "how", "text", "own", tc.own)
			b.post("/me/code", "code", s.codeFor("+14125550123")).at("/me")
			s.Clock.Advance(tc.wait)
			b.get("/me").at(tc.want)
		})
	}
}

// Who has just confirmed the number on a device of their own opens their page without another
// code, once. On a borrowed one the page asks for a code, as whoever comes next would press "back".
func TestFromSignUpToOnesOwnPage(t *testing.T) {
	s := newSite(t, rig.Options{Now: time.Now()})
	b := s.browser().toDetails().post("/join/details", details()...).at("/join/code")
	guess := s.browser()
	guess.post("/me/pass", "pass", "chl_guess").at("/me/sign-in")
	b.post("/join/code", "code", s.codeFor("+14125550123")).at("/join/done")
	pass := b.hidden("pass")
	b.post("/me/pass", "pass", pass).at("/me").sees("Dana", "We got your sign-up")
	thief := s.browser()
	thief.post("/me/pass", "pass", pass).at("/me/sign-in")
	s.Clock.Advance(15 * time.Minute)
	b.get("/me").at("/me")

	again := s.browser().toDetails().post("/join/details", "given", "Ana", "family", "Ruiz", "zip", "15213", "language", "en", "phone", "412-555-0124", "kind", "mobile", "shared", "no", "voicemail", "no", "way", "any", "own", "no")
	again.post("/join/code", "code", s.codeFor("+14125550124")).at("/join/done").sees("Open my page").lacks("/me/pass")
	again.get("/me").at("/me/sign-in")

	late := s.browser().toDetails().post("/join/details", "given", "Tom", "family", "Roe", "zip", "15213", "language", "en", "phone", "412-555-0125", "kind", "mobile", "shared", "no", "voicemail", "no", "way", "any", "own", "yes")
	late.post("/join/code", "code", s.codeFor("+14125550125")).at("/join/done")
	s.Clock.Advance(11 * time.Minute)
	late.post("/me/pass", "pass", late.hidden("pass")).at("/me/sign-in")
}

// A second code within half a minute: the one on its way still works, and the wait is said in
// seconds.
func TestAskedForACodeTwice(t *testing.T) {
	s := newSite(t, rig.Options{})
	s.person("Dana", "2005-05-03", "+14125550123", nil)
	for _, number := range []string{"412-555-0123", "412-555-0177"} { // somebody's, and nobody's
		ask := []string{"phone", number, "how", "text", "own", "yes"}
		b := s.browser()
		b.get("/me/sign-in").post("/me/sign-in", ask...).at("/me/code")
		b.get("/me/sign-in").post("/me/sign-in", ask...).at("/me/code").sees("It still works")
		other := s.browser()
		other.get("/me/sign-in").post("/me/sign-in", ask...).status(422).sees("Please wait 30 seconds")
		if number == "412-555-0123" {
			b.post("/me/code", "code", s.codeFor("+14125550123")).at("/me")
		}
	}
}

// When the day's codes are used up people are called, those who sign up and those who have.
func TestNoMoreCodesToday(t *testing.T) {
	s := newSite(t, rig.Options{CodesADay: 1})
	s.person("Rosa", "1952-05-03", "+14125550110", nil)
	s.browser().toDetails().post("/join/details", details()...).at("/join/code")
	b := s.browser().toDetails()
	b.post("/join/details", "given", "Ana", "family", "Ruiz", "zip", "15213", "language", "en", "phone", "412-555-0124", "kind", "mobile", "shared", "no", "voicemail", "no", "way", "any", "own", "yes")
	b.at("/join/done").sees("You did not need a code", "will call you by")
	tasks, err := s.Trial.Tasks(t.Context(), "")
	if err != nil || len(tasks) != 1 || tasks[0].Kind != "call" {
		t.Errorf("tasks %+v, %v", tasks, err)
	}
	for _, number := range []string{"412-555-0110", "412-555-0177"} {
		b := s.browser()
		b.get("/me/sign-in").post("/me/sign-in", "phone", number, "how", "text", "own", "yes").status(422).sees("Please ask us to call you", "Call me instead")
	}
}

func TestSignOutForgets(t *testing.T) {
	s := newSite(t, rig.Options{})
	s.person("Dana", "2005-05-03", "+14125550123", nil)
	b := s.browser().signIn("412-555-0123", "+14125550123").at("/me")
	b.sees("data-forget")
	b.post("/me/sign-out").at("/me/sign-in?out=1").sees("You are signed out")
	b.get("/me/data").at("/me/sign-in")
}

func TestMyData(t *testing.T) {
	s := newSite(t, rig.Options{})
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	s.enrolled(dana)
	b := s.browser().signIn("412-555-0123", "+14125550123")
	b.get("/me/data").sees("Dana Okafor", "(412) 555-0123", "3 May 2005", "Texts about studies that may fit me", "On since 2 March 2026", "up to 4 a month")

	b.post("/me/data/consent", "purpose", "recruitment", "channel", "sms", "to", "off").at("/me/data").sees("Stopped now: Texts about studies", "Off since")
	gate, err := s.Trial.May(t.Context(), dana.PersonID(), contacts.Recruitment, contacts.SMS, "CEDARS")
	if err != nil || gate.OK {
		t.Errorf("texts are still allowed: %+v, %v", gate, err)
	}
	b.post("/me/data/consent", "purpose", "recruitment", "channel", "call", "to", "on").sees("Turned on: Calls by a person")
	for range 2 {
		b.post("/me/data/consent", "purpose", "recruitment", "channel", "call", "to", "on")
	}
	p, _ := s.People.Get(t.Context(), dana.PersonID())
	if n := len(p.Consents); n != 4 {
		t.Errorf("%d entries in the ledger, want 4: %+v", n, p.Consents)
	}
	b.post("/me/data/consent", "purpose", "safety", "channel", "call", "to", "off").status(400)

	b.get("/me/data/download").status(200)
	var file struct {
		Name     string           `json:"name"`
		Points   []map[string]any `json:"phonesAndEmails"`
		Studies  []map[string]any `json:"studies"`
		Visits   []map[string]any `json:"visits"`
		Consents []map[string]any `json:"permissions"`
	}
	if err := json.Unmarshal([]byte(b.page), &file); err != nil || file.Name != "Dana Okafor" || len(file.Points) != 1 || len(file.Studies) != 1 || len(file.Visits) != 3 || len(file.Consents) != 4 {
		t.Errorf("the file holds %+v, %v", file, err)
	}

	b.get("/me/data").post("/me/data/erase").at("/me/data").sees("You asked us to delete it")
	tasks, _ := s.Trial.TasksOf(t.Context(), dana.PersonID())
	if n := len(tasks); n == 0 || tasks[n-1].Kind == "" {
		t.Errorf("no task: %+v", tasks)
	}
}

// "I know texts are not private" is asked where the study's board allows answers by text, is never
// ticked by us, and can be taken back; other texts go on (F16).
func TestAnswersByText(t *testing.T) {
	s := newSite(t, rig.Options{})
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	s.enrolled(dana)
	b := s.browser().signIn("412-555-0123", "+14125550123")
	b.get("/me/data").lacks("Health questions by text")
	b.post("/me/data/text-answers", "study", "CEDARS", "to", "on", "agree", "1").status(400)
	st, err := s.Trial.Study(t.Context(), "CEDARS")
	if err != nil {
		t.Fatal(err)
	}
	st.AnswersByText = "yes"
	if _, err := s.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	stands := func(want bool) {
		t.Helper()
		p, err := s.People.Get(t.Context(), dana.PersonID())
		if err != nil {
			t.Fatal(err)
		}
		if c, got, _ := contacts.TextAnswers(p.Consents, "CEDARS"); got != want || c.Wording != "" && (c.Wording != "public.consent.insecure@1" || c.Evidence == "" || c.Study != "CEDARS") {
			t.Errorf("asked by text: %v, want %v: %+v", got, want, c)
		}
		if gate, err := s.Trial.May(t.Context(), dana.PersonID(), contacts.StudyCare, contacts.SMS, "CEDARS"); err != nil || !gate.OK && gate.NotBefore.IsZero() {
			t.Errorf("other texts of the study are stopped: %+v, %v", gate, err)
		}
	}
	b.get("/me/data").sees("Health questions by text", "I know texts are not private.").lacks("checked")
	stands(false)
	b.post("/me/data/text-answers", "study", "CEDARS", "to", "on").status(422).sees("Please tick the box first.")
	stands(false)
	b.post("/me/data/text-answers", "study", "CEDARS", "to", "on", "agree", "1").at("/me/data").sees("Turned on: Health questions by text")
	stands(true)
	s.Clock.Advance(time.Minute)
	b.post("/me/data/text-answers", "study", "CEDARS", "to", "off").at("/me/data").sees("Stopped now: Health questions by text")
	stands(false)
}

// Leaving is a request: contact stops at once, the rest is an urgent task, and the study's
// record stays as it is until staff change it (F20).
func TestLeaving(t *testing.T) {
	s := newSite(t, rig.Options{})
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	sub := s.enrolled(dana)
	b := s.browser().signIn("412-555-0123", "+14125550123")
	b.get("/me/leave").sees("Do not stop a study medicine suddenly without talking to us: (412) 555-0101. In an emergency call 911.", "stays in the study")
	b.post("/me/leave").status(422).sees("Please choose what you want to stop")
	b.post("/me/leave", "what", "texts").sees("You are still in the study")
	if tasks := s.tasks("leave-request"); len(tasks) != 0 {
		t.Errorf("stopping texts is no wish to leave: %+v", tasks)
	}
	b.get("/me/leave").post("/me/leave", "what", "medicine", "what", "visits", "note", "It makes me dizzy.").sees("will call you soon", "Do not stop a study medicine suddenly")
	tasks := s.tasks("leave-request")
	if len(tasks) != 1 || !tasks[0].Urgent || !strings.Contains(tasks[0].Text, "It makes me dizzy.") {
		t.Errorf("tasks %+v", tasks)
	}
	now, err := s.Trial.Subject(t.Context(), sub.ID)
	if err != nil || now.Status != sub.Status {
		t.Errorf("status %s, want %s, %v", now.Status, sub.Status, err)
	}
	gate, err := s.Trial.May(t.Context(), dana.PersonID(), contacts.StudyCare, contacts.SMS, "CEDARS")
	if err != nil || gate.OK {
		t.Errorf("texts of the study are still allowed: %v", err)
	}
}

func (s *site) tasks(kind string) (out []trial.Task) {
	s.t.Helper()
	all, err := s.Trial.Tasks(s.t.Context(), "")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, x := range all {
		if x.Kind == kind {
			out = append(out, x)
		}
	}
	return out
}

// Each step of an offer is an approved line, a day after staff set it or when they told (F22).
func TestOfferIsShownLater(t *testing.T) {
	s := newSite(t, rig.Options{})
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	sub, err := s.Trial.Refer(t.Context(), rig.Staff, dana.PersonID(), "CEDARS", "main", "web")
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(25 * time.Hour)
	if _, err := s.Trial.Move(t.Context(), rig.Staff, sub.ID, trial.Ineligible, "", "criteria", "E1 COPD"); err != nil {
		t.Fatal(err)
	}
	b := s.browser().signIn("412-555-0123", "+14125550123").at("/me").lacks("the right one", "COPD")
	if err := s.Trial.Told(t.Context(), rig.Staff, sub.ID); err != nil {
		t.Fatal(err)
	}
	b.get("/me").sees("does not look like the right one for you now").lacks("COPD")
}

func TestMessagesShowNoNotes(t *testing.T) {
	s := newSite(t, rig.Options{})
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	if err := s.Trial.Note(t.Context(), rig.Staff, dana.PersonID(), "sounds hesitant"); err != nil {
		t.Fatal(err)
	}
	if err := s.Trial.LogCall(t.Context(), rig.Staff, dana.PersonID(), "", "no answer", "try her sister", time.Time{}); err != nil {
		t.Fatal(err)
	}
	b := s.browser().signIn("412-555-0123", "+14125550123")
	b.get("/me/messages").sees("We called you").lacks("hesitant", "sister")
}

// Nothing personal stands in an address or in the database in clear.
func TestNothingPersonalInSessions(t *testing.T) {
	s := newSite(t, rig.Options{})
	b := s.browser().toDetails()
	b.post("/join/details", details()...).at("/join/code")
	for raw, err := range s.Store.Driver().Find(t.Context(), "sessions", docstore.Query{Scan: true}) {
		if err != nil {
			t.Fatal(err)
		}
		_, data, _ := raw.Lookup("data").BinaryOK()
		for _, secret := range []string{"Okafor", "2005", "5550123", "own-mobile"} {
			if strings.Contains(string(data), secret) || strings.Contains(bson.Raw(raw).String(), secret) {
				t.Errorf("a session holds %q in clear", secret)
			}
		}
	}
}
