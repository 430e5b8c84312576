package survey

import (
	"testing"
	"time"
)

// Left follows the answers: a question that is brought in by another counts once it is.
func TestLeft(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, name := range []string{"clearway-daily", "clearway-prescreen", "steady-evening", "lantern-walk", "orchard-weekly"} {
		q, err := Library(name)
		if err != nil {
			t.Fatal(err)
		}
		s := NewSession(q, "en", noon)
		if q.Left(s) == 0 {
			t.Errorf("%s: nothing is left at the start", name)
		}
		for range 100 {
			if s.Status != InProgress {
				break
			}
			before := q.Left(s)
			shown, p, _, err := q.Next(s, Input{Kind: Show, Channel: Web, At: noon})
			if err != nil {
				t.Fatal(err)
			}
			if (before == 0) != p.Done {
				t.Fatalf("%s: %d left and done %v at %s", name, before, p.Done, p.LinkID)
			}
			if p.Done {
				break
			}
			in := Input{Kind: Skip, LinkID: p.LinkID, Channel: Web, At: noon}
			if p.Required && len(p.Options) > 0 {
				in.Kind, in.Raw = Reply, p.Options[0].Key
			} else if p.Required {
				in.Kind, in.Raw = Reply, "100"
			}
			next, p, answer, err := q.Next(shown, in)
			if err != nil || answer == nil {
				t.Fatalf("%s at %s: %+v, %v", name, in.LinkID, p.Problem, err)
			}
			s = next
		}
		if n := q.Left(s); n != 0 {
			t.Errorf("%s: %d left at the end", name, n)
		}
	}
}
