package staff_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// Names are masked until somebody says why they look; the trail then says who and why.
func TestRevealIsAudited(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	b := d.as("maria")
	path := "/staff/people/" + string(p)
	page := b.page(path)
	has(t, page, "R. D.", "Reveal name", "STEADY", "Consented")
	lacks(t, page, "Rosa", "Delgado", "555-0110", "1952-05-03", "3 May 1952")
	before := d.actions(p)
	b.refused(b.send(path+"/reveal"), "R. D.")
	if diff := cmp.Diff(before, d.actions(p)); diff != "" {
		t.Errorf("a reveal without a reason was written:\n%s", diff)
	}
	page = b.went(b.send(path+"/reveal", "why", "contact"), path)
	has(t, page, "Rosa Delgado", "(412) 555-0110", "3 May 1952")
	if got := d.actions(p); len(got) != len(before)+2 || got[len(before)] != "person.reveal" || got[len(before)+1] != "person.view" {
		t.Errorf("the trail has %v after %v, want person.reveal and person.view", got, before)
	}
	has(t, b.page(path+"/trail"), "Maria Santos", "looked at the name", "To get in touch", "recorded signed consent")
	// It holds for this browser only.
	lacks(t, d.as("maria").page(path), "Rosa")
}

func TestSearch(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	b := d.as("maria")
	for name, q := range map[string]string{"beginning": "delg", "slip of the finger": "Delgdo", "last digits": "0110", "name and year": "rosa 1952"} {
		t.Run(name, func(t *testing.T) {
			a := b.post("/staff/people", url.Values{"q": {q}})
			if a.code != http.StatusOK {
				t.Fatalf("got %d", a.code)
			}
			has(t, a.body, "R. D.", "1952", "•••-0110")
			if !strings.Contains(a.body, "/staff/people/"+string(p)) {
				t.Error("no way to the person")
			}
			lacks(t, a.body, "Delgado<", "Rosa<")
		})
	}
	has(t, b.post("/staff/people", url.Values{"q": {"zzzz"}}).body, "Nobody found.")
	b.refused(b.post("/staff/people", url.Values{"q": {""}}), "Type a name")
	has(t, b.page("/staff/people"), "Newest", "R. D.")
	for _, asked := range d.asked {
		if plain, _ := url.QueryUnescape(asked); strings.Contains(strings.ToLower(plain), "delg") || strings.Contains(plain, "0110") {
			t.Errorf("personal data in the address %s", asked)
		}
	}
}

func TestOtherSitesPeopleAreNotFound(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, sub := d.rosa()
	al := d.alert(p)
	d.hire("lee", "Lee Park", members.Coordinator, "mesa")
	mine, _ := d.volunteer("Marisol", "Vega", "+16025550134", "mesa")
	visit := trial.VisitID(sub, "V1")
	b := d.as("lee")
	for _, path := range []string{"/staff/people/" + string(p), "/staff/people/" + string(p) + "/trail", "/staff/people/" + string(p) + "/permissions", "/staff/people/" + string(p) + "/card", "/staff/subjects/" + sub + "/move", "/staff/subjects/" + sub + "/consent", "/staff/alerts/" + al.ID, "/staff/visits/" + visit, "/staff/visits?site=main"} {
		if a := b.get(path); a.code != http.StatusNotFound {
			t.Errorf("GET %s: %d, want 404", path, a.code)
		}
	}
	for _, path := range []string{"/staff/people/" + string(p) + "/reveal", "/staff/people/" + string(p) + "/text", "/staff/people/" + string(p) + "/note", "/staff/subjects/" + sub + "/move", "/staff/alerts/" + al.ID + "/acknowledge", "/staff/visits/" + visit + "/cancel"} {
		if a := b.send(path, "why", "contact", "text", "x", "note", "x", "to", "withdrawn", "cancel", "x"); a.code != http.StatusNotFound {
			t.Errorf("POST %s: %d, want 404", path, a.code)
		}
	}
	lacks(t, b.page("/staff"), "R. D.")
	lacks(t, b.page("/staff/alerts"), "186")
	lacks(t, b.post("/staff/people", url.Values{"q": {"Delgado"}}).body, "R. D.")
	has(t, b.page("/staff/studies/STEADY/pipeline"), "M. V.")
	lacks(t, b.page("/staff/studies/STEADY/pipeline"), "R. D.")
	b.page("/staff/people/" + string(mine))
	if got, err := d.Trial.Alert(t.Context(), al.ID); err != nil || got.State != trial.AlertOpen {
		t.Errorf("the alert is %q, %v", got.State, err)
	}
}

