package trial

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
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
	for _, d := range s.Plans() {
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
	p.when(!slices.Contains([]string{"", "no", "yes"}, s.Recordings), "recordings", "%q: use yes or no", s.Recordings)
	p.when(s.CodeWordMinutes != 0 && (s.CodeWordMinutes < 2 || s.CodeWordMinutes > 60), "codeWordMinutes", "%d: minutes from a text with a word to the call, 2 to 60, or leave it out for no text", s.CodeWordMinutes)
	s.Contact.check(&p)
	s.checkReminders(&p)
	s.checkPlans(&p)
	for _, f := range s.ownWording() {
		p.when(f.Error, f.Text, "%q %s", f.Place, f.Says)
	}
	return p.err()
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
