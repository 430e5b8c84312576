package main

import (
	"context"

	"github.com/muster-health/muster/internal/turns"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/ivr/twilio"
)

// worksAtOnce is how many plans, sends and reports are worked on at once, beside those that wait for a
// provider's answer: enough that the database commits several together.
const worksAtOnce = 8

// inTurn is an operator for whom people on the phone go first, and reports of what was sent go later: a
// provider hands them over and forgets them.
type inTurn struct {
	twilio.Operator
	turns *turns.Turns
}

func (o inTurn) Text(ctx context.Context, in ivr.Inbound) ([]string, error) {
	defer o.turns.First()()
	return o.Operator.Text(ctx, in)
}

func (o inTurn) Answer(ctx context.Context, ev ivr.CallEvent) (ivr.Script, error) {
	defer o.turns.First()()
	return o.Operator.Answer(ctx, ev)
}

func (o inTurn) Press(ctx context.Context, ev ivr.CallEvent) (ivr.Script, error) {
	defer o.turns.First()()
	return o.Operator.Press(ctx, ev)
}

func (o inTurn) Whisper(ctx context.Context, parent string, asked bool, keys string) (ivr.Script, error) {
	defer o.turns.First()()
	return o.Operator.Whisper(ctx, parent, asked, keys)
}

func (o inTurn) MessageStatus(ctx context.Context, ev ivr.MessageEvent) error {
	defer o.turns.Later(ctx)()
	return o.Operator.MessageStatus(ctx, ev)
}

func (o inTurn) CallStatus(ctx context.Context, ev ivr.CallEvent) error {
	defer o.turns.Later(ctx)()
	return o.Operator.CallStatus(ctx, ev)
}

func (o inTurn) RecordingStatus(ctx context.Context, ev ivr.RecordingEvent) error {
	defer o.turns.Later(ctx)()
	return o.Operator.RecordingStatus(ctx, ev)
}
