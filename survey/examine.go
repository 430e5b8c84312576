package survey

import (
	"slices"
	"strings"
)

// Examined is what is known of a questionnaire's file before anybody is asked.
type Examined struct {
	Ref       string    `json:"questionnaire,omitempty"` // "" where the file cannot be used
	Title     string    `json:"title,omitempty"`
	Languages []string  `json:"languages,omitempty"`
	Mode      Mode      `json:"mode,omitempty"`
	Notice    string    `json:"notice,omitempty"`
	Channels  []Channel `json:"channels,omitempty"` // on which all of it can be asked in all languages
	Findings  []Finding `json:"findings"`
}

// Finding is one thing about a file: what, and the mend.
type Finding struct {
	Level   string  `json:"level"` // "error", "warning", "note"
	LinkID  string  `json:"linkId,omitempty"`
	Channel Channel `json:"channel,omitempty"`
	Lang    string  `json:"lang,omitempty"`
	Text    string  `json:"text"`
}

// Errors counts what must be mended.
func (x Examined) Errors() (n int) {
	for _, f := range x.Findings {
		if f.Level == "error" {
			n++
		}
	}
	return n
}

// Examine reads a file and says everything about it at once. What cannot be asked at all is an error;
// what cannot be asked by text or phone is a warning, and an error where wanted names that channel.
// No langs: those the file has.
func Examine(data []byte, wanted []Channel, langs []string) Examined {
	x := Examined{Findings: []Finding{}}
	add := func(f Finding) { x.Findings = append(x.Findings, f) }
	q, err := Parse(data)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			f := Finding{Level: "error", Text: strings.TrimPrefix(strings.TrimSpace(line), "questionnaire refused: ")}
			if rest, ok := strings.CutPrefix(f.Text, `item "`); ok {
				f.LinkID, f.Text, _ = strings.Cut(rest, `": `)
			}
			add(f)
		}
		return x
	}
	x.Ref, x.Title, x.Mode, x.Notice, x.Languages = q.Ref(), q.Title("en"), q.Mode(), q.Notice(), q.Languages()
	if len(langs) == 0 {
		langs = x.Languages
	}
	x.Channels = q.Ways(langs...)
	for _, f := range q.Fits([]Channel{SMS, Voice}, langs) {
		level := "warning"
		if !f.Warning && slices.Contains(wanted, f.Channel) {
			level = "error"
		}
		add(Finding{Level: level, LinkID: f.LinkID, Channel: f.Channel, Lang: f.Lang, Text: f.Reason})
	}
	for _, lang := range langs {
		for _, id := range q.Missing(lang) {
			add(Finding{Level: "warning", LinkID: id, Lang: lang, Text: "is not translated: it is asked in " + x.Languages[0]})
		}
		if q.TranslationStatus(lang) == "draft" {
			add(Finding{Level: "note", Lang: lang, Text: "is a draft translation: it is asked in the demo alone"})
		}
	}
	for _, id := range q.Dangerous() {
		add(Finding{Level: "note", LinkID: id, Text: "asks about thoughts of dying: a study that asks it needs a red flag on it"})
	}
	for _, n := range q.Notes() {
		add(Finding{Level: "note", Text: n})
	}
	return x
}
