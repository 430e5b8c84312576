package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/trial"
)

// criteriaCommand prints who may take part in a study, in any of the forms criteria have.
func criteriaCommand() *cobra.Command {
	var format, check string
	var version int
	cmd := &cobra.Command{Use: "criteria [STUDY]", Short: "Print a study's criteria, or check those in a file, as text, YAML or a FHIR R4 Group", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf(format, "text", "yaml", "fhir"); err != nil {
				return err
			}
			if (len(args) == 1) == (check != "") {
				return errors.New("name either a study or, with --check, a file")
			}
			print := func(c eval.Criteria) error {
				newer, err := criteria.NewerSets(c)
				if err != nil {
					return err
				}
				for _, n := range newer {
					fmt.Fprintf(cmd.ErrOrStderr(), "note: %s\n", change(n))
				}
				data, err := printCriteria(c, format)
				if err != nil {
					return err
				}
				_, err = cmd.OutOrStdout().Write(data)
				return err
			}
			if check != "" {
				c, err := readCriteria(check)
				if err != nil {
					return fmt.Errorf("%s:\n%w", check, err)
				}
				for _, p := range criteria.Lint(c) {
					fmt.Fprintf(cmd.ErrOrStderr(), "warning: %v\n", p)
				}
				return print(c)
			}
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				c, err := k.criteria(cmd.Context(), args[0], version)
				if err != nil {
					return err
				}
				return print(c)
			})
		}}
	cmd.Flags().StringVar(&format, "format", "text", "text, yaml or fhir")
	cmd.Flags().IntVar(&version, "version", 0, "an earlier version (default: the one the study has now)")
	cmd.Flags().StringVar(&check, "check", "", "read this file instead: .yaml, .txt or, a FHIR Group, .json")
	return cmd
}

// criteria are those of a stored study, with its name and version; 0: those it has now.
func (k *core) criteria(ctx context.Context, id string, version int) (eval.Criteria, error) {
	m, err := studies{k.trial}.At(ctx, id, version)
	if errors.Is(err, docstore.ErrNotFound) && version != 0 {
		return eval.Criteria{}, fmt.Errorf("there is no version %d of the criteria of %s; muster study versions %s lists them", version, id, id)
	}
	if errors.Is(err, docstore.ErrNotFound) {
		return eval.Criteria{}, fmt.Errorf("there is no study %s", id)
	}
	return m.Criteria, err
}

// readCriteria reads a file in the form its name says.
func readCriteria(name string) (eval.Criteria, error) {
	parse := map[string]func([]byte) (eval.Criteria, error){".yaml": criteria.ParseYAML, ".yml": criteria.ParseYAML, ".txt": criteria.ParseText, ".json": criteria.ParseGroup}[strings.ToLower(filepath.Ext(name))]
	if parse == nil {
		return eval.Criteria{}, errors.New("the name does not say what is in it: use .yaml, .txt or .json")
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return eval.Criteria{}, err
	}
	return parse(data)
}

func printCriteria(c eval.Criteria, format string) ([]byte, error) {
	switch format {
	case "fhir":
		return criteria.Group(c)
	case "yaml":
		return criteria.YAML(c), nil
	}
	return criteria.Text(c), nil
}

// versionsCommand lists the versions of a study's criteria.
func versionsCommand() *cobra.Command {
	return &cobra.Command{Use: "versions STUDY", Short: "The versions of a study's criteria that were kept", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				st, err := k.trial.Study(cmd.Context(), trial.StudyID(args[0]))
				if errors.Is(err, docstore.ErrNotFound) {
					return fmt.Errorf("there is no study %s", args[0])
				}
				if err != nil {
					return err
				}
				all, err := k.trial.CriteriaVersions(cmd.Context(), st.StudyID())
				if err != nil {
					return err
				}
				out := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				for _, v := range all {
					state := "can still be changed"
					if v.Used {
						state = "in use: stays as it is"
					}
					if v.Version != st.Version {
						state = "replaced"
					}
					fmt.Fprintf(out, "%d\t%s\t%s\t%s\n", v.Version, v.Stored.Format(time.DateOnly), v.By, state)
				}
				return out.Flush()
			})
		}}
}
