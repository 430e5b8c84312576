package e2e

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	delgados = "+14125550110"
	tom      = "+14125550145"
	luis     = "+14125550167"
	keisha   = "+18785550178"
)

// dana is not in the demo: whoever tries it signs up as her.
var dana = volunteer{given: "Dana", family: "Okafor", email: "dana.okafor@example.test", number: "+14125550123", kind: "mobile", year: "2005", month: "6", day: "14", zip: "15213",
	answers: []answer{
		{"own mobile phone", "Yes"}, {"another study now", "No"}, {"you have asthma", "Yes"}, {"in an inhaler", "Fluticasone (Flovent, Advair)"},
		{"emphysema", "No"}, {"Do you smoke", "Not sure"}, {"become pregnant", "No"},
	},
	agrees: []string{"sms", "call"}}

// The evening at the Delgados: Ernesto answers first; Rosa has a PIN and speaks Spanish.
var rosasEvening = evening{number: delgados, pin: "4471", before: []string{"STEADY", "presión", "tensión"}, notHere: "Volveremos a llamar", safety: "Llame al 911",
	readBack: "ciento ochenta y seis", next: "número de abajo"}

// stop is one of the tour's.
type stop struct {
	name   string
	phones bool // it does not depend on the day of the week
	do     func(t *testing.T, h *house)
}

