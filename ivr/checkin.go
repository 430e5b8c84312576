package ivr

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// beginSurvey starts or resumes the questionnaire that is due. After a call that broke off it
// goes on at the next question; where a red flag is open, the safety words come first.
func (o *Operator) beginSurvey(ctx context.Context, c *call) (Script, error) {
	r, err := o.due(ctx, c)
	if errors.Is(err, docstore.ErrNotFound) {
		c.Outcome = "nothing due"
		return o.then(ctx, c, "voice.nothingDue")
	}
	if err != nil {
		return o.closed(ctx, c, err)
	}
	if r.Rev == 0 {
		r.Session.Lang = string(c.Lang)
	}
	if r, err = o.Trial.Begin(ctx, person(c.Person), r); err != nil {
		return nil, err
	}
	if r.Session.Lang != string(c.Lang) {
		if err := o.Trial.InLanguage(ctx, person(c.Person), r.ID, c.Lang); err != nil {
			return nil, err
		}
	}
	c.Stage, c.Response, c.Study, c.Silent = atSurvey, r.ID, r.Study, 0
	if err := o.spokenNow(ctx, r.ID); err != nil {
		return nil, err
	}
	s, err := o.openSafety(ctx, c)
	if err != nil {
		return nil, err
	}
	if r.Practice {
		s = append(s, say(c.Lang, "voice.practice"))
	}
	s = append(s, say(c.Lang, "voice.keys"))
	if len(r.Session.Answers) > 0 {
		s = append(s, say(c.Lang, "voice.resume"))
	}
	in := survey.Input{Kind: survey.Show, Channel: survey.Voice, At: o.local(ctx, c)}
	if c.Level < trial.ByPIN && r.Session.Pending != "" {
		in.Kind = survey.Skip // a number given before is not read back to whoever knows a birthday
	}
	rec, err := o.Trial.Record(ctx, person(c.Person), r.ID, in)
	if err != nil {
		return o.closed(ctx, c, err)
	}
	follow, err := o.follow(ctx, c, rec)
	return append(s, follow...), err
}

// due finds what the call is about: the response it was made for, else the first that is due and
// may be asked on a call by somebody known so well. docstore.ErrNotFound when there is none;
// trial.ErrClosed when its time is over, trial.ErrChannel when it is not asked by phone any more.
func (o *Operator) due(ctx context.Context, c *call) (trial.Response, error) {
	if c.Response != "" {
		r, err := o.Trial.Response(ctx, c.Response)
		switch {
		case err == nil && r.State == trial.ResponseCompleted:
			return r, docstore.ErrNotFound
		case err == nil && !o.now().Before(r.Closes):
			return r, trial.ErrClosed
		case err == nil:
			return r, o.Trial.AskableBy(ctx, &r, survey.Voice, c.Level)
		case !errors.Is(err, docstore.ErrNotFound):
			return r, err
		}
	}
	all, err := o.dueNow(ctx, c)
	if err != nil {
		return trial.Response{}, err
	}
	for _, r := range all {
		if c.Response == "" || r.ID == c.Response {
			return r, nil
		}
	}
	if c.Response != "" { // it was due when the call was ordered
		return trial.Response{}, trial.ErrClosed
	}
	return trial.Response{}, docstore.ErrNotFound
}

// answer gives one key press to the questionnaire. The answer, any alert it raises, the message
// to whoever is on call and the step of the call are stored together, before the next word is
// said: nobody's keys are ever taken for the answer to another question.
func (o *Operator) answer(ctx context.Context, c *call) (Script, error) {
	r, err := o.Trial.Response(ctx, c.Response)
	if err != nil {
		return nil, err
	}
	in := survey.Input{Kind: survey.Reply, LinkID: c.Item, Raw: c.Claim, DayFirst: c.dayFirst(), Channel: survey.Voice, At: o.local(ctx, c)}
	switch {
	case c.ReadBack && r.Session.Pending != c.Item, c.Part != r.Session.Step, r.Session.Current == "" && r.State != trial.ResponseCompleted:
		in = survey.Input{Kind: survey.Show, Channel: survey.Voice, At: in.At} // it went on elsewhere meanwhile
	case c.ClaimSilent:
		in.Kind, in.Raw = survey.NoInput, ""
	case c.Claim == "#":
		in.Kind, in.Raw = survey.Skip, ""
	case c.taping(c.Step) != nil:
		in = c.ownAnswer(in)
	}
	return o.give(ctx, c, in)
}

