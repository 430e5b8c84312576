package criteria

import (
	"slices"
	"strconv"
	"strings"
)

// token is a word of the text form.
type token struct {
	text   string
	quoted bool
	column int // from 1, in bytes
}

func (t token) is(word string) bool { return !t.quoted && t.text == word }

// tokens splits a line at blanks; a comma is a token of its own, quotes keep a string together,
// # outside quotes begins a comment.
func tokens(line string) (list []token, wrong string, column int) {
	for i := 0; i < len(line); {
		switch ch := line[i]; {
		case ch == ' ' || ch == '\t' || ch == '\r':
			i++
		case ch == '#':
			return list, "", 0
		case ch == ',':
			list = append(list, token{",", false, i + 1})
			i++
		case ch == '"':
			raw, err := strconv.QuotedPrefix(line[i:])
			if err != nil {
				return list, "a quoted text does not end, or holds a wrong escape", i + 1
			}
			text, err := strconv.Unquote(raw)
			if err != nil {
				return list, "a quoted text holds a wrong escape", i + 1
			}
			list = append(list, token{text, true, i + 1})
			i += len(raw)
		default:
			end := i
			for end < len(line) && !strings.ContainsRune(" \t\r,\"", rune(line[end])) {
				end++
			}
			list = append(list, token{line[i:end], false, i + 1})
			i = end
		}
	}
	return list, "", 0
}

// options are the keys the text form writes by name, and how many words follow.
func optionWords(key string) (values int, ok bool) {
	switch key {
	case "descendants", "ever", "active":
		return 0, true
	case "within", "atLeastAgo", "pick", "missing", "sensitivity", "question", "appliesTo", "name", "text", "unit":
		return 1, true
	}
	return 0, false
}

// headers begin a line that is no criterion.
func headerWords() []string { return []string{"study", "version", "as", "not", "valueSet"} }

// reserved reports whether the text form could take the word for something else than an id.
func reserved(word string) bool {
	_, option := optionWords(word)
	return option || slices.Contains(kindWords(), word) || word == "observation" || slices.Contains(headerWords(), word)
}
