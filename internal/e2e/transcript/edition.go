package transcript

import (
	"bytes"
	_ "embed"
	"encoding/json"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

//go:embed measures.json
var measures []byte

// stored makes staff publish a questionnaire that is none of the library.
func (p *player) stored() {
	_, _, err := p.r.Trial.PutQuestionnaire(p.ctx(), rig.Staff, "measures", measures, trial.QuestionnairePublished)
	p.must(err)
}

// edition makes the program bring the diary's questionnaire in another version, whose questions all
// begin with it.
func (p *player) edition(version string) {
	p.Helper()
	st, err := p.r.Trial.Study(p.ctx(), "STEADY")
	p.must(err)
	q, err := survey.Library(st.Diary.Questionnaire)
	p.must(err)
	var file map[string]any
	dec := json.NewDecoder(bytes.NewReader(q.Source()))
	dec.UseNumber()
	p.must(dec.Decode(&file))
	file["version"] = version
	var mark func(items any)
	mark = func(items any) {
		list, _ := items.([]any)
		for _, x := range list {
			it, _ := x.(map[string]any)
			if text, ok := it["text"].(string); ok {
				it["text"] = version + " " + text
				delete(it, "_text")
			}
			mark(it["item"])
		}
	}
	mark(file["item"])
	source, err := json.Marshal(file)
	p.must(err)
	p.r.Trial.Questionnaire = func(name string) (*survey.Questionnaire, error) {
		if name == st.Diary.Questionnaire {
			return survey.Parse(source)
		}
		return survey.Library(name)
	}
}
