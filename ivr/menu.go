package ivr

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// openMenu is what a caller who proved to be somebody can do, and comes back to afterwards: questions
// that are due, the next visit, a problem, no more calls, a person.
func (o *Operator) openMenu(ctx context.Context, c *call) (Script, error) {
	c.Stage, c.Silent, c.Response, c.Visit, c.Study = atMenu, 0, "", "", ""
	g, err := o.menuWords(ctx, c)
	return Script{g}, err
}

func (o *Operator) menuWords(ctx context.Context, c *call) (Gather, error) {
	var words []Say
	due, err := o.dueNow(ctx, c)
	if err != nil {
		return Gather{}, err
	}
	if len(due) > 0 {
		words = append(words, say(c.Lang, "voice.menuQuestions"))
	}
	next, err := o.nextVisit(ctx, c.Person)
	if err != nil {
		return Gather{}, err
	}
	if next != nil {
		words = append(words, say(c.Lang, "voice.menuVisit"))
	}
	return c.ask(1, append(words, say(c.Lang, "voice.menuProblem"), say(c.Lang, "voice.noCalls"), say(c.Lang, "voice.person"), say(c.Lang, "voice.menuEnd"))...), nil
}

func (o *Operator) menu(ctx context.Context, c *call, keys string) (Script, error) {
	switch keys {
	case "1":
		return o.pickSurvey(ctx, c)
	case "2":
		next, err := o.nextVisit(ctx, c.Person)
		if err != nil {
			return nil, err
		}
		if next == nil {
			return o.then(ctx, c, "voice.nothingDue")
		}
		c.Visit, c.Study = next.ID, next.Study
		return o.tellVisit(ctx, c)
	case "3":
		return o.problem(ctx, c)
	}
	return o.again(ctx, c)
}

// dueNow is what may be asked on this call and was not finished on it.
func (o *Operator) dueNow(ctx context.Context, c *call) ([]trial.Response, error) {
	all, err := o.Trial.StillDueBy(ctx, c.Person, survey.Voice, c.Level)
	return slices.DeleteFunc(all, func(r trial.Response) bool {
		return slices.Contains(c.Finished, r.ID)
	}), err
}

// mostPicks is how many questionnaires one question offers: more are not told apart by ear.
const mostPicks = 4

// pickSurvey begins the questions that are due; of several the caller chooses.
func (o *Operator) pickSurvey(ctx context.Context, c *call) (Script, error) {
	due, err := o.dueNow(ctx, c)
	if err != nil {
		return nil, err
	}
	if len(due) < 2 {
		return o.beginSurvey(ctx, c)
	}
	c.Stage, c.Silent, c.Picks = atPick, 0, nil
	for _, r := range due[:min(len(due), mostPicks)] {
		c.Picks = append(c.Picks, r.ID)
	}
	return o.question(ctx, c)
}

// askPick names questionnaires by their titles: whoever hears them has proved to be the person.
func (o *Operator) askPick(ctx context.Context, c *call) (Gather, error) {
	due, err := o.dueNow(ctx, c)
	if err != nil {
		return Gather{}, err
	}
	var words []Say
	for n, id := range c.Picks {
		i := slices.IndexFunc(due, func(r trial.Response) bool { return r.ID == id })
		if i < 0 { // answered elsewhere meanwhile
			continue
		}
		q, err := o.Trial.QuestionnaireFor(ctx, &due[i])
		if err != nil {
			return Gather{}, err
		}
		words = append(words, say(c.Lang, "voice.option", "option", q.Title(string(c.Lang)), "key", strconv.Itoa(n+1)))
	}
	return c.ask(1, append(words, say(c.Lang, "voice.person"))...), nil
}

func (o *Operator) pick(ctx context.Context, c *call, keys string) (Script, error) {
	n, err := strconv.Atoi(keys)
	if err != nil || n < 1 || n > len(c.Picks) {
		return o.again(ctx, c)
	}
	c.Response = c.Picks[n-1]
	return o.beginSurvey(ctx, c)
}

// problem opens an urgent task and says how to get help now: nobody is watching this line.
func (o *Operator) problem(ctx context.Context, c *call) (Script, error) {
	t := trial.Task{Meta: docstore.Meta{ID: "tsk_problem_" + c.ID}, Kind: "problem", Person: c.Person, Urgent: true, Due: o.now(),
		Text: "Called and pressed 3 to report a problem. Call back now."}
	subs, err := o.Trial.SubjectsOf(ctx, c.Person)
	if err != nil {
		return nil, err
	}
	subs = slices.DeleteFunc(subs, func(s trial.Subject) bool { return !s.Status.AfterConsent() })
	if len(subs) == 1 {
		t.Study, t.Site = subs[0].Study, subs[0].Site
	}
	if err := o.Trial.OpenTask(ctx, person(c.Person), t); err != nil {
		return nil, err
	}
	of, err := o.office(ctx, c)
	if err != nil {
		return nil, err
	}
	c.Outcome = "reported a problem"
	return o.offerMessage(ctx, c, "voice.problem", "emergency", of.Emergency, "phone", of.Phone)
}

// nextVisit is the person's next booked visit in any study, nil when there is none.
func (o *Operator) nextVisit(ctx context.Context, p contacts.PersonID) (*trial.Visit, error) {
	all, err := o.Trial.VisitsOf(ctx, p)
	if err != nil {
		return nil, err
	}
	var next *trial.Visit
	for i := range all {
		v := &all[i]
		if v.State == trial.Booked && v.Start.After(o.now()) && (next == nil || v.Start.Before(next.Start)) {
			next = v
		}
	}
	return next, nil
}

// local is now on the person's own clock, which decides what "today" is.
func (o *Operator) local(ctx context.Context, c *call) time.Time {
	if p, err := o.People.Get(ctx, c.Person); err == nil {
		if z, ok := contacts.Zone(p); ok {
			return o.now().In(z)
		}
	}
	return o.now()
}
