package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/seed"
	"github.com/muster-health/muster/ivr/phonesim"
	demopages "github.com/muster-health/muster/portal/demo"
)

// demoNumber is ours in the demo.
const demoNumber = "+14125550100"

// demo is what `muster demo` adds to a server.
type demo struct {
	config  config.Config
	zone    *time.Location
	clock   string // file that keeps the demo's time over a restart
	reset   atomic.Bool
	restart context.CancelFunc
}

func demoCommand() *cobra.Command {
	people := 2000
	var again bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Start the whole product with demo people and a simulated phone network",
		Long:  "Everybody in the demo is made up, and nothing leaves this computer. Running it again goes on where it was left; --again starts from the beginning.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			if c.Twilio.AccountSID != "" && c.Twilio.BaseURL == "" {
				return errors.New("the demo never runs on a real phone account: take out twilio-account-sid and twilio-auth-token")
			}
			if at, err := url.Parse(c.PublicURL); err != nil || !config.Loopback(at.Hostname()) {
				return errors.New("the demo lets anybody in as anybody, so it is for this computer alone: take out --public-url")
			}
			if host, _, err := net.SplitHostPort(c.Listen); err != nil || !config.Loopback(host) {
				return errors.New("the demo lets anybody in as anybody, so it is for this computer alone: --listen 127.0.0.1:PORT")
			}
			if c.SQLitePath() == "" {
				return errors.New("the demo runs on the embedded store: take out --store")
			}
			c.Twilio = config.Twilio{BaseURL: "http://" + c.PhonesimListen, AccountSID: phonesim.DemoAccountSID, AuthToken: phonesim.DemoAuthToken, OptOutMode: c.Twilio.OptOutMode}
			if c.Twilio.From, err = phone.Parse(demoNumber, "US"); err != nil {
				return err
			}
			d := &demo{config: c, clock: filepath.Join(c.DataDir, "demo-clock")}
			if d.zone, err = time.LoadLocation("America/New_York"); err != nil {
				return err
			}
			for {
				if again || d.reset.Swap(false) {
					if err := d.forget(cmd.Context()); err != nil {
						return err
					}
					again = false
				}
				if err := d.run(cmd.Context(), people); err != nil || cmd.Context().Err() != nil {
					return err
				}
			}
		},
	}
	cmd.Flags().IntVar(&people, "people", people, "volunteers to make up")
	cmd.Flags().BoolVar(&again, "again", false, "throw away what was done and start from the beginning")
	return cmd
}

// run is one life of the demo, until it is stopped or started again.
func (d *demo) run(ctx context.Context, people int) error {
	ctx, d.restart = context.WithCancel(ctx)
	defer d.restart()
	c := d.config
	c.Demo, c.DrainDelay = true, 0
	if c.Now == "" {
		c.Now = d.startAt().Format(time.RFC3339)
	}
	return withCore(ctx, c, true, func(k *core) error {
		m, err := k.members(ctx)
		if err != nil {
			return err
		}
		sum, err := seed.Fill(ctx, seed.Deps{Trial: k.trial, People: k.people, Store: k.store, Audit: k.audit, Clock: k.clock, Members: m}, seed.Options{People: people})
		if err != nil {
			return err
		}
		sim, err := d.startPhones(ctx)
		if err != nil {
			return err
		}
		defer func() { sim.Process.Signal(os.Interrupt); sim.Wait() }()
		s, err := newServer(ctx, k, d)
		if err != nil {
			return err
		}
		k.log.Debug("demo", "people", sum.People, "subjects", sum.Subjects, "filled now", sum.Filled)
		go d.keepTime(ctx, k.clock)
		err = s.run(ctx)
		d.saveTime(k.clock.Now())
		return err
	})
}

// startAt is the demo's time: where it was left, else Monday 09:05.
func (d *demo) startAt() time.Time {
	if data, err := os.ReadFile(d.clock); err == nil {
		if t, err := time.Parse(time.RFC3339, strings.TrimSpace(string(data))); err == nil {
			return t
		}
	}
	return seed.Start(time.Now())
}

func (d *demo) keepTime(ctx context.Context, c *clock.Clock) {
	t := time.NewTicker(5 * time.Second)
	defer t.Stop()
	for {
		jumped := c.Changed()
		select {
		case <-ctx.Done():
			return
		case <-jumped:
		case <-t.C:
		}
		d.saveTime(c.Now())
	}
}

func (d *demo) saveTime(t time.Time) {
	tmp := d.clock + ".new"
	if os.WriteFile(tmp, []byte(t.Format(time.RFC3339)+"\n"), 0o600) == nil {
		os.Rename(tmp, d.clock)
	}
}

