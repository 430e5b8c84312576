package survey

import (
	"fmt"
	"slices"
	"time"
)

// back goes to the question before the current one, or to the last one of a completed session.
func (t *turn) back() (Prompt, error) {
	t.whole = true
	at := len(t.q.items)
	from := t.s.Current
	if t.in.LinkID != "" {
		from = t.in.LinkID
	}
	current := t.q.byID[from]
	if current != nil {
		at = current.order
	} else if t.s.Status == InProgress {
		return t.show()
	}
	for _, it := range slices.Backward(t.q.items[:at]) {
		if t.askable(it) {
			if t.s.Status == InProgress {
				t.moveTo(it)
			}
			return t.prompt(it), nil
		}
	}
	if current == nil || !t.askable(current) {
		return t.show()
	}
	t.problem = &Problem{Code: ProblemFirst}
	return t.prompt(current), nil
}

// advance goes to the first question without an answer, or completes the session.
func (t *turn) advance() Prompt {
	t.s.Pending, t.s.Step, t.s.Held = "", "", ""
	it := t.q.unanswered(t.st)
	if it == nil {
		if t.s.Status != Completed {
			t.s.Ended = instant(t.in.At)
		}
		t.s.Status = Completed
		t.s.Current, t.s.Attempts, t.s.AskedAt = "", 0, time.Time{}
		return t.finished()
	}
	t.s.Status, t.s.Ended = InProgress, time.Time{}
	t.moveTo(it)
	t.s.Attempts = 0
	return t.prompt(it)
}

// moveTo makes an item current; asking it again keeps the time it was first asked.
func (t *turn) moveTo(it *item) {
	if t.s.Current == it.linkID {
		return
	}
	t.s.Current, t.s.Pending, t.s.Step, t.s.Held, t.s.Attempts = it.linkID, "", "", "", 0
	t.s.AskedAt = instant(t.in.At)
}

// target is the item an input is about.
func (t *turn) target() (*item, error) {
	id := t.in.LinkID
	if id == "" {
		id = t.s.Current
	}
	it := t.q.byID[id]
	switch {
	case id == "":
		return nil, fmt.Errorf("no question is open: %w", ErrNotAsked)
	case it == nil:
		return nil, fmt.Errorf("item %q: %w", short(id), ErrNotAsked)
	case !t.askable(it):
		return nil, fmt.Errorf("item %q: %w", id, ErrNotAsked)
	}
	return it, nil
}

func (t *turn) askable(it *item) bool { return it.asked() && t.st.enabled(it) }

// unanswered is the first question, in document order, that is enabled and has no answer.
func (q *Questionnaire) unanswered(st *state) *item {
	for _, it := range q.items {
		if _, answered := st.answers[it.linkID]; !answered && it.asked() && st.enabled(it) {
			return it
		}
	}
	return nil
}
