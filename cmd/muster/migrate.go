package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/migrate"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
)

// errOlder: documents have an older version, and --migrate off says to wait.
var errOlder = errors.New("the database has documents of an older version")

func migrateCommand() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{Use: "migrate", Short: "Bring stored documents to the version of this program; with --migrate auto every start does it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			k, err := openCore(cmd.Context(), c, logger(c.LogLevel), false)
			if err != nil {
				return err
			}
			return k.use(cmd.Context(), func(k *core) error {
				todo, err := migrate.Count(cmd.Context(), k.store)
				if err != nil {
					return err
				}
				w := cmd.OutOrStdout()
				for _, t := range todo {
					fmt.Fprintf(w, "%s, %d to be rewritten\n", t, t.Change)
				}
				switch {
				case len(todo) == 0:
					_, err = fmt.Fprintln(w, "All documents have the version of this program.")
				case dry:
					_, err = fmt.Fprintln(w, "Nothing was changed.")
				default:
					if err = k.migrate(cmd.Context(), k.logProgress(), true); err == nil {
						_, err = fmt.Fprintln(w, "Done.")
					}
				}
				return err
			})
		}}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would change")
	return cmd
}

// bringUp migrates, or where the settings forbid that refuses documents of an older version.
func (k *core) bringUp(ctx context.Context, progress func(string)) error {
	if k.config.Migrate != "off" {
		return k.migrate(ctx, progress, true)
	}
	todo, err := migrate.Plan(ctx, k.store)
	if err != nil || len(todo) == 0 {
		return err
	}
	var what []string
	for _, t := range todo {
		what = append(what, fmt.Sprintf("%s: %d to %d", t.Collection, t.From, t.To))
	}
	return fmt.Errorf("%w (%s): run muster migrate", errOlder, strings.Join(what, ", "))
}

// migrate brings documents to the present version. copyFirst puts a copy of a SQLite file aside
// before anything is changed.
func (k *core) migrate(ctx context.Context, progress func(string), copyFirst bool) error {
	guard := audit.Guard(unaudited()...)
	opts := migrate.Options{Wall: k.clock.Wall, Log: k.log, Progress: progress, Record: func(b *docstore.Batch, done bool, reason string) {
		e := audit.Entry{Actor: audit.Actor{Kind: audit.System, ID: "migrate"}, Action: "schema.migrate", Reason: reason}
		if done {
			e.Action = "schema.migrated"
		}
		if done || guard(ctx, b) != nil {
			k.audit.Record(b, e)
		}
	}}
	if d, ok := k.driver.(*sqlitedoc.Driver); ok && copyFirst {
		opts.Before = func(ctx context.Context, todo []migrate.Todo) error { return k.putAside(ctx, d, todo) }
	}
	return migrate.Run(ctx, k.store, opts)
}

// putAside copies the database file beside its folder, named for the time and the versions; where
// that cannot be written, into the folder.
func (k *core) putAside(ctx context.Context, d *sqlitedoc.Driver, todo []migrate.Todo) error {
	path := k.config.SQLitePath()
	if path == sqlitedoc.Memory {
		return nil
	}
	var what []string
	for _, t := range todo {
		if t.Begun {
			return nil // whoever began has made the copy; now half of it is migrated
		}
		if len(what) < 3 {
			what = append(what, fmt.Sprintf("%s-%d-to-%d", t.Collection, t.From, t.To))
		}
	}
	name := fmt.Sprintf("before-%s-%s.db", k.clock.Wall().UTC().Format("20060102-150405"), strings.Join(what, "-"))
	folder := filepath.Dir(path)
	to := folder + "." + name
	if err := d.Copy(ctx, to); errors.Is(err, os.ErrPermission) {
		to = filepath.Join(folder, name)
		err = d.Copy(ctx, to)
		if err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	k.log.Info("the database was copied before documents are migrated", "to", to)
	return nil
}

// logProgress logs how far a migration is, every two seconds.
func (k *core) logProgress() func(string) {
	var last time.Time
	return func(what string) {
		if time.Since(last) > 2*time.Second {
			last = time.Now()
			k.log.Info(what)
		}
	}
}
