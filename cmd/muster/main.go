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

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/config"
)

// version is set when a release is built.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "muster:", err)
		os.Exit(1)
	}
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
	cmd.AddCommand(serveCommand(), demoCommand(), phonesimCommand(), importCommand(), matchCommand(), studyCommand(), personCommand(), staffCommand(), auditCommand(), checkCommand(), keysCommand())
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

// settings reads the configuration of a command.
func settings(cmd *cobra.Command) (config.Config, error) {
	return config.Load(cmd.Flags(), os.Environ())
}

// logger writes JSON, or short lines on a terminal. Values that are about people print masked.
func logger(level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	if isatty.IsTerminal(os.Stderr.Fd()) {
		return slog.New(tint.NewTextHandler(os.Stderr, &tint.Options{Level: l, TimeFormat: "15:04:05"}))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: l}))
}

func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Read the settings and say what is wrong with them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			if c.Twilio.AccountSID != "" && c.Twilio.BaseURL == "" && !c.BAA {
				return errors.New("patients' messages go through Twilio, which needs a business associate agreement (HIPAA); once it is signed, set --twilio-baa=confirmed")
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Settings are in order. Site %s, store %s.\n", c.PublicURL, storeKind(c))
			return nil
		},
	}
}

func storeKind(c config.Config) string {
	if p := c.SQLitePath(); p != "" {
		return "SQLite at " + p
	}
	return "MongoDB"
}
