package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/auth/participant"
	"github.com/muster-health/muster/internal/auth/session"
	"github.com/muster-health/muster/internal/backup"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/mongodoc"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/id"
	"github.com/muster-health/muster/internal/metrics"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/internal/telemetry"
	"github.com/muster-health/muster/internal/turns"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/ivr/engine"
	"github.com/muster-health/muster/ivr/twilio"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// core is everything but the network: the store and what works on it.
type core struct {
	config   config.Config
	log      *slog.Logger
	metrics  *metrics.Metrics   // nil but in a server
	tracing  *telemetry.Tracing // nil unless OTEL_* asks for it
	clock    *clock.Clock
	driver   docstore.Driver
	store    *docstore.Store
	ring     *seal.Ring
	keys     *seal.Keys
	audit    *audit.Log
	engine   *engine.Engine // of which the next four are parts
	people   *contacts.Directory
	box      *outbox.Box
	trial    *trial.Coordinator
	operator *ivr.Operator
	carrier  *twilio.Carrier // nil without an account
	mail     *email.Sender   // nil without a mail server
	matcher  *matching.Live
	matches  *matching.Matches
	newID    id.New
	turns    *turns.Turns
}

// unaudited are the collections whose changes need no audit entry.
func unaudited() []string {
	return slices.Concat(engine.Unaudited(), matching.Unaudited())
}

// openCore opens the store and puts the parts together. makeRing lets it make a key ring where
// there is none: for the demo and for the first start of an empty store.
func openCore(ctx context.Context, c config.Config, log *slog.Logger, makeRing bool) (*core, error) {
	k, err := openStore(ctx, c, log, makeRing, backup.Unfinished)
	if err != nil {
		return nil, err
	}
	if err := k.openParts(ctx); err != nil {
		return nil, errors.Join(err, k.driver.Close())
	}
	return k, nil
}

// openCurrent is openCore with all documents of the present version, and without whoever was erased.
func openCurrent(ctx context.Context, c config.Config, log *slog.Logger, makeRing bool) (*core, error) {
	k, err := openCore(ctx, c, log, makeRing)
	if err != nil {
		return nil, err
	}
	err = k.bringUp(ctx, k.logProgress())
	if err == nil {
		_, err = k.applyErasures(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, k.close(context.WithoutCancel(ctx)))
	}
	return k, nil
}

// openStore opens what backups need as well: the database, the key ring that is bound to it, and the
// audit trail. usable may refuse the database.
func openStore(ctx context.Context, c config.Config, log *slog.Logger, makeRing bool, usable func(context.Context, docstore.Driver) error) (_ *core, err error) {
	k := &core{config: c, log: log, turns: turns.New(worksAtOnce)}
	if k.clock, err = clock.Parse(c.Now); err != nil {
		return nil, err
	}
	if k.tracing, err = telemetry.Start(ctx, fullVersion(), os.Environ(), log); err != nil {
		return nil, err
	}
	if k.driver, err = openDriver(ctx, c, log); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			k.driver.Close()
		}
	}()
	if err = usable(ctx, k.driver); err != nil {
		return nil, err
	}
	k.store = docstore.New(k.driver, k.clock.Wall, docstore.Require(audit.Guard(unaudited()...)), docstore.Observe(k.wrote))
	bound, err := seal.Bound(ctx, k.store)
	if err != nil {
		return nil, err
	}
	if k.ring, err = seal.Open(c.KeyringFile, makeRing && !bound); err != nil {
		return nil, err
	}
	if err = k.ring.Bind(ctx, k.store); err != nil {
		return nil, err
	}
	if k.keys, err = seal.OpenKeys(ctx, k.store, k.ring); err != nil {
		return nil, err
	}
	if k.audit, err = audit.Open(ctx, k.store, k.ring, k.clock, audit.Options{Unaudited: unaudited(), Logger: log}); err != nil {
		return nil, err
	}
	return k, nil
}

