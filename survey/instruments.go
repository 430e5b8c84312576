package survey

import "slices"

// Dangerous lists the questions that must be red flags wherever they are asked: the ninth of
// PHQ-9, known by its code (F18).
func (q *Questionnaire) Dangerous() []string {
	var ids []string
	for _, it := range q.items {
		if it.asked() && slices.ContainsFunc(it.codes, func(c Coding) bool { return c.Code == phq9Last }) {
			ids = append(ids, it.linkID)
		}
	}
	return ids
}
