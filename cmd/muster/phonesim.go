package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/ivr/phonesim"
)

func phonesimCommand() *cobra.Command {
	var state, webhooks, zone string
	cmd := &cobra.Command{
		Use:   "phonesim",
		Short: "Run a phone network of its own: a stand-in for Twilio with handsets in a browser",
		Long:  "Serves the part of Twilio's REST API that Muster uses, posts signed webhooks, and shows handsets in a browser. Nothing leaves this computer.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			host, _, err := net.SplitHostPort(c.PhonesimListen)
			if err != nil || !config.Loopback(host) {
				return errors.New("the phone simulator is for this machine alone: --phonesim-listen 127.0.0.1:PORT")
			}
			if webhooks == "" {
				webhooks = c.PublicURL
			}
			o := phonesim.Options{AccountSID: c.Twilio.AccountSID, AuthToken: c.Twilio.AuthToken, BaseURL: "http://" + c.PhonesimListen, WebhookBase: webhooks,
				OptOut: phonesim.OptOut(c.Twilio.OptOutMode), StateFile: state, Zone: zone, Logger: logger(c.LogLevel)}
			if !c.Twilio.From.IsZero() {
				o.Numbers = []phonesim.Number{{Number: c.Twilio.From.E164()}}
			}
			return runPhonesim(cmd.Context(), c.PhonesimListen, o)
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "file that keeps threads, calls and the clock over a restart")
	cmd.Flags().StringVar(&webhooks, "webhooks", "", "where the application's webhooks are (default: --public-url)")
	cmd.Flags().StringVar(&zone, "zone", "", "time zone the pages show times in")
	return cmd
}

func runPhonesim(ctx context.Context, listen string, o phonesim.Options) error {
	sim, err := phonesim.New(o)
	if err != nil {
		return err
	}
	defer sim.Close()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("phone simulator: %w", err)
	}
	fmt.Fprintf(os.Stderr, "phone simulator: http://%s\n", l.Addr())
	srv := &http.Server{Handler: sim.Handler(), ReadHeaderTimeout: 10 * time.Second}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, 2)
	go func() { failed <- sim.Run(ctx) }()
	go func() { failed <- srv.Serve(l) }()
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	shut, done := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer done()
	srv.Shutdown(shut)
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
