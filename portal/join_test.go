package portal_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// stored counts the documents of a collection, whatever they hold.
func (s *site) stored(collection string) (n int) {
	s.t.Helper()
	for _, err := range s.Store.Driver().Find(s.t.Context(), collection, docstore.Query{Scan: true}) {
		if err != nil {
			s.t.Fatal(err)
		}
		n++
	}
	return n
}

// toDetails walks to the details with a pre-screen that nothing decides.
func (b *browser) toDetails() *browser {
	b.t.Helper()
	b.get("/join?study=CEDARS").born("3", "5", "2005").at("/join/about")
	b.post("/join/about").at("/join/questions")
	for _, a := range []string{"1", "2", "1", "1", "2", "", "2"} {
		b.answer("/join/questions", a)
	}
	return b.at("/join/details")
}

func TestDanaSignsUp(t *testing.T) {
	s := newSite(t, rig.Options{})
	b := s.browser()
	b.get("/").sees("Help find out what works", "Reminders for people who use inhalers", "Larkfield University Hospital runs this page.", "(412) 555-0103", "Call me instead")
	b.get("/studies/CEDARS").sees("$30 for each visit", "Larkfield Main", "LUH-25-0042", "See if I may fit")
	b.toDetails()
	for _, box := range []string{"agree-sms", "agree-voice", "agree-call", "agree-email"} {
		if i := strings.Index(b.page, `name="`+box+`"`); i < 0 || strings.Contains(b.page[i:i+strings.Index(b.page[i:], ">")], "checked") {
			t.Errorf("box %s is missing or ticked", box)
		}
	}
	if n := s.stored("people"); n != 0 {
		t.Fatalf("%d people stored before the details were given", n)
	}
	b.post("/join/details", details("agree-sms", "1")...).at("/join/code").sees("•••-0123").lacks("412-555-0123")
	b.get("/join/code/wait").status(204)
	b.get("/join/code").post("/join/code", "code", "000000").status(422).sees("not the code")
	b.post("/join/code", "code", s.codeFor("+14125550123")).at("/join/done")
	b.sees("Ben from the research office will call you by tomorrow at 10 am, from (412) 555-0100.", "What happens now")
	b.get("/join/code/wait").status(200)
	if b.page != "/join/done" {
		t.Errorf("the waiting page goes on to %q", b.page)
	}

	people, err := s.People.ByPoint(t.Context(), "+14125550123")
	if err != nil || len(people) != 1 {
		t.Fatalf("%d people with the number, %v", len(people), err)
	}
	p := people[0]
	if p.Points[0].Verified.IsZero() || p.BirthDate != "2005-05-03" || p.Language != "en" || p.Points[0].Voicemail != "yes" {
		t.Errorf("person is %+v", p.Points[0])
	}
	if len(p.Consents) != 1 || p.Consents[0].Channel != contacts.SMS || p.Consents[0].Wording != "public.consent.sms@1" || !strings.Contains(p.Consents[0].Evidence, "up to 4 a month") {
		t.Errorf("consents are %+v", p.Consents)
	}
	sub, err := s.Trial.Subject(t.Context(), trial.SubjectID(p.PersonID(), "CEDARS"))
	if err != nil || sub.Status != trial.New || sub.Site != "main" || sub.Promised.IsZero() {
		t.Errorf("subject is %+v, %v", sub, err)
	}
	chart, err := s.People.Chart(t.Context(), p.PersonID())
	if err != nil || len(chart.Facts) == 0 {
		t.Fatalf("facts: %v, %v", chart.Facts, err)
	}
	for _, f := range chart.Facts {
		if f.Scope != "CEDARS" {
			t.Errorf("fact %s has scope %s, though keeping was not ticked", f.Code, f.Scope)
		}
	}
}