// tour is what the tour of the demo leads through, in its order.
func tour() []stop {
	return []stop{
		{"be Dana", true, func(t *testing.T, h *house) {
			v := byBrowser(t, h, narrow)
			goes(t, v, "/")
			v.look("public-home")
			goes(t, v, "/studies")
			v.look("public-studies")
			signUp(t, v, h, "CLEARWAY", dana, "join")
			sees(t, v, "Ben from the research office will call you by ", "(412) 555-0100")
		}},
		{"be Ben: who fits", false, func(t *testing.T, h *house) {
			ben := byBrowser(t, h, wide)
			goes(t, ben, "/demo/tour")
			ben.look("demo-tour")
			ben.press("Ben Adeyemi")
			ben.press("Sign in")
			ben.look("staff-now-ben")
			at := findPerson(t, ben, dana.name())
			goes(t, ben, "/staff/studies/CLEARWAY/candidates")
			sees(t, ben, "D. O. ◐ possible, 1 unknown", "Not known: smoking", "Asthma")
			ben.look("staff-candidates")
			if !strings.Contains(strings.Join(ben.links(), " "), at) {
				t.Errorf("Dana is not on the first page of the candidates:\n%s", ben.says())
			}
			goes(t, ben, at)
			sees(t, ben, "D. O.", "possible, 1 unknown", "from the website")
			ben.look("staff-person-masked")
			reveal(t, ben, dana.name())
			ben.look("staff-person")
		}},
		{"a text to Keisha is refused with the date and words of her STOP", true, func(t *testing.T, h *house) {
			ben := byBrowser(t, h, wide)
			asStaff(t, ben, h, "ben")
			at := findPerson(t, ben, "Keisha Morton")
			goes(t, ben, at+"?do=text")
			sees(t, ben, "Text: not now", "3 May", "STOP")
			lacks(t, "Keisha's page", ben.says(), "Send text", "*")
			ben.look("staff-refused")
			if got := h.phone(t, keisha).received(); len(got) != 0 {
				t.Errorf("Keisha got %v", got)
			}
		}},
		{"the phone rings at the Delgados", true, func(t *testing.T, h *house) { h.theDelgados(t, guide(t, h)) }},
		{"Noor has the alert already", true, func(t *testing.T, h *house) {
			maria := byBrowser(t, h, wide)
			asStaff(t, maria, h, "maria")
			maria.look("staff-now")
			goes(t, maria, "/staff/alerts")
			maria.look("staff-alerts")
			maria.press("Open alert", "R. D.")
			sees(t, maria, "186 mmHg", "Answered", "Text to on-call sent", "Text to on-call delivered", "Taken", "Noor Haddad")
			maria.look("staff-alert")
		}},
		{"tomorrow's visit", true, func(t *testing.T, h *house) {
			phone := h.phone(t, tom)
			phone.gets(0, "You have an appointment tomorrow")
			before := len(phone.received())
			phone.send("1")
			phone.gets(before, "We will see you tomorrow at 2:30")
			maria := byBrowser(t, h, wide)
			asStaff(t, maria, h, "maria")
			zone, err := time.LoadLocation(eastern)
			if err != nil {
				t.Fatal(err)
			}
			goes(t, maria, "/staff/visits?day="+h.now().In(zone).AddDate(0, 0, 1).Format(time.DateOnly))
			if row := regexp.MustCompile(`T\. B\. ?STEADY V3 confirmed`); !row.MatchString(maria.says()) {
				t.Errorf("the board does not show Tom as confirmed:\n%s", maria.says())
			}
			maria.look("staff-visits-tomorrow")
		}},
		{"Luis chooses a time by text", true, func(t *testing.T, h *house) {
			zone, err := time.LoadLocation(eastern)
			if err != nil {
				t.Fatal(err)
			}
			maria := byBrowser(t, h, wide)
			asStaff(t, maria, h, "maria")
			goes(t, maria, findPerson(t, maria, "Luis Herrera"))
			maria.press("V3")
			today := h.now().In(zone)
			for n, slot := range map[string]time.Time{"1": today.AddDate(0, 0, 1), "2": today.AddDate(0, 0, 2)} {
				maria.fill("day"+n+"-day", strconv.Itoa(slot.Day()))
				maria.fill("day"+n+"-month", strconv.Itoa(int(slot.Month())))
				maria.fill("day"+n+"-year", strconv.Itoa(slot.Year()))
			}
			maria.fill("at1", "9:00 am")
			maria.fill("at2", "3:30 pm")
			phone := h.phone(t, luis)
			before := len(phone.received())
			maria.look("staff-offer")
			maria.press("Offer times by text")
			sees(t, maria, "The times are on their way")
			phone.gets(before, "3 to be called")
			phone.send("2")
			phone.gets(before+1, "Your visit is")
			goes(t, maria, "/staff/visits?day="+today.AddDate(0, 0, 2).Format(time.DateOnly))
			if row := regexp.MustCompile(`L\. H\. ?LANTERN V3`); !row.MatchString(maria.says()) {
				t.Errorf("the board does not show Luis:\n%s", maria.says())
			}
		}},
		{"a diary on the web, left off and gone on with", false, func(t *testing.T, h *house) {
			v := byBrowser(t, h, narrow)
			goes(t, v, "/me")
			v.look("me-signin")
			asParticipant(t, v, h, tom)
			v.look("me-today")
			for _, p := range []string{"visits", "messages", "data", "leave"} {
				goes(t, v, "/me/"+p)
				v.look("me-" + p)
			}
			goes(t, v, "/me")
			h.webDiary(t, v)
			v.look("me-done")
		}},
		{"a caller presses a red flag and hangs up", true, func(t *testing.T, h *house) {
			h.callsIn(t, delgados, "4471", "125", "Llame al 911")
		}},
		{"to Lee of Mesa Ridge, Rosa does not exist", true, func(t *testing.T, h *house) {
			maria := byBrowser(t, h, wide)
			asStaff(t, maria, h, "maria")
			rosa := findPerson(t, maria, "Rosa Delgado")
			maria.look("staff-rosa")
			lee := byBrowser(t, h, wide)
			asStaff(t, lee, h, "lee")
			if status := lee.open(rosa); status != 404 {
				t.Errorf("Rosa's page answers Lee with %d", status)
			}
			lee.look("staff-404")
			goes(t, lee, "/staff/people")
			lee.fill("q", "Rosa Delgado")
			lee.press("Find")
			lacks(t, "what Lee finds", lee.says(), "R. D.")
			goes(t, lee, "/staff/alerts")
			lacks(t, "Lee's alerts", lee.says(), "R. D.")
		}},
		{"encore: weeks in seconds", true, func(t *testing.T, h *house) {
			joan := byBrowser(t, h, wide)
			asStaff(t, joan, h, "joan")
			goes(t, joan, "/staff/studies/STEADY/rehearse")
			joan.look("staff-rehearse")
			rehearse := func(study, phone, answers, zone, weeks string) {
				t.Helper()
				goes(t, joan, "/staff/studies/"+study+"/rehearse")
				joan.fill("phone", phone)
				joan.fill("answers", answers)
				joan.fill("zone", zone)
				joan.fill("weeks", weeks)
				if status := joan.press("Rehearse"); status != 200 {
					t.Fatalf("the rehearsal answers %d:\n%s", status, joan.says())
				}
			}
			rehearse("STEADY", "mobile", "red-flag", eastern, "3")
			sees(t, joan, "Week 2", "Text to whoever is on call", "Call to whoever is on call", "Visits confirmed 1 of 1", "Nothing of this was sent")
			joan.look("staff-rehearsal")
			rehearse("ORCHARD", "mobile", "all", "Pacific/Honolulu", "2") // Alma's mornings
			sees(t, joan, "The study is in setup. It was played as if it were open.", "09:00", "at the site", "Week 1")
			joan.look("staff-rehearsal-honolulu")
		}},
	}
}

