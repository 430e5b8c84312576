package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/contacts/imports"
	"github.com/muster-health/muster/internal/audit"
)

// operator is whoever runs the command, for the audit trail.
func operator() audit.Actor {
	name := "unknown"
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	return audit.Actor{Kind: audit.CLI, ID: name, Role: "administrator"}
}

// oneOf refuses a --format that the command does not print.
func oneOf(format string, known ...string) error {
	if !slices.Contains(known, format) {
		return fmt.Errorf("--format %q: use %s", format, strings.Join(known, " or "))
	}
	return nil
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func importCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Bring people in from FHIR or CSV files"}
	var basis, study, board, reference, expires, format, home, source, columns, asOf string
	var complete []string
	var dry bool
	run := func(fallback contacts.BasisKind, do func(context.Context, imports.Options) (imports.Summary, error)) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd)
			if err = errors.Join(err, oneOf(format, "text", "json")); err != nil {
				return err
			}
			b := contacts.Basis{Kind: contacts.BasisKind(basis), Study: study, Board: board, Reference: reference, Expires: expires}
			if basis == "" {
				b.Kind = fallback
			} else if !b.Kind.Valid() {
				return fmt.Errorf("--basis %q: use records, consent, referral or waiver", basis)
			}
			return withCore(cmd.Context(), c, true, func(k *core) error {
				b.At = k.clock.Now()
				sum, err := do(cmd.Context(), imports.Options{Directory: k.people, Actor: operator(), Path: args[0], Source: source, Basis: b, Home: home, Complete: complete,
					AsOf: asOf, DryRun: dry, Progress: os.Stderr, Columns: columns, Now: k.clock.Now})
				if err != nil {
					return err
				}
				if format == "json" {
					err = printJSON(cmd.OutOrStdout(), sum)
				} else {
					err = printSummary(cmd.OutOrStdout(), sum)
				}
				if err == nil && sum.Read+sum.Facts.Read == sum.Rejected+sum.Facts.Rejected {
					err = fmt.Errorf("nothing could be read from %s", args[0])
				}
				return err
			})
		}
	}
	fhir := &cobra.Command{Use: "fhir DIR", Short: "FHIR R4 NDJSON files (plain or .gz): Patient, Condition, MedicationRequest, Observation, AllergyIntolerance", Args: cobra.ExactArgs(1), RunE: run(contacts.ByRecords, imports.FHIR)}
	csv := &cobra.Command{Use: "csv FILE", Short: "A CSV file with a header row", Args: cobra.ExactArgs(1), RunE: run("", imports.CSV)}
	for _, x := range []*cobra.Command{fhir, csv} {
		def := " (default: records)"
		if x == csv {
			def = " (default: what each row's consent column says)"
		}
		x.Flags().StringVar(&basis, "basis", "", "why these people may be held: records, consent, referral or waiver"+def)
		x.Flags().StringVar(&study, "waiver-study", "", "waiver: the study it opens")
		x.Flags().StringVar(&board, "waiver-board", "", "waiver: who granted it")
		x.Flags().StringVar(&reference, "waiver-reference", "", "waiver: its number")
		x.Flags().StringVar(&expires, "waiver-expires", "", "waiver: its last day, 2026-12-31")
		x.Flags().StringVar(&source, "source", "", "name of the system they come from; the same name again updates the same people")
		x.Flags().StringVar(&home, "site", "", "the site whose staff keep them")
		x.Flags().StringSliceVar(&complete, "complete", nil, "lists the source holds whole: condition, medication, allergy")
		x.Flags().StringVar(&asOf, "as-of", "", "the day --complete holds for")
		x.Flags().BoolVar(&dry, "dry-run", false, "read and compare, write nothing")
		x.Flags().StringVar(&format, "format", "text", "text or json")
		cmd.AddCommand(x)
	}
	csv.Flags().StringVar(&columns, "map", "", `which column is what: "First name=given,DOB=birthDate"`)
	return cmd
}

func printSummary(w io.Writer, s imports.Summary) error {
	fmt.Fprintf(w, "People: %d read, %d added, %d changed, %d unchanged, %d rejected.\n", s.Read, s.Added, s.Changed, s.Unchanged, s.Rejected)
	fmt.Fprintf(w, "Facts: %d read, %d added, %d changed, %d unchanged, %d rejected.\n", s.Facts.Read, s.Facts.Added, s.Facts.Changed, s.Facts.Unchanged, s.Facts.Rejected)
	if s.Reviews > 0 {
		fmt.Fprintf(w, "%d possible duplicates wait for review.\n", s.Reviews)
	}
	for _, p := range s.Problems {
		fmt.Fprintf(w, "  %s:%d: %s\n", p.File, p.Line, p.Why)
	}
	if len(s.Ignored) > 0 {
		fmt.Fprintf(w, "Columns nobody asked for: %s\n", strings.Join(s.Ignored, ", "))
	}
	return nil
}

// retainCommand lists, or deletes, pre-screen answers whose promised days are over.
func retainCommand() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{Use: "retain", Short: "Delete pre-screen answers that are kept no longer; the running site does it by itself", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				list, err := k.trial.Retain(cmd.Context(), k.clock.Now(), dry)
				for _, r := range list {
					fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  %s since %s, %d facts\n", r.Person, r.Study, r.Status, r.Since.Format(time.DateOnly), r.Facts)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%d people.\n", len(list))
				return err
			})
		}}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only list")
	return cmd
}

func personCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "person", Short: "People"}
	var format, why string
	show := &cobra.Command{Use: "show ID", Short: "What is known of one person; it is recorded that you looked", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd)
			if err = errors.Join(err, oneOf(format, "text", "json")); err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				p, chart, err := k.people.Reveal(cmd.Context(), operator(), contacts.PersonID(args[0]), why)
				if err != nil {
					return err
				}
				if format == "json" {
					return printJSON(cmd.OutOrStdout(), contacts.Show(p, chart))
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s, born %s, speaks %s\nBasis: %s\nFacts: %d\n", p.ID, p.Name(), p.BirthDate, p.Language, p.Basis.Kind, len(chart.Facts))
				return err
			})
		}}
	show.Flags().StringVar(&format, "format", "text", "text or json")
	show.Flags().StringVar(&why, "reason", "muster person show", "why you look, for the audit trail")
	cmd.AddCommand(show, eraseCommand())
	return cmd
}

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "The audit trail"}
	var tokens []string
	verify := &cobra.Command{Use: "verify", Short: "Check that nothing in the audit trail or the audited documents was altered", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				report, err := audit.Verify(cmd.Context(), k.store, k.ring, audit.VerifyOptions{Unaudited: unaudited(), Tokens: tokens})
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				fmt.Fprintf(out, "%d entries in %d lanes, %d checkpoints, %d documents compared.\n", report.Entries, report.Lanes, report.Checkpoints, report.Documents)
				if report.Intact() {
					_, err = fmt.Fprintln(out, "Intact.")
					return err
				}
				for _, p := range report.Problems {
					fmt.Fprintln(out, p)
				}
				if report.MoreTrouble > 0 {
					fmt.Fprintf(out, "and %d more\n", report.MoreTrouble)
				}
				return errors.New("the audit trail is not intact")
			})
		}}
	verify.Flags().StringArrayVar(&tokens, "token", nil, "a checkpoint token from the log, kept elsewhere; with it, a cut end is found too")
	cmd.AddCommand(verify, seenCommand())
	return cmd
}
