package survey

import (
	"slices"
	"strings"

	"github.com/muster-health/muster/internal/i18n"
)

// Step is where an answer stands that is given in several inputs: the first half is held, or there
// may be another to add. "" for an answer given at once. The read-back has its own mark, Pending.
type Step string

// The steps. What was added so far is stored as an answer each time; a half alone is none yet.
const (
	StepUnit Step = "unit" // by text and phone: Held is a number, its unit is asked
	StepTime Step = "time" // by phone: Held is a date, its time of day is asked
	StepMore Step = "more" // by phone: is there another? 1 yes, 2 no
	StepNext Step = "next" // by phone: the next one is added to those stored
	StepLast Step = "last" // by phone: it takes the place of the last one, which was read back and denied
)

// on says whether a step can be gone on with on a channel.
func (s Step) on(c Channel) bool { return c == Voice || c == SMS && s == StepUnit }

// step deals with an answer that was begun. Elsewhere, and on another channel, what is stored
// stands and a half is forgotten: the question is asked anew where there is no answer.
func (t *turn) step() (Prompt, bool) {
	it := t.q.byID[t.s.Current]
	elsewhere := t.in.LinkID != "" && t.in.LinkID != t.s.Current
	if it == nil || !t.askable(it) || elsewhere || !t.s.Step.on(t.in.Channel) {
		_, answered := t.st.answers[t.s.Current]
		t.s.Step, t.s.Held = "", ""
		if answered && !elsewhere && t.in.Kind == Show {
			return t.advance(), true
		}
		return Prompt{}, false
	}
	half := t.s.Held != ""
	switch {
	case t.in.Kind == Show:
		t.s.Attempts, t.whole = 0, true
		if half { // who comes back is asked all of it
			t.s.Step, t.s.Held = "", ""
		}
		return t.put(it), true
	case t.in.Kind == Repeat:
		return t.put(it), true
	case t.in.Kind == NoInput:
		return t.refuse(it, &Problem{Code: ProblemEmpty}), true
	case half && t.in.Kind == Back:
		t.s.Step, t.s.Held, t.s.Attempts = "", "", 0
		return t.put(it), true
	case !half && t.in.Kind == Skip:
		return t.enough(it), true
	case t.s.Step == StepMore && t.in.Kind == Back:
		t.s.Step, t.s.Attempts = StepLast, 0
		return t.put(it), true
	case t.s.Step == StepMore && t.in.Kind == Reply:
		switch strings.TrimSuffix(strings.TrimSpace(t.in.Raw), "#") {
		case "1":
			t.s.Step, t.s.Attempts = StepNext, 0
			return t.put(it), true
		case "2":
			return t.enough(it), true
		}
		return t.refuse(it, &Problem{Code: ProblemNotConfirm}), true
	}
	return Prompt{}, false
}

// enough goes on when no more are added, unless the question wants more.
func (t *turn) enough(it *item) Prompt {
	if n := len(t.st.answers[it.linkID].Values); n < it.least {
		t.s.Step = StepNext
		return t.refuse(it, &Problem{Code: ProblemTooFew, Limit: it.least})
	}
	return t.advance()
}

// after goes on once an answer stands: by phone to another one of a question that takes several.
func (t *turn) after(it *item) Prompt {
	a := t.st.answers[it.linkID]
	if t.in.Channel != Voice || !it.each() || a.Declined || it.most > 0 && len(a.Values) >= it.most {
		return t.advance()
	}
	t.moveTo(it)
	t.s.Pending, t.s.Attempts, t.s.Step = "", 0, StepMore
	if len(a.Values) < it.least {
		t.s.Step = StepNext
	}
	return t.put(it)
}

// put is the question as it stands: read back, at one of its steps, or from the beginning.
func (t *turn) put(it *item) Prompt {
	if t.s.Current != it.linkID {
		return t.prompt(it)
	}
	if t.s.Pending == it.linkID {
		return t.readBack(it)
	}
	p := t.prompt(it)
	p.Step = t.s.Step
	if t.s.Held == "" && t.s.Step != StepMore {
		return p
	}
	lang := spoken(t.s.Lang)
	asked := p.Text
	p.Intro, p.Help, p.Min, p.Max, p.Unit, p.Units, p.Each, p.MaxDigits = nil, nil, "", "", "", nil, false, 1
	switch t.s.Step {
	case StepUnit:
		p.Text, p.Hint = i18n.T(lang, "voice.whichUnit"), HintOne
		if t.in.Channel == SMS {
			p.Text = i18n.T(lang, "sms.askUnit")
		}
		p.Options = it.unitOptions(nil)
	case StepTime:
		p.Text, p.Hint, p.MaxDigits = i18n.T(lang, "voice.whatTime"), HintTime, 5
	case StepMore:
		p.Text, p.Hint, p.Required = i18n.T(lang, "voice.oneMore"), HintYesNo, true
		if t.in.Kind == Show {
			p.Intro = []string{asked}
		}
		p.Options = []Option{{Key: "1", Text: yesNo(true, t.s.Lang)}, {Key: "2", Text: yesNo(false, t.s.Lang)}}
	}
	return p
}

// read turns the input into values, or into the first half of an answer, in which case there are none.
func (t *turn) read(it *item) (values []Value, half string, problem *Problem) {
	in, lang := t.in, t.s.Lang
	switch {
	case t.s.Step == StepUnit:
		values, problem = it.withUnit(t.s.Held, in, lang)
		return values, "", problem
	case t.s.Step == StepTime:
		values, problem = it.withTime(t.s.Held, in)
		return values, "", problem
	case it.kind == typeDateTime && in.Channel == Voice:
		half, problem = keyedDate(in)
		return nil, half, problem
	case len(it.units) > 0:
		values, half, problem = it.measured(in, lang)
		if half != "" && (in.Channel == Web || in.Channel == Staff || t.s.Status != InProgress) {
			return nil, "", &Problem{Code: ProblemUnit, Unit: it.unitNames()}
		}
		return values, half, problem
	}
	values, problem = read(it, in, lang)
	if problem != nil || t.s.Step == "" {
		return values, "", problem
	}
	stored := t.st.answers[it.linkID].Values
	if t.s.Step == StepLast && len(stored) > 0 {
		stored = stored[:len(stored)-1]
	}
	return append(slices.Clone(stored), values...), "", nil
}

// hold keeps the first half of an answer and asks for the second.
func (t *turn) hold(it *item, half string) Prompt {
	t.moveTo(it)
	t.s.Held, t.s.Step, t.s.Attempts = half, StepUnit, 0
	if it.kind == typeDateTime {
		t.s.Step = StepTime
	}
	return t.put(it)
}

// spoken is the language our own words are in beside those of a questionnaire.
func spoken(lang string) i18n.Lang {
	if l := i18n.Lang(base(lang)); l.Known() {
		return l
	}
	return i18n.En
}
