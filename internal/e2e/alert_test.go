package e2e

import (
	"strings"
	"testing"
)

// evening is an evening call to a household: what is pressed and what is heard.
type evening struct {
	number, pin string
	before      []string // never said before the PIN is right
	notHere     string   // heard after 2
	safety      string   // heard at once after the red flag
	readBack    string   // how the voice says 186
	next        string   // of the question after that
}

// checkIn is the tour's evening: the phone rings when the day's questions are due; somebody else
// answers and presses 2; at the next try the person presses a number that is a red flag and
// hangs up. The alert is with staff although the call was never finished. Called again, they go
// on where they stopped. later lets the time of the next try come.
func checkIn(t *testing.T, h *house, c evening, later func()) {
	t.Helper()
	phone, onCall := h.phone(t, c.number), h.phone(t, noor)
	within(t, "the phone rings at the time of the questions", phone.rings)
	first := phone.answer()
	first.listen()
	has(t, "after 2", first.press("2"), c.notHere)
	first.over()
	lacks(t, "the call that somebody else took", first.everything(), c.before...)

	later()
	within(t, "the phone rings again", phone.rings)
	texts := len(onCall.received())
	second := phone.answer()
	second.listen()
	second.press("1")
	asked := second.press(c.pin)
	heard := second.press("186#")
	has(t, "after a red flag", heard, c.safety, c.readBack)
	second.hangUp()
	onCall.gets(texts, "Reply 1")
	code := onCall.alertCode()
	texts = len(onCall.received())
	onCall.send("1 " + code)
	onCall.gets(texts, "The alert is yours")

	later()
	within(t, "the phone rings back", phone.rings)
	third := phone.answer()
	third.listen()
	third.press("1")
	heard = third.press(c.pin)
	has(t, "the call that goes on", heard, c.safety)
	lacks(t, "the call that goes on", heard, asked)
	if strings.Contains(fold(heard), fold(c.readBack)) {
		heard = third.press("1")
	}
	has(t, "the next question", heard, c.next)
	third.hangUp()
}

// callsIn has somebody call us, enter a number that is a red flag and hang up: the alert is with
// staff.
func (h *house) callsIn(t *testing.T, number, pin, entered, safety string) {
	t.Helper()
	staff := h.phone(t, noor)
	texts := len(staff.received())
	k := h.phone(t, number).dial()
	k.listen()
	k.press("1") // "I have a number from you"
	k.press(pin)
	k.press("1") // the questions
	has(t, "after a red flag", k.press(entered+"#"), safety)
	k.hangUp()
	staff.gets(texts, "Reply 1")
	staff.send("1 " + staff.alertCode())
}

// webDiary opens the day's questions on the participant's page, tells of a fall, and finishes.
func (h *house) webDiary(t *testing.T, v visitor) {
	t.Helper()
	staff := h.phone(t, noor)
	texts := len(staff.received())
	v.press("Start", "Evening questions")
	safety := false
	for asked := 0; strings.HasPrefix(v.path(), "/me/diary") && v.path() != "/me/diary/done"; asked++ {
		switch {
		case asked > 20:
			t.Fatalf("the diary does not end:\n%s", v.says())
		case v.path() == "/me/diary/safety":
			safety = true
			sees(t, v, "Please read this now", "911")
			lacks(t, "the safety page", v.says(), "has been told", "knows already")
			v.look("me-safety")
			v.press("Go on")
		default:
			answerQuestion(t, v, []answer{{"upper number", "128"}, {"lower number", "84"}, {"dizzy", "No"}, {"fall today", "Yes"}, {"blood pressure tablet", "In the evening"}})
		}
	}
	if !safety {
		t.Error("a fall brought no safety words")
	}
	sees(t, v, "Thank you, that was all")
	staff.gets(texts, "Reply 1")
	staff.send("1 " + staff.alertCode())
}
