package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed messages/*.json
var files embed.FS

// catalog is read once, at the first message.
var catalog = sync.OnceValue(func() *messages {
	m, err := load(files)
	if err != nil {
		panic(fmt.Sprintf("i18n: %v", err)) // the files are part of the program, and tested
	}
	return m
})

// messages are all files merged.
type messages struct {
	localizers map[Lang]*goi18n.Localizer
	entries    map[Lang]map[string]entry
}

// entry is one message in one language: forms by CLDR plural category, only "other" if the
// message has no plural.
type entry struct {
	file  string
	forms map[string]string
}

// load reads every messages/AREA.LANG.json. A key may stand in one area only: two writers who
// both define it would overwrite each other unseen.
func load(files fs.FS) (*messages, error) {
	m := &messages{localizers: map[Lang]*goi18n.Localizer{}, entries: map[Lang]map[string]entry{}}
	bundle := goi18n.NewBundle(language.English)
	for _, lang := range Langs() {
		m.entries[lang] = map[string]entry{}
		names, err := fs.Glob(files, "messages/*."+string(lang)+".json")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if err := m.add(files, lang, name); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		for key, e := range m.entries[lang] {
			if err := bundle.AddMessages(language.Make(string(lang)), e.message(key)); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", e.file, key, err)
			}
		}
		m.localizers[lang] = goi18n.NewLocalizer(bundle, string(lang))
	}
	return m, nil
}

func (m *messages) add(files fs.FS, lang Lang, name string) error {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	for key, value := range all {
		if before, twice := m.entries[lang][key]; twice {
			return fmt.Errorf("%s is already in %s", key, before.file)
		}
		e := entry{file: name, forms: map[string]string{}}
		var text string
		if json.Unmarshal(value, &text) == nil {
			e.forms["other"] = text
		} else if err := json.Unmarshal(value, &e.forms); err != nil {
			return fmt.Errorf("%s is neither a text nor plural forms", key)
		}
		m.entries[lang][key] = e
	}
	return nil
}

func (e entry) plural() bool { return len(e.forms) > 1 }

func (e entry) message(key string) *goi18n.Message {
	msg := &goi18n.Message{ID: key, One: e.forms["one"], Many: e.forms["many"], Other: e.forms["other"]}
	if e.plural() && msg.Many == "" {
		msg.Many = msg.Other // Spanish has a form for millions; ours never get there
	}
	return msg
}

// Has tells whether there is a message of this key.
func Has(key string) bool {
	_, ok := catalog().entries[En][key]
	return ok
}

// Keys returns the keys of all messages, sorted.
func Keys() []string { return slices.Sorted(maps.Keys(catalog().entries[En])) }

// Placeholders returns the names a message needs as arguments, sorted.
func Placeholders(key string) []string {
	names := map[string]bool{}
	for _, form := range catalog().entries[En][key].forms {
		for _, part := range parse(form) {
			if part.name != "" {
				names[part.name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Participant tells whether a key's text is meant for participants and the public, who get
// short words, and not for staff.
func Participant(key string) bool {
	area, _, _ := strings.Cut(key, ".")
	return slices.Contains([]string{"public", "participant", "sms", "voice", "email", "common"}, area)
}
