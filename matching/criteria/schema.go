package criteria

import (
	"slices"

	"github.com/muster-health/muster/matching/eval"
)

// common are the keys every criterion may have.
func common() []string {
	return []string{"id", "text", "name", "kind", "exclude", "missing", "sensitivity", "question", "appliesTo"}
}

// keysOf are the further keys of a kind.
func keysOf(k eval.Kind) []string {
	bounds := []string{"range", "min", "max", "exclusive", "unit"}
	switch k {
	case eval.Age:
		return bounds
	case eval.Distance:
		return append(bounds, "site")
	case eval.Sex, eval.Gender, eval.Language, eval.Device:
		return []string{"value", "in"}
	case eval.Availability:
		return []string{"value", "in"}
	case eval.LastVisit:
		return []string{"within", "atLeastAgo"}
	case eval.Interpreter:
		return []string{"value"}
	case eval.Lab:
		return append(bounds, "code", "codes", "valueSet", "within", "pick")
	case eval.Condition:
		return []string{"code", "codes", "valueSet", "descendants", "onset", "within", "atLeastAgo", "ever", "active"}
	case eval.Medication:
		return []string{"code", "codes", "valueSet", "within", "atLeastAgo", "ever"}
	case eval.Allergy, eval.Procedure:
		return []string{"code", "codes", "valueSet", "within", "ever"}
	case eval.Pregnancy:
		return []string{"value", "within"}
	case eval.Smoking:
		return []string{"value", "in", "within"}
	case eval.OtherTrial:
		return []string{"within"}
	case eval.Answer:
		return append(bounds, "code", "codes", "value", "in", "within")
	case eval.AnyOf, eval.AllOf:
		return []string{string(k)}
	case eval.AtLeastOf:
		return []string{"atLeast", "of"}
	}
	return nil
}

func allows(k eval.Kind, key string) bool {
	return slices.Contains(common(), key) || slices.Contains(keysOf(k), key)
}

func allKeys() []string {
	keys := common()
	for _, k := range eval.Kinds() {
		for _, key := range keysOf(k) {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return append(keys, "not")
}

// words are the values a kind understands; nil if any word will do.
func wordsOf(k eval.Kind) []string {
	switch k {
	case eval.Sex:
		return []string{"female", "male", "other"}
	case eval.Smoking:
		return []string{"current", "former", "never"}
	case eval.Device:
		return []string{"mobile", "phone", "web"}
	case eval.Availability:
		return eval.Slots()
	case eval.Pregnancy:
		return []string{"pregnant"}
	case eval.Interpreter:
		return []string{"true"}
	}
	return nil
}

func kindWords() []string {
	var words []string
	for _, k := range eval.Kinds() {
		words = append(words, string(k))
	}
	return words
}
