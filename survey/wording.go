package survey

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Wording is what a question says on a channel in a language, in order: the texts of the groups
// around it, its own, its help, and each option with its key. Nil if there is no such question.
func (q *Questionnaire) Wording(linkID string, c Channel, lang string) []string {
	it := q.byID[linkID]
	if it == nil || !it.asked() {
		return nil
	}
	return it.words(c, lang)
}

func (it *item) words(c Channel, lang string) []string {
	var all []string
	for up := it.parent; up != nil; up = up.parent {
		if s := up.wording(c, lang); s != "" && up.kind == typeGroup {
			all = append(all, s)
		}
	}
	slices.Reverse(all)
	all = append(all, it.wording(c, lang))
	for _, h := range it.help {
		all = append(all, h.to(lang))
	}
	for _, o := range it.options {
		all = append(all, o.key+" "+o.wording(c, lang))
	}
	return all
}

// Digest is how an Answer keeps the words it was asked in: twelve hexadecimal digits of their
// SHA-256.
func Digest(words []string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return hex.EncodeToString(sum[:6])
}
