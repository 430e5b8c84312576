package seed

import (
	"fmt"
	"time"

	"github.com/muster-health/muster/survey"
)

// interview puts answers, by linkId, through the questionnaire engine as a person would give them
// from start on, one every few seconds, and stops at the first question without one.
func interview(q *survey.Questionnaire, lang string, channel survey.Channel, start time.Time, answers map[string]string) (survey.Session, bool, error) {
	s := survey.NewSession(q, lang, start)
	at := start
	in := survey.Input{Kind: survey.Show, Channel: channel, At: at}
	for range 100 {
		next, p, _, err := q.Next(s, in)
		if err != nil {
			return s, false, fmt.Errorf("answer %s: %w", q.Ref(), err)
		}
		s = next
		switch {
		case p.Done:
			return s, true, nil
		case p.Problem != nil:
			return s, false, fmt.Errorf("answer %s: %q is not taken for %s: %s", q.Ref(), in.Raw, p.LinkID, p.Problem.Code)
		}
		at = at.Add(9 * time.Second)
		in = survey.Input{Kind: survey.Reply, LinkID: p.LinkID, Raw: "1", Channel: channel, At: at}
		if p.Hint == survey.HintConfirm {
			continue
		}
		raw, ok := answers[p.LinkID]
		if !ok {
			return s, false, nil
		}
		in.Raw = raw
	}
	return s, false, fmt.Errorf("answer %s: it does not end", q.Ref())
}
