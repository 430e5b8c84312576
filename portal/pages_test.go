package portal_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/static"
	"github.com/muster-health/muster/trial"
)

// Every page of both audiences, in both languages, with something on it: well-formed (each page
// a test browser gets is checked), in the language asked for, without words that are missing.
// MUSTER_LOOK=dir writes them there, for looking at in a browser: python3 -m http.server -d dir.
func TestEveryPageInBothLanguages(t *testing.T) {
	for _, lang := range []string{"en", "es"} {
		t.Run(lang, func(t *testing.T) {
			s := newSite(t, rig.Options{})
			seen := map[string]bool{}
			b := s.browser()
			see := func(name string) {
				t.Helper()
				seen[name] = true
				if !strings.Contains(b.page, `<html lang="`+lang+`">`) {
					t.Errorf("%s is not in %s", name, lang)
				}
				if key := regexp.MustCompile(`\b(public|participant|common|view|sms)\.[a-z][A-Za-z.]+\b`).FindString(words(b.page)); key != "" {
					t.Errorf("%s shows the key %s", name, key)
				}
				if draft := strings.Contains(b.page, "borrador"); lang == "es" != draft {
					t.Errorf("%s is marked as a draft: %v", name, draft)
				}
				look(t, lang+"-"+name, b.page)
			}
			b.get("/?lang=" + lang)
			see("home")
			b.get("/studies")
			see("studies")
			b.post("/studies", "about", "asma", "zip", "15217")
			see("studies-found")
			b.post("/studies", "about", "rodilla", "zip", "1")
			see("studies-none")
			b.get("/studies/CEDARS")
			see("study")
			b.get("/privacy")
			see("privacy")
			b.get("/call-me")
			see("callme")
			b.post("/call-me")
			see("callme-mend")
			b.post("/call-me", "name", "Ana", "phone", "412-555-0124")
			see("callme-done")
			b.get("/unsubscribe")
			see("unsubscribe")
			b.post("/unsubscribe", "point", "412-555-0199", "what", "*")
			see("unsubscribe-done")
			young := s.browser()
			young.get("/join?study=CEDARS&lang=" + lang)
			b, young = young, b
			b.born("1", "1", "2015")
			see("young")
			b = young
			b.get("/join?study=")
			see("age")
			b.post("/join")
			see("age-mend")
			b.born("3", "5", "1985").at("/join/about")
			see("intro-list")
			b.get("/join?study=CEDARS").born("3", "5", "1985").at("/join/about")
			see("intro")
			b.post("/join/about", "keep", "1")
			see("question")
			b.answer("/join/questions", "1").answer("/join/questions", "2").answer("/join/questions", "1")
			see("question-many")
			b.post("/join/questions", "item", "inhalers").status(422)
			see("question-mend")
			b.get("/join/questions?q=asthma").answer("/join/questions", "2").answer("/join/questions", "2").at("/join/answer")
			see("outcome")
			b.get("/join/questions?q=asthma").answer("/join/questions", "1").answer("/join/questions", "1").answer("/join/questions", "").answer("/join/questions", "2").at("/join/details")
			see("details")
			b.post("/join/details", "agree-email", "1")
			see("details-mend")
			b.post("/join/details", details("agree-sms", "1")...).at("/join/code")
			see("code")
			b.post("/join/code", "code", "12")
			see("code-mend")
			b.post("/join/code", "code", s.codeFor("+14125550123")).at("/join/done")
			see("end")
			b.get("/join?study=").born("3", "5", "1985").post("/join/about").post("/join/details", "given", "Tom", "family", "Roe", "zip", "15213", "language", lang, "phone", "412-555-0146",
				"kind", "landline", "shared", "no", "voicemail", "no", "way", "relay", "own", "no").at("/join/done")
			see("end-list")
			b.get("/join").post("/join/stop").at("/join/stopped")
			see("stopped")
			b.get("/nowhere").status(404)
			look(t, lang+"-404", b.page)

			b.get("/me/sign-in")
			see("signin")
			b.post("/me/sign-in")
			see("signin-mend")
			dana := s.person("Rosa", "1952-05-03", "+14125550110", func(p *contacts.Person) { p.Points[0].Shared = true })
			s.enrolled(dana)
			b.post("/me/sign-in", "phone", "412-555-0110", "how", "text", "own", "yes").at("/me/code")
			see("me-code")
			b.post("/me/code", "code", s.codeFor("+14125550110")).at("/me/birth-date")
			see("birth")
			b.post("/me/birth-date", "birth-day", "3", "birth-month", "5", "birth-year", "1952").at("/me")
			other, err := trial.ParseStudy([]byte(strings.Replace(cedar, "id: CEDARS", "id: MAPLES", 1)))
			if err == nil {
				_, err = s.Trial.PutStudy(t.Context(), rig.Staff, other)
			}
			if err == nil {
				third := other
				third.ID = "PINES"
				_, err = s.Trial.PutStudy(t.Context(), rig.Staff, third)
			}
			if err == nil {
				_, err = s.Trial.Refer(t.Context(), rig.Staff, dana.PersonID(), "PINES", "main", "registry")
			}
			if err != nil {
				t.Fatal(err)
			}
			s.fits = []trial.StudyID{"MAPLES"}
			b.get("/me")
			see("today")
			b.get("/me/diary")
			see("diary")
			b.answer("/me/diary", "x")
			see("diary-mend")
			b.answer("/me/diary", "2").answer("/me/diary", "2").answer("/me/diary", "3").at("/me/diary/safety")
			see("safety")
			b.get("/me")
			see("today-going")
			b.get("/me/diary").answer("/me/diary", "1").at("/me/diary/done")
			see("done")
			visit := trial.VisitID(trial.SubjectID(dana.PersonID(), "CEDARS"), "V2")
			b.get("/me").post("/me/visits", "visit", visit, "reply", "yes")
			see("today-done")
			b.get("/me/visits")
			see("visits")
			_, _, err = s.Trial.Reach(t.Context(), rig.Staff, trial.Reach{Person: dana.PersonID(), Study: "CEDARS", Purpose: contacts.StudyCare, Kind: "sms", Template: "sms.reminder", Body: "You have an appointment Thursday 5 March at 9:30 am. Reply 1 to confirm, 2 to change.", Staff: "maria"})
			if err != nil {
				t.Fatal(err)
			}
			s.Deliver(t)
			s.Clock.Advance(2 * time.Minute)
			if err := s.Trial.LogCall(t.Context(), rig.Staff, dana.PersonID(), "PINES", "no answer", "", time.Time{}); err != nil {
				t.Fatal(err)
			}
			b.get("/me/messages")
			see("messages")
			b.get("/me/data")
			see("data")
			b.get("/me/wishes")
			see("wishes")
			b.post("/me/wishes", "from", "11 pm", "to", "5 am").status(422)
			see("wishes-mend")
			b.get("/me/leave")
			see("leave")
			b.post("/me/leave")
			see("leave-mend")
			b.post("/me/leave", "what", "all")
			see("leave-sent")
			b.post("/me/sign-out").at("/me/sign-in?out=1")
			see("signed-out")
		})
	}
}

// look keeps a page for the eye, if asked to, with the files it needs.
func look(t *testing.T, name, page string) {
	t.Helper()
	dir := os.Getenv("MUSTER_LOOK")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"(/static/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		keep(t, assets, dir, m[1])
	}
}

func keep(t *testing.T, assets *static.Assets, dir, path string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(path))
	if _, err := os.Stat(file); err == nil {
		return
	}
	w := httptest.NewRecorder()
	assets.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, w.Body.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`url\(["']?(/static/[^"')]+)`).FindAllStringSubmatch(w.Body.String(), -1) {
		keep(t, assets, dir, m[1])
	}
}