// forget throws away the demo's data: its database, its keys, its clock and the phones' state.
func (d *demo) forget(ctx context.Context) error {
	path := d.config.SQLitePath()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	// Only what is the demo's own may be thrown away.
	err := withCore(ctx, d.config, false, func(k *core) error { _, err := seed.IsDemo(ctx, k.store, k.people); return err })
	if err != nil {
		return err
	}
	for _, f := range []string{path, path + "-wal", path + "-shm", path + ".lock", d.config.KeyringFile, d.config.KeyringFile + ".erasures", d.clock, d.phonesState()} {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (d *demo) phonesState() string { return filepath.Join(d.config.DataDir, "phones.json") }

// startPhones runs the phone simulator as a process of its own and gives the handsets their names.
func (d *demo) startPhones(ctx context.Context) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := d.config
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, err
	}
	sim := exec.Command(self, "phonesim", "--phonesim-listen", c.PhonesimListen, "--state", d.phonesState(), "--public-url", c.PublicURL,
		"--twilio-account-sid", c.Twilio.AccountSID, "--twilio-auth-token", c.Twilio.AuthToken, "--twilio-from", c.Twilio.From.E164(), "--twilio-optout-mode", c.Twilio.OptOutMode, "--zone", d.zone.String(), "--log-level", c.LogLevel)
	sim.Env = append(os.Environ(), "MUSTER_DATA_DIR=")
	var said bytes.Buffer
	sim.Stderr = &said
	if err := sim.Start(); err != nil {
		return nil, fmt.Errorf("start the phone simulator: %w", err)
	}
	for tries := range 100 {
		resp, err := http.Get("http://" + c.PhonesimListen + "/sim/log")
		if err == nil {
			resp.Body.Close()
			break
		}
		if tries == 99 || ctx.Err() != nil {
			sim.Process.Kill()
			sim.Wait()
			return nil, fmt.Errorf("the phone simulator does not answer at %s: %s", c.PhonesimListen, strings.TrimSpace(said.String()))
		}
		time.Sleep(50 * time.Millisecond)
	}
	for _, p := range phones() {
		body, err := json.Marshal(handset(p))
		if err != nil {
			return nil, err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+c.PhonesimListen+"/sim/phones/"+url.PathEscape(p.Number), bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, fmt.Errorf("name the handsets: %w", err)
		}
		resp.Body.Close()
		if resp.StatusCode >= 300 {
			return nil, fmt.Errorf("name the handsets: answer %d", resp.StatusCode)
		}
	}
	return sim, nil
}

// phones are the personas by their phones: those who share one have a handset together.
func phones() (out []seed.Persona) {
	at := map[string]int{}
	for _, p := range seed.Story() {
		i, shared := at[p.Number]
		switch {
		case p.Number == "":
		case shared:
			out[i].Name += " and " + p.Name
			out[i].Note += " " + p.Note
		default:
			at[p.Number] = len(out)
			out = append(out, p)
		}
	}
	return out
}

// handset is a persona's phone, as the simulator takes it.
func handset(p seed.Persona) phonesim.Handset {
	h := phonesim.Handset{Name: p.Name, Note: p.Note, Landline: p.Landline, Language: p.Language, Zone: p.Zone}
	for _, r := range p.Replies {
		h.AutoReply = append(h.AutoReply, phonesim.AutoReply{Reply: r.Text, After: phonesim.Seconds(r.After.Seconds())})
	}
	return h
}

// started prints where everything is, once the site answers.
func (d *demo) started(ctx context.Context, s *server) {
	link, until, err := s.signInLink(ctx, "maria", "", 0)
	if err != nil {
		s.log.Error("staff link", "err", err)
	}
	phones := "http://" + d.config.PhonesimListen
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nMuster demo: everybody is made up, and nothing leaves this computer. It is %s.\n\n", s.clock.Now().In(d.zone).Format("Monday 2 January, 3:04 pm"))
	for _, line := range [][2]string{
		{"For volunteers", s.config.PublicURL + "/"},
		{"For participants", s.config.PublicURL + "/me"},
		{"For staff", link + "  (Maria; works once, until " + until.Local().Format("3:04 pm") + ")"},
		{"The phones", phones + "/"},
		{"Tour and people", s.config.PublicURL + "/demo/tour"},
	} {
		fmt.Fprintf(w, "  %s\t%s\n", line[0], line[1])
	}
	fmt.Fprintln(w, "\n  the tour")
	for i, step := range demopages.Steps(phones) {
		fmt.Fprintf(w, "  %d. %s\t%s\n", i+1, step.Title, cmp.Or(strings.TrimPrefix(step.Go.Href, phones), "/"))
	}
	fmt.Fprintln(w, "\n  handset\tnumber\tPIN")
	for _, p := range seed.Story() {
		if p.Number != "" {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", p.Name, p.Number, p.PIN)
		}
	}
	fmt.Fprintln(w, "\nStop with Ctrl-C; start it again and it goes on where it was.")
	w.Flush()
}

// pages are the demo's own, for the site.
func (d *demo) pages(s *server) demopages.Deps {
	out := demopages.Deps{Now: s.clock.Now, Zone: d.zone, Advance: s.clock.Advance, Next: s.engine.Next, Settle: s.settle, Phones: "http://" + d.config.PhonesimListen,
		SignIn: func(ctx context.Context, member string) (string, error) {
			link, _, err := s.signInLink(ctx, member, "", 0)
			return strings.TrimPrefix(link, s.config.PublicURL), err
		},
		Reset: func() {
			d.reset.Store(true)
			time.AfterFunc(200*time.Millisecond, d.restart)
		}}
	for _, p := range seed.Story() {
		x := demopages.Persona{Name: p.Name, Note: p.Note, Number: p.Number, PIN: p.PIN}
		if p.Number != "" {
			x.Handset = out.Phones + "/handset/" + p.Number
		}
		out.Personas = append(out.Personas, x)
	}
	for _, m := range seed.Staff() {
		out.Staff = append(out.Staff, demopages.Member{ID: m.ID, Name: m.Name, Role: string(m.Role)})
	}
	return out
}

// settle queues and sends what is due, as the jobs would in a moment, and says what is on its way then.
func (s *server) settle(ctx context.Context) (outbox.Underway, error) {
	if err := errors.Join(s.plan(ctx), s.engine.Escalate(ctx), s.deliver(ctx)); err != nil {
		return outbox.Underway{}, err
	}
	return s.box.Underway(ctx, s.clock.Now())
}
