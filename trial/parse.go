package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/survey"
)

// ErrStudy marks a study file that cannot be used; the text lists every problem.
var ErrStudy = errors.New("this study cannot be used")

// ParseStudy reads a study file. Unknown keys are refused. All problems are reported at once,
// each naming its field and the mend.
func ParseStudy(data []byte) (Study, error) {
	var f struct {
		ID    string `yaml:"id"`
		Study `yaml:",inline"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return Study{}, fmt.Errorf("%w: %s", ErrStudy, plainYAML(err))
	}
	s := f.Study
	s.ID = f.ID
	s.setDefaults()
	return s, s.Check()
}

var yamlField = regexp.MustCompile(`field (\S+) not found in type \S+`)

func plainYAML(err error) string {
	s := strings.TrimPrefix(err.Error(), "yaml: ")
	s = strings.TrimPrefix(s, "unmarshal errors:\n")
	return strings.TrimSpace(yamlField.ReplaceAllString(s, "unknown key `$1`"))
}

func (s *Study) setDefaults() {
	for i := range s.Sites {
		if s.Sites[i].MajorityAge == 0 {
			s.Sites[i].MajorityAge = 18
		}
		if s.Sites[i].Emergency == "" {
			s.Sites[i].Emergency = "911"
		}
	}
	for i := range s.Visits {
		if s.Visits[i].Mode == "" {
			s.Visits[i].Mode = "site"
		}
	}
	if s.AnswersByText == "" {
		s.AnswersByText = "link"
	}
	if s.RetainDays == 0 {
		s.RetainDays = 90
	}
	if s.State == "" {
		s.State = StudySetup
	}
	if d := s.Diary; d != nil {
		if d.Identity == "" {
			d.Identity = "standard"
		}
		if d.RetryMinutes == 0 {
			d.RetryMinutes = 15
		}
	}
}

var studyID = regexp.MustCompile(`^[A-Z][A-Z0-9-]{1,19}$`)

// Check reports every problem of the study, nil when it can be used.
func (s *Study) Check() error {
	var p problems
	p.when(!studyID.MatchString(s.ID), "id", "%q: use 2 to 20 capitals, digits and hyphens, such as STEADY", s.ID)
	p.when(s.Version < 0, "version", "%d: write 1, 2, 3 …, or leave it out", s.Version)
	p.when(s.Title["en"] == "", "title", "needs an English text: title: {en: …}")
	p.when(s.NeutralName["en"] == "", "neutralName", "is required: it is the only name used by text, phone and e-mail, such as \"the Larkfield research office\"")
	for lang, n := range s.NeutralName {
		p.when(strings.Contains(strings.ToLower(n), strings.ToLower(s.ID)) || namesCondition(n, s.Conditions), "neutralName."+lang,
			"%q names the study or its condition; choose words that a stranger may hear", n)
	}
	p.when(s.Keyword == "", "keyword", "is required: one neutral word, such as PINE")
	p.when(!slices.Contains([]StudyState{StudySetup, StudyOpen, StudyFollowUp, StudyClosed}, s.State), "state", "%q: use setup, open, follow-up or closed", s.State)
	p.when(!slices.Contains([]string{"consent", "eligible", "randomized"}, s.EnrolmentPoint), "enrolmentPoint", "%q: use consent, eligible or randomized", s.EnrolmentPoint)
	p.day("board.approved", s.Board.Approved, s.State != StudySetup)
	p.day("board.expires", s.Board.Expires, s.State != StudySetup)
	p.when(s.Board.Approved != "" && s.Board.Expires < s.Board.Approved, "board.expires", "%s is before board.approved", s.Board.Expires)
	p.when(s.Board.Number == "" && s.State != StudySetup, "board.number", "is required once the study is not in set-up")
	p.when(len(s.Sites) == 0, "sites", "needs at least one site")
	seen := map[string]bool{}
	for i, x := range s.Sites {
		at := fmt.Sprintf("sites[%d].", i)
		p.when(x.ID == "" || seen[x.ID], at+"id", "%q is missing or used twice", x.ID)
		seen[x.ID] = true
		_, err := time.LoadLocation(x.Zone)
		p.when(x.Zone == "" || err != nil, at+"zone", "%q is not a time zone such as America/New_York", x.Zone)
		p.when(len(x.ZIP) != 5, at+"zip", "%q: five digits", x.ZIP)
		p.when(x.Phone == "", at+"phone", "is required: participants are told to call it")
		p.hours(at+"hours", x.Hours)
		for _, day := range x.Closed {
			p.day(at+"closed", day, true)
		}
	}
	p.when(s.ConsentForm.SignAgain && s.ConsentForm.Version == "", "consentForm.version", "is required: people are asked to sign that version")
	codes := map[string]bool{}
	for i, v := range s.Visits {
		at := fmt.Sprintf("visits[%d].", i)
		p.when(v.Code == "" || codes[v.Code], at+"code", "%q is missing or used twice", v.Code)
		codes[v.Code] = true
		p.when(v.Early < 0 || v.Late < 0, at+"early", "early and late are counts of days, not negative")
		p.when(!slices.Contains([]string{"site", "phone", "video"}, v.Mode), at+"mode", "%q: use site, phone or video", v.Mode)
	}
	p.when(!slices.Contains([]string{"no", "link", "yes"}, s.AnswersByText), "answersByText", "%q: use no, link or yes", s.AnswersByText)
	s.Contact.check(&p)
	s.checkReminders(&p)
	if d := s.Diary; d != nil {
		s.checkDiary(&p)
	}
	return p.err()
}

func (s *Study) checkDiary(p *problems) {
	d := s.Diary
	p.when(d.Questionnaire == "", "diary.questionnaire", "is required")
	for name, v := range map[string]string{"diary.from": d.From, "diary.to": d.To, "diary.callAt": d.CallAt} {
		if v == "" && name == "diary.callAt" {
			continue
		}
		_, err := time.Parse("15:04", v)
		p.when(err != nil && v != "24:00", name, "%q is not a time such as 18:00", v)
	}
	p.when(d.From != "" && d.From == d.To, "diary.to", "is the same as diary.from")
	if _, err := d.rule(); err != nil {
		p.when(true, "diary.days", "%v", err)
	}
	for _, c := range d.Channels {
		p.when(!slices.Contains([]survey.Channel{survey.Web, survey.SMS, survey.Voice, survey.Staff}, c), "diary.channels", "%q: use web, sms, voice or staff", c)
	}
	p.when(d.ReAsks < 0 || d.ReAsks > 9, "diary.reAsks", "%d: how often a question is asked again by text, 1 to 9, or leave it out for 3", d.ReAsks)
	p.when(d.Mode != "" && !slices.Contains(survey.Modes(), d.Mode), "diary.mode", "%q: use allowed, flagged or locked", d.Mode)
	for i, x := range s.OnCall {
		_, err := phone.Parse(x.Phone, "US")
		p.when(err != nil, fmt.Sprintf("onCall[%d].phone", i), "cannot be dialled")
	}
	if len(d.RedFlags) > 0 {
		s.checkRedFlags(p)
	}
}

// checkRedFlags is F18: a diary has red flags only when somebody answers for them, at all hours, and
// the board has said yes to them.
func (s *Study) checkRedFlags(p *problems) {
	d := s.Diary
	p.when(len(s.OnCall) == 0, "onCall", "is required: the diary has red flags, and somebody must get them")
	for i, x := range s.OnCall {
		at := fmt.Sprintf("onCall[%d].", i)
		p.when(x.Name == "", at+"name", "is required: alerts say who was sent for")
		p.when(x.Hours == "", at+"hours", "is required: write always, or hours such as Mon-Fri 08:00-17:00")
		if x.Hours != Always {
			p.hours(at+"hours", x.Hours)
		}
	}
	p.when(s.OutOfHours == "", "outOfHours", "is required: say what happens to a red flag outside the on-call hours")
	for _, lang := range s.languages() {
		p.when(d.SafetyText[lang] == "", "diary.safetyText."+lang, "is required: the words a person reads or hears after a red flag")
	}
	p.when(d.RedFlagApproval == "", "diary.redFlagApproval", "is required: the board's reference for the red flags and who gets them")
}

// languages are those the study has its title or its name in; English is always among them.
func (s *Study) languages() []string {
	all := []string{"en"}
	for _, texts := range []map[string]string{s.Title, s.NeutralName} {
		all = slices.AppendSeq(all, maps.Keys(texts))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func namesCondition(name string, conditions []string) bool {
	for _, c := range conditions {
		if len(c) > 3 && strings.Contains(strings.ToLower(name), strings.ToLower(c)) {
			return true
		}
	}
	return false
}

// checkQuestionnaires reports what the study asks in a way it must not be asked (F17, F18): each
// question on each channel of the diary, red flags that could never be raised, and what must not
// come before informed consent.
func (c *Coordinator) checkQuestionnaires(ctx context.Context, s *Study) error {
	return c.checkAsked(s, func(name string) (*survey.Questionnaire, error) { return c.QuestionnaireNamed(ctx, name) })
}

// asks says whether a study that goes on asks for a questionnaire by name.
func (s *Study) asks(name string) bool {
	return s.State != StudyClosed && (s.PreScreen == name || s.Diary != nil && s.Diary.Questionnaire == name)
}

// checkAsked is checkQuestionnaires with what is asked by each name.
func (c *Coordinator) checkAsked(s *Study, named func(string) (*survey.Questionnaire, error)) error {
	var p problems
	load := func(field, name string) *survey.Questionnaire {
		q, err := named(name)
		p.when(err != nil, field, "%v", err)
		return q
	}
	var flags []survey.FlagRule
	if d := s.Diary; d != nil {
		flags = d.RedFlags
		if q := load("diary.questionnaire", d.Questionnaire); q != nil {
			for _, ch := range d.Channels {
				err := q.Check(ch, s.languages()...)
				p.when(err != nil, "diary.channels", "%q %v", d.Questionnaire, err)
			}
			err := q.CheckRules(d.RedFlags)
			p.when(err != nil, "diary.redFlags", "%v", err)
			for _, id := range q.Dangerous() {
				p.when(!slices.ContainsFunc(flags, func(r survey.FlagRule) bool { return r.Item == id && r.Times == 0 }), "diary.redFlags",
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

type problems []string

func (p *problems) when(bad bool, field, format string, args ...any) {
	if bad {
		*p = append(*p, "`"+field+"` "+fmt.Sprintf(format, args...))
	}
}

func (p *problems) day(field, v string, required bool) {
	if v == "" && !required {
		return
	}
	_, err := time.Parse(time.DateOnly, v)
	p.when(err != nil, field, "%q is not a day such as 2026-03-03", v)
}

func (p *problems) hours(field, v string) {
	if _, err := parseHours(v); v != "" {
		p.when(err != nil, field, "%v", err)
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	slices.Sort(p)
	return fmt.Errorf("%w:\n  %s", ErrStudy, strings.Join(p, "\n  "))
}
