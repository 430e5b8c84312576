package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore/docstoretest"
	"github.com/muster-health/muster/internal/mongotest/txproxy"
	"github.com/muster-health/muster/ivr/phonesim"
)

// The fictional numbers of the journeys on an empty registry.
const (
	office = "+14125550100"
	noor   = "+14125550102"
	vera   = "+14125550150"
	sam    = "+17245550151"
)

const eastern = "America/New_York"

// agreed are the answers of somebody the study is looking for.
var agreed = []answer{
	{"another study now", "No"},
	{"high blood pressure", "Yes"},
	{"Which of these medicines", "Lisinopril"},
	{"measured in the last 30 days", "No"},
	{"stroke", "No"},
}

var veraLind = volunteer{given: "Veronika", family: "Lindqvistsen", email: "veronika.l@example.test", number: vera, kind: "mobile", year: "1962", month: "5", day: "3", zip: "15213",
	answers: agreed, agrees: []string{"sms", "voice", "call"}}

var samOrr = volunteer{given: "Samuel", family: "Orrington", email: "s.orrington@example.test", number: sam, kind: "mobile", year: "1958", month: "11", day: "20", zip: "15217",
	answers: agreed[1:3], agrees: []string{"sms"}}

// empty starts a site with one study, three members of staff and nobody in the registry, on
// Monday 2 March 2026, 9:05 in Pittsburgh, with the phone network beside it.
func empty(t *testing.T, store string) *house {
	t.Helper()
	h := newHouse(t)
	h.store = store
	h.traces = h.collects()
	h.args = []string{"--twilio-base-url", "http://" + h.sim, "--twilio-account-sid", phonesim.DemoAccountSID, "--twilio-auth-token", phonesim.DemoAuthToken, "--twilio-from", office}
	h.must("study", "put", "testdata/EVENING.yaml")
	has(t, "the same study again", h.must("study", "put", "testdata/EVENING.yaml"), "unchanged")
	h.must("staff", "add", "maria", "--name", "Maria Santos", "--role", "coordinator")
	h.must("staff", "add", "ben", "--name", "Ben Adeyemi", "--role", "recruiter")
	h.must("staff", "add", "lee", "--name", "Lee Park", "--role", "coordinator", "--site", "mesa")
	phones := h.start("phonesim")
	t.Cleanup(func() {
		if err := phones.stop(); err != nil {
			t.Errorf("the phones stopped badly: %v", err)
		}
	})
	h.serve("serve", "--now", "2026-03-02T09:05:00-05:00")
	return h
}

func TestJourneysOnSQLite(t *testing.T) {
	t.Parallel()
	h := empty(t, "")
	h.journeys(byPaper)
	h.leaksNothing(personal(veraLind, samOrr))
	h.stop()
	has(t, "the traces", h.traces.String(), "GET /staff/people/{id}", "POST /hooks/twilio/voice", "POST provider")
	lacks(t, "the traces", h.traces.String(), personal(veraLind, samOrr)...)
	h.intact()
	h.leaksNothing(personal(veraLind, samOrr))
	h.tampered()
}

func TestJourneysOnFerretDB(t *testing.T) {
	t.Parallel()
	uri, proxy := docstoretest.WithTransactions(t, docstoretest.StartFerretDB(t), txproxy.Options{})
	h := empty(t, uri)
	h.journeys(byPaper)
	h.stop()
	h.intact()
	if s := proxy.Stats(); s.Committed < 100 {
		t.Errorf("%+v: the journeys did not go through transactions", s)
	}
	lacks(t, "the log", h.log.String(), "keeps no transactions")
}

