package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
)

// setsCommand lists the value sets criteria may name, and which studies stay behind a newer version.
func setsCommand() *cobra.Command {
	return &cobra.Command{Use: "sets [SET]", Short: "Value sets that criteria may name, and studies whose sets have a newer version; with a name, its codes", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sets, err := criteria.ValueSets()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return printSet(cmd.OutOrStdout(), sets, args[0])
			}
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				printSets(cmd.OutOrStdout(), sets)
				return k.behind(cmd.Context(), cmd.OutOrStdout())
			})
		}}
}

func printSets(w io.Writer, sets []eval.ValueSet) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range sets {
		fmt.Fprintf(out, "%s\t%d codes\t%s\n", s.Ref(), len(s.Codes), s.Title)
	}
	out.Flush()
}

func printSet(w io.Writer, sets []eval.ValueSet, name string) error {
	found := false
	for _, s := range sets {
		if s.Ref() != name && s.Name != name {
			continue
		}
		found = true
		under := ""
		if s.Descendants {
			under = ", and the codes under them"
		}
		fmt.Fprintf(w, "%s: %s\n%s\n%s%s\n", s.Ref(), s.Title, s.Source, listed(s.Codes), under)
	}
	if !found {
		return fmt.Errorf("there is no value set %s; muster study sets lists them", name)
	}
	return nil
}

// behind names, for each study, the criteria whose value set has a newer version.
func (k *core) behind(ctx context.Context, w io.Writer) error {
	all, err := k.trial.Studies(ctx)
	if err != nil {
		return err
	}
	for _, st := range all {
		if st.Criteria == "" {
			continue
		}
		m, err := asMatching(&st)
		if err != nil {
			return err
		}
		newer, err := criteria.NewerSets(m.Criteria)
		if err != nil {
			return err
		}
		for _, n := range newer {
			fmt.Fprintf(w, "%s %s\n", st.ID, change(n))
		}
	}
	return nil
}

// change says in one line what a newer set would bring.
func change(n criteria.Newer) string {
	s := fmt.Sprintf("%s names %s; there is %s", n.ID, n.Ref, n.Newest)
	for _, part := range []struct {
		word  string
		codes []eval.Code
	}{{"with", n.Added}, {"without", n.Removed}} {
		if len(part.codes) > 0 {
			s += ", " + part.word + " " + listed(part.codes)
		}
	}
	if n.Under {
		s += ", which differs in whether the codes under its own belong to it"
	}
	return s
}

func listed(codes []eval.Code) string {
	words := make([]string, len(codes))
	for i, c := range codes {
		words[i] = string(c)
	}
	return strings.Join(words, ", ")
}
