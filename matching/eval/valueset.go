package eval

import (
	"strconv"
	"strings"
)

// ValueSet is a named list of codes. A version never changes: a criterion that names it means the
// same codes for good.
type ValueSet struct {
	Name        string // "vs/stroke"
	Version     int
	Title       string // for the reader
	Source      string // where the codes are from
	Descendants bool   // icd10 codes include the codes under them
	Codes       []Code
}

// Ref is how criteria name the set: "vs/stroke@2".
func (s ValueSet) Ref() string { return s.Name + "@" + strconv.Itoa(s.Version) }

// setWords are those of a reference: "heart failure" of "vs/heart-failure@1".
func setWords(ref string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(ref, "vs/"), "@")
	return strings.ReplaceAll(name, "-", " ")
}
