package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/trial"
)

// studyCheckCommand reads study files, and no database, and says what is wrong with them and with the
// words they would send. Hints alone do not fail it.
func studyCheckCommand() *cobra.Command {
	return &cobra.Command{Use: "check FILE.yaml…", Short: "Say what is wrong with a study file and with the words that would go out", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			bad := 0
			for _, name := range args {
				data, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				s, err := trial.ParseStudy(data)
				if err != nil {
					bad++
					if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %v\n", name, err); err != nil {
						return err
					}
					continue
				}
				for _, f := range s.Wording() {
					level := "hint"
					if f.Error {
						level = "error"
						bad++
					}
					if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s: %s\n", name, level, f); err != nil {
						return err
					}
				}
			}
			if bad > 0 {
				return fmt.Errorf("%d to be mended", bad)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "Nothing to be mended.")
			return err
		}}
}