func TestRoles(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, sub := d.rosa()
	d.hire("joan", "Joan Pell", members.Director)
	d.hire("carl", "Carl Weiss", members.Monitor)
	joan, carl := d.as("joan"), d.as("carl")
	for _, path := range []string{"/staff/people", "/staff/people/" + string(p), "/staff/alerts", "/staff/tasks", "/staff/inbox", "/staff/visits", "/staff/studies/STEADY/candidates", "/staff/studies/STEADY/pipeline"} {
		if a := joan.get(path); a.code != http.StatusForbidden {
			t.Errorf("director, GET %s: %d, want 403", path, a.code)
		}
		if a := carl.get(path); a.code != http.StatusOK {
			t.Errorf("monitor, GET %s: %d, want 200", path, a.code)
		}
	}
	page := joan.page("/staff")
	has(t, page, "Last seven days", "Board approval")
	lacks(t, page, "R. D.")
	joan.page("/staff/studies/STEADY")
	for _, form := range []string{"/staff/people/" + string(p) + "/note", "/staff/subjects/" + sub + "/move", "/staff/people/new"} {
		if a := carl.send(form, "note", "x"); a.code != http.StatusForbidden {
			t.Errorf("monitor, POST %s: %d, want 403", form, a.code)
		}
	}
	lacks(t, carl.page("/staff/people/"+string(p)), "Send text", "Log call")
}

func TestTextThroughTheGate(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	b := d.as("maria")
	path := "/staff/people/" + string(p)
	has(t, b.page(path+"?do=text"), "Send text", "About")
	b.refused(b.send(path+"/text", "about", "STEADY", "text", ""), "Write the text.")
	b.refused(b.send(path+"/text", "about", "STEADY", "text", "See you at the steady visit"), "somebody else may read the screen")
	measured := b.send(path+"/text", "about", "STEADY", "text", "See you Monday, don’t "+strings.Repeat("worry ", 10), "measure", "yes")
	has(t, text(measured.body), "goes as 2 messages in one", "more than double the length of a text: ’")
	has(t, text(b.send(path+"/text", "about", "STEADY", "text", "See you Monday, don't worry", "measure", "yes").body), "this goes as one message")
	linked := text(b.send(path+"/text", "about", "STEADY", "text", "See https://else.example.test/x", "measure", "yes").body)
	has(t, linked, "https://else.example.test/x", "is a link to another place", "about $0.0")
	forms++
	form := url.Values{"once": {"frm_twice001"}, "about": {"STEADY"}, "text": {"See you Monday."}}
	b.went(b.post(path+"/text", form), path)
	b.went(b.post(path+"/text", form), path) // the same form again
	d.Deliver(t)
	sent := d.Sent.To("+14125550110")
	if len(sent) != 1 || sent[0].Body != "The Larkfield research office: See you Monday." {
		t.Fatalf("sent %d texts: %+v", len(sent), sent)
	}
	has(t, b.page(path), "Text sent · STEADY", "hidden until the name is revealed")

	// STOP closes the gate, and the page says when and how.
	if _, err := d.People.Revoke(t.Context(), cli, "+14125550110", contacts.Consent{Channel: contacts.SMS, Source: "sms", Evidence: "STOP"}, nil); err != nil {
		t.Fatal(err)
	}
	page := b.page(path + "?do=text")
	has(t, page, "stopped texts on 2 March 2026 by replying STOP", "Call instead")
	has(t, page, "Stopped texts ")
	lacks(t, page, "Send text", "Rosa", "Stopped texts:", "*")
	b.refused(b.send(path+"/text", "about", "STEADY", "text", "Hello"), "stopped texts on 2 March 2026")
	if got := d.actions(p); got[len(got)-1] != "person.reach.refused" {
		t.Errorf("the trail ends with %q", got[len(got)-1])
	}
}

// At night a text waits until it is allowed where the person is.
func TestTextWaitsForMorning(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	d.Clock.Advance(15 * time.Hour) // 00:05 Eastern
	b := d.as("maria")
	path := "/staff/people/" + string(p)
	has(t, b.page(path+"?do=text"), "Send when allowed")
	has(t, b.went(b.send(path+"/text", "about", "STEADY", "text", "Hello"), path), "The text is kept and goes out Tue 3 Mar")
	d.Deliver(t)
	if n := len(d.Sent.To("+14125550110")); n != 0 {
		t.Errorf("%d texts went out at night", n)
	}
}

