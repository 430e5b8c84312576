package ivr_test

import (
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/trial"
)

// Whether a person or a machine picked up is asked before the call begins (docs/decisions/0061). What
// the carrier says of it later, on a key press or in a report, changes nothing: somebody pressed a key.
func TestLateDetectionChangesNothing(t *testing.T) {
	d := transcript.Direct(t)("")
	r := transcript.People(t, d)
	people, err := r.People.ByPoint(t.Context(), "+14125550167")
	if err != nil {
		t.Fatal(err)
	}
	luis := people[0].PersonID()
	if err := r.Operator.Practice(t.Context(), rig.Staff, luis); err != nil {
		t.Fatal(err)
	}
	r.Deliver(t)
	if err := d.Answer("+14125550167", ""); err != nil {
		t.Fatal(err)
	}
	out := r.Sent.To("+14125550167")
	ev := ivr.CallEvent{SID: rig.SID(out[len(out)-1]), From: num(t, rig.Office), To: num(t, "+14125550167"), Outbound: true, Message: out[len(out)-1].ID}
	press := func(step int, keys, by string) string {
		e := ev
		e.Step, e.Digits, e.AnsweredBy = step, keys, by
		s, err := r.Operator.Press(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		return words(s)
	}
	press(1, "1", "")
	press(2, "5823", "machine")
	if got := press(3, "120", "fax"); got == "" || !strings.Contains(got, "one hundred twenty") {
		t.Errorf("after keys a late word of a fax led to %q", got)
	}
	late := ev
	late.Status, late.AnsweredBy = "in-progress", "machine"
	if err := r.Operator.CallStatus(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	if got := press(4, "1", "machine"); !strings.Contains(got, "lower number") {
		t.Errorf("the call went on with %q", got)
	}
	all, err := r.Trial.ResponsesOf(t.Context(), luis)
	if err != nil {
		t.Fatal(err)
	}
	answers := 0
	for _, x := range all {
		if x.Session.Answers != nil && x.State != trial.ResponseCompleted {
			answers += len(x.Session.Answers)
		}
	}
	if answers != 1 {
		t.Errorf("%d answers, want the one that was keyed", answers)
	}
}
