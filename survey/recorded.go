package survey

// Recorded is the questionnaire for a study that lets people answer in their own words by phone: such
// a question can be asked there too, where it may be skipped, and what is said after the tone is its
// answer. The answer holds the recording's id and no words: nobody but a person hears what was said.
func (q *Questionnaire) Recorded() *Questionnaire {
	c := *q
	c.recorded = true
	return &c
}

// ownWords says whether the answer is a text of somebody's own.
func (it *item) ownWords() bool {
	return len(it.options) == 0 && (it.kind == typeString || it.kind == typeText)
}

// Recorded says whether the answer is a recording.
func (a Answer) Recorded() bool { return a.Recording != "" }
