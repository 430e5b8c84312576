package portal_test

import (
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// PHQ-9 on the web: its own words with the time they are about on every screen, the notice of who
// made it, and the ninth question is with staff before the tenth is asked (F18, F19).
func TestInstrumentOnTheWeb(t *testing.T) {
	s := newSite(t, rig.Options{})
	mood := strings.NewReplacer("clearway-daily", "phq-9", "channels: [web, sms]", "channels: [web]", `[{item: wheeze, op: "=", value: "3", level: urgent}]`, `[{item: q9, op: ">=", value: "1", level: critical}]`)
	st, err := trial.ParseStudy([]byte(mood.Replace(cedar)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	s.enrolled(s.person("Dana", "2005-05-03", "+14125550123", nil))
	b := s.browser().signIn("412-555-0123", "+14125550123").at("/me")
	b.post("/me/diary/start", "due", b.hidden("due")).at("/me/diary")
	for range 8 {
		b.sees("Over the last 2 weeks, how often have you been bothered by any of the following problems?", "with an educational grant from Pfizer Inc. No permission required to reproduce")
		b.answer("/me/diary", "0").at("/me/diary")
	}
	b.sees("Thoughts that you would be better off dead").answer("/me/diary", "1").at("/me/diary/safety").sees("This may need help now.")
	alerts, err := s.Trial.Alerts(t.Context(), trial.AlertOpen)
	if err != nil || len(alerts) != 1 || alerts[0].Level != "critical" || alerts[0].Item != "q9" {
		t.Fatalf("alerts %+v, %v", alerts, err)
	}
	b.get("/me/diary").sees("how difficult have these problems made it").answer("/me/diary", "0").at("/me/diary/done")
}
