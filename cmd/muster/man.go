package main

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes the manual, for packages.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write a manual page of each command into a folder",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			// A page is the same each time: its date is $SOURCE_DATE_EPOCH, where that is set.
			all := cmd.Root()
			all.DisableAutoGenTag = true
			return doc.GenManTree(all, &doc.GenManHeader{Section: "1", Source: "Muster " + fullVersion()}, args[0])
		},
	}
}
