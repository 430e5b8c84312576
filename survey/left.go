package survey

// Left counts the questions that are not answered yet, as far as the answers so far tell: another
// answer may bring more or fewer.
func (q *Questionnaire) Left(s Session) int {
	st, n := newState(s.Answers), 0
	for _, it := range q.items {
		if _, answered := st.answers[it.linkID]; !answered && it.asked() && st.enabled(it) {
			n++
		}
	}
	return n
}
