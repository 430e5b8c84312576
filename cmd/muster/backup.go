package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/backup"
	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

func backupCommand() *cobra.Command {
	var out, recipientsFile string
	var recipients []string
	cmd := &cobra.Command{Use: "backup -o FILE", Short: "Copy the whole database into one file, beside a running server; never the key ring", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			if out == "" {
				return fmt.Errorf("name the file to write with -o")
			}
			to, err := backup.Recipients(recipients, recipientsFile)
			if err != nil {
				return err
			}
			if path := c.SQLitePath(); path != "" {
				if _, err := os.Stat(path); err != nil { // opening it would make it
					return fmt.Errorf("%w at %s; name the one to back up with --data-dir or --store", errNoDatabase, path)
				}
			}
			ctx := cmd.Context()
			// The parts stay closed: a backup is also taken before a newer program changes anything.
			k, err := openStore(ctx, c, logger(c.LogLevel), false, holdsMuster)
			if err != nil {
				return err
			}
			defer k.close(ctx)
			snap, err := k.driver.Snapshot(ctx)
			if err != nil {
				return err
			}
			defer snap.Close()
			began := time.Now()
			m, size, err := backup.WriteFile(ctx, out, backup.Source{
				Snapshot: snap, Program: fullVersion(), Store: storeName(c), Created: k.clock.Wall(), Ring: k.ring, Recipients: to,
				Progress: progress(cmd.ErrOrStderr(), "backed up"),
			}, func(m backup.Manifest) error {
				// A copy of everything leaves the database: that is recorded, or there is no copy.
				return k.audit.Read(ctx, audit.Entry{Actor: operator(), Action: "database.backup",
					Reason: fmt.Sprintf("%d documents in %d collections, encrypted for %d", m.Documents(), len(m.Collections), len(to))})
			})
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			fmt.Fprintf(w, "%s: %d documents in %d collections, %s, in %s.\n", out, m.Documents(), len(m.Collections), megabytes(size), time.Since(began).Round(100*time.Millisecond))
			if !snap.Exact() {
				fmt.Fprintln(w, "This database keeps no snapshots: everything was copied, and then what changed meanwhile, until nothing changed.")
			}
			if len(to) == 0 {
				fmt.Fprintln(w, "NOT ENCRYPTED: facts of health stand in it in clear. Encrypt it with --recipient, or keep it where the database itself could be.")
			} else {
				fmt.Fprintf(w, "Encrypted for %d recipients; without the identity of one of them it cannot be read.\n", len(to))
			}
			_, err = fmt.Fprintf(w, "The key ring (%s) is NOT in it. Without the ring names and numbers in the backup cannot be read by anybody: keep a copy of it, and never beside a backup.\n", k.config.KeyringFile)
			return err
		}}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the file to write; it must not exist")
	cmd.Flags().StringArrayVar(&recipients, "recipient", nil, "encrypt for this age recipient (age1…); may be given several times")
	cmd.Flags().StringVar(&recipientsFile, "recipients-file", "", "encrypt for the age recipients in this file, one a line")
	return cmd
}

// errNoDatabase: a backup of nothing would look like a backup.
var errNoDatabase = errors.New("there is no database of Muster")

// holdsMuster refuses a database that was never used, and one whose restore did not end.
func holdsMuster(ctx context.Context, d docstore.Driver) error {
	_, err := d.Get(ctx, "meta", seal.BindingID)
	if errors.Is(err, docstore.ErrNotFound) {
		err = fmt.Errorf("%w in the store; name the one to back up with --data-dir or --store", errNoDatabase)
	}
	return errors.Join(backup.Unfinished(ctx, d), err)
}

// storeName is the kind of database, for the manifest.
func storeName(c config.Config) string {
	if c.SQLitePath() != "" {
		return "sqlite"
	}
	return "mongodb"
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// progress prints how far something is, every two seconds.
func progress(w io.Writer, done string) func(documents int, bytes int64) {
	last := time.Now()
	return func(documents int, bytes int64) {
		if time.Since(last) > 2*time.Second {
			last = time.Now()
			fmt.Fprintf(w, "%s %d documents, %s\n", done, documents, megabytes(bytes))
		}
	}
}
