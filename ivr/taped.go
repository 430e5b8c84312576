package ivr

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// tape is what a step of a call records, so that a recording that the carrier tells of later finds
// whose it is.
type tape struct {
	Step     int               `bson:"step"`
	Person   contacts.PersonID `bson:"person,omitempty"`
	Proved   bool              `bson:"proved,omitempty"`
	Study    trial.StudyID     `bson:"study,omitempty"`
	Response string            `bson:"response,omitempty"`
	Item     string            `bson:"item,omitempty"`
}

const (
	keyTape    = "1" // yes, a message
	keyNoTape  = "2" // go on without being recorded, in a questionnaire too
	longestSay = 2 * time.Minute
	beforeTone = 3 * time.Second // for the key to go on without
	quiet      = 5 * time.Second // of silence end a recording
)

// RecordingEvent is news of a recording.
type RecordingEvent struct {
	SID, Call string
	Step      int           // of the Record
	Status    string        // "completed", "absent", "failed", "in-progress"
	Lasted    time.Duration // of a completed one
}

// listen is the question that is asked last before the tone, and the recording. The words of the
// question end with those that announce it (F13); whoever presses a key before the tone is not recorded.
func (c *call) listen(t tape, words ...Say) Script {
	t.Step = c.Step + 1
	c.Tapes = append(c.Tapes[:len(c.Tapes):len(c.Tapes)], t)
	g := c.ask(1, words...)
	g.Timeout = beforeTone
	pause := quiet
	if c.Slow {
		g.Timeout, pause = 2*g.Timeout, 2*pause
	}
	return Script{g, Record{Step: c.Step, Max: longestSay, Silence: pause, Finish: "1234567890*#"}}
}

// taping is what a step records, nil where it records nothing.
func (c *call) taping(step int) *tape {
	for i := range c.Tapes {
		if c.Tapes[i].Step == step {
			return &c.Tapes[i]
		}
	}
	return nil
}

// tapedKeys stand for a recording where keys stand: what claims a step is one or the other.
func tapedKeys(sid string, lasted time.Duration) string {
	return fmt.Sprintf("recording %s %d", sid, lasted/time.Second)
}

// taped undoes tapedKeys; ok is false for keys.
func taped(keys string) (sid string, seconds int, ok bool) {
	f := strings.Fields(keys)
	if len(f) != 3 || f[0] != "recording" {
		return "", 0, false
	}
	seconds, err := strconv.Atoi(f[2])
	return f[1], seconds, err == nil
}

// ownAnswer is what came where an answer in own words is recorded: the recording, the wish to go on
// without, silence, or a key that means nothing here.
func (c *call) ownAnswer(in survey.Input) survey.Input {
	sid, seconds, ok := taped(c.Claim)
	switch {
	case ok && time.Duration(seconds)*time.Second < trial.ShortestRecording:
		in.Kind, in.Raw = survey.NoInput, ""
	case ok:
		in.Raw, in.Recording = "", trial.RecordingID(sid)
	case c.Claim == keyNoTape:
		in.Kind, in.Raw = survey.Skip, ""
	}
	return in
}

// recording is what a step of a call recorded.
func (o *Operator) recording(c *call, t *tape, sid string, seconds int) trial.Recording {
	return trial.Recording{SID: sid, Person: t.Person, Proved: t.Proved, Study: t.Study, Call: c.ID, Response: t.Response, Item: t.Item, Made: o.now(), Seconds: seconds}
}

// offerMessage asks a caller whether they want to leave a message, after the words of what was done
// anyway. On calls of ours nobody is asked.
func (o *Operator) offerMessage(ctx context.Context, c *call, key string, args ...any) (Script, error) {
	if c.Outbound {
		return o.then(ctx, c, key, args...)
	}
	c.Stage, c.Silent = atMessage, 0
	return Script{say(c.Lang, key, args...), c.askMessage()}, nil
}

func (c *call) askMessage() Gather { return c.ask(1, say(c.Lang, "voice.leaveMessage")) }

// message records whoever wants to leave one; any other key, and silence, goes on without.
func (o *Operator) message(ctx context.Context, c *call, keys string) (Script, error) {
	if keys != keyTape {
		return o.afterMessage(ctx, c)
	}
	c.Stage = atTape
	return o.question(ctx, c)
}

// askTape is the announcement and the tone.
func (c *call) askTape() Script {
	t := tape{Person: c.Person, Study: c.Study, Proved: c.Level > trial.Nobody}
	if !t.Proved {
		t.Person, t.Study = "", ""
		if len(c.Household) == 1 && !c.Far { // the number is theirs alone
			t.Person = c.Household[0]
		}
	}
	return c.listen(t, say(c.Lang, "voice.speakNow"), say(c.Lang, "voice.recorded"))
}

// tape takes the message that was left, or goes on without.
func (o *Operator) tape(ctx context.Context, c *call, keys string) (Script, error) {
	sid, seconds, ok := taped(keys)
	t := c.taping(c.Step)
	if !ok || t == nil {
		return o.afterMessage(ctx, c)
	}
	if err := o.Trial.NoteRecording(ctx, person(c.Person), o.recording(c, t, sid, seconds)); err != nil {
		return nil, err
	}
	if time.Duration(seconds)*time.Second < trial.ShortestRecording {
		return o.afterMessage(ctx, c)
	}
	s, err := o.afterMessage(ctx, c)
	return append(Script{say(c.Lang, "voice.messageKept")}, s...), err
}

// afterMessage is the menu where there is one, else the end.
func (o *Operator) afterMessage(ctx context.Context, c *call) (Script, error) {
	if c.toMenu() {
		return o.openMenu(ctx, c)
	}
	return o.bye(c, ""), nil
}

// RecordingStatus takes the carrier's news of a recording. It may come twice, late, before the call has
// gone on, or for what nobody asked to record. What was said counts even where the carrier's request for
// the next words is lost: then this takes the step.
func (o *Operator) RecordingStatus(ctx context.Context, ev RecordingEvent) error {
	if ev.Status != "completed" || ev.SID == "" {
		return nil // silence is no answer and no message
	}
	c, err := o.calls.Get(ctx, ev.Call)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil
	}
	t := c.taping(ev.Step)
	if err != nil || t == nil {
		return err
	}
	if c.Step == ev.Step {
		if _, err := o.Press(ctx, CallEvent{SID: ev.Call, Step: ev.Step, Recording: ev.SID, Recorded: ev.Lasted}); err != nil {
			return err
		}
	}
	return o.Trial.NoteRecording(ctx, person(t.Person), o.recording(&c, t, ev.SID, int(ev.Lasted/time.Second)))
}
