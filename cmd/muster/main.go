// Command muster is the whole product: `muster demo` to look at it, `muster serve` to run it, and
// commands to import people, match them, look after the keys and check the audit trail.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/logs"
)

// version is set when a release is built.
var version = "dev"

func main() {
	ctx, stop := untilStopped()
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "muster:", err)
		os.Exit(1)
	}
}

// untilStopped returns a context that ends when the process is told to stop. Told a second time it
// ends at once: whoever asks twice does not want to wait.
func untilStopped() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	told := make(chan os.Signal, 2)
	signal.Notify(told, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-told
		cancel()
		<-told
		fmt.Fprintln(os.Stderr, "muster: told to stop a second time, ends at once")
		os.Exit(2)
	}()
	return ctx, func() { signal.Stop(told); cancel() }
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "muster",
		Short:         "Recruitment and participant portal for clinical trials, with text and voice",
		Version:       fullVersion(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	config.Flags(cmd.PersistentFlags())
	cmd.AddCommand(serveCommand(), demoCommand(), phonesimCommand(), importCommand(), matchCommand(), studyCommand(), personCommand(), staffCommand(), auditCommand(), checkCommand(),
		doctorCommand(), healthcheckCommand(), manCommand())
	cmd.AddCommand(rehearseCommand(), questionnaireCommand())
	cmd.AddCommand(narrationsCommand())
	cmd.AddCommand(backupCommand(), restoreCommand(), migrateCommand(), keysCommand())
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return nearestFlag(cmd, err) })
	return cmd
}

func fullVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "dev" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return "dev-" + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return version
}

// nearestFlag says which flag may have been meant.
func nearestFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		if said := config.UnknownFlags(cmd.Flags(), []string{"--" + unknown.GetSpecifiedName()}); len(said) > 0 {
			return errors.New(said[0])
		}
	}
	return err
}

// settings reads the configuration of a command.
func settings(cmd *cobra.Command) (config.Config, error) {
	return config.Load(cmd.Flags(), os.Environ())
}

// logger writes JSON, or short lines on a terminal. Values that are about people print masked.
func logger(level string) *slog.Logger {
	return logs.New(os.Stderr, level, isatty.IsTerminal(os.Stderr.Fd()))
}

func storeKind(c config.Config) string {
	if p := c.SQLitePath(); p != "" {
		return "SQLite at " + p
	}
	return "MongoDB"
}
