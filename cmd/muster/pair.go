package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/survey"
)

// questionnairePair joins files that ask the same in one language each.
func questionnairePair() *cobra.Command {
	return &cobra.Command{Use: "pair FILE FILE…", Short: "Make one questionnaire of files that ask the same in one language each", Args: cobra.MinimumNArgs(2),
		Long: "Prints the first file with the texts of the others as its translations. Everything but texts must be the same in all: linkIds in order, types, conditions, limits, option codes. Each difference is named by file and linkId.",
		RunE: func(cmd *cobra.Command, args []string) error {
			var files []survey.File
			for _, name := range args {
				data, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				files = append(files, survey.File{Name: name, Data: data})
			}
			made, err := survey.Pair(files...)
			if err == nil {
				_, err = cmd.OutOrStdout().Write(append(made, '\n'))
			}
			return err
		}}
}