// journeys walks the five journeys of the design on a registry that is empty before.
func (h *house) journeys(enter door) {
	var person, pin string
	ok := true
	step := func(name string, f func(t *testing.T)) { ok = ok && h.step(name, f) }

	step("a volunteer signs up and is a candidate", func(t *testing.T) {
		v := enter(t, h, narrow)
		signUp(t, v, h, "EVENING", veraLind, "")
		sees(t, v, "Thank you", "Ben from the research office will call you by", "(412) 555-0100")
	})
	step("a recruiter sees why they fit, and reaches them", func(t *testing.T) {
		ben := enter(t, h, wide)
		asStaff(t, ben, h, "ben")
		goes(t, ben, "/staff/studies/EVENING/candidates")
		sees(t, ben, "V. L.", "high blood pressure", "Lisinopril", "(web)", "2 Mar 2026")
		person = findPerson(t, ben, "Lindqvistsen Veronika")
		reveal(t, ben, veraLind.name())
		goes(t, ben, person+"?do=text")
		before := len(h.phone(t, vera).received())
		ben.fill("text", "Hello Veronika, may we call you today?")
		ben.press("Send text")
		sees(t, ben, "The text is on its way")
		h.phone(t, vera).gets(before, "The Larkfield research office: Hello Veronika, may we call you today?")
		within(t, "the text is marked as delivered", func() bool {
			goes(t, ben, person)
			return strings.Contains(ben.says(), "delivered")
		})
	})
	step("nobody who wrote STOP is texted", func(t *testing.T) {
		v := enter(t, h, narrow)
		signUp(t, v, h, "EVENING", samOrr, "")
		h.phone(t, sam).send("Please stop texting me")
		ben := enter(t, h, wide)
		asStaff(t, ben, h, "ben")
		at := findPerson(t, ben, "Orrington")
		goes(t, ben, at+"?do=text")
		sees(t, ben, "Text: not now", "STOP", "2 Mar")
		lacks(t, "the page of somebody who wrote STOP", ben.says(), "Send text")
	})
	step("somebody of another site finds nobody", func(t *testing.T) {
		lee := enter(t, h, wide)
		asStaff(t, lee, h, "lee")
		if status := lee.open(person); status != 404 {
			t.Errorf("the person's page answers %d", status)
		}
		goes(t, lee, "/staff/people")
		lee.fill("q", veraLind.name())
		lee.press("Find")
		sees(t, lee, "Nobody found")
	})
	step("they consent, get a PIN and a visit tomorrow", func(t *testing.T) {
		maria := enter(t, h, wide)
		asStaff(t, maria, h, "maria")
		goes(t, maria, person)
		reveal(t, maria, veraLind.name())
		maria.press("Move on")
		maria.fill("to", "Pre-screen passed")
		maria.press("Move")
		maria.press("Record consent")
		maria.fill("version", "2.1")
		maria.fill("at", "9:00 am")
		maria.fill("copy", "1")
		maria.press("Record consent")
		sees(t, maria, "The consent is recorded", "Consented")
		maria.press("Phone PIN")
		maria.fill("why", "office")
		maria.press("Go on")
		m := regexp.MustCompile(`(\d) · (\d) · (\d) · (\d)`).FindStringSubmatch(maria.says())
		if m == nil {
			t.Fatalf("no PIN:\n%s", maria.says())
		}
		pin = strings.Join(m[1:], "")
		maria.press("Back to the person")
		maria.press("V2")
		maria.fill("day-month", "3")
		maria.fill("day-day", "3")
		maria.fill("day-year", "2026")
		maria.fill("at", "9:30 am")
		maria.press("Book visit")
		sees(t, maria, "is booked for")
	})
	step("they agree to reminders on their own page", func(t *testing.T) {
		v := enter(t, h, narrow)
		asParticipant(t, v, h, vera)
		sees(t, v, "Good morning, Veronika")
		goes(t, v, "/me/data")
		v.press("I agree, turn it on", "Texts about my visits and diary")
		sees(t, v, "Turned on: Texts about my visits and diary")
		v.press("I agree, turn it on", "Calls with a recorded voice about my visits and diary")
		sees(t, v, "Turned on: Calls with a recorded voice about my visits and diary")
	})
	step("the reminder is answered and the board knows", func(t *testing.T) {
		phone := h.phone(t, vera)
		before := len(phone.received())
		h.until("09:31", eastern)
		phone.gets(before, "Reply 1 to confirm")
		phone.send("1")
		phone.gets(before+1, "We will see you tomorrow at 9:30")
		maria := enter(t, h, wide)
		asStaff(t, maria, h, "maria")
		goes(t, maria, "/staff/visits?day=2026-03-03")
		sees(t, maria, "V. L.", "confirmed")
	})
	step("a red flag pressed before hanging up reaches staff", func(t *testing.T) {
		h.until("18:30", eastern)
		checkIn(t, h, evening{number: vera, pin: pin, notHere: "We will call again", safety: "Call 911", readBack: "one hundred eighty-six", next: "lower number"}, func() { h.advance(15*time.Minute + time.Second) })
	})
	step("the alert's record is whole", func(t *testing.T) {
		maria := enter(t, h, wide)
		asStaff(t, maria, h, "maria")
		goes(t, maria, "/staff/alerts")
		sees(t, maria, "V. L.", "186 mmHg")
		maria.press("Open alert")
		sees(t, maria, "Answered", "Text to on-call sent", "Text to on-call delivered", "Taken", "Noor Haddad")
	})
	step("the diary on the web goes on and raises alerts too", func(t *testing.T) {
		h.until("18:05", eastern)
		v := enter(t, h, narrow)
		asParticipant(t, v, h, vera)
		h.webDiary(t, v)
	})
	step("a caller presses a red flag and hangs up", func(t *testing.T) {
		h.advance(24 * time.Hour)
		h.callsIn(t, vera, pin, "190", "Call 911")
	})
	step("metrics name nobody", func(t *testing.T) {
		m := h.get("http://" + h.scrapes + "/metrics")
		has(t, "the metrics", m, "muster_people_total", "muster_alerts_open")
		lacks(t, "the metrics", m, "Veronika", "Orrington", veraLind.local(), samOrr.local())
	})
}
