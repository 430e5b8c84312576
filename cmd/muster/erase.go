package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
)

func eraseCommand() *cobra.Command {
	var why string
	var keep bool
	erase := &cobra.Command{Use: "erase ID", Short: "Destroy a person's key and take away what points to them; it cannot be undone", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			if why == "" {
				return errors.New("--reason is required: why this person is erased, without saying who they are; it stands in the audit trail for good")
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				id := contacts.PersonID(args[0])
				err := k.people.Erase(cmd.Context(), operator(), id, why, keep)
				var must contacts.MustKeep
				switch {
				case errors.As(err, &must):
					fmt.Fprintln(cmd.OutOrStdout(), "Nothing was erased. This has to be kept:")
					for _, x := range must {
						fmt.Fprintf(cmd.OutOrStdout(), "- %s\n  %s\n", x.What, x.Why)
					}
					return errors.New("add --keep-study-data to erase who they are and how to reach them, and keep that")
				case errors.Is(err, docstore.ErrNotFound):
					return fmt.Errorf("there is no person %s", id)
				case err != nil:
					return fmt.Errorf("%w; run it again, or start Muster: what was begun is ended then", err)
				}
				kept, err := k.people.Keeps(cmd.Context(), id)
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				fmt.Fprintf(out, "%s is erased. The ledger %s says so: keep it with the key ring, apart from backups.\n", id, k.ring.Ledger().Path())
				for _, x := range kept {
					fmt.Fprintf(out, "Kept: %s\n", x.What)
				}
				return nil
			})
		}}
	erase.Flags().StringVar(&why, "reason", "", "why, for the audit trail; no personal data")
	erase.Flags().BoolVar(&keep, "keep-study-data", false, "keep what studies they took part in have collected, under their random id")
	return erase
}