// give puts one input to the questionnaire and returns what the call says next.
func (o *Operator) give(ctx context.Context, c *call, in survey.Input) (Script, error) {
	said, err := o.record(ctx, c, in)
	if errors.Is(err, survey.ErrNotAsked) { // an answer on another channel took the question away
		said, err = o.record(ctx, c, survey.Input{Kind: survey.Show, Channel: survey.Voice, At: in.At})
	}
	switch {
	case errors.Is(err, errTaken):
		now, err := o.calls.Get(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		return o.replay(&now)
	case errors.Is(err, trial.ErrClosed), errors.Is(err, survey.ErrClosed), errors.Is(err, trial.ErrChannel), errors.Is(err, survey.ErrMode):
		return o.end(ctx, c, err)
	}
	return said, err
}

// record stores one input and the step it makes, in one batch.
func (o *Operator) record(ctx context.Context, c *call, in survey.Input) (Script, error) {
	var said Script
	_, err := o.Trial.RecordWith(ctx, person(c.Person), c.Response, in, func(b *docstore.Batch, rec trial.Recorded) error {
		after := *c
		after.Starred = strings.TrimSpace(in.Raw) == keyAgain && in.Kind == survey.Reply
		if rec.Prompt.Problem != nil {
			after.Silent++
		} else {
			after.Silent = 0
		}
		s, err := o.follow(ctx, &after, rec)
		if err != nil {
			return err
		}
		if t := c.taping(c.Step); t != nil && in.Recording != "" && rec.Prompt.Problem == nil {
			sid, seconds, _ := taped(c.Claim)
			said := o.recording(c, t, sid, seconds)
			said.Practice = rec.Response.Practice
			o.Trial.AddRecording(b, said)
		}
		if rec.Prompt.GiveUp {
			o.Trial.AddTask(b, gaveUp(&rec.Response, o.now()))
		}
		if ask := rec.Prompt; ask.Sensitivity == "sensitive" && !ask.Done && !ask.GiveUp {
			o.Trial.AddTask(b, askInPerson(c.Person, c.Study, c.Response, o.now()))
		}
		next, err := o.went(ctx, &after, s)
		if err != nil {
			return err
		}
		said = s
		_, err = o.calls.Edit(ctx, b, c.ID, func(v *call) error {
			if v.Step != c.Step {
				return errTaken
			}
			v.become(next)
			return nil
		})
		return err
	})
	return said, err
}

// gaveUp lets staff know of somebody who could not go on (three tries at one question).
func gaveUp(r *trial.Response, now time.Time) trial.Task {
	return trial.Task{Meta: docstore.Meta{ID: "tsk_gaveup_" + r.ID}, Kind: "call", Person: r.Person, Study: r.Study, Due: now.Add(24 * time.Hour),
		Text: "Could not go on with the check-in questions. The answers so far are kept. Call and help."}
}

// askInPerson is for staff to go on where the machine may not.
func askInPerson(p contacts.PersonID, study trial.StudyID, response string, now time.Time) trial.Task {
	return trial.Task{Meta: docstore.Meta{ID: "tsk_byperson_" + response}, Kind: "call", Person: p, Study: study, Due: now.Add(24 * time.Hour),
		Text: "The next question of a check-in must be asked by a person."}
}

// byPerson is the outcome of a call that came to a question that is not asked by phone.
const byPerson = "to be asked by a person"

// follow is what comes after an input: the safety words of a red flag, then the next question,
// the end, or a polite goodbye when three tries did not do.
func (o *Operator) follow(ctx context.Context, c *call, rec trial.Recorded) (Script, error) {
	var s Script
	if len(rec.Flags) > 0 {
		safety, err := o.safety(ctx, c)
		if err != nil {
			return nil, err
		}
		s = safety
	}
	c.Part = rec.Response.Session.Step
	c.Item, c.ReadBack, c.Zero, c.Required = rec.Prompt.LinkID, rec.Prompt.Hint == survey.HintConfirm, rec.Prompt.TakesZero(), rec.Prompt.Required
	switch {
	case rec.Prompt.Done:
		for _, x := range rec.Prompt.Intro {
			s = append(s, Say{Text: x, Lang: c.Lang})
		}
		c.Outcome, c.Finished = "completed", append(c.Finished, c.Response)
		if !c.toMenu() {
			another, err := o.another(ctx, c, rec)
			if err != nil {
				return nil, err
			}
			if another {
				c.Stage = atAnother
				return append(s, c.askAnother()), nil
			}
		}
		end, err := o.then(ctx, c, "voice.thanks")
		return append(s, end...), err
	case rec.Prompt.GiveUp:
		c.Outcome = "gave up"
		return append(s, o.bye(c, "voice.giveUp")...), nil
	case rec.Prompt.Sensitivity == "sensitive": // F17: by a link after sign-in, or by a person
		c.Outcome = byPerson
		end, err := o.then(ctx, c, "voice.byPerson")
		return append(s, end...), err
	}
	return append(s, c.speak(rec.Prompt)...), nil
}

// end is closed for a call whose step is not made yet.
func (o *Operator) end(ctx context.Context, c *call, why error) (Script, error) {
	s, err := o.closed(ctx, c, why)
	if err != nil {
		return nil, err
	}
	next, err := o.went(ctx, c, s)
	if err != nil {
		return nil, err
	}
	done, err := o.calls.Update(ctx, c.ID, func(v *call, _ *docstore.Batch) error {
		if v.Step != c.Step {
			return docstore.Unchanged
		}
		v.become(next)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return o.replay(&done)
}

// closed says that the window is over, that it goes on by the channel it began on, or that a person
// asks the rest, whatever the questionnaire was at.
func (o *Operator) closed(ctx context.Context, c *call, err error) (Script, error) {
	switch {
	case errors.Is(err, survey.ErrMode):
		c.Outcome = "begun in another way"
		return o.then(ctx, c, "voice.otherWay")
	case errors.Is(err, trial.ErrClosed), errors.Is(err, survey.ErrClosed):
		c.Outcome = "too late"
		return o.then(ctx, c, "voice.tooLate")
	case errors.Is(err, trial.ErrChannel):
		c.Outcome = byPerson
		if err := o.Trial.OpenTask(ctx, person(c.Person), askInPerson(c.Person, c.Study, c.Response, o.now())); err != nil {
			return nil, err
		}
		return o.then(ctx, c, "voice.byPerson")
	}
	return nil, err
}

// safety is what a person hears at once after a red flag: the study's approved words (F10, F18).
func (o *Operator) safety(ctx context.Context, c *call) (Script, error) {
	_, d, err := o.plan(ctx, c)
	if err != nil {
		return nil, err
	}
	if d != nil && d.SafetyText[string(c.Lang)] != "" {
		return Script{Say{Text: d.SafetyText[string(c.Lang)], Lang: c.Lang}}, nil
	}
	of, err := o.office(ctx, c)
	if err != nil {
		return nil, err
	}
	return Script{say(c.Lang, "voice.redFlag", "emergency", of.Emergency, "phone", of.Phone)}, nil
}

// openSafety is safety when an alert of this response is not closed, or any of the study waits for
// somebody to take it.
func (o *Operator) openSafety(ctx context.Context, c *call) (Script, error) {
	alerts, err := o.Trial.AlertsOf(ctx, c.Person)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(alerts, func(a trial.Alert) bool {
		return a.Response == c.Response && a.State != trial.AlertClosed || a.Study == c.Study && a.State == trial.AlertOpen && !a.Practice
	}) {
		return o.safety(ctx, c)
	}
	return nil, nil
}

func (o *Operator) tellVisit(ctx context.Context, c *call) (Script, error) {
	v, err := o.Trial.Visit(ctx, c.Visit)
	if err != nil {
		return nil, err
	}
	if v.State != trial.Booked {
		c.Outcome = "nothing due"
		return o.then(ctx, c, "voice.nothingDue")
	}
	c.Stage, c.Silent = atVisit, 0
	return Script{c.ask(1, o.visitWords(c, &v)...)}, nil
}

func (o *Operator) visitWords(c *call, v *trial.Visit) []Say {
	words := []Say{say(c.Lang, "voice.visit", "when", i18n.When(c.Lang, v.Local(), o.now().In(v.Local().Location())))}
	if c.Outbound {
		words = append(words, say(c.Lang, "voice.noCalls"))
	}
	return words
}

// visit takes 1 to confirm and 2 to ask for another time.
func (o *Operator) visit(ctx context.Context, c *call, keys string) (Script, error) {
	v, err := o.Trial.Visit(ctx, c.Visit)
	if err != nil {
		return nil, err
	}
	reply := map[string]string{"1": trial.Confirmed, "2": trial.ChangeAsked}[keys]
	if reply == "" {
		return o.again(ctx, c)
	}
	if _, err := o.Trial.ReplyToVisit(ctx, person(c.Person), v.ID, reply, "voice"); err != nil {
		return o.closed(ctx, c, err)
	}
	c.Outcome = reply
	if reply == trial.Confirmed {
		return o.then(ctx, c, "voice.visitConfirmed")
	}
	return o.then(ctx, c, "voice.visitChange")
}
