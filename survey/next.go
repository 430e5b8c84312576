package survey

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxAttempts refused inputs to one question end a call or a text dialogue politely.
const maxAttempts = 3

// NewSession starts a session of q in lang; nothing is asked yet. Next with Show asks the
// first question.
func NewSession(q *Questionnaire, lang string, now time.Time) Session {
	return Session{Ref: q.ref, Lang: lang, Status: InProgress, Mode: q.mode, Started: instant(now)}
}

// instant is how times are stored: UTC, milliseconds.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// turn is one call of Next.
type turn struct {
	q  *Questionnaire
	s  Session
	in Input
	st *state
	// whole says that texts around the question are said too, not only the question.
	whole    bool
	problem  *Problem
	stored   *Answer
	replaced *Answer
	removed  []Answer
}

// Next applies one input. It returns the new session, what to put to the person, and the
// answer this input stored (nil if none). The answer is to be saved and checked for red flags
// at once, whatever happens after: a number keyed on the phone is stored before it is read
// back, and "no" to the read-back asks again and then replaces it.
//
// An input with the LinkID of a question that is not current edits that question, also in a
// completed session. After a change, answers of items no longer enabled leave the session and
// are returned in Prompt.Removed.
//
// ErrVersion: the session belongs to another version. ErrClosed: the session has ended.
// ErrMode: it is locked to the channel of its first answer. ErrNotAsked: the question does not exist, is not enabled, or nothing is current.
func (q *Questionnaire) Next(s Session, in Input) (Session, Prompt, *Answer, error) {
	if s.Ref != q.ref {
		return s, Prompt{}, nil, fmt.Errorf("session of %q put to %q: %w", s.Ref, q.ref, ErrVersion)
	}
	if err := s.elsewhere(in); err != nil {
		return s, Prompt{}, nil, err
	}
	before := s
	s.Answers = slices.Clone(s.Answers)
	s.Lang = cmp.Or(in.Lang, s.Lang)
	t := &turn{q: q, s: s, in: in, st: newState(s.Answers)}
	t.whole = in.Channel == Web || in.Channel == Staff
	prompt, err := t.run()
	if err != nil {
		return before, Prompt{}, nil, err
	}
	prompt.Problem, prompt.Replaced, prompt.Removed = t.problem, t.replaced, t.removed
	return t.s, prompt, t.stored, nil
}

// Close ends a session whose window is over: completed if nothing is left to ask, else
// stopped. Answers are never filled in later.
func (q *Questionnaire) Close(s Session, now time.Time) Session {
	if s.Status != InProgress {
		return s
	}
	s.Status = Stopped
	if q.unanswered(newState(s.Answers)) == nil {
		s.Status = Completed
	}
	s.Current, s.Pending, s.Attempts, s.AskedAt = "", "", 0, time.Time{}
	s.Ended = instant(now)
	return s
}

func (t *turn) run() (Prompt, error) {
	if t.in.Channel == Voice && t.in.Kind == Reply && strings.TrimSpace(t.in.Raw) == "*" {
		t.in.Kind = Repeat
	}
	if t.s.Status != InProgress {
		return t.closed()
	}
	if t.s.Pending != "" {
		if prompt, done := t.confirm(); done {
			return prompt, nil
		}
	}
	if t.s.Step != "" {
		if prompt, done := t.step(); done {
			return prompt, nil
		}
	}
	switch t.in.Kind {
	case Show:
		return t.show()
	case Repeat:
		t.whole = true
		return t.again()
	case NoInput:
		it, err := t.target()
		if err != nil {
			return Prompt{}, err
		}
		return t.refuse(it, &Problem{Code: ProblemEmpty}), nil
	case Back:
		return t.back()
	case Reply, Skip:
		return t.reply()
	}
	return Prompt{}, fmt.Errorf("input kind %q is not known", t.in.Kind)
}

// closed serves a session that has ended: it can be looked at, and a completed one edited by
// naming the item.
func (t *turn) closed() (Prompt, error) {
	edit := t.s.Status == Completed && t.in.LinkID != ""
	switch {
	case t.in.Kind == Show && !edit:
		return t.finished(), nil
	case t.in.Kind == Show || edit && t.in.Kind == Repeat:
		it, err := t.target()
		if err != nil {
			return Prompt{}, err
		}
		t.whole = true
		return t.prompt(it), nil
	case edit && (t.in.Kind == Reply || t.in.Kind == Skip):
		return t.reply()
	case t.s.Status == Completed && t.in.Kind == Back:
		return t.back()
	}
	return Prompt{}, fmt.Errorf("%s session: %w", t.s.Status, ErrClosed)
}

// confirm deals with a read-back that is open. On another channel the number stands and the
// input is taken as usual.
func (t *turn) confirm() (Prompt, bool) {
	it := t.q.byID[t.s.Pending]
	if it == nil || !t.askable(it) {
		t.s.Pending = ""
		return Prompt{}, false
	}
	elsewhere := t.in.LinkID != "" && t.in.LinkID != it.linkID
	if t.in.Channel != Voice || elsewhere {
		t.s.Pending = ""
		if t.in.Kind == Show && !elsewhere {
			return t.advance(), true
		}
		return Prompt{}, false
	}
	switch t.in.Kind {
	case Show:
		t.s.Attempts = 0
		return t.readBack(it), true
	case Repeat:
		return t.readBack(it), true
	case Skip:
		t.s.Pending = ""
		return t.advance(), true
	case Back:
		return t.askAgain(it), true
	case NoInput:
		return t.refuse(it, &Problem{Code: ProblemEmpty}), true
	case Reply:
		switch strings.TrimSuffix(strings.TrimSpace(t.in.Raw), "#") {
		case "1":
			t.s.Pending, t.s.Step = "", ""
			return t.after(it), true
		case "2":
			return t.askAgain(it), true
		}
		return t.refuse(it, &Problem{Code: ProblemNotConfirm}), true
	}
	return Prompt{}, false
}

