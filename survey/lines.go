package survey

import "strings"

// Line is one question with its answer in words, for review pages, time lines and alerts.
type Line struct {
	LinkID   string
	Section  string // linkId of the top-level group, "" if none
	Heading  string // text of the group directly above, "" if none
	Question string
	Text     string // the answer in words; "" when declined, or recorded
	Answer   Answer
	Score    bool // it was added up, not asked; Answer has its time alone
}

// Lines words all answers of a session in lang, in document order, and after them the scores that
// have a value: "12 (moderate)".
func (q *Questionnaire) Lines(s Session, lang string) []Line {
	st := newState(s.Answers)
	var all []Line
	for _, it := range q.items {
		if a, ok := st.answers[it.linkID]; ok && it.asked() && st.enabled(it) {
			all = append(all, line(it, a, lang))
		}
	}
	for _, sc := range q.Scores(s, lang) {
		if sc.Value == "" {
			continue
		}
		l := Line{LinkID: sc.LinkID, Question: sc.Label, Text: sc.Value, Answer: Answer{LinkID: sc.LinkID, AnsweredAt: sc.At}, Score: true}
		if sc.Band != "" {
			l.Text += " (" + sc.Band + ")"
		}
		all = append(all, l)
	}
	return all
}

// Line words one answer; false if the questionnaire has no such question.
func (q *Questionnaire) Line(a Answer, lang string) (Line, bool) {
	it := q.byID[a.LinkID]
	if it == nil || !it.asked() {
		return Line{}, false
	}
	return line(it, a, lang), true
}

func line(it *item, a Answer, lang string) Line {
	l := Line{LinkID: it.linkID, Section: it.section, Question: it.text.to(lang), Answer: a}
	if it.parent != nil && it.parent.kind == typeGroup {
		l.Heading = it.parent.text.to(lang)
	}
	words := make([]string, len(a.Values))
	for i, v := range a.Values {
		words[i] = valueText(it, v, lang)
	}
	l.Text = strings.Join(words, "; ")
	return l
}
