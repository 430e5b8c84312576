package trial

import (
	"sync"

	"github.com/muster-health/muster/survey"
)

// remembered reads each questionnaire once: what the library has does not change while a program
// runs, and nobody writes to one.
func remembered(read func(name string) (*survey.Questionnaire, error)) func(name string) (*survey.Questionnaire, error) {
	var known sync.Map
	return func(name string) (*survey.Questionnaire, error) {
		if q, ok := known.Load(name); ok {
			return q.(*survey.Questionnaire), nil
		}
		q, err := read(name)
		if err == nil {
			known.Store(name, q)
		}
		return q, err
	}
}
