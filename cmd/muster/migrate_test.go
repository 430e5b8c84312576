package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
)

// older puts the database of version 1 where muster looks for it in dir.
func older(t *testing.T, dir string) {
	t.Helper()
	for from, to := range map[string]string{"database.sqlite": "data/muster.db", "keyring.json": "data.keyring.json"} {
		data, err := os.ReadFile(filepath.Join("testdata", "version1", from))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, to), string(data))
	}
}

// driver opens the database in dir beside whatever else has it open.
func driver(t *testing.T, dir string) *sqlitedoc.Driver {
	t.Helper()
	d, err := sqlitedoc.Open(t.Context(), filepath.Join(dir, "data", "muster.db"), sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// onCallHours is what a stored study says of the nth person on call.
func onCallHours(t *testing.T, d docstore.Driver, n string) string {
	t.Helper()
	raw, err := d.Get(t.Context(), "studies", "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	hours, _ := raw.Lookup("onCall", n, "hours").StringValueOK()
	return hours
}

// actions counts the audit entries of one action.
func actions(t *testing.T, d docstore.Driver, action string) (n int) {
	t.Helper()
	for raw, err := range d.Find(t.Context(), "audit", docstore.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if raw.Lookup("action").StringValue() == action {
			n++
		}
	}
	return n
}

// whereabouts is what stored people can be found by: sex, birth year, area.
func whereabouts(t *testing.T, d docstore.Driver) (out []string) {
	t.Helper()
	for raw, err := range d.Find(t.Context(), "people", docstore.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		year, ok := raw.Lookup("birthYear").AsInt64OK()
		sex, ok2 := raw.Lookup("sex").StringValueOK()
		area, ok3 := raw.Lookup("area").StringValueOK()
		if !ok || !ok2 || !ok3 {
			t.Errorf("%s lacks something: %t %t %t", raw.Lookup("_id"), ok, ok2, ok3)
		}
		out = append(out, fmt.Sprintf("%s %d %q", sex, year, area))
	}
	slices.Sort(out)
	return out
}

// A database of the version before is looked at, copied, brought up and recorded; what is sealed
// and what is audited still holds, and a second time there is nothing to do.
func TestAnOlderDatabaseIsBroughtUp(t *testing.T) {
	dir := t.TempDir()
	older(t, dir)
	out, err := muster(t, dir, "migrate", "--dry-run")
	if err != nil || !strings.Contains(out, "studies: version 1 to 2, 2 documents, 1 to be rewritten") || !strings.Contains(out, "people: version 1 to 2, 2 documents, 2 to be rewritten") {
		t.Fatalf("dry run: %v, %s", err, out)
	}
	d := driver(t, dir)
	if got := onCallHours(t, d, "0"); got != "" {
		t.Fatalf("the dry run wrote %q", got)
	}
	if _, err := muster(t, dir, "match", "STEADY", "--migrate", "off"); err == nil || !strings.Contains(err.Error(), "run muster migrate") {
		t.Errorf("with --migrate off: %v, want the mend", err)
	}
	if out, err = muster(t, dir, "migrate", "--migrate", "off"); err != nil || !strings.Contains(out, "Done.") {
		t.Fatalf("migrate: %v, %s", err, out)
	}
	if a, b := onCallHours(t, d, "0"), onCallHours(t, d, "1"); a != "always" || b != "Mon-Fri 08:00-17:00" {
		t.Errorf("on call are %q and %q, want always and the weekdays that were there", a, b)
	}
	if n := actions(t, d, "schema.migrated"); n != 2 {
		t.Errorf("%d entries say that a collection was migrated, want 2: people and studies", n)
	}
	if diff := cmp.Diff([]string{` 1952 "152"`, ` 1980 "152"`}, whereabouts(t, d)); diff != "" {
		t.Errorf("what people can be found by (-want +got):\n%s", diff)
	}
	if out, err = muster(t, dir, "audit", "verify"); err != nil || !strings.Contains(out, "Intact.") {
		t.Errorf("audit verify: %v, %s", err, out)
	}
	if out, err = muster(t, dir, "match", "STEADY", "--migrate", "off"); err != nil || !strings.Contains(out, "2") {
		t.Errorf("match afterwards: %v, %s", err, out)
	}
	if out, err = muster(t, dir, "migrate"); err != nil || !strings.Contains(out, "All documents have the version") {
		t.Errorf("again: %v, %s", err, out)
	}

	copies, err := filepath.Glob(filepath.Join(dir, "data.before-*-studies-1-to-2.db"))
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies of the database: %v, %v; want one", copies, err)
	}
	old, err := sqlitedoc.Open(t.Context(), copies[0], sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if got := onCallHours(t, old, "0"); got != "" {
		t.Errorf("the copy holds %q, want what was there before", got)
	}
}

// Any command brings the documents up by itself unless it is told not to.
func TestACommandMigratesFirst(t *testing.T) {
	dir := t.TempDir()
	older(t, dir)
	if _, err := muster(t, dir, "match", "STEADY"); err != nil {
		t.Fatal(err)
	}
	if got := onCallHours(t, driver(t, dir), "0"); got != "always" {
		t.Errorf("on call is %q, want always", got)
	}
}

// With --migrate off a server answers probes, says what must be run, and goes on once it was.
func TestAServerWaitsForMigrate(t *testing.T) {
	dir := t.TempDir()
	older(t, dir)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config{Listen: l.Addr().String(), PublicURL: "http://" + l.Addr().String(), DataDir: filepath.Join(dir, "data"), LogLevel: "error", Migrate: "off"}
	c.Store, c.KeyringFile = "sqlite:"+filepath.Join(c.DataDir, "muster.db"), filepath.Join(dir, "data.keyring.json")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	k, err := openCore(t.Context(), c, logger("error"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer k.close(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- k.waitForSchema(t.Context()) }()

	ask := func(path string) (int, string) {
		r, err := http.Get(c.PublicURL + path)
		if err != nil {
			return 0, err.Error()
		}
		defer r.Body.Close()
		var b strings.Builder
		if err := r.Write(&b); err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, b.String()
	}
	var code int
	var body string
	for range 1000 {
		if code, body = ask("/readyz"); strings.Contains(body, "run muster migrate") {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if code != http.StatusServiceUnavailable || !strings.Contains(body, "run muster migrate") || !strings.Contains(body, "studies") {
		t.Fatalf("/readyz: %d %s", code, body)
	}
	if code, body := ask("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: %d %s", code, body)
	}
	if code, _ := ask("/join"); code != http.StatusServiceUnavailable {
		t.Errorf("a page: %d, want 503", code)
	}
	if _, err := muster(t, dir, "migrate"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it still waits")
	}
}

// A newer database is refused before anything in it is touched, and the refusal says what to do.
func TestANewerDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	older(t, dir)
	if _, err := muster(t, dir, "migrate"); err != nil {
		t.Fatal(err)
	}
	d := driver(t, dir)
	raw, err := bson.Marshal(docstore.SchemaVersion{Meta: docstore.Meta{ID: "studies", Rev: 9}, Version: 99})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Load(t.Context(), []docstore.Change{{Collection: docstore.SchemaCollection, ID: "studies", Body: raw}}); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"match", "STEADY"}, {"audit", "verify"}, {"migrate"}} {
		_, err := muster(t, dir, args...)
		if err == nil {
			t.Errorf("%v: no error", args)
			continue
		}
		for _, part := range []string{"studies", "99", "up to 2", "newer program"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%v: %v does not say %q", args, err, part)
			}
		}
	}
}
