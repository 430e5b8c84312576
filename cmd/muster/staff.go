package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/auth/oidc"
	"github.com/muster-health/muster/internal/auth/session"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/docstore"
)

func staffCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "staff", Short: "Staff members, their sign-in links and their sessions"}
	cmd.AddCommand(staffAddCommand(), staffListCommand(), staffLinkCommand(), staffLeaveCommand())
	return cmd
}

// withMembers runs a command on an open core.
func withMembers(cmd *cobra.Command, makeRing bool, f func(*core, *members.Members) error) error {
	c, err := settings(cmd)
	if err != nil {
		return err
	}
	return withCore(cmd.Context(), c, makeRing, func(k *core) error {
		m, err := k.members(cmd.Context())
		if err != nil {
			return err
		}
		return f(k, m)
	})
}

func staffAddCommand() *cobra.Command {
	var name, role string
	var sites, studies []string
	cmd := &cobra.Command{Use: "add ID", Short: "Add a staff member, or change one", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return withMembers(cmd, true, func(_ *core, m *members.Members) error {
			_, err := m.Put(cmd.Context(), operator(), members.Member{Meta: docstore.Meta{ID: args[0]}, Name: name, Role: members.Role(role), Sites: sites, Studies: studies})
			return err
		})
	}}
	var roles []string
	for _, r := range members.Roles() {
		roles = append(roles, string(r))
	}
	cmd.Flags().StringVar(&name, "name", "", "name as colleagues read it")
	cmd.Flags().StringVar(&role, "role", "coordinator", strings.Join(roles, ", "))
	cmd.Flags().StringSliceVar(&sites, "site", nil, "sites they work at; none = all")
	cmd.Flags().StringSliceVar(&studies, "study", nil, "studies they work in; none = all")
	return cmd
}

func staffListCommand() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "Who works here, as what and where", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return withMembers(cmd, false, func(_ *core, m *members.Members) error {
			all, err := m.All(cmd.Context())
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tNAME\tROLE\tSITES\tSTUDIES\tCOMES BY\tLEFT")
			for _, x := range all {
				left := ""
				if !x.Left.IsZero() {
					left = x.Left.Local().Format(time.DateOnly)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", x.ID, x.Name, x.Role, cmp.Or(strings.Join(x.Sites, ","), "all"), cmp.Or(strings.Join(x.Studies, ","), "all"), cmp.Or(x.Via, "link"), left)
			}
			return w.Flush()
		})
	}}
}

func staffLinkCommand() *cobra.Command {
	var reason string
	var life time.Duration
	cmd := &cobra.Command{Use: "link ID", Short: "Print a link that signs a staff member in, once, within ten minutes", Args: cobra.ExactArgs(1),
		Long: "Print a link that signs a staff member in, once. Where staff sign in through an identity provider, the link goes past it: it needs a --reason, which stands in the audit trail and is shown to administrators.",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			if c.OIDC.Issuer == "" && (reason != "" || cmd.Flags().Changed("ttl")) {
				return errors.New("--reason and --ttl are for a link past an identity provider, and none is set")
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				url, until, err := k.signInLink(cmd.Context(), args[0], reason, life)
				if errors.Is(err, members.ErrReason) {
					return fmt.Errorf("staff sign in through %s: %w; say in --reason why this one must come past it, without names", c.OIDC.Issuer, err)
				}
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\nworks once, until %s\n", url, until.Local().Format("15:04"))
				return err
			})
		}}
	cmd.Flags().StringVar(&reason, "reason", "", "why somebody must come past the identity provider; no personal data")
	cmd.Flags().DurationVar(&life, "ttl", 10*time.Minute, "how long a link past the identity provider works: 1m to 1h")
	return cmd
}

func staffLeaveCommand() *cobra.Command {
	return &cobra.Command{Use: "leave ID", Short: "End a staff member's work here and all their sessions, at once", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return withMembers(cmd, false, func(k *core, m *members.Members) error {
			if err := m.Leave(cmd.Context(), operator(), args[0]); err != nil {
				return err
			}
			s, err := session.New(cmd.Context(), k.store, k.ring, k.clock.Wall, session.Options{Name: "staff"})
			if err != nil {
				return err
			}
			n, err := s.EndAll(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s works here no more; %d sessions ended.\n", args[0], n)
			return err
		})
	}}
}

func (k *core) members(ctx context.Context) (*members.Members, error) {
	return members.Open(ctx, k.store, k.audit, k.clock)
}

// signInLink makes a one-time link for a staff member; where there is an identity provider, one that
// goes past it, for a reason.
func (k *core) signInLink(ctx context.Context, member, reason string, life time.Duration) (url string, until time.Time, err error) {
	m, err := k.members(ctx)
	if err != nil {
		return "", until, err
	}
	var secret string
	if !k.hasProvider() {
		secret, until, err = m.Link(ctx, operator(), member)
	} else {
		secret, until, err = m.BreakGlass(ctx, operator(), member, reason, life)
	}
	return k.config.PublicURL + "/staff/sign-in/" + secret, until, err
}

// hasProvider says whether staff come in through an identity provider; in the demo they never do.
func (k *core) hasProvider() bool { return k.config.OIDC.Issuer != "" && !k.config.Demo }

// provider is the identity provider of staff, nil where none is set.
func (k *core) provider() (*oidc.Client, error) {
	if !k.hasProvider() {
		return nil, nil
	}
	return newProvider(k.config, k.clock.Wall, k.log)
}

func newProvider(c config.Config, wall func() time.Time, log *slog.Logger) (*oidc.Client, error) {
	o := c.OIDC
	return oidc.New(oidc.Options{Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret, PublicURL: c.PublicURL, Roles: o.Roles, Name: o.Name, RoleClaim: o.RoleClaim, Wall: wall, Log: log})
}

// warnOfPlaces logs the sites and studies of oidc-roles that no study has: a member of nothing else
// would find an empty desk.
func (k *core) warnOfPlaces(ctx context.Context) error {
	all, err := k.trial.Studies(ctx)
	if err != nil {
		return fmt.Errorf("studies: %w", err)
	}
	sites, studies := map[string]bool{}, map[string]bool{}
	for _, st := range all {
		studies[st.ID] = true
		for _, x := range st.Sites {
			sites[x.ID] = true
		}
	}
	for _, p := range k.config.OIDC.Roles {
		for what, list := range map[string][]string{"site": p.Sites, "study": p.Studies} {
			for _, id := range list {
				if !sites[id] && what == "site" || !studies[id] && what == "study" {
					k.log.Warn("oidc-roles names what no study has", "group", p.Group, what, id)
				}
			}
		}
	}
	return nil
}

// examineSignIn asks the identity provider whether it knows this Muster, and says what to register there.
func examineSignIn(ctx context.Context, p *patient) []finding {
	const part = "staff sign-in"
	if p.config.OIDC.Issuer == "" {
		return one(part, skipped, "no identity provider is set: staff come in by one-time links", "")
	}
	client, err := newProvider(p.config, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return one(part, broken, err.Error(), "mend the oidc settings; muster check names them")
	}
	register := fmt.Sprintf("register the redirect URI %s and, for after signing out, %s", client.RedirectURI(), client.PostLogoutURI())
	var all []finding
	for _, x := range client.Check(ctx) {
		all = append(all, finding{part, broken, x.What, x.Mend})
	}
	if len(all) > 0 {
		return append(all, finding{part, doubtful, "what the provider must know", register})
	}
	return one(part, fine, "the provider knows this Muster; "+register, "")
}
