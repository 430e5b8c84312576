package eval

import "strings"

// Code is "system|code" with a short system name: loinc, snomed, rxnorm, icd10, or muster for
// our own questions.
type Code string

// System is the part before the bar, "" if there is none.
func (c Code) System() string {
	s, _, ok := strings.Cut(string(c), "|")
	if !ok {
		return ""
	}
	return s
}

// Value is the part after the bar.
func (c Code) Value() string {
	_, v, _ := strings.Cut(string(c), "|")
	return v
}

// covers reports whether c is d, or d lies under it. Only ICD-10 codes show their parent in
// their text: E11 covers E11.9, and E1 is no parent of E11.
func (c Code) covers(d Code, descendants bool) bool {
	if c == d {
		return true
	}
	const system = "icd10|"
	if !descendants || len(c) < len(system)+3 || c[:len(system)] != system {
		return false
	}
	for j := 0; ; j++ { // dots do not count
		for len(c) > 0 && c[0] == '.' {
			c = c[1:]
		}
		for j < len(d) && d[j] == '.' {
			j++
		}
		switch {
		case c == "":
			return true
		case j == len(d) || d[j] != c[0]:
			return false
		}
		c = c[1:]
	}
}

// Covers reports whether c is d or, with descendants, d lies under it.
func (c Code) Covers(d Code, descendants bool) bool { return c.covers(d, descendants) }
