package trial

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// Dial is a participant number as it is keyed on a phone: its last part, letters by the key they stand
// on. "MAIN-4F7KQ2" is 437572. Different numbers may be the same keys; a PIN tells them apart.
func Dial(number string) string {
	_, last, _ := strings.Cut(number, "-")
	if i := strings.LastIndexByte(last, '-'); i >= 0 { // of a site whose id has a dash
		last = last[i+1:]
	}
	return strings.Map(func(r rune) rune {
		const keys = "22233344455566677778889999" // A to Z
		switch {
		case r >= 'A' && r <= 'Z':
			return rune(keys[r-'A'])
		case r >= '0' && r <= '9':
			return r
		}
		return -1
	}, strings.ToUpper(last))
}

// SubjectsByDial returns those in a study whose participant number is keyed so, at most 20.
func (c *Coordinator) SubjectsByDial(ctx context.Context, keys string) ([]Subject, error) {
	return c.subjects.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("dial", keys)}, Limit: 20})
}

// subjectSteps bring subjects to the present version.
func subjectSteps() map[int]docstore.Step { return map[int]docstore.Step{1: addDial} }

// addDial: until version 1 nobody could be found by what they key.
func addDial(stored bson.Raw) (bson.Raw, error) {
	number, ok := stored.Lookup("number").StringValueOK()
	if !ok || number == "" {
		return stored, nil
	}
	var s bson.D
	if err := bson.Unmarshal(stored, &s); err != nil {
		return nil, err
	}
	return bson.Marshal(append(without(s, "dial"), bson.E{Key: "dial", Value: Dial(number)}))
}
