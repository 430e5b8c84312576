package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/seal"
)

func keysCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "The key ring"}
	rotate := &cobra.Command{Use: "rotate", Args: cobra.NoArgs,
		Short: "Add a wrapping key to the ring and wrap every person's key with it; run it again if it was stopped",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error { return k.rotate(cmd.Context(), cmd) })
		}}
	cmd.AddCommand(rotate, showKeysCommand())
	return cmd
}

// rotate adds a key, proves in the database that the ring has it, and wraps all data keys with it.
func (k *core) rotate(ctx context.Context, cmd *cobra.Command) error {
	key, resumed, err := k.ring.BeginRotation(time.Now())
	if err != nil {
		return err
	}
	what := "added"
	if resumed {
		what = "goes on with"
	}
	note := func(action, reason string) error {
		return k.audit.Read(ctx, audit.Entry{Actor: operator(), Action: action, Reason: reason})
	}
	if err := errors.Join(note("keys.rotate", what+" wrapping key "+key.ID), k.ring.Rebind(ctx, k.store)); err != nil {
		return err
	}
	n, err := k.keys.Rewrap(ctx, func(done, of int) { fmt.Fprintf(os.Stderr, "%d of %d data keys wrapped anew\n", done, of) })
	if err != nil {
		return fmt.Errorf("%w; run muster keys rotate again, it goes on where it stopped", err)
	}
	if err := errors.Join(note("keys.rotated", fmt.Sprintf("%d data keys wrapped with %s", n, key.ID)), k.ring.EndRotation()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "Wrapping key %s is in use; %d data keys were wrapped with it.\nCopy %s to your safe places now: the copies made before open this database no more.\n", key.ID, n, k.config.KeyringFile)
	return err
}

// shownRing is the ring in JSON: no key, only what tells them apart.
type shownRing struct {
	Ring     string     `json:"ring"`
	Rotating bool       `json:"rotating"` // a rotation was begun and not ended
	Keys     []shownKey `json:"keys"`
}

type shownKey struct {
	seal.Key
	Days  *int `json:"days,omitempty"`  // its age; absent where the ring does not say
	Wraps int  `json:"wraps,omitempty"` // data keys it wraps
}

func showKeysCommand() *cobra.Command {
	var format string
	show := &cobra.Command{Use: "show", Short: "List the keys of the ring by id and age, never the keys themselves", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd)
			if err = errors.Join(err, oneOf(format, "table", "json")); err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				wrapped, err := k.keys.Wrapped(cmd.Context())
				if err != nil {
					return err
				}
				out := shownRing{Ring: k.ring.ID(), Rotating: k.ring.Rotating()}
				for _, key := range k.ring.Keys() {
					s := shownKey{Key: key}
					if !key.Made.IsZero() {
						days := int(time.Since(key.Made).Hours() / 24)
						s.Days = &days
					}
					if key.Kind == "wrap" {
						s.Wraps = wrapped[key.ID]
					}
					out.Keys = append(out.Keys, s)
				}
				if format == "json" {
					return printJSON(cmd.OutOrStdout(), out)
				}
				return out.print(cmd)
			})
		}}
	show.Flags().StringVar(&format, "format", "table", "table or json")
	return show
}

func (s shownRing) print(cmd *cobra.Command) error {
	w := cmd.OutOrStdout()
	fmt.Fprintln(w, s.Ring)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "KIND\tID\tMADE\tDAYS\tUSE\tDATA KEYS")
	for _, k := range s.Keys {
		made, days, use, wraps := "not known", "", "opens only", ""
		if k.Days != nil {
			made, days = k.Made.Format(time.DateOnly), fmt.Sprint(*k.Days)
		}
		if k.InUse {
			use = "in use"
		}
		if k.Kind == "wrap" {
			wraps = fmt.Sprint(k.Wraps)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", k.Kind, k.ID, made, days, use, wraps)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if s.Rotating {
		fmt.Fprintln(w, "A rotation was begun and not ended: run muster keys rotate.")
	}
	return nil
}