func TestTooYoungStoresNothing(t *testing.T) {
	s := newSite(t, rig.Options{})
	b := s.browser()
	before := map[string]int{}
	for _, c := range []string{"people", "charts", "tasks", "outbox", "challenges", "responses", "audit"} {
		before[c] = s.stored(c)
	}
	b.get("/join?study=CEDARS").born("3", "3", "2007").at("/join").sees("You need to be 19", "(412) 555-0101") // 18, and one site asks for 19
	b.get("/join?study=CEDARS").sees("You need to be 19")
	b.born("3", "3", "1980").at("/join").sees("You need to be 19")
	for _, path := range []string{"/join/about", "/join/questions", "/join/details", "/join/code", "/join/done"} {
		b.get(path).at("/join")
	}
	for c, n := range before {
		if now := s.stored(c); now != n {
			t.Errorf("%s holds %d documents, %d before", c, now, n)
		}
	}
	for raw, err := range s.Store.Driver().Find(t.Context(), "sessions", docstore.Query{Scan: true}) {
		if err != nil || strings.Contains(raw.String(), "2007") {
			t.Errorf("the session holds the birth date: %v", err)
		}
	}
}

func TestMajorityIsOnTheBirthday(t *testing.T) {
	for _, tc := range []struct{ name, day, want string }{ // it is 2 March 2026
		{"the day before", "3", "/join"},
		{"on the day", "2", "/join/about"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newSite(t, rig.Options{}).browser()
			b.get("/join?study=CEDARS").born(tc.day, "3", "2007").at(tc.want)
		})
	}
}

// The section is finished before anybody learns that the study does not fit, and the words do
// not say why (F21).
func TestPreScreenLeaksNothing(t *testing.T) {
	s := newSite(t, rig.Options{})
	b := s.browser()
	b.get("/join?study=CEDARS").born("3", "5", "1985")
	b.post("/join/about", "keep", "1").at("/join/questions").sees("own mobile phone")
	b.answer("/join/questions", "1").answer("/join/questions", "2").sees("said that you have asthma")
	b.answer("/join/questions", "2").at("/join/questions").sees("COPD") // this decided; the section goes on
	b.answer("/join/questions", "2").at("/join/answer")
	b.sees("does not look like the right one").lacks("asthma", "COPD", "smok", "criter")
	if n := s.stored("people") + s.stored("responses"); n != 0 {
		t.Errorf("%d documents stored of somebody who gave no details", n)
	}

	// Going back shows the answers; changing one is kept and flagged, not refused.
	b.get("/join/questions?q=asthma").at("/join/questions?q=asthma").sees("checked")
	b.answer("/join/questions", "1").at("/join/questions").sees("inhaler")
	b.answer("/join/questions", "1").answer("/join/questions", "").answer("/join/questions", "2").at("/join/details")
	b.post("/join/details", details()...).at("/join/code")
	people, _ := s.People.ByPoint(t.Context(), "+14125550123")
	notes, err := s.People.Timeline(t.Context(), people[0].PersonID(), 10, s.Clock.Now().Add(1e9))
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0].Body, "asthma") {
		t.Errorf("the changed answer is not flagged: %v, %v", notes, err)
	}
}

// The page is the same, letter for letter, whichever criterion decided: no asthma, COPD, or an age
// past the limit.
func TestThePageIsTheSameWhateverDecided(t *testing.T) {
	s := newSite(t, rig.Options{})
	once := regexp.MustCompile(`name="once" value="[^"]*"`)
	for lang, says := range map[string]string{"en": "does not look like the right one", "es": "no parece ser para usted"} {
		var pages []string
		for _, x := range []struct {
			born    string
			answers []string
		}{{"1985", []string{"1", "2", "2", "2"}}, {"1985", []string{"1", "2", "1", "1", "1"}}, {"1950", []string{"1", "2", "1", "1", "2"}}} {
			b := s.browser()
			b.get("/join?study=CEDARS").born("3", "5", x.born)
			b.post("/join/about")
			for _, a := range x.answers {
				if b.path == "/join/questions" {
					b.answer("/join/questions", a)
				}
			}
			b.at("/join/answer").get("/join/answer?lang=" + lang).sees(says)
			pages = append(pages, once.ReplaceAllString(b.page, ""))
		}
		for _, p := range pages[1:] {
			if diff := cmp.Diff(pages[0], p); diff != "" {
				t.Errorf("%s: %s", lang, diff)
			}
		}
	}
}

