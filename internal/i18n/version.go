package i18n

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Version names the wording of a text in a language: eight hex digits made from the words, so that
// no change of wording keeps its version. "" where there is no such text.
func Version(lang Lang, key string) string {
	e, ok := catalog().entries[lang][key]
	if !ok {
		return ""
	}
	words, err := json.Marshal(e.forms) // sorts the plural forms
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(words)
	return hex.EncodeToString(sum[:4])
}

// Fingerprint names a text that is in no catalogue, such as one of a study's own, in the same way.
func Fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}
