package outbox

import (
	"context"
	"fmt"

	"github.com/muster-health/muster/internal/docstore"
)

// Kinds are all kinds of message, and Underways all states of one that may still change by itself.
func Kinds() []Kind { return []Kind{SMS, Call, Email} }

// Underways: see Kinds. Those that have ended are left out of every count, for they only grow.
func Underways() []State { return []State{Due, Sending, Unknown, Accepted, Sent} }

// Count is how many messages of one kind are in one state.
type Count struct {
	Kind  Kind
	State State
	N     int
}

// Tally counts the messages on their way, for every kind and state, also where there is none.
func (x *Box) Tally(ctx context.Context) ([]Count, error) {
	var out []Count
	for _, k := range Kinds() {
		for _, s := range Underways() {
			n, err := x.list.Count(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("kind", string(k)), docstore.E("state", string(s))}})
			if err != nil {
				return nil, fmt.Errorf("count messages: %w", err)
			}
			out = append(out, Count{k, s, n})
		}
	}
	return out, nil
}
