package transcript

import (
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// ownWords is a questionnaire with questions that are answered in own words.
const ownWords = `{"resourceType": "Questionnaire", "url": "urn:example:own-words", "version": "1", "language": "en", "item": [
	{"linkId": "pain", "type": "boolean", "text": "Do you have pain?", "required": true,
		"_text": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "¿Tiene dolor?"}]}]}},
	{"linkId": "more", "type": "text", "text": "What else do you want to tell us?",
		"_text": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "¿Qué más quiere decirnos?"}]}]}},
	{"linkId": "last", "type": "string", "text": "Anything more?",
		"_text": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "¿Algo más?"}]}]}}]}`

// takesRecordings makes the study ask ownWords, and take recordings.
func (p *player) takesRecordings() {
	p.Helper()
	q, err := survey.Parse([]byte(ownWords))
	p.must(err)
	p.r.Trial.Questionnaire = func(name string) (*survey.Questionnaire, error) {
		if name == "own-words" {
			return q, nil
		}
		return survey.Library(name)
	}
	p.change(func(s *trial.Study) {
		s.Recordings = "yes"
		s.Diary.Questionnaire, s.Diary.RedFlags, s.Diary.RedFlagApproval = "own-words", nil, ""
	})
}
