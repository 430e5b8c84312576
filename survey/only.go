package survey

import "fmt"

// Only is q with one question alone, asked whatever else was or was not answered. It keeps q's reference:
// an answer to it is an answer to q. What the group around the question says is left out.
func (q *Questionnaire) Only(linkID string) (*Questionnaire, error) {
	of := q.byID[linkID]
	if of == nil || !of.asked() {
		return nil, fmt.Errorf("questionnaire %s has no question %q", q.ref, linkID)
	}
	it := *of
	it.parent, it.enable, it.order = nil, nil, 0
	one := *q
	one.roots, one.items, one.byID, one.scores = []*item{&it}, []*item{&it}, map[string]*item{linkID: &it}, nil
	return &one, nil
}
