package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// sight is one look at a person as other programs read it.
type sight struct {
	At     time.Time       `json:"at"` // business time, UTC
	Kind   audit.ActorKind `json:"kind"`
	Who    string          `json:"who"`
	Role   string          `json:"role,omitempty"`
	What   string          `json:"what"` // one of audit.Looks
	Why    string          `json:"why,omitempty"`
	Study  string          `json:"study,omitempty"`
	Entry  string          `json:"entry"` // lane/number, for muster audit verify
	Shown  int64           `json:"rev"`   // revision of the person that was shown
	Person string          `json:"person"`
}

// seenCommand answers a participant's question: who has looked at me?
func seenCommand() *cobra.Command {
	var format string
	seen := &cobra.Command{Use: "seen PERSON", Short: "Who saw a person: reveals, pages, prints, files; when and why", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd)
			if err = errors.Join(err, oneOf(format, "table", "json")); err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				list, err := k.seen(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if format == "json" {
					return printJSON(cmd.OutOrStdout(), list)
				}
				return printSeen(cmd.OutOrStdout(), list)
			})
		}}
	seen.Flags().StringVar(&format, "format", "table", "table or json")
	return seen
}

func (k *core) seen(ctx context.Context, person string) ([]sight, error) {
	if _, err := k.people.Get(ctx, contacts.PersonID(person)); errors.Is(err, docstore.ErrNotFound) {
		return nil, fmt.Errorf("there is no person %s", person)
	} else if err != nil {
		return nil, err
	}
	list := []sight{}
	for e, err := range k.audit.Seen(ctx, person) {
		if err != nil {
			return nil, err
		}
		s := sight{At: e.At.UTC(), Kind: e.Actor.Kind, Who: e.Actor.ID, Role: e.Actor.Role, What: e.Action, Why: e.Reason, Study: e.Study, Entry: e.ID, Person: e.Person}
		for _, o := range e.Objects {
			s.Shown = max(s.Shown, o.Rev)
		}
		list = append(list, s)
	}
	return list, nil
}

func printSeen(w io.Writer, list []sight) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "Nobody has looked.")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHEN (UTC)\tWHO\tROLE\tWHAT\tWHY\tSTUDY\tENTRY")
	for _, s := range list {
		fmt.Fprintf(t, "%s\t%s %s\t%s\t%s\t%s\t%s\t%s\n", s.At.Format("2006-01-02 15:04:05Z"), s.Kind, s.Who, s.Role, s.What, s.Why, s.Study, s.Entry)
	}
	return t.Flush()
}
