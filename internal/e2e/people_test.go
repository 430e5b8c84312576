package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/seed"
)

// volunteer is somebody who signs up on the web.
type volunteer struct {
	given, family, email string
	number               string   // E.164
	kind                 string   // "mobile" or "landline"
	year, month, day     string   // of birth
	zip                  string   // ZIP code
	answers              []answer // of the pre-screen; other questions are skipped
	agrees               []string // consent boxes: "sms", "voice", "call", "email"
}

// answer is what somebody says to the question with these words.
type answer struct{ question, says string }

func (p volunteer) local() string { return strings.TrimPrefix(p.number, "+1") }

func (p volunteer) name() string { return p.given + " " + p.family }

// signUp goes from a study's page to the last page of the sign-up, with the code from the
// handset. looks names pictures; "" takes none.
func signUp(t *testing.T, v visitor, h *house, study string, p volunteer, looks string) {
	t.Helper()
	look := looking(v, looks)
	before := len(h.phone(t, p.number).received())
	fillsIn(t, v, study, p, look)
	look("code")
	lacks(t, "the code page", v.says(), p.local())
	v.fill("code", h.phone(t, p.number).code(before))
	v.press("Continue")
	on(t, v, "/join/done")
	look("done")
}

// looking takes pictures named after what is looked at; "" takes none.
func looking(v visitor, looks string) func(string) {
	return func(name string) {
		if looks != "" {
			v.look(looks + "-" + name)
		}
	}
}

// fillsIn is signUp until a code is on its way.
func fillsIn(t *testing.T, v visitor, study string, p volunteer, look func(string)) {
	t.Helper()
	goes(t, v, "/studies/"+study)
	look("study")
	v.press("See if I may fit")
	on(t, v, "/join")
	look("age")
	born(v, p.year, p.month, p.day)
	v.press("Continue")
	on(t, v, "/join/about")
	look("about")
	v.press("Start")
	for asked := 0; v.path() == "/join/questions"; asked++ {
		if asked == 0 {
			look("question")
		}
		if asked > 20 {
			t.Fatalf("the pre-screen does not end:\n%s", v.says())
		}
		answerQuestion(t, v, p.answers)
	}
	on(t, v, "/join/details")
	v.fill("given", p.given)
	v.fill("family", p.family)
	v.fill("zip", p.zip)
	v.fill("phone", p.local())
	v.fill("kind", p.kind)
	v.fill("shared", "no")
	v.fill("voicemail", "yes")
	v.fill("email", p.email)
	v.fill("way", "any")
	v.fill("own", "yes")
	for _, c := range p.agrees {
		v.fill("agree-"+c, "1")
	}
	look("details")
	v.press("Continue")
	on(t, v, "/join/code")
}

// born fills in the three parts of a birth date.
func born(v visitor, year, month, day string) {
	v.fill("birth-month", month)
	v.fill("birth-day", day)
	v.fill("birth-year", year)
}

// answerQuestion answers the question on the page, or skips it.
func answerQuestion(t *testing.T, v visitor, answers []answer) {
	t.Helper()
	says := fold(v.says())
	i := slices.IndexFunc(answers, func(a answer) bool { return strings.Contains(says, fold(a.question)) })
	if i < 0 {
		v.press("Skip this question")
		return
	}
	v.fill("answer", answers[i].says)
	v.press("Continue")
}

// asStaff signs a member of staff in with a link made on the command line.
func asStaff(t *testing.T, v visitor, h *house, member string) {
	t.Helper()
	link, _, _ := strings.Cut(h.must("staff", "link", member), "\n")
	path, ok := strings.CutPrefix(strings.TrimSpace(link), "http://"+h.site)
	if !ok {
		t.Fatalf("not a link to the site: %q", link)
	}
	goes(t, v, path)
	v.press("Sign in")
	on(t, v, "/staff")
}

// asParticipant signs somebody in with a code that is texted to them.
func asParticipant(t *testing.T, v visitor, h *house, number string) {
	t.Helper()
	goes(t, v, "/me")
	on(t, v, "/me/sign-in")
	before := len(h.phone(t, number).received())
	within(t, "a code may be asked for again", func() bool { // one in 30 s
		v.fill("phone", strings.TrimPrefix(number, "+1"))
		v.fill("how", "text")
		v.fill("own", "yes")
		if v.press("Send me a code"); v.path() == "/me/code" {
			return true
		}
		sees(t, v, "sent a code to this number just now")
		time.Sleep(10 * time.Second)
		return false
	})
	v.fill("code", h.phone(t, number).code(before))
	v.press("Continue")
	if v.path() == "/me/birth-date" {
		t.Fatalf("asked for a birth date, though nobody else has the number:\n%s", v.says())
	}
	on(t, v, "/me")
}

// findPerson searches as staff do and opens the first who is found; it returns the address.
func findPerson(t *testing.T, v visitor, name string) string {
	t.Helper()
	goes(t, v, "/staff/people")
	v.fill("q", name)
	v.press("Find")
	for _, to := range v.links() {
		if strings.HasPrefix(to, "/staff/people/per_") {
			goes(t, v, to)
			return to
		}
	}
	t.Fatalf("%s is not found:\n%s", name, v.says())
	return ""
}

// reveal shows the name of the person on the page; that is noted in the audit trail.
func reveal(t *testing.T, v visitor, name string) {
	t.Helper()
	lacks(t, "the page before the reveal", v.says(), name)
	v.fill("why", "contact")
	v.press("Reveal name")
	sees(t, v, name)
}

// pins are the PINs of the demo's people.
func (h *house) pins() (out []string) {
	for _, p := range seed.Story() {
		if p.PIN != "" {
			out = append(out, p.PIN)
		}
	}
	return out
}

// codes are all the codes that were texted to some numbers.
func (h *house) codes(t *testing.T, numbers ...string) (out []string) {
	t.Helper()
	for _, n := range numbers {
		for _, x := range h.phone(t, n).received() {
			if m := sixDigits.FindStringSubmatch(x.Body); m != nil {
				out = append(out, m[1]+m[2])
			}
		}
	}
	return out
}

// personal is what must stand in no log and in no file in clear: of the demo's people and these.
func personal(people ...volunteer) (words []string) {
	for _, p := range people {
		words = append(words, p.given, p.family, p.email, p.number, p.local(), p.year+"-"+pad(p.month)+"-"+pad(p.day))
	}
	for _, p := range seed.Story() {
		if !p.Staff {
			_, family, _ := strings.Cut(p.Name, " ")
			words = append(words, p.Name, family, strings.TrimPrefix(p.Number, "+1"))
		}
	}
	slices.Sort(words)
	return slices.DeleteFunc(slices.Compact(words), func(s string) bool { return s == "" })
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}
