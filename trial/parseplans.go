package trial

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/muster-health/muster/survey"
)

// checkPlans looks at the diary and the diaries.
func (s *Study) checkPlans(p *problems) {
	ids := map[string]bool{}
	for _, d := range s.Plans() {
		at := s.planField(d)
		p.when(d == s.Diary && d.ID != "", at+".id", "%q: the diary has none; further ones stand under diaries", d.ID)
		p.when(d != s.Diary && (!planID.MatchString(d.ID) || ids[d.ID]), at+".id", "%q is used twice, or is no id such as weekly: up to 20 small letters, digits and hyphens", d.ID)
		ids[d.ID] = true
		s.checkDiary(p, d, at)
	}
	s.checkOnCall(p)
	if slices.ContainsFunc(s.Plans(), func(d *DiaryPlan) bool { return len(d.RedFlags) > 0 }) {
		s.checkRedFlags(p)
	}
}

var planID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,19}$`)

// planField is where a plan stands in the study file: "diary", "diaries[0]".
func (s *Study) planField(d *DiaryPlan) string {
	for i := range s.Diaries {
		if d == &s.Diaries[i] {
			return fmt.Sprintf("diaries[%d]", i)
		}
	}
	return "diary"
}

func (s *Study) checkDiary(p *problems, d *DiaryPlan, at string) {
	p.when(d.Questionnaire == "", at+".questionnaire", "is required")
	for name, v := range map[string]string{at + ".from": d.From, at + ".to": d.To, at + ".callAt": d.CallAt} {
		if v == "" && name == at+".callAt" {
			continue
		}
		_, err := time.Parse("15:04", v)
		p.when(err != nil && v != "24:00", name, "%q is not a time such as 18:00", v)
	}
	p.when(d.From != "" && d.From == d.To, at+".to", "is the same as %s.from", at)
	if _, err := d.rule(); err != nil {
		p.when(true, at+".days", "%v", err)
	}
	for _, c := range d.Channels {
		p.when(!slices.Contains([]survey.Channel{survey.Web, survey.SMS, survey.Voice, survey.Staff}, c), at+".channels", "%q: use web, sms, voice or staff", c)
	}
	p.when(d.ReAsks < 0 || d.ReAsks > 9, at+".reAsks", "%d: how often a question is asked again by text, 1 to 9, or leave it out for 3", d.ReAsks)
	p.when(d.Mode != "" && !slices.Contains(survey.Modes(), d.Mode), at+".mode", "%q: use allowed, flagged or locked", d.Mode)
}

// AskedBy is a questionnaire as the study asks it: where it records, own words too are asked by phone.
func (s *Study) AskedBy(q *survey.Questionnaire) *survey.Questionnaire {
	if s.Recordings == "yes" {
		return q.Recorded()
	}
	return q
}

// checkRedFlags is F18: a diary has red flags only when somebody answers for them, at all hours, and
// the board has said yes to them.
func (s *Study) checkRedFlags(p *problems) {
	p.when(len(s.OnCall) == 0, "onCall", "is required: the diary has red flags, and somebody must get them")
	for i, x := range s.OnCall {
		at := fmt.Sprintf("onCall[%d].", i)
		p.when(x.Name == "", at+"name", "is required: alerts say who was sent for")
		p.when(x.Hours == "", at+"hours", "is required: write always, shifts, or hours such as Mon-Fri 08:00-17:00")
	}
	p.when(s.OutOfHours == "", "outOfHours", "is required: say what happens to a red flag outside the on-call hours")
	rules := map[string]bool{}
	for _, d := range s.Plans() {
		at := s.planField(d)
		for _, r := range d.RedFlags {
			p.when(r.ID != "" && rules[r.ID], at+".redFlags", "id %q is used by another diary's too: make it unique in the study", r.ID)
		}
		for _, r := range d.RedFlags {
			rules[r.ID] = true
		}
		if len(d.RedFlags) == 0 {
			continue
		}
		for _, lang := range s.languages() {
			p.when(d.SafetyText[lang] == "", at+".safetyText."+lang, "is required: the words a person reads or hears after a red flag")
		}
		p.when(d.RedFlagApproval == "", at+".redFlagApproval", "is required: the board's reference for the red flags and who gets them")
	}
}

// checkQuestionnaires reports what the study asks in a way it must not be asked (F17, F18): each
// question on each channel of the diary, red flags that could never be raised, and what must not
// come before informed consent.
func (c *Coordinator) checkQuestionnaires(ctx context.Context, s *Study) error {
	return c.checkAsked(s, func(name string) (*survey.Questionnaire, error) { return c.QuestionnaireNamed(ctx, name) })
}

// Names says whether a study asks a questionnaire by its name, by a plan or before consent.
func (s *Study) Names(questionnaire string) bool {
	return slices.Contains(s.questionnaires(), questionnaire)
}

// questionnaires are the names of those a study asks, before consent and by plans, each once, in order.
func (s *Study) questionnaires() []string {
	var names []string
	if s.PreScreen != "" {
		names = append(names, s.PreScreen)
	}
	for _, d := range s.Plans() {
		names = append(names, d.Questionnaire)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// asks says whether a study that goes on asks for a questionnaire by name.
func (s *Study) asks(name string) bool { return s.State != StudyClosed && s.Names(name) }

// checkAsked is checkQuestionnaires with what is asked by each name.
func (c *Coordinator) checkAsked(s *Study, named func(string) (*survey.Questionnaire, error)) error {
	var p problems
	load := func(field, name string) *survey.Questionnaire {
		q, err := named(name)
		p.when(err != nil, field, "%v", err)
		return q
	}
	var flags []survey.FlagRule
	for _, d := range s.Plans() {
		at := s.planField(d)
		flags = append(flags, d.RedFlags...)
		if q := load(at+".questionnaire", d.Questionnaire); q != nil {
			for _, ch := range d.Channels {
				err := s.AskedBy(q).Check(ch, s.languages()...)
				p.when(err != nil, at+".channels", "%q %v", d.Questionnaire, err)
			}
			err := q.CheckRules(d.RedFlags)
			p.when(err != nil, at+".redFlags", "%v", err)
			for _, id := range q.Dangerous() {
				p.when(!slices.ContainsFunc(d.RedFlags, func(r survey.FlagRule) bool { return r.Item == id && r.Times == 0 }), at+".redFlags",
					"needs one on %q, which asks about thoughts of dying: such as {item: %s, op: \">=\", value: \"1\", level: critical}", id, id)
			}
		}
	}
	if s.PreScreen != "" {
		if q := load("preScreen", s.PreScreen); q != nil {
			err := q.BeforeConsent(flags)
			p.when(err != nil, "preScreen", "%q %v", s.PreScreen, err)
		}
	}
	return p.err()
}
