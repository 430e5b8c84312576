package ivr_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/trial"
)

const noor, ida = "+14125550102", "+14125550103"

// rung brings an alert to where everybody on call is rung, and returns the calls to Noor and Ida.
func rung(t *testing.T, r *rig.Rig) (calls [2]ivr.CallEvent) {
	t.Helper()
	st, err := r.Trial.Study(t.Context(), "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	st.OnCall = append(st.OnCall, trial.OnCall{Name: "Ida Brook", Phone: "412-555-0103", Hours: trial.Always})
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	ev := asked(t, r)
	ev.Digits = "186"
	if _, err := r.Operator.Press(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := r.Trial.Escalate(t.Context(), r.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		r.Deliver(t)
		r.Clock.Advance(5 * time.Minute)
	}
	for i, n := range []string{noor, ida} {
		var last outbox.Message
		for _, m := range r.Sent.To(n) {
			if m.Kind == outbox.Call {
				last = m
			}
		}
		calls[i] = ivr.CallEvent{SID: rig.SID(last), From: num(t, rig.Office), To: num(t, n), Outbound: true, Message: last.ID}
		if _, err := r.Operator.Answer(t.Context(), calls[i]); err != nil {
			t.Fatal(err)
		}
		calls[i].Step, calls[i].Digits = 1, "1"
	}
	return calls
}

// Of two people who press 1 at the same time, on one process or on two, one has the alert and the other
// hears who; each key comes twice, and the second time says the same.
func TestTwoTakeAnAlertAtOnce(t *testing.T) {
	for name, processes := range map[string]func(*rig.Rig) [2]*ivr.Operator{
		"one process":   func(r *rig.Rig) [2]*ivr.Operator { return [2]*ivr.Operator{r.Operator, r.Operator} },
		"two processes": func(r *rig.Rig) [2]*ivr.Operator { return [2]*ivr.Operator{r.Operator, twin(t, r)} },
	} {
		t.Run(name, func(t *testing.T) {
			r := transcript.People(t, transcript.Direct(t)(""))
			calls, ops := rung(t, r), processes(r)
			var heard [2]string
			var wg sync.WaitGroup
			for i := range calls {
				wg.Go(func() {
					for range 2 {
						s, err := ops[i].Press(context.WithoutCancel(t.Context()), calls[i])
						if err != nil {
							t.Error(err)
						}
						if again := words(s); heard[i] != "" && heard[i] != again {
							t.Errorf("the same key again says %q after %q", again, heard[i])
						} else {
							heard[i] = again
						}
					}
				})
			}
			wg.Wait()
			all, err := r.Trial.Alerts(t.Context(), trial.AlertAcknowledged)
			if err != nil || len(all) != 1 {
				t.Fatalf("%d alerts taken (%v), want one", len(all), err)
			}
			taker, taken := 0, 0
			for i, name := range []string{"Noor Haddad", "Ida Brook"} {
				if strings.Contains(heard[i], "The alert is yours") && all[0].AckBy == name {
					taker++
				}
				if strings.Contains(heard[i], all[0].AckBy+" has taken this alert") && all[0].AckBy != name {
					taken++
				}
			}
			if taker != 1 || taken != 1 {
				t.Errorf("%s has it; they hear %q: %+v", all[0].AckBy, heard, all[0].Log)
			}
			acks := 0
			for _, x := range all[0].Log {
				if x.What == "acknowledged" {
					acks++
				}
			}
			if acks != 1 {
				t.Errorf("acknowledged %d times in the record", acks)
			}
		})
	}
}

// Guesses of a code made side by side are no more than so many one after the other.
func TestCodeIsNotGuessedSideBySide(t *testing.T) {
	r := transcript.People(t, transcript.Direct(t)(""))
	ev := asked(t, r)
	ev.Digits = "186"
	if _, err := r.Operator.Press(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	open, err := r.Trial.Alerts(t.Context(), trial.AlertOpen)
	if err != nil || len(open) != 1 || len(open[0].Code) != 4 {
		t.Fatalf("%+v, %v", open, err)
	}
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			guess := string([]byte{open[0].Code[0], open[0].Code[1], open[0].Code[2], '0' + (open[0].Code[3]-'0'+1+byte(i%9))%10})
			in := ivr.Inbound{SID: "SMguess" + string(rune('A'+i)), From: num(t, noor), To: num(t, rig.Office), Body: "1 " + guess}
			if _, err := r.Operator.Text(context.WithoutCancel(t.Context()), in); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	right := ivr.Inbound{SID: "SMright", From: num(t, noor), To: num(t, rig.Office), Body: "1 " + open[0].Code}
	if _, err := r.Operator.Text(t.Context(), right); err != nil {
		t.Fatal(err)
	}
	if al, err := r.Trial.Alert(t.Context(), open[0].ID); err != nil || al.State != trial.AlertOpen {
		t.Errorf("%s, %v: the right code after thirty wrong ones took it", al.State, err)
	}
}