func TestLogCallAndNote(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, sub := d.volunteer("Dana", "Okafor", "+14125550123", "main", agreed(contacts.Recruitment, contacts.Call)...)
	b := d.as("maria")
	path := "/staff/people/" + string(p)
	b.refused(b.send(path+"/call", "about", "STEADY"), "Choose what came of the call.")
	b.refused(b.send(path+"/call", "about", "STEADY", "outcome", "no answer", "next", "2026-03-02", "at", "8 am"), "still to come")
	b.refused(b.send(path+"/call", "about", "STEADY", "outcome", "no answer", "at", "2 pm"), "the day as well")
	page := b.went(b.send(path+"/call", "about", "STEADY", "outcome", "no answer", "note", "rang twice", "next", "2026-03-03", "at", "2 pm"), path)
	has(t, page, "Next try Tue 3 Mar, 2 pm", "Call by staff", "No answer", "Contacting")
	if got, err := d.Trial.Subject(t.Context(), sub); err != nil || got.Status != trial.Contacting || !got.Promised.IsZero() {
		t.Errorf("subject %s, promised %v, %v", got.Status, got.Promised, err)
	}
	if a := b.send(path+"/call", "about", "LANTERN", "outcome", "reached"); a.code != http.StatusBadRequest {
		t.Errorf("a call about a study they are not in: %d", a.code)
	}
	b.refused(b.send(path+"/note", "note", " "), "Write the note.")
	has(t, b.went(b.send(path+"/note", "note", "Prefers afternoons"), path), "The note is saved.")
	b.send(path+"/reveal", "why", "contact")
	has(t, b.page(path), "Prefers afternoons", "rang twice")
	// A wrong number is set aside.
	has(t, b.went(b.send(path+"/call", "about", "STEADY", "outcome", "wrong number"), path), "somebody else's number")
}

func TestAddPersonByHand(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	b := d.as("maria")
	full := func(change ...string) []string {
		form := map[string][]string{"born-day": {"3"}, "born-month": {"5"}, "born-year": {"1960"}, "given": {"Walter"}, "family": {"Nims"}, "language": {"en"}, "phone": {"412-555-0172"}, "kind": {"mobile"}, "zip": {"15213"},
			"basis": {"consent"}, "agrees": {"sms", "call"}, "needs": {"large"}, "study": {"STEADY"}, "reason": {"called"}}
		for i := 0; i+1 < len(change); i += 2 {
			form[change[i]] = []string{change[i+1]}
		}
		var out []string
		for k, vs := range form {
			for _, v := range vs {
				out = append(out, k, v)
			}
		}
		return out
	}
	for name, x := range map[string]struct {
		change []string
		says   string
	}{
		"no name":       {[]string{"given", ""}, "first name"},
		"a minor":       {[]string{"born-year", "2010"}, "under 18"},
		"no reason":     {[]string{"reason", ""}, "How they came"},
		"no such date":  {[]string{"born-day", "31", "born-month", "2"}, "date"},
		"a short phone": {[]string{"phone", "555"}, "phone number"},
		"no such study": {[]string{"study", "NOPE"}, "List them"},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := d.People.Count(t.Context())
			a := b.send("/staff/people/new", full(x.change...)...)
			if a.code != http.StatusUnprocessableEntity || !strings.Contains(strings.ToLower(text(a.body)), strings.ToLower(x.says)) {
				t.Errorf("got %d, want 422 that says %q:\n%s", a.code, x.says, text(a.body))
			}
			if after, _ := d.People.Count(t.Context()); after != before {
				t.Errorf("%d people were stored", after-before)
			}
		})
	}
	a := b.send("/staff/people/new", full()...)
	if a.code != http.StatusSeeOther {
		t.Fatalf("got %d\n%s", a.code, text(a.body))
	}
	page := b.page(a.to)
	has(t, page, "Walter Nims", "Added.", "Added to STEADY as new.", "texts: yes", "calls: yes", "large print", "here by own consent")
	id := contacts.PersonID(strings.TrimPrefix(a.to, "/staff/people/"))
	if got := d.actions(id); !slices.Contains(got, "person.add") {
		t.Errorf("the trail: %v", got)
	}
	if again := b.send("/staff/people/new", full()...); again.to != a.to {
		t.Errorf("a repeat went to %q, want %q", again.to, a.to)
	}
}

