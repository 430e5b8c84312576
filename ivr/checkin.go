package ivr

import (
	"context"
	"errors"
	"slices"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// beginSurvey starts or resumes the questionnaire that is due. After a call that broke off it
// goes on at the next question; where a red flag is open, the safety words come first.
func (o *Operator) beginSurvey(ctx context.Context, c *call) (Script, error) {
	r, err := o.dueNow(ctx, c)
	if errors.Is(err, docstore.ErrNotFound) {
		c.Outcome = "nothing due"
		return o.bye(c, "voice.nothingDue"), nil
	}
	if err != nil {
		return nil, err
	}
	c.Stage, c.Response, c.Study, c.Silent = atSurvey, r.ID, r.Study, 0
	var s Script
	if len(r.Session.Answers) > 0 {
		safety, err := o.openSafety(ctx, c)
		if err != nil {
			return nil, err
		}
		s = append(s, safety...)
		s = append(s, say(c.Lang, "voice.resume"))
	}
	rec, err := o.Trial.Record(ctx, person(c.Person), r.ID, survey.Input{Kind: survey.Show, Channel: survey.Voice, At: o.local(ctx, c)})
	if err != nil {
		return o.closed(c, err)
	}
	return append(s, o.follow(ctx, c, rec)...), nil
}

// dueNow finds what the call is about: the response it was made for, else the first that is due.
func (o *Operator) dueNow(ctx context.Context, c *call) (trial.Response, error) {
	due, err := o.Trial.Due(ctx, c.Person, o.now())
	if err != nil {
		return trial.Response{}, err
	}
	for _, r := range due {
		if r.State == trial.ResponseCompleted || c.Response != "" && r.ID != c.Response {
			continue
		}
		return o.Trial.Begin(ctx, person(c.Person), r)
	}
	return trial.Response{}, docstore.ErrNotFound
}

// survey gives one key press to the questionnaire. The answer, and any alert it raises, is stored
// before the next word is said.
func (o *Operator) survey(ctx context.Context, c *call, keys string, silent bool) (Script, error) {
	r, err := o.Trial.Response(ctx, c.Response)
	if err != nil {
		return nil, err
	}
	in := survey.Input{Kind: survey.Reply, LinkID: r.Session.Current, Raw: keys, Channel: survey.Voice, At: o.local(ctx, c)}
	switch {
	case silent:
		in.Kind, in.Raw = survey.NoInput, ""
	case keys == "#":
		in.Kind = survey.Skip
	case keys == "0":
		zero, err := o.takesZero(ctx, c, r)
		if err != nil {
			return nil, err
		}
		if !zero {
			return o.toPerson(ctx, c)
		}
	}
	rec, err := o.Trial.Record(ctx, person(c.Person), c.Response, in)
	if err != nil {
		return o.closed(c, err)
	}
	if rec.Prompt.Problem != nil || silent {
		c.Silent++
	} else {
		c.Silent = 0
	}
	return o.follow(ctx, c, rec), nil
}

// follow is what comes after an input: the safety words of a red flag, then the next question,
// the end, or a polite goodbye when three tries did not do.
func (o *Operator) follow(ctx context.Context, c *call, rec trial.Recorded) Script {
	var s Script
	if len(rec.Flags) > 0 {
		if safety, err := o.safety(ctx, c); err == nil {
			s = append(s, safety...)
		}
	}
	switch {
	case rec.Prompt.Done:
		for _, x := range rec.Prompt.Intro {
			s = append(s, Say{x, c.Lang})
		}
		c.Outcome = "completed"
		return append(s, o.bye(c, "voice.thanks")...)
	case rec.Prompt.GiveUp:
		c.Outcome = "gave up"
		return append(s, o.bye(c, "voice.giveUp")...)
	}
	return append(s, c.speak(rec.Prompt))
}

// takesZero says whether 0 is an answer to the current question, which it may be for numbers.
func (o *Operator) takesZero(ctx context.Context, c *call, r trial.Response) (bool, error) {
	rec, err := o.Trial.Record(ctx, person(c.Person), r.ID, survey.Input{Kind: survey.Show, Channel: survey.Voice, At: o.local(ctx, c)})
	return err == nil && rec.Prompt.TakesZero(), err
}

// closed says that the window is over, whatever the questionnaire was at.
func (o *Operator) closed(c *call, err error) (Script, error) {
	if errors.Is(err, trial.ErrClosed) || errors.Is(err, survey.ErrClosed) {
		c.Outcome = "too late"
		return o.bye(c, "voice.tooLate"), nil
	}
	return nil, err
}

// safety is what a person hears at once after a red flag: the study's approved words (F10, F18).
func (o *Operator) safety(ctx context.Context, c *call) (Script, error) {
	st, err := o.Trial.Study(ctx, c.Study)
	if err != nil {
		return nil, err
	}
	if st.Diary != nil && st.Diary.SafetyText[string(c.Lang)] != "" {
		return Script{Say{st.Diary.SafetyText[string(c.Lang)], c.Lang}}, nil
	}
	of, err := o.officeOf(ctx, c.Study, "", c.Lang)
	if err != nil {
		return nil, err
	}
	return Script{say(c.Lang, "voice.redFlag", "emergency", of.Emergency, "phone", of.Phone)}, nil
}

// openSafety is safety when an alert of this person in this study is still open or just taken.
func (o *Operator) openSafety(ctx context.Context, c *call) (Script, error) {
	alerts, err := o.Trial.AlertsOf(ctx, c.Person)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(alerts, func(a trial.Alert) bool { return a.Response == c.Response && a.State != trial.AlertClosed }) {
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
		return o.bye(c, "voice.nothingDue"), nil
	}
	c.Stage = atVisit
	return Script{c.ask(1, o.visitWords(c, &v))}, nil
}

func (o *Operator) visitWords(c *call, v *trial.Visit) Say {
	return say(c.Lang, "voice.visit", "when", i18n.When(c.Lang, v.Local(), o.now().In(v.Local().Location())))
}

// visit takes 1 to confirm and 2 to ask for another time.
func (o *Operator) visit(ctx context.Context, c *call, keys string) (Script, error) {
	v, err := o.Trial.Visit(ctx, c.Visit)
	if err != nil {
		return nil, err
	}
	reply := map[string]string{"1": trial.Confirmed, "2": trial.ChangeAsked}[keys]
	switch {
	case keys == "0":
		return o.toPerson(ctx, c)
	case reply == "":
		return o.again(c, c.ask(1, o.visitWords(c, &v))), nil
	}
	if _, err := o.Trial.ReplyToVisit(ctx, person(c.Person), v.ID, reply, "voice"); err != nil {
		return o.closed(c, err)
	}
	c.Outcome = reply
	if reply == trial.Confirmed {
		return o.bye(c, "voice.visitConfirmed"), nil
	}
	return o.bye(c, "voice.visitChange"), nil
}
