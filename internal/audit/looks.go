package audit

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/muster-health/muster/internal/docstore"
)

// Looks are the actions that show somebody who a person is: revealed with a reason, on screen again
// after that, printed, handed out as a file, or heard on a recording.
func Looks() []string {
	return []string{"person.reveal", "person.view", "person.print", "person.export", "recording.listen"}
}

// Look says whether the entry is about somebody seeing who a person is.
func (e Entry) Look() bool { return slices.Contains(Looks(), e.Action) }

// Seen yields who saw a person, when, how and why, oldest first (21 CFR 11.10(e), 45 CFR 164.312(b)).
func (l *Log) Seen(ctx context.Context, person string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		q := docstore.Query{Eq: []docstore.Field{docstore.E("person", person)}, Order: "at"}
		for e, err := range l.entries.Find(ctx, q) {
			if err != nil {
				yield(e, fmt.Errorf("who saw %s: %w", person, err))
				return
			}
			if e.Look() && !yield(e, nil) {
				return
			}
		}
	}
}
