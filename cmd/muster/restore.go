package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/backup"
	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/seal"
)

func restoreCommand() *cobra.Command {
	var into, verify bool
	var identity string
	cmd := &cobra.Command{Use: "restore FILE", Short: "Fill an empty database from a backup, or only check the backup", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			if into == verify {
				return errors.New("say --into-empty to fill an empty database (--store), or --verify-only to check the file and write nothing")
			}
			ctx, w := cmd.Context(), cmd.OutOrStdout()
			f := backup.File{Open: func() (io.ReadCloser, error) { return os.Open(args[0]) }, Progress: progress(cmd.ErrOrStderr(), "checked")}
			if f.Identities, err = backup.Identities(identity); err != nil {
				return err
			}
			if f.Ring, err = seal.Open(c.KeyringFile, false); err != nil {
				return err
			}
			if f.Known, err = knownSchema(ctx); err != nil {
				return err
			}
			r, err := backup.Verify(ctx, f)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s is whole: %d documents in %d collections and %d later changes, made %s by %s from %s. The key ring fits and opened %d keys of people.\n",
				args[0], r.Manifest.Documents(), len(r.Manifest.Collections), r.Manifest.Changes.Documents, r.Header.Created.Format(time.RFC3339), r.Header.Program, r.Header.Store, r.Opened)
			if verify {
				return nil
			}
			f.Progress = progress(cmd.ErrOrStderr(), "restored")
			return restore(ctx, c, f, r, w)
		}}
	cmd.Flags().BoolVar(&into, "into-empty", false, "fill the database of --store, which must be empty")
	cmd.Flags().BoolVar(&verify, "verify-only", false, "check decryption, hashes, counts and the key ring; write nothing")
	cmd.Flags().StringVar(&identity, "identity", "", "file with the age identity that opens an encrypted backup")
	return cmd
}

// restore fills the database of c, applies what must hold before anything serves from it, and lets
// it be used.
func restore(ctx context.Context, c config.Config, f backup.File, r backup.Report, w io.Writer) (err error) {
	began := time.Now()
	log := logger(c.LogLevel)
	d, err := openDriver(ctx, c, log)
	if err != nil {
		return err
	}
	err = backup.Restore(ctx, f, r, d, time.Now)
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	k, err := openStore(ctx, c, log, false, func(context.Context, docstore.Driver) error { return nil })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.close(context.WithoutCancel(ctx))) }()
	if err := k.openParts(ctx); err != nil {
		return err
	}
	if err := k.migrate(ctx, k.logProgress(), false); err != nil {
		return err
	}
	if err := errors.Join(k.matches.Copied(ctx), k.matcher.Copied()); err != nil {
		return err
	}
	erased, err := k.applyErasures(ctx)
	if err != nil {
		return fmt.Errorf("erase again who was erased since the backup: %w", err)
	}
	err = k.audit.Read(ctx, audit.Entry{Actor: operator(), Action: "database.restore",
		Reason: fmt.Sprintf("backup of %s, %d documents, erased again: %d", r.Header.Created.Format(time.RFC3339), r.Manifest.Documents(), erased)})
	if err != nil {
		return err
	}
	if err := backup.Finish(ctx, k.driver); err != nil {
		return err
	}
	fmt.Fprintf(w, "Restored in %s. People erased again: %d. Next: muster audit verify. Messages that were due at the time of the backup are due again: start without a Twilio account to look first.\n",
		time.Since(began).Round(100*time.Millisecond), erased)
	return nil
}

// knownSchema is which version of each collection this program writes. All parts over an empty
// store in memory say so.
func knownSchema(ctx context.Context) (map[string]int, error) {
	dir, err := os.MkdirTemp("", "muster-schema-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	c := config.Config{Store: "sqlite:" + sqlitedoc.Memory, KeyringFile: filepath.Join(dir, "ring.json")}
	k, err := openCore(ctx, c, slog.New(slog.DiscardHandler), true)
	if err != nil {
		return nil, fmt.Errorf("what this program knows: %w", err)
	}
	known := map[string]int{}
	for name, spec := range k.store.Specs() {
		if spec.Version > 0 {
			known[name] = spec.Version
		}
	}
	return known, k.driver.Close()
}
