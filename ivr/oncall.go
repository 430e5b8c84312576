package ivr

import (
	"context"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/trial"
)

// onCall returns the open alerts that wait for the person with this number.
func (o *Operator) onCall(ctx context.Context, n phone.Number) ([]trial.Alert, error) {
	return o.alertsFor(ctx, n, trial.AlertOpen)
}

// alertsFor returns the alerts in a state that this number is on call for. Routine ones and those
// of practice calls wait for nobody.
func (o *Operator) alertsFor(ctx context.Context, n phone.Number, state string) ([]trial.Alert, error) {
	if n.IsZero() {
		return nil, nil
	}
	all, err := o.Trial.Alerts(ctx, state)
	if err != nil {
		return nil, err
	}
	var mine []trial.Alert
	for _, a := range all {
		if a.Level == "routine" || a.Practice {
			continue
		}
		st, err := o.Trial.Study(ctx, a.Study)
		if err != nil {
			return nil, err
		}
		for _, who := range st.OnCall {
			if x, err := phone.Parse(who.Phone, "US"); err == nil && x == n {
				mine = append(mine, a)
				break
			}
		}
	}
	return mine, nil
}

// askAlert is said to somebody on call.
func (o *Operator) askAlert(c *call, of office) Gather {
	return c.ask(1, say(c.Lang, "voice.alert", "caller", of.Name))
}

// alert takes the 1 of somebody on call.
func (o *Operator) alert(ctx context.Context, c *call, keys string) (Script, error) {
	if keys != "1" {
		return o.again(ctx, c)
	}
	n, err := phone.Parse(c.Number, "US")
	if err != nil {
		return nil, err
	}
	theirs, err := o.acknowledge(ctx, n, "voice")
	if err != nil {
		return nil, err
	}
	c.Outcome = "acknowledged"
	if !theirs {
		return o.bye(c, "voice.alertGone"), nil
	}
	return o.bye(c, "voice.alertTaken"), nil
}

// takenLately is how long a second "1" for an alert still means the alert.
const takenLately = time.Hour

// acknowledge takes every alert that waits for this number. It says whether there was one, or one
// that the same person took a moment ago: a repeat gets the same answer.
func (o *Operator) acknowledge(ctx context.Context, n phone.Number, how string) (bool, error) {
	waiting, err := o.onCall(ctx, n)
	if err != nil {
		return false, err
	}
	for _, a := range waiting {
		name, err := o.nameOnCall(ctx, a.Study, n)
		if err != nil {
			return false, err
		}
		if _, err := o.Trial.Acknowledge(ctx, audit.Actor{Kind: audit.Staff, ID: name, Role: "on-call"}, a.ID, how); err != nil {
			return false, err
		}
	}
	if len(waiting) > 0 {
		return true, nil
	}
	taken, err := o.alertsFor(ctx, n, trial.AlertAcknowledged)
	if err != nil {
		return false, err
	}
	for _, a := range taken {
		name, err := o.nameOnCall(ctx, a.Study, n)
		if err != nil {
			return false, err
		}
		if a.AckBy == name && o.now().Sub(a.AckAt) < takenLately {
			return true, nil
		}
	}
	return false, nil
}

// nameOnCall is who has a number among the people on call for a study.
func (o *Operator) nameOnCall(ctx context.Context, study trial.StudyID, n phone.Number) (string, error) {
	st, err := o.Trial.Study(ctx, study)
	if err != nil {
		return "", err
	}
	for _, who := range st.OnCall {
		if x, err := phone.Parse(who.Phone, "US"); err == nil && x == n {
			return who.Name, nil
		}
	}
	return "on call", nil
}