func TestNotThisStudyButTheList(t *testing.T) {
	for _, tc := range []struct {
		name  string
		keep  string
		facts bool
	}{{"answers kept", "1", true}, {"answers dropped", "", false}} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t, rig.Options{})
			b := s.browser()
			b.get("/join?study=CEDARS").born("3", "5", "1985")
			b.post("/join/about", "keep", tc.keep)
			for _, a := range []string{"1", "2", "2", "2"} {
				b.answer("/join/questions", a)
			}
			b.at("/join/answer").post("/join/answer").at("/join/details")
			b.post("/join/details", details("agree-call", "1")...).at("/join/code")
			b.post("/join/code", "code", s.codeFor("+14125550123")).at("/join/done").lacks("Ben from")
			people, _ := s.People.ByPoint(t.Context(), "+14125550123")
			chart, err := s.People.Chart(t.Context(), people[0].PersonID())
			if err != nil || len(chart.Facts) > 0 != tc.facts {
				t.Errorf("facts %v, %v", chart.Facts, err)
			}
			for _, f := range chart.Facts {
				if f.Scope != contacts.Registry {
					t.Errorf("fact %s has scope %s", f.Code, f.Scope)
				}
			}
			if subs, err := s.Trial.SubjectsOf(t.Context(), people[0].PersonID()); err != nil || len(subs) != 0 {
				t.Errorf("subjects %v, %v", subs, err)
			}
		})
	}
}

func TestStoppingForgets(t *testing.T) {
	s := newSite(t, rig.Options{})
	b := s.browser()
	b.toDetails().post("/join/stop").at("/join/stopped").sees("Nothing of what you told us is kept")
	b.get("/join/details").at("/join")
	b.lacks(`value="2005"`)
}

func TestReloadKeepsEverything(t *testing.T) {
	s := newSite(t, rig.Options{})
	b := s.browser()
	b.get("/join?study=CEDARS").born("3", "5", "1985")
	b.post("/join/about").answer("/join/questions", "1")
	b.get("/join/questions").sees("in another study now")
	b.get("/join").sees(`value="1985"`)
	b.get("/join/questions?q=own-mobile").sees("checked")
	b.get("/join/details").at("/join/questions") // nothing can be jumped over
}

// A code costs money wherever it is sent, and calls abroad pay whoever asked for them.
func TestNoCodesAbroad(t *testing.T) {
	s := newSite(t, rig.Options{})
	b := s.browser().toDetails()
	for _, n := range []string{"+1 876 555 0123", "+1 900 234 5678", "+44 20 7946 0958"} {
		form := details()
		form[slices.Index(form, "412-555-0123")] = n
		b.post("/join/details", form...).status(422).sees("phone number with area code")
	}
	if n := s.stored("people"); n != 0 {
		t.Errorf("%d people", n)
	}
}