// openParts opens every collection, so that the store knows all of them, and puts the parts together.
func (k *core) openParts(ctx context.Context) (err error) {
	k.newID = id.ULID(k.clock.Wall)
	if err = k.openEngine(ctx); err != nil {
		return err
	}
	records, err := session.OpenRecords(ctx, k.store)
	if err != nil {
		return err
	}
	k.people.AlsoHolds(participant.Visits{Records: records})
	k.openMatcher()
	if err = k.openMatches(ctx); err != nil {
		return err
	}
	// What the site opens again: listed here because commands must know it too.
	_, err1 := k.members(ctx)
	_, err2 := session.New(ctx, k.store, k.ring, k.clock.Wall, session.Options{Name: "none"})
	_, err3 := web.OpenOnce(ctx, k.store, k.clock.Wall)
	return errors.Join(err1, err2, err3)
}

// applyErasures erases again whom the ledger names and this database still knows: it may have come
// out of a backup. Nothing is served before.
func (k *core) applyErasures(ctx context.Context) (int, error) {
	n, err := k.people.ApplyErasures(ctx, audit.Actor{Kind: audit.System, ID: "erasures"})
	if n > 0 {
		k.log.Warn("erasures were carried out again or finished", "people", n)
	}
	return n, err
}

// openEngine opens what speaks with people; with an account, over Twilio.
func (k *core) openEngine(ctx context.Context) (err error) {
	d := engine.Deps{Store: k.store, Audit: k.audit, Keys: k.keys, Clock: k.clock, NewID: k.newID, Office: k.config.Twilio.From, PublicURL: k.config.PublicURL,
		OptOut: ivr.OptOut(k.config.Twilio.OptOutMode), Drafts: k.config.Demo, CodesADay: k.config.CodesADay, TextsADay: k.config.TextsADay, CheckCriteria: matching.CheckCriteria, OnPerson: k.personChanged, Observe: k.sent, Parallel: k.config.SendsAtOnce, Turns: k.turns, Logger: k.log}
	if t := k.config.Twilio; t.AccountSID != "" {
		var base *url.URL
		if t.BaseURL != "" {
			if base, err = url.Parse(t.BaseURL); err != nil {
				return err
			}
		}
		k.carrier = twilio.New(twilio.Options{AccountSID: t.AccountSID, AuthToken: t.AuthToken, From: t.From, Service: t.Service, PublicURL: k.config.PublicURL, BaseURL: base, Now: k.clock.Now, Wall: k.clock.Wall,
			Transport: k.tracing.Transport(connections(k.config.SendsAtOnce))})
		d.Carrier = k.carrier
		d.Paces = map[outbox.Kind]outbox.Pace{outbox.SMS: {PerSecond: t.Parts, Units: func(m outbox.Message) int { return i18n.Segments(m.Body) }}, outbox.Call: {PerSecond: t.Calls}}
	}
	if k.openMail(); k.mail != nil {
		d.Mail = k.mail
	}
	if k.engine, err = engine.Open(ctx, d); err != nil {
		return err
	}
	k.people, k.box, k.trial, k.operator = k.engine.People, k.engine.Box, k.engine.Trial, k.engine.Operator
	return nil
}

// connections keeps as many open to one host as are used at once.
func connections(n int) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, n
	return t
}

// personChanged looks at somebody's matches anew when their facts changed.
func (k *core) personChanged(ctx context.Context, p contacts.PersonID) {
	if err := k.percolate(ctx, p); err != nil {
		k.log.Error("matches of a changed person", "person", p, "err", err)
	}
}

func openDriver(ctx context.Context, c config.Config, log *slog.Logger) (docstore.Driver, error) {
	path := c.SQLitePath()
	if path == "" {
		return mongodoc.Open(ctx, c.Store, mongodoc.Options{Log: log})
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	d, err := sqlitedoc.Open(ctx, path, sqlitedoc.Options{})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return d, nil
}

// close ends what openCore began: the audit trail gets its last checkpoint.
func (k *core) close(ctx context.Context) error {
	err := errors.Join(k.audit.Close(ctx), k.driver.Close())
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if lost := k.tracing.Close(ctx); lost != nil {
		k.log.Warn("the last traces were not sent", "err", lost)
	}
	return err
}

// withCore runs a command on an open core whose documents have the present version.
func withCore(ctx context.Context, c config.Config, makeRing bool, f func(*core) error) error {
	k, err := openCurrent(ctx, c, logger(c.LogLevel), makeRing)
	if err != nil {
		return err
	}
	return k.use(ctx, f)
}

// use runs f and closes the core.
func (k *core) use(ctx context.Context, f func(*core) error) error {
	err := f(k)
	return errors.Join(err, k.close(context.WithoutCancel(ctx)))
}
