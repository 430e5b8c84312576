package ivr

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/trial"
)

// isOnCall says whether a number is that of somebody on call for a study, whether or not an alert waits.
func (o *Operator) isOnCall(ctx context.Context, n phone.Number) (bool, error) {
	if n.IsZero() {
		return false, nil
	}
	all, err := o.Trial.Studies(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(all, func(st trial.Study) bool { return st.State != trial.StudyClosed && whoOnCall(&st, n) != "" }), nil
}

// whoOnCall is who has a number among the people on call for a study, "" for nobody.
func whoOnCall(st *trial.Study, n phone.Number) string {
	for _, who := range st.OnCall {
		if x, err := phone.Parse(who.Phone, "US"); err == nil && x == n {
			if who.Name == "" {
				return "on call"
			}
			return who.Name
		}
	}
	return ""
}

// askAlert is said to somebody on call whom we rang. It names nobody and no condition.
func (o *Operator) askAlert(c *call) Gather { return c.ask(1, say(c.Lang, "voice.alert")) }

// answerAlert begins a call of ours about an alert: one that was taken meanwhile needs nobody.
func (o *Operator) answerAlert(ctx context.Context, c *call) (Script, error) {
	al, err := o.Trial.Alert(ctx, c.Response)
	if err != nil {
		return nil, err
	}
	if al.State != trial.AlertOpen {
		c.Outcome = "taken before"
		return o.takenBy(ctx, c, &al)
	}
	c.Stage = atAlert
	return Script{o.askAlert(c)}, nil
}

// alert takes the key of somebody on call whom we rang: 1 takes the alert, 2 hands it on. That we rang
// the number is proof enough of who presses it; who calls us needs the code (alertCode).
func (o *Operator) alert(ctx context.Context, c *call, keys string) (Script, error) {
	if !c.Outbound {
		return o.alertCode(ctx, c, keys)
	}
	if keys != "1" && keys != "2" {
		return o.again(ctx, c)
	}
	al, by, err := o.alertOf(ctx, c)
	if err != nil {
		return nil, err
	}
	if keys == "2" {
		if al, err = o.Trial.HandOn(ctx, by, al.ID, "voice"); err != nil {
			return nil, err
		}
		if al.State == trial.AlertOpen {
			c.Outcome = "handed on"
			return o.bye(c, "voice.alertPassed"), nil
		}
		c.Outcome = "taken before"
		return o.takenBy(ctx, c, &al)
	}
	if al, err = o.Trial.Acknowledge(ctx, by, al.ID, "voice"); err != nil {
		return nil, err
	}
	if al.AckBy != by.ID {
		c.Outcome = "taken before"
		return o.takenBy(ctx, c, &al)
	}
	c.Outcome = "acknowledged"
	return o.bye(c, "voice.alertTaken"), nil
}

// alertOf is the alert a call of ours is about, and who has the number that we rang.
func (o *Operator) alertOf(ctx context.Context, c *call) (trial.Alert, audit.Actor, error) {
	al, err := o.Trial.Alert(ctx, c.Response)
	if err != nil {
		return al, audit.Actor{}, err
	}
	n, err := phone.Parse(c.Number, "US")
	if err != nil {
		return al, audit.Actor{}, err
	}
	by, _, err := o.onCallFor(ctx, &al, n)
	return al, by, err
}

// onCallFor is who has a number among those on call for an alert; ok is false where nobody has.
func (o *Operator) onCallFor(ctx context.Context, al *trial.Alert, n phone.Number) (by audit.Actor, ok bool, err error) {
	st, err := o.Trial.Study(ctx, al.Study)
	if err != nil {
		return by, false, err
	}
	name := whoOnCall(&st, n)
	if name == "" {
		return audit.Actor{Kind: audit.Staff, ID: "on call", Role: "on-call"}, false, nil
	}
	return audit.Actor{Kind: audit.Staff, ID: name, Role: "on-call"}, true, nil
}

// takenBy says who has an alert and ends the call.
func (o *Operator) takenBy(ctx context.Context, c *call, al *trial.Alert) (Script, error) {
	who, err := o.taker(ctx, al)
	if err != nil || who == "" {
		return o.bye(c, "voice.alertGone"), err
	}
	return o.bye(c, "voice.alertTakenBy", "who", who), nil
}

// taker is the name of who took an alert, where it is somebody on call; "" for anybody else.
func (o *Operator) taker(ctx context.Context, al *trial.Alert) (string, error) {
	st, err := o.Trial.Study(ctx, al.Study)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(st.OnCall, func(x trial.OnCall) bool { return x.Name == al.AckBy }) {
		return al.AckBy, nil
	}
	return "", nil
}

// noteAlertCall adds how a call about an alert went to its record, where the carrier's word is not all
// of it: to the carrier an answering machine has answered.
func (o *Operator) noteAlertCall(ctx context.Context, c *call) error {
	how := map[string]string{"voicemail": "machine", "fax": "machine", hungUp: "hung up", "gave up": "no key"}[c.Outcome]
	if !c.Outbound || c.Template != CallAlert || how == "" {
		return nil
	}
	err := o.Trial.AlertCalled(ctx, c.Response, c.Message, how)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil
	}
	return err
}

// takenLately is how long a code still means an alert after somebody took it.
const takenLately = time.Hour