// askAgain puts the question whose read-back was denied; the stored answer stands until then.
func (t *turn) askAgain(it *item) Prompt {
	t.s.Pending, t.s.Attempts = "", 0
	if t.s.Step = ""; it.each() {
		t.s.Step = StepLast
	}
	return t.put(it)
}

// show starts, resumes or renders again.
func (t *turn) show() (Prompt, error) {
	t.whole = true
	if t.in.LinkID != "" {
		it, err := t.target()
		if err != nil {
			return Prompt{}, err
		}
		t.moveTo(it)
		t.s.Attempts = 0
		return t.prompt(it), nil
	}
	it := t.q.byID[t.s.Current]
	if it == nil || !t.askable(it) {
		return t.advance(), nil
	}
	t.s.Attempts = 0
	return t.prompt(it), nil
}

func (t *turn) again() (Prompt, error) {
	it, err := t.target()
	if err != nil {
		return Prompt{}, err
	}
	return t.prompt(it), nil
}

// reply stores an answer or a skip.
func (t *turn) reply() (Prompt, error) {
	it, err := t.target()
	if err != nil {
		return Prompt{}, err
	}
	answer := Answer{
		LinkID:     it.linkID,
		Channel:    t.in.Channel,
		AnsweredAt: instant(t.in.At),
		Raw:        said(t.in),
		Attempts:   1,
		By:         t.in.By,
		Lang:       t.s.Lang,
		Prompt:     Digest(it.words(t.in.Channel, t.s.Lang)),
	}
	if it.linkID == t.s.Current {
		answer.AskedAt = t.s.AskedAt
		answer.Attempts += t.s.Attempts
	}
	if t.in.Kind == Skip {
		if it.required {
			return t.refuse(it, &Problem{Code: ProblemRequired}), nil
		}
		answer.Declined, answer.Raw = true, ""
	} else if t.in.Channel == Voice && t.in.Recording != "" && it.ownWords() {
		answer.Recording, answer.Raw = t.in.Recording, ""
	} else {
		values, half, problem := t.read(it)
		if problem != nil {
			if t.s.Held != "" && slices.Contains([]ProblemCode{ProblemTooLow, ProblemTooHigh, ProblemDecimals}, problem.Code) {
				t.s.Step, t.s.Held = "", "" // it is the whole that is wrong: both halves are asked again
			}
			return t.refuse(it, problem), nil
		}
		if half != "" {
			return t.hold(it, half), nil
		}
		answer.Values = values
		answer.Raw = t.allSaid(it, answer.Raw)
	}
	t.store(answer)
	if t.in.Channel == Voice && !answer.Declined && it.readBack() && t.s.Status == InProgress {
		t.moveTo(it)
		t.s.Attempts = 0
		t.s.Pending = it.linkID
		return t.readBack(it), nil
	}
	return t.after(it), nil
}

// allSaid is what was said for an answer that is given in several inputs.
func (t *turn) allSaid(it *item, raw string) string {
	switch t.s.Step {
	case StepUnit, StepTime:
		return t.s.Held + "; " + raw
	case StepNext, StepLast:
		return t.st.answers[it.linkID].Raw + "; " + raw
	}
	return raw
}

// store puts the answer in and takes out the answers of items it has disabled.
func (t *turn) store(a Answer) {
	t.stored = &a
	if t.s.Mode == ModeFlagged && slices.ContainsFunc(t.s.Answers, func(old Answer) bool { return old.Channel != a.Channel }) {
		t.s.Mixed = true
	}
	at := slices.IndexFunc(t.s.Answers, func(old Answer) bool { return old.LinkID == a.LinkID })
	if at >= 0 {
		if old := t.s.Answers[at]; !sameAnswer(old, a) {
			t.replaced = &old
		}
		t.s.Answers[at] = a
	} else {
		t.s.Answers = append(t.s.Answers, a)
	}
	t.st = newState(t.s.Answers)
	t.s.Answers = slices.DeleteFunc(t.s.Answers, func(a Answer) bool {
		it := t.q.byID[a.LinkID]
		gone := it == nil || !t.st.enabled(it)
		if gone {
			t.removed = append(t.removed, a)
		}
		return gone
	})
	t.st = newState(t.s.Answers)
}

func sameAnswer(a, b Answer) bool {
	return a.Declined == b.Declined && a.Recording == b.Recording && slices.EqualFunc(a.Values, b.Values, sameValue)
}

func sameValue(a, b Value) bool {
	return rank(a) == rank(b) && identity(a) == identity(b) && (a.Bool == nil || *a.Bool == *b.Bool)
}

// refuse keeps the question and counts the attempt.
func (t *turn) refuse(it *item, problem *Problem) Prompt {
	t.problem = problem
	if t.s.Status == InProgress {
		t.moveTo(it)
		t.s.Attempts++
	}
	prompt := t.put(it)
	switch t.in.Channel {
	case Voice:
		prompt.GiveUp = t.s.Attempts >= maxAttempts
	case SMS:
		prompt.GiveUp = t.s.Attempts >= cmp.Or(t.in.Refusals, maxAttempts)
	}
	return prompt
}
