package trial

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/survey"
)

// raiseOver is raise for rules on more than one answer: on scores, several answers, several days. An
// alert is raised once for an entry, or once for an episode where the rule is on days; that a later
// entry meets it again, or that one of its answers was changed, is noted on it.
func (c *Coordinator) raiseOver(ctx context.Context, b *docstore.Batch, r *Response, st *Study, rules []survey.FlagRule, q *survey.Questionnaire, a survey.Answer, p survey.Prompt) ([]survey.Flag, error) {
	var earlier []survey.Entry
	days := func(f survey.FlagRule) bool { return f.Times > 0 && r.Day != "" && q.Met(f, r.Session) }
	if slices.ContainsFunc(rules, days) {
		var err error
		if earlier, err = c.entriesBefore(ctx, r); err != nil {
			return nil, err
		}
	}
	var raised []survey.Flag
	met := map[string]bool{} // alerts whose rule is met
	for _, f := range survey.FlagsOver(q, rules, survey.Entry{Day: r.Day, Session: r.Session}, earlier) {
		if f.Rule.Times > 0 && r.Day == "" {
			continue // practice has no day
		}
		id := overID(r, f)
		met[id] = true
		old, err := c.alerts.Get(ctx, id)
		switch {
		case err == nil && old.Response == r.ID:
			if old.Item == a.LinkID {
				raised = append(raised, f)
			}
		case err == nil:
			if err := c.metAgain(ctx, b, id, r.Day, a); err != nil {
				return nil, err
			}
		case errors.Is(err, docstore.ErrNotFound):
			raised = append(raised, f)
			al := Alert{Meta: docstore.Meta{ID: id}, Item: a.LinkID, Rule: f.Rule.ID, Days: f.Days, Level: f.Level, What: c.what(q, r, f)}
			if err := c.insertAlert(ctx, b, r, st, q, a, &al); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
	return raised, c.overChanged(ctx, b, r, q, rules, a, p, met)
}

// overID is the id of the alert of a rule that is met: one for the entry, or for the episode.
func overID(r *Response, f survey.Flag) string {
	if f.Rule.Times == 0 {
		return AlertID(r.ID, f.Rule.ID)
	}
	return "alr_" + r.Subject + "_" + f.Rule.ID + "_" + f.Since
}

// entriesBefore are the entries of the same plan before the day of r.
func (c *Coordinator) entriesBefore(ctx context.Context, r *Response) ([]survey.Entry, error) {
	all, err := c.responses.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("subject", r.Subject)}, Range: &docstore.Range{Path: "day", From: "1", To: r.Day}})
	if err != nil {
		return nil, err
	}
	var out []survey.Entry
	for _, x := range all {
		if x.Kind == r.Kind && x.Plan == r.Plan && x.Practice == r.Practice {
			out = append(out, survey.Entry{Day: x.Day, Session: x.Session})
		}
	}
	return out, nil
}

// metAgain notes on the alert of an episode that a further entry meets its rule, once for each day.
func (c *Coordinator) metAgain(ctx context.Context, b *docstore.Batch, id, day string, a survey.Answer) error {
	_, err := c.alerts.Edit(ctx, b, id, func(v *Alert) error {
		if slices.Contains(v.Days, day) {
			return docstore.Unchanged
		}
		v.Days = append(v.Days, day)
		v.Log = append(v.Log, AlertStep{At: a.AnsweredAt, What: "met again", Who: string(a.Channel), Note: day})
		return nil
	})
	if errors.Is(err, docstore.Unchanged) {
		return nil
	}
	return err
}

// overChanged notes on alerts of this entry that an answer their rule looks at was changed, or taken
// out. One that was closed is open again where its rule is still met.
func (c *Coordinator) overChanged(ctx context.Context, b *docstore.Batch, r *Response, q *survey.Questionnaire, rules []survey.FlagRule, a survey.Answer, p survey.Prompt, met map[string]bool) error {
	var changed []string
	if p.Replaced != nil {
		changed = append(changed, a.LinkID)
	}
	for _, gone := range p.Removed {
		changed = append(changed, gone.LinkID)
	}
	if len(changed) == 0 {
		return nil
	}
	alerts, err := c.alerts.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("response", r.ID)}})
	if err != nil {
		return err
	}
	for _, al := range alerts {
		i := slices.IndexFunc(rules, func(f survey.FlagRule) bool { return al.Rule != "" && f.ID == al.Rule })
		if i < 0 || !slices.ContainsFunc(q.LooksAt(rules[i]), func(id string) bool { return slices.Contains(changed, id) }) {
			continue
		}
		_, err := c.alerts.Edit(ctx, b, al.ID, func(v *Alert) error {
			note := said(q, a)
			if p.Replaced == nil || !slices.Contains(q.LooksAt(rules[i]), a.LinkID) {
				note = notAskedAfter(a)
			}
			if !met[v.ID] {
				note += "; the rule is not met any more"
			}
			v.Log = append(v.Log, AlertStep{At: a.AnsweredAt, What: "answer changed", Who: string(a.Channel), Note: note})
			if met[v.ID] && v.State == AlertClosed {
				c.reopen(v)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// what says what a rule on more than one answer found: its words, the days, and the answers it looks at.
func (c *Coordinator) what(q *survey.Questionnaire, r *Response, f survey.Flag) string {
	said := cmp.Or(strings.TrimSuffix(f.Rule.Text["en"], "."), f.Rule.String())
	if f.Rule.Times > 0 {
		said += " (" + strings.Join(f.Days, ", ") + ")"
	}
	looks := q.LooksAt(f.Rule)
	var answers []string
	for _, l := range q.Lines(r.Session, "en") {
		if !l.Score && slices.Contains(looks, l.LinkID) && !l.Answer.Declined {
			answers = append(answers, l.Question+" "+l.Text)
		}
	}
	return said + ": " + strings.Join(answers, "; ")
}
