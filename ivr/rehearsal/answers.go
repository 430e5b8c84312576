package rehearsal

import (
	"strconv"
	"time"

	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// local is now on the persona's clock.
func (p *play) local() time.Time { return p.clock.Now().In(p.zone) }

// answer is what the persona says to the question an entry is at: one that raises no red flag, or, in
// the entry that is to raise one, the first that does. "" where nothing fits.
func (p *play) answer(r *trial.Response, by survey.Channel) (string, error) {
	if r.Session.Pending != "" {
		return "1", nil // a number that is read back
	}
	show := survey.Input{Kind: survey.Show, Channel: by, At: p.local()}
	q, d := p.qs[r.Plan], p.st.PlanOf(r)
	s, prompt, _, err := q.Next(r.Session, show)
	if err != nil || prompt.Done {
		return "", err
	}
	want := r.ID == p.flagged && !p.raised[r.ID]
	plain := ""
	for _, raw := range p.tries(prompt, d.RedFlags) {
		after, next, a, err := q.Next(s, survey.Input{Kind: survey.Reply, LinkID: prompt.LinkID, Raw: raw, Channel: by, At: p.local()})
		if err != nil || next.Problem != nil {
			continue
		}
		if a == nil { // the first half of an answer, or that there is no other
			return raw, nil
		}
		flagged := len(q.Flags(d.RedFlags, *a)) > 0 || len(over(q, d, r, after)) > len(over(q, d, r, s))
		switch {
		case flagged && want:
			p.raised[r.ID] = true
			return raw, nil
		case !flagged && plain == "":
			plain = raw
		}
	}
	return plain, nil
}

// over are the rules on more than one answer that a session meets by itself.
func over(q *survey.Questionnaire, d *trial.DiaryPlan, r *trial.Response, s survey.Session) []survey.Flag {
	return survey.FlagsOver(q, d.RedFlags, survey.Entry{Day: r.Day, Session: s}, nil)
}

// tries are answers to a question that may be right, the likeliest first.
func (p *play) tries(q survey.Prompt, rules []survey.FlagRule) (out []string) {
	switch q.Hint {
	case survey.HintYesNo:
		return []string{"2", "1"}
	case survey.HintOne, survey.HintMany, survey.HintOpen:
		for _, o := range q.Options {
			out = append(out, o.Key)
		}
		return out
	case survey.HintWhole, survey.HintDecimal:
		low, err1 := strconv.Atoi(q.Min)
		high, err2 := strconv.Atoi(q.Max)
		if err1 == nil && err2 == nil {
			out = append(out, strconv.Itoa(low+(high-low)/3), strconv.Itoa(low), strconv.Itoa(high))
		} else {
			out = append(out, "7")
		}
		for _, rule := range rules { // the very edge of what is one
			if n, err := strconv.Atoi(rule.Value); err == nil && rule.Item == q.LinkID {
				out = append([]string{out[0], rule.Value, strconv.Itoa(n + 1), strconv.Itoa(n - 1)}, out[1:]...)
			}
		}
		return out
	case survey.HintMoment:
		now := p.local()
		return []string{now.Format("2006-01-02 15:04"), now.Format("01022006"), now.Format("01/02/2006 15:04")}
	case survey.HintDate:
		now := p.local()
		return []string{now.Format(time.DateOnly), now.Format("01022006"), now.Format("01/02/2006")}
	case survey.HintTime:
		return []string{"09:30", "0930", "930"}
	}
	return []string{"nothing new"}
}
