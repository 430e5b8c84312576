package trial

import (
	"slices"

	"github.com/muster-health/muster/survey"
)

// Plans are all questionnaires a study asks by a plan: its diary first, then its diaries.
func (s *Study) Plans() []*DiaryPlan {
	var all []*DiaryPlan
	if s.Diary != nil {
		all = append(all, s.Diary)
	}
	for i := range s.Diaries {
		all = append(all, &s.Diaries[i])
	}
	return all
}

// PlanOf is the plan a response belongs to, nil where the study has it no more. A pre-screen has none.
func (s *Study) PlanOf(r *Response) *DiaryPlan {
	if r.Kind == "prescreen" {
		return nil
	}
	for _, d := range s.Plans() {
		if d.ID == r.Plan {
			return d
		}
	}
	return nil
}

// AsksBy says whether any plan asks on a channel.
func (s *Study) AsksBy(c survey.Channel) bool {
	return slices.ContainsFunc(s.Plans(), func(d *DiaryPlan) bool { return slices.Contains(d.Channels, c) })
}

// PlanResponseID is the id of the entry that a plan asks of a subject for a local day.
func PlanResponseID(subject, day, plan string) string {
	if plan == "" {
		return ResponseID(subject, day)
	}
	return ResponseID(subject, day) + "_" + plan
}
