package survey

import (
	"embed"
	"fmt"
	"strings"
)

// Our own questionnaires. Their Spanish is a draft until a translator has signed it
// (urn:muster:translation-status); no instrument of others is among them.
//
//go:embed library/*.json
var library embed.FS

// Library returns one of Muster's own questionnaires, such as "steady-evening".
func Library(name string) (*Questionnaire, error) {
	data, err := library.ReadFile("library/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("questionnaire %q is not in the library (it has %s)", name, strings.Join(LibraryNames(), ", "))
	}
	return ParseFile("library questionnaire "+name, data)
}

// LibraryNames lists the questionnaires of the library in alphabetical order.
func LibraryNames() []string {
	entries, err := library.ReadDir("library")
	if err != nil {
		return nil
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".json")
	}
	return names
}
