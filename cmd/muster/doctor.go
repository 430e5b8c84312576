package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/logs"
	"github.com/muster-health/muster/internal/seal"
)

// finding is what an examination says of one thing.
type finding struct {
	Part    string `json:"part"`
	Verdict string `json:"verdict"` // ok, warn, fail, skip
	Says    string `json:"says"`
	Mend    string `json:"mend,omitempty"` // of what is not ok
}

const (
	fine     = "ok"
	doubtful = "warn" // to be looked at
	broken   = "fail"
	skipped  = "skip" // there is nothing to examine, or it could not be
)

// patient is what is examined. What did not open is nil.
type patient struct {
	config config.Config
	driver docstore.Driver
	ring   *seal.Ring
	public *answer // what the public address said
}

// examination looks at one thing. It changes nothing that stays.
type examination func(ctx context.Context, p *patient) []finding

// examinations are all of them in their order, one a line: later ones may use what earlier ones opened.
func examinations() []examination {
	return []examination{
		examineStore,
		examineTransactions,
		examineKeys,
		examinePublic,
		examineTLS,
		examineClock,
		examineTwilio,
		examineCarrierLog,
		examineSignIn,
		examineMail,
	}
}

func doctorCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Try what Muster depends on: database, keys, public address, certificate, clocks, Twilio, staff sign-in",
		Long: "Opens the database and writes to it, and asks the public address and Twilio. Nothing that it writes stays, and nobody is texted or called. " +
			"Run it where the server runs, with the server's settings, while the server runs. Exit code 1 when something fails.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd)
			if err = errors.Join(err, oneOf(format, "table", "json")); err != nil {
				return err
			}
			all := examine(cmd.Context(), c)
			if format == "json" {
				err = printJSON(cmd.OutOrStdout(), all)
			} else {
				err = printFindings(cmd.OutOrStdout(), all)
			}
			failed := 0
			for _, f := range all {
				if f.Verdict == broken {
					failed++
				}
			}
			if err == nil && failed > 0 {
				err = fmt.Errorf("%d of %d failed", failed, len(all))
			}
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

func examine(ctx context.Context, c config.Config) []finding {
	p := &patient{config: c}
	defer func() {
		if p.driver != nil {
			p.driver.Close()
		}
	}()
	var all []finding
	for _, w := range c.Warnings {
		all = append(all, finding{"settings", doubtful, w, "see there"})
	}
	for _, x := range examinations() {
		within, cancel := context.WithTimeout(ctx, 20*time.Second)
		all = append(all, x(within, p)...)
		cancel()
	}
	return all
}

func printFindings(to io.Writer, all []finding) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, f := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.Verdict, f.Part, logs.Line(f.Says))
		if f.Mend != "" && f.Verdict != fine {
			fmt.Fprintf(w, "\t\t→ %s\n", f.Mend)
		}
	}
	return w.Flush()
}

// one is a single finding.
func one(part, verdict, says, mend string) []finding { return []finding{{part, verdict, says, mend}} }