// guide presses on the demo's bar.
func guide(t *testing.T, h *house) func() {
	v := byBrowser(t, h, wide)
	goes(t, v, "/demo/tour")
	return func() { v.press("Next event") }
}

// TestTour walks the tour of the demo in a browser, then stops the demo, goes on with it, and
// harms its database.
func TestTour(t *testing.T) {
	needBrowser(t)
	h := newHouse(t)
	h.serve("demo")
	has(t, "what the demo prints", h.said.String(), "http://"+h.site+"/demo/tour", "http://"+h.sim, "+14125550110", "4471")
	ok := true
	step := func(name string, f func(t *testing.T)) { ok = ok && h.step(name, f) }

	step("the demo begins on Monday at 9:05 in Pittsburgh", func(t *testing.T) {
		zone, err := time.LoadLocation(eastern)
		if err != nil {
			t.Fatal(err)
		}
		if now := h.now().In(zone); now.Weekday() != time.Monday || now.Hour() != 9 || now.Minute() > 15 {
			t.Errorf("the demo's clock says %v", now)
		}
	})
	for _, x := range tour() {
		step(x.name, func(t *testing.T) { x.do(t, h) })
	}
	step("every main page fits both widths", func(t *testing.T) {
		v := byBrowser(t, h, wide)
		for name, path := range map[string]string{"public-privacy": "/privacy", "public-callme": "/call-me", "public-unsubscribe": "/unsubscribe", "public-list": "/join"} {
			goes(t, v, path)
			v.look(name)
		}
		goes(t, v, "/studies?lang=es")
		v.look("public-studies-es")
		maria := byBrowser(t, h, wide)
		asStaff(t, maria, h, "maria")
		for _, p := range []string{"studies", "studies/STEADY", "studies/ORCHARD", "studies/CLEARWAY/pipeline", "people", "people/new", "visits", "tasks", "inbox"} {
			goes(t, maria, "/staff/"+p)
			maria.look("staff-" + strings.ReplaceAll(p, "/", "-"))
		}
		if status := maria.open("/staff/nothing"); status != 404 {
			t.Errorf("a page that does not exist answers %d", status)
		}
		joan := byBrowser(t, h, wide)
		asStaff(t, joan, h, "joan")
		joan.look("staff-now-director")
		if status := joan.open("/staff/people"); status != 403 {
			t.Errorf("the director's list of people answers %d", status)
		}
		phones := newTab(t, h, wide)
		phones.open("http://" + h.sim + "/")
		phones.look("phones")
		phones.open(h.handsetURL(noor))
		phones.look("phone-noor")
	})
	if !ok {
		return
	}
	// While it runs, what is not checkpointed is in the write-ahead log.
	words := personal(dana)
	h.leaksNothing(words)
	metrics := h.get("http://" + h.scrapes + "/metrics")
	then := h.now()
	secrets := append(h.pins(), h.codes(t, dana.number, tom)...)
	h.stop()

	h.intact()
	step("nothing personal in log, metrics, database", func(t *testing.T) {
		lacks(t, "the metrics", metrics, words...)
		h.leaksNothing(words)
		h.leaksNoDigits(secrets)
	})
	step("the demo goes on where it was", func(t *testing.T) {
		h.serve("demo")
		if now := h.now(); now.Before(then) || now.Sub(then) > 10*time.Minute {
			t.Errorf("it was %v and is %v", then, now)
		}
		v := byPaper(t, h, wide)
		asStaff(t, v, h, "ben")
		findPerson(t, v, dana.name())
		sees(t, v, "D. O.")
		if n := strings.Count(v.says(), "New"); n == 0 {
			t.Errorf("Dana is on no list any more:\n%s", v.says())
		}
		h.stop()
	})
	step("a changed byte is named", func(*testing.T) { h.tampered() })
	step("the demo starts again from the beginning", func(t *testing.T) {
		h.serve("demo")
		v := byPaper(t, h, wide)
		goes(t, v, "/demo/tour")
		v.press("Start again from the beginning")
		within(t, "it is Monday again and Dana is gone", func() bool {
			if !h.answers() || h.now().After(then.Add(-time.Hour)) {
				return false
			}
			again := byPaper(t, h, wide)
			asStaff(t, again, h, "ben")
			goes(t, again, "/staff/people")
			again.fill("q", dana.name())
			again.press("Find")
			return !strings.Contains(again.says(), "D. O.")
		})
		h.stop()
	})
}

