package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/trial"
)

func studyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "study", Short: "Studies"}
	cmd.AddCommand(studyPutCommand(), studyCheckCommand(), retainCommand(), criteriaCommand(), versionsCommand(), setsCommand())
	return cmd
}

// studyPutCommand stores a study as its file says, and says which reminders of booked visits that moves;
// with --try it says so and stores nothing.
func studyPutCommand() *cobra.Command {
	var try bool
	cmd := &cobra.Command{Use: "put FILE.yaml", Short: "Add a study, or change it to what the file says", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			data, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			s, err := trial.ParseStudy(data)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return withCore(cmd.Context(), c, true, func(k *core) error {
				moved, err := k.trial.WhatMoves(cmd.Context(), s)
				if err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				entries, err := k.trial.WhatEntriesMove(cmd.Context(), s)
				if err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				out := cmd.OutOrStdout()
				if try {
					printMoved(out, moved)
					printEntries(out, entries)
					_, err = fmt.Fprintf(out, "Study %s is not stored: this was a try.\n", s.ID)
					return err
				}
				changed, err := k.trial.PutStudy(cmd.Context(), operator(), s)
				if err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				what := "is unchanged"
				if changed {
					what = "is stored"
				}
				printMoved(out, moved)
				printEntries(out, entries)
				_, err = fmt.Fprintf(out, "Study %s %s.\n", s.ID, what)
				return err
			})
		}}
	cmd.Flags().BoolVar(&try, "try", false, "only say which reminders of booked visits and which entries of diaries would move")
	return cmd
}

// printMoved lists the booked visits that are reminded of at other times, in the zone of their site.
func printMoved(w io.Writer, moved []trial.Moved) {
	for _, m := range moved {
		when := func(all []trial.Planned) string {
			var out []string
			for _, p := range all {
				out = append(out, p.Due.In(m.Visit.Local().Location()).Format("2006-01-02 15:04"))
			}
			if len(out) == 0 {
				return "none"
			}
			return strings.Join(out, ", ")
		}
		fmt.Fprintf(w, "%s on %s %s: reminders until now %s; then %s\n", m.Visit.ID, m.Visit.Day, m.Visit.Time, when(m.Before), when(m.Now))
	}
	if len(moved) > 0 {
		fmt.Fprintf(w, "Reminders of %d booked visits move.\n", len(moved))
	}
}

// printEntries lists whose entries of diaries and check-ins of the coming two weeks change, with the first of
// them, where the person is.
func printEntries(w io.Writer, moved []trial.EntriesMoved) {
	for _, m := range moved {
		first := func(all []trial.Entry) string {
			if len(all) == 0 {
				return "none"
			}
			e := all[0]
			text := e.Opens.In(m.Zone).Format("2006-01-02 15:04") + " to " + e.Closes.In(m.Zone).Format("15:04")
			if !e.Call.IsZero() {
				text += ", call at " + e.Call.In(m.Zone).Format("15:04")
			}
			return fmt.Sprintf("%s (%d in two weeks)", text, len(all))
		}
		fmt.Fprintf(w, "%s: entries until now %s; then %s\n", m.Subject.ID, first(m.Before), first(m.Now))
	}
	if len(moved) > 0 {
		fmt.Fprintf(w, "Entries of %d people change.\n", len(moved))
	}
}
