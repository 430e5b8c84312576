package trial

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// studySteps bring studies to the present version.
func studySteps() map[int]docstore.Step {
	return map[int]docstore.Step{1: sayAlways}
}

// sayAlways: until version 1 whoever was on call day and night had no hours; now it is said, so that
// nobody has to know what nothing means.
func sayAlways(stored bson.Raw) (bson.Raw, error) {
	var study bson.D
	if err := bson.Unmarshal(stored, &study); err != nil {
		return nil, err
	}
	changed := false
	for _, field := range study {
		all, ok := field.Value.(bson.A)
		if field.Key != "onCall" || !ok {
			continue
		}
		for i, one := range all {
			if who, ok := one.(bson.D); ok && !has(who, "hours") {
				all[i], changed = append(without(who, "hours"), bson.E{Key: "hours", Value: Always}), true
			}
		}
	}
	if !changed {
		return stored, nil
	}
	return bson.Marshal(study)
}

// has: the field is there and is not "".
func has(d bson.D, key string) bool {
	for _, e := range d {
		if e.Key == key {
			return e.Value != ""
		}
	}
	return false
}

func without(d bson.D, key string) (out bson.D) {
	for _, e := range d {
		if e.Key != key {
			out = append(out, e)
		}
	}
	return out
}