func TestPermissions(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	b := d.as("maria")
	path := "/staff/people/" + string(p) + "/permissions"
	has(t, b.page(path), "Agreed to texts: visits and diaries", "from the website")
	b.refused(b.send(path, "says", "revoke", "evidence", "x"), "Tick at least one way.")
	b.refused(b.send(path, "says", "revoke", "channel", "sms", "purpose", "study"), "how they said it")
	has(t, b.went(b.send(path, "says", "revoke", "channel", "sms", "purpose", "study", "evidence", "said so on the phone"), path), "Stopped texts")
	if g, err := d.Trial.May(t.Context(), p, contacts.StudyCare, contacts.SMS, "STEADY"); err != nil || g.OK {
		t.Errorf("may still text: %v, %v", g.OK, err)
	}
	tasks, err := d.Trial.Tasks(t.Context(), "")
	if err != nil || !slices.ContainsFunc(tasks, func(x trial.Task) bool { return x.Kind == "stopped-texts" }) {
		t.Errorf("no task to agree on another way: %v", err)
	}
}

func TestRecordsOnlyPeopleStayHidden(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	added, err := d.People.Add(t.Context(), cli, contacts.SignUp{Reason: "import", Person: contacts.Person{Given: "Walter", Family: "Nims", BirthDate: "1964-01-02", Language: "en", Basis: contacts.Basis{Kind: contacts.ByRecords},
		Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550172"}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := d.as("maria")
	path := "/staff/people/" + added.Person.ID
	page := b.page(path)
	has(t, page, "counts only", "Known from medical records alone", "no permission: from medical records, counts only")
	lacks(t, page, "Reveal name", "Walter", "Send text", "Log call")
	if a := b.send(path+"/reveal", "why", "contact"); a.code != http.StatusForbidden {
		t.Errorf("reveal: %d, want 403", a.code)
	}
	if a := b.send("/staff/studies/STEADY/candidates", "person", added.Person.ID); a.code != http.StatusForbidden {
		t.Errorf("add to a study: %d, want 403", a.code)
	}
}

func TestPIN(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	b := d.as("maria")
	path := "/staff/people/" + string(p)
	has(t, b.page(path+"/pin"), "Reveal the name first")
	if a := b.send(path+"/pin", "why", "office"); a.code != http.StatusUnprocessableEntity {
		t.Errorf("a PIN for somebody not revealed: %d", a.code)
	}
	b.send(path+"/reveal", "why", "check")
	b.refused(b.send(path+"/pin"), "how you know it is them")
	a := b.send(path+"/pin", "why", "office")
	if a.code != http.StatusOK {
		t.Fatalf("got %d", a.code)
	}
	_, after, _ := strings.Cut(text(a.body), "The new PIN: ")
	if len(after) < 20 {
		t.Fatalf("no PIN on the page:\n%s", text(a.body))
	}
	pin := strings.ReplaceAll(strings.ReplaceAll(after, " ", ""), "·", "")[:4]
	if err := d.People.CheckPIN(t.Context(), cli, p, pin); err != nil {
		t.Errorf("the PIN shown, %s: %v", pin, err)
	}
	lacks(t, b.page(path+"/pin"), after[:12])
	for range 3 {
		_ = d.People.CheckPIN(t.Context(), cli, p, "0000")
	}
	has(t, b.page(path), "locked after three wrong tries")
	b.went(b.send(path+"/pin", "why", "unlock"), path)
	if err := d.People.CheckPIN(t.Context(), cli, p, pin); err != nil {
		t.Errorf("after lifting the lock: %v", err)
	}
}

func TestPracticeAndCard(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	b := d.as("maria")
	path := "/staff/people/" + string(p)
	has(t, b.went(b.send(path+"/practice"), path), "counts nowhere")
	if diff := cmp.Diff([]contacts.PersonID{p}, d.practice.who); diff != "" {
		t.Errorf("practice calls (-want +got):\n%s", diff)
	}
	b.went(b.get(path+"/card"), path)
	b.send(path+"/reveal", "why", "visit")
	card := b.page(path + "/card")
	has(t, card, "Keep this by your phone", "The Larkfield research office", "(412) 555-0100", "(412) 555-0101", "6:30 pm", "call 911", "A person calls you back")
	lacks(t, card, "STEADY", "blood pressure")
	es := b.page(path + "/card?in=es")
	has(t, es, "Guarde esta hoja", "La oficina de Larkfield", "llame al 911")
	if !strings.Contains(es, `<html lang="es">`) {
		t.Error("the Spanish card is not marked as Spanish")
	}
}

// Twins share a phone and a birthday; nothing merges by itself.
func TestTwins(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	june, _ := d.volunteer("June", "Lindqvist", "+12165550161", "main")
	jade, _ := d.volunteer("Jane", "Lindqvist", "+12165550161", "main")
	b := d.as("maria")
	has(t, b.page("/staff"), "May be the same person as J. L.")
	path := "/staff/people/" + string(june) + "/twins"
	has(t, b.page("/staff/people/"+string(jade)), "Another record looks like this one.")
	page := b.page(path)
	has(t, page, "1952", "•••-0161", "Not looked at yet")
	lacks(t, page, "Lindqvist")
	_, after, _ := strings.Cut(page, `name="review" value="`)
	review, _, _ := strings.Cut(after, `"`)
	b.refused(b.send(path, "review", review), "Is it one person?")
	if a := b.send(path, "review", "rev_other", "is", "same"); a.code != http.StatusNotFound {
		t.Errorf("another review: %d", a.code)
	}
	has(t, b.went(b.send(path, "review", review, "is", "different", "note", "both here today"), path), "Two people")
	lacks(t, text(b.page("/staff")), "May be the same person")

	d.hire("lee", "Lee Park", members.Coordinator, "mesa")
	half, _ := d.volunteer("Jean", "Lindqvist", "+12165550161", "mesa")
	reviews, err := d.People.ReviewsOf(t.Context(), half)
	if err != nil || len(reviews) == 0 {
		t.Fatalf("%d look-alikes of a person at another site, %v", len(reviews), err)
	}
	lee := d.as("lee")
	for _, x := range reviews { // Lee knows one of the two
		if a := lee.send("/staff/people/"+string(half)+"/twins", "review", x.ID, "is", "same"); a.code != http.StatusNotFound {
			t.Errorf("deciding about another site's person: %d, want 404", a.code)
		}
	}
}

// Each use of somebody who is here under a board's waiver stands on their page (F3).
func TestUsesUnderAWaiver(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.volunteer("Ana", "Ruiz", "+14125550160", "main")
	b := d.as("maria")
	path := "/staff/people/" + string(p)
	lacks(t, b.page(path), "Used under waiver")
	if _, err := d.People.Edit(t.Context(), rig.Staff, p, "board letter", func(x *contacts.Person) error {
		x.Basis = contacts.Basis{Kind: contacts.ByWaiver, Study: "STEADY", Board: "Larkfield ethics board", Reference: "W-7", Expires: "2026-12-31", At: d.Clock.Now()}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b.went(b.send(path+"/reveal", "why", "contact"), path)
	b.went(b.send(path+"/note", "note", "Wrote the letter"), path)
	_, panel, _ := strings.Cut(b.page(path), "Used under waiver W-7 of Larkfield ethics board, for STEADY")
	panel, _, _ = strings.Cut(panel, "</section>")
	has(t, panel, "Maria Santos", "looked at the name", "To get in touch", "signed up")
	lacks(t, panel, "wrote a note")
}

// Of somebody erased, staff of the study see what it must keep, under the number, and can end it; there
// is nothing to reveal, nobody to write to, and nobody else finds them.
func TestErasedPersonWhoTookPart(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, sub := d.rosa()
	q, _ := d.volunteer("Ana", "Ruiz", "+14125550160", "main")
	d.alert(p)
	for _, id := range []contacts.PersonID{p, q} {
		if err := d.People.Erase(t.Context(), rig.Staff, id, "asked", true); err != nil {
			t.Fatal(err)
		}
	}
	b := d.as("maria")
	path := "/staff/people/" + string(p)
	number := "MAIN-" + strings.ToUpper(string(p[len(p)-6:]))
	page := b.page(path)
	has(t, page, number, "asked to be erased on 2 Mar 2026", "Consented", "form 2.0", "V1")
	lacks(t, page, "Rosa", "R. D.", "Delgado", "555-0110", "Reveal name", "compose")
	has(t, b.page("/staff/studies/STEADY/pipeline"), number)
	has(t, b.page(path+"/trail"), "recorded signed consent")
	for _, gone := range []string{"/permissions", "/pin", "/card"} {
		if a := b.get(path + gone); a.code != http.StatusNotFound {
			t.Errorf("%s: %d, want not found", gone, a.code)
		}
	}
	if a := b.get("/staff/people/" + string(q)); a.code != http.StatusNotFound {
		t.Errorf("somebody who never took part: %d, want not found", a.code)
	}
	b.went(b.send("/staff/subjects/"+sub+"/move", "to", "withdrawn", "reason", "wish", "event-day", "2", "event-month", "3", "event-year", "2026"), path)
	if s, err := d.Trial.Subject(t.Context(), sub); err != nil || s.Status != trial.Withdrawn {
		t.Errorf("status %s, %v", s.Status, err)
	}
}
