package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/config"
)

// checked is what `muster check` found, as its JSON.
type checked struct {
	OK       bool               `json:"ok"`
	Problems []config.Problem   `json:"problems,omitempty"`
	Warnings []string           `json:"warnings,omitempty"`
	Settings []config.Explained `json:"settings,omitempty"` // without problems
}

func checkCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read the settings and name every mistake in them, or show each with where it comes from",
		Args:  cobra.NoArgs,
		// Unknown flags are problems like others: all are named at once.
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf(format, "text", "json"); err != nil {
				return err
			}
			c, err := settings(cmd)
			out := check(c, err, config.UnknownFlags(cmd.Flags(), os.Args[1:]))
			if format == "json" {
				err = printJSON(cmd.OutOrStdout(), out)
			} else {
				err = out.print(cmd.OutOrStdout())
			}
			if err == nil && !out.OK {
				err = fmt.Errorf("mistakes in the settings: %d", len(out.Problems))
			}
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// check puts together what is wrong: with the settings as they were read, with the flags, and with
// what only an installation that is used for real must have.
func check(c config.Config, loading error, flags []string) checked {
	out := checked{Problems: config.Problems(loading), Warnings: c.Warnings}
	for _, f := range flags {
		out.Problems = append(out.Problems, config.Problems(errors.New(f))...)
	}
	if c.Twilio.AccountSID != "" && c.Twilio.BaseURL == "" && !c.BAA {
		out.Problems = append(out.Problems, config.Problem{Where: "--twilio-baa",
			Problem: "patients' messages go through Twilio, which needs a business associate agreement (HIPAA); once it is signed, set --twilio-baa=confirmed"})
	}
	if _, err := openCertificate(c); err != nil && c.TLSKeyFile != "" {
		out.Problems = append(out.Problems, config.Problem{Where: "--tls-cert-file", Problem: err.Error() + "; name a certificate chain and its key, both PEM"})
	}
	if out.OK = len(out.Problems) == 0; out.OK {
		out.Settings = c.Explain()
	}
	return out
}

func (r checked) print(to io.Writer) error {
	for _, p := range r.Problems {
		if p.Where != "" {
			p.Where += ": "
		}
		fmt.Fprintf(to, "mistake: %s%s\n", p.Where, p.Problem)
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(to, "warning: %s\n", w)
	}
	if !r.OK {
		return nil
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, s := range r.Settings {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, s.Value, s.Source)
	}
	fmt.Fprintln(w, "\nSettings are in order.")
	return w.Flush()
}
