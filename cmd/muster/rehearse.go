package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/ivr/rehearsal"
	"github.com/muster-health/muster/trial"
	"github.com/muster-health/muster/trial/rehearsed"
)

// rehearsal plays studies over a store in memory.
func (k *core) rehearsal() *rehearsal.Rehearsal {
	return rehearsal.New(rehearsal.Deps{Audit: k.audit, Now: k.clock.Now, Questionnaire: k.trial.QuestionnaireNamed, Narrations: k.trial.Narrations, Office: k.config.Twilio.From, PublicURL: k.config.PublicURL, OptOut: ivr.OptOut(k.config.Twilio.OptOutMode), Speaks: k.trial.Speaks,
		Scratch: func(ctx context.Context) (docstore.Driver, error) {
			return sqlitedoc.Open(ctx, sqlitedoc.Memory, sqlitedoc.Options{})
		}})
}

func rehearseCommand() *cobra.Command {
	who, lang, zone, format, weeks := "mobile:all", string(i18n.En), "", "table", 4
	cmd := &cobra.Command{
		Use:   "rehearse STUDY",
		Short: "Play a study's weeks with somebody made up: every text and call, what waits, where it ends, what it costs",
		Long: "Plays the weeks of a study in seconds, over a store in memory and with the engine that runs for real. Nothing is sent.\n\n" +
			"--persona is a phone (mobile, landline, text, relay) and a manner: all, sometimes, silent, hangs-up, voicemail, red-flag-N (in the Nth diary entry), stop-N (replies STOP in week N).",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "table" && format != "json" {
				return fmt.Errorf("--format %q: use table or json", format)
			}
			p, err := rehearsed.ParsePersona(who)
			if err != nil {
				return err
			}
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				st, err := k.trial.Study(cmd.Context(), trial.StudyID(args[0]))
				if err != nil {
					return fmt.Errorf("study %s: %w", args[0], err)
				}
				p.Language, p.Zone = i18n.Lang(lang), zone
				if zone == "" {
					p.Zone = st.Zone().String()
				}
				if err := k.trial.ReleaseLanguages(cmd.Context()); err != nil {
					return err
				}
				report, err := k.rehearsal().Rehearse(cmd.Context(), operator(), st, rehearsed.Ask{Persona: p, Weeks: weeks})
				if err != nil {
					return err
				}
				if format == "json" {
					out := json.NewEncoder(cmd.OutOrStdout())
					out.SetIndent("", "  ")
					return out.Encode(report)
				}
				return report.Write(cmd.OutOrStdout())
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&who, "persona", who, "phone and manner, such as landline:sometimes or mobile:stop-2")
	f.StringVar(&lang, "language", lang, "what is spoken: en or es")
	f.StringVar(&zone, "zone", zone, "where the persona lives, such as Pacific/Honolulu (default: as the first site)")
	f.IntVar(&weeks, "weeks", weeks, "how many, up to 26")
	f.StringVar(&format, "format", format, "table or json")
	return cmd
}