// theDelgados moves time on, event by event, until the phone of the Delgados is due to ring, and
// walks the evening. Whoever presses on without waiting for the phone misses the call.
func (h *house) theDelgados(t *testing.T, next func()) {
	t.Helper()
	reach := func(at time.Time) {
		t.Helper()
		for range 120 {
			if !h.now().Before(at) {
				return
			}
			next()
		}
		t.Fatalf("after 120 events it is %v, and not yet %v", h.now(), at)
	}
	reach(h.upcoming("18:30", eastern))
	checkIn(t, h, rosasEvening, func() { reach(h.now().Add(15*time.Minute - 10*time.Second)) })
}

// The demo does not depend on when or where it is started: all that needs no working day is played.
func TestTourOnSaturdayNightFarAway(t *testing.T) {
	needBrowser(t)
	t.Parallel()
	h := newHouse(t)
	h.env = []string{"TZ=Asia/Kolkata"}
	h.args = []string{"--now", "2026-03-07T23:30:00+05:30"}
	h.serve("demo")
	ok, played := true, 0
	for _, x := range tour() {
		if x.phones {
			ok = ok && h.step(x.name, func(t *testing.T) { x.do(t, h) })
			played++
		}
	}
	if played < 8 {
		t.Errorf("only %d stops were played", played)
	}
}

func TestDemoRefuses(t *testing.T) {
	t.Run("real credentials", func(t *testing.T) {
		h := newHouse(t)
		out, code := h.run("demo", "--twilio-account-sid", "AC0123456789abcdef0123456789abcdef", "--twilio-auth-token", "not-a-real-token", "--twilio-from", office)
		if code == 0 {
			t.Errorf("the demo starts with real credentials:\n%s", out)
		}
		has(t, "the refusal", out, "never runs on a real phone account")
	})
	t.Run("a folder with other people in it", func(t *testing.T) {
		h := newHouse(t)
		file := h.file("people.csv", "given,family,birthDate,phone,zip\nOlga,Norgaard,1960-02-01,412-555-0166,15213\n")
		h.must("import", "csv", file, "--basis", "consent")
		out, code := h.run("demo")
		if code == 0 {
			t.Errorf("the demo starts on other people's data:\n%s", out)
		}
		has(t, "the refusal", out, "data-dir")
		lacks(t, "the refusal", out, "Norgaard", "Olga")
		h.intact()
	})
}