// What is asked for by a link alone leaves nothing behind.
func TestUnknownStudyKeepsNoSession(t *testing.T) {
	s := newSite(t, rig.Options{})
	s.browser().get("/join?study=NOSUCH").at("/studies")
	if n := s.stored("sessions"); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func TestDetailsSayWhatToMend(t *testing.T) {
	s := newSite(t, rig.Options{})
	b := s.browser().toDetails()
	b.post("/join/details", "agree-email", "1").status(422)
	b.sees("There are 11 problems", "Please write your first name.", "Please choose the kind of phone.", "You ticked e-mail below", "area code")
	b.post("/join/details", details("zip", "00000")...).status(200) // the first value counts, as in a form
	if s.stored("people") != 1 {
		t.Error("the mended form was not taken")
	}
}

// Who is on the list already, and who has the number, cannot be told from the pages (F2, F8).
func TestSigningUpAgainLooksTheSame(t *testing.T) {
	s := newSite(t, rig.Options{})
	first := s.browser()
	first.toDetails().post("/join/details", details("agree-sms", "1", "email", "dana@example.test")...).at("/join/code")
	page := first.page
	s.Clock.Advance(31e9) // past the wait between two codes

	again := s.browser()
	again.toDetails().post("/join/details", details("agree-sms", "1")...).at("/join/code")
	if a, b := words(page), words(again.page); a != b {
		t.Errorf("a repeat reads\n%s\nwant\n%s", b, a)
	}
	if n := s.stored("people"); n != 1 {
		t.Errorf("%d people, want 1", n)
	}
	// So does an e-mail that is known here with another number.
	other := details("agree-sms", "1", "email", "dana@example.test")
	other[9] = "412-555-0124"
	email := s.browser()
	email.toDetails().post("/join/details", other...).at("/join/code")
	if a, b := words(page), strings.ReplaceAll(words(email.page), "0124", "0123"); a != b {
		t.Errorf("a known e-mail reads\n%s\nwant\n%s", b, a)
	}
	// Without the code nobody learns that the person is there.
	noCode := s.browser()
	s.Clock.Advance(31e9)
	noCode.toDetails().post("/join/details", details()...).at("/join/code").post("/join/code/none").at("/join/done")
	noCode.sees("Ben from the research office will call you").lacks("before")
	// With it they do.
	again.post("/join/code", "code", s.codeFor("+14125550123")).status(422) // an older one is on the way
	s.Clock.Advance(31e9)
	again.post("/join/code/again", "by", "text").at("/join/code").sees("on its way")
	again.post("/join/code", "code", s.codeFor("+14125550123")).at("/join/done").sees("You signed up here before")
}

func TestCodes(t *testing.T) {
	t.Run("a home phone is called", func(t *testing.T) {
		s := newSite(t, rig.Options{})
		b := s.browser().toDetails()
		b.post("/join/details", "given", "Ana", "family", "Ruiz", "zip", "15213", "language", "es", "phone", "412-555-0124", "kind", "landline", "shared", "yes", "voicemail", "no", "way", "any", "own", "no").at("/join/code")
		b.sees("We call •••-0124 now").lacks("Text me a code")
		s.Deliver(t)
		if sent := s.Sent.To("+14125550124"); len(sent) != 1 || sent[0].Kind != "call" {
			t.Errorf("sent %v", sent)
		}
		b.post("/join/code", "code", s.codeFor("+14125550124")).at("/join/done")
	})
	t.Run("text only is never called", func(t *testing.T) {
		s := newSite(t, rig.Options{})
		b := s.browser().toDetails()
		b.post("/join/details", "given", "Tom", "family", "Roe", "zip", "15213", "language", "en", "phone", "412-555-0145", "kind", "mobile", "shared", "no", "voicemail", "no", "way", "text", "own", "yes").at("/join/code")
		b.lacks("Call me with a code")
		s.Clock.Advance(31e9)
		b.post("/join/code/again", "by", "call").at("/join/code")
		s.Deliver(t)
		for _, m := range s.Sent.To("+14125550145") {
			if m.Kind != "sms" {
				t.Errorf("a %s to somebody who is text only", m.Kind)
			}
		}
		b.post("/join/code", "code", s.codeFor("+14125550145")).at("/join/done").sees("Ben from the research office will text you by")
	})
	t.Run("no machine can bring one", func(t *testing.T) {
		s := newSite(t, rig.Options{})
		b := s.browser().toDetails()
		b.post("/join/details", "given", "Tom", "family", "Roe", "zip", "15213", "language", "en", "phone", "412-555-0146", "kind", "landline", "shared", "no", "voicemail", "no", "way", "relay", "own", "yes")
		b.at("/join/done").sees("You did not need a code", "Ben from the research office will call you")
		s.Deliver(t)
		if sent := s.Sent.To("+14125550146"); len(sent) != 0 {
			t.Errorf("sent %v", sent)
		}
		if tasks, err := s.Trial.Tasks(t.Context(), ""); err != nil || len(tasks) != 1 {
			t.Errorf("tasks %+v, %v", tasks, err)
		}
	})
	t.Run("no code keeps the sign-up for a call", func(t *testing.T) {
		s := newSite(t, rig.Options{})
		b := s.browser().toDetails()
		b.post("/join/details", details()...).post("/join/code/none").at("/join/done").sees("You did not need a code")
		tasks, err := s.Trial.Tasks(t.Context(), "")
		if err != nil || len(tasks) != 1 || tasks[0].Kind != "call" || tasks[0].Person == "" || tasks[0].Study != "CEDARS" {
			t.Errorf("tasks %+v, %v", tasks, err)
		}
	})
	t.Run("too many", func(t *testing.T) {
		s := newSite(t, rig.Options{})
		b := s.browser().toDetails()
		b.post("/join/details", details()...).at("/join/code")
		b.post("/join/code/again", "by", "text").sees("Please wait 30 seconds")
		b.get("/join/details").post("/join/details", details()...).status(422).sees("Please wait 30 seconds")
	})
	t.Run("five wrong codes", func(t *testing.T) {
		s := newSite(t, rig.Options{})
		b := s.browser().toDetails().post("/join/details", details()...)
		right := s.codeFor("+14125550123")
		wrong := "000000"
		if right == wrong {
			wrong = "111111"
		}
		for range 5 {
			b.post("/join/code", "code", wrong).status(422)
		}
		b.post("/join/code", "code", right).status(422).sees("too old, or was tried too often")
	})
	t.Run("confirmed elsewhere", func(t *testing.T) {
		s := newSite(t, rig.Options{})
		b := s.browser().toDetails().post("/join/details", details()...)
		p, _ := s.People.ByPoint(t.Context(), "+14125550123")
		if _, err := s.People.Verify(t.Context(), rig.Staff, p[0].PersonID(), p[0].Points[0].Hash); err != nil {
			t.Fatal(err)
		}
		b.get("/join/code/wait").status(200)
		b.get("/join/code").at("/join/done")
	})
}

func TestCallMe(t *testing.T) {
	s := newSite(t, rig.Options{})
	b := s.browser()
	b.get("/call-me").post("/call-me", "name", "", "phone", "12").status(422).sees("Please write your name", "area code")
	b.post("/call-me", "name", "Ana", "phone", "412-555-0124", "best", "morning").sees("we will call you")
	tasks, err := s.Trial.Tasks(t.Context(), "")
	if err != nil || len(tasks) != 1 || !strings.Contains(tasks[0].Text, "Ana, +14125550124. Best time: morning") || tasks[0].Person != "" {
		t.Errorf("tasks %+v, %v", tasks, err)
	}
	if s.stored("people") != 0 {
		t.Error("a person was made of a wish to be called")
	}
	for range 2 { // sent twice is one call
		b.page = `name="once" value="sametwice1"`
		b.post("/call-me", "name", "Ben", "phone", "412-555-0125")
	}
	if tasks, _ = s.Trial.Tasks(t.Context(), ""); len(tasks) != 2 {
		t.Errorf("%d tasks, want 2", len(tasks))
	}
}

func TestUnsubscribe(t *testing.T) {
	s := newSite(t, rig.Options{})
	b := s.browser()
	b.toDetails().post("/join/details", details("agree-sms", "1")...)
	b.get("/unsubscribe").post("/unsubscribe", "point", "412-555-0123", "what", "sms").status(200)
	known := words(b.page)
	b.get("/unsubscribe").post("/unsubscribe", "point", "412-555-0177", "what", "sms").status(200)
	if unknown := words(b.page); unknown != known {
		t.Errorf("an unknown number reads\n%s\nwant\n%s", unknown, known)
	}
	people, _ := s.People.ByPoint(t.Context(), "+14125550123")
	if _, on, _ := contacts.Stands(people[0].Consents, contacts.Recruitment, contacts.SMS, ""); on {
		t.Error("texts are still allowed")
	}
	b.get("/unsubscribe").post("/unsubscribe", "point", "nobody@example.test", "what", "*").status(200).sees("Done")
	if hash := s.People.PointHash("nobody@example.test"); !listed(t, s, hash) {
		t.Error("an address nobody has is not on the do-not-contact list")
	}
	b.get("/unsubscribe").post("/unsubscribe", "point", "x@", "what", "").status(422)
}

func listed(t *testing.T, s *site, hash string) bool {
	t.Helper()
	yes, err := s.People.Suppressed(t.Context(), hash)
	if err != nil {
		t.Fatal(err)
	}
	return yes
}

func TestStudyList(t *testing.T) {
	s := newSite(t, rig.Options{})
	b := s.browser()
	b.get("/studies").sees("Reminders for people").lacks("$30") // what it pays is no headline
	b.post("/studies", "about", "Asth", "zip", "15217").sees("1 study found", "miles from you")
	b.post("/studies", "about", "knee").sees("No study found")
	b.post("/studies", "zip", "12").status(422).sees("five digits")
	b.get("/studies/NOSUCH").status(404)
	draft, err := trial.ParseStudy([]byte(strings.NewReplacer("id: CEDARS", "id: BIRCHES", "state: open", "state: setup").Replace(cedar)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Trial.PutStudy(t.Context(), rig.Staff, draft); err != nil {
		t.Fatal(err)
	}
	b.get("/studies/BIRCHES").status(404)
	b.get("/join?study=BIRCHES").at("/studies/BIRCHES").status(404)
	b.get("/nowhere").status(404)
}
