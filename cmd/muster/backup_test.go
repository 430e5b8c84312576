package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/backup"
	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/docstoretest"
	"github.com/muster-health/muster/internal/seal"
)

// seeded fills the store of dir with made-up people, a study and a member of staff, and returns words
// about the people that must not stand in any backup.
func seeded(t *testing.T, dir string, people int) (secrets []string) {
	t.Helper()
	var csv strings.Builder
	csv.WriteString("given,family,birthDate,phone,email,zip\n")
	for i := range people {
		given, family := fmt.Sprintf("Firstname%dx", i), fmt.Sprintf("Lastname%dx", i)
		day := fmt.Sprintf("%d-%02d-%02d", 1940+i%60, 1+i%12, 1+i%28)
		number := fmt.Sprintf("412-555-01%02d", 4+i%96) // those before are the office's
		mail := fmt.Sprintf("person%dx@example.test", i)
		fmt.Fprintf(&csv, "%s,%s,%s,%s,%s,15213\n", given, family, day, number, mail)
		secrets = append(secrets, given, family, day, number, "+1"+strings.ReplaceAll(number, "-", ""), mail)
	}
	write(t, filepath.Join(dir, "people.csv"), csv.String())
	write(t, filepath.Join(dir, "study.yaml"), study)
	for _, args := range [][]string{
		{"import", "csv", filepath.Join(dir, "people.csv"), "--basis", "records"},
		{"study", "put", filepath.Join(dir, "study.yaml")},
		{"staff", "add", "maria", "--name", "Maria Santos"},
	} {
		if out, err := muster(t, dir, args...); err != nil {
			t.Fatalf("%v: %v, %s", args, err, out)
		}
	}
	return secrets
}

// contents is every document of a database by collection and id, but for what opening and restoring
// it adds: audit entries and checkpoints are counted apart by audit verify.
func contents(t *testing.T, d docstore.Driver) map[string]string {
	t.Helper()
	s, err := d.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	names, err := s.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range names {
		if name == "audit" || name == "checkpoints" {
			continue
		}
		for raw, err := range s.Documents(t.Context(), name) {
			if err != nil {
				t.Fatal(err)
			}
			out[name+"/"+raw.Lookup("_id").StringValue()] = string(raw)
		}
	}
	return out
}

func sameContents(t *testing.T, want, got map[string]string) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%d documents after the restore, want %d", len(got), len(want))
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if want[id] != got[id] {
			t.Errorf("%s differs: %v, want %v", id, bson.Raw(got[id]), bson.Raw(want[id]))
			return
		}
	}
}

func intact(t *testing.T, dir string, more ...string) {
	t.Helper()
	if out, err := muster(t, dir, append([]string{"audit", "verify"}, more...)...); err != nil || !strings.Contains(out, "Intact.") {
		t.Errorf("audit verify after the restore: %v, %s", err, out)
	}
}

// identity makes an age identity and a file of it.
func identity(t *testing.T, path string) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, id.String()+"\n")
	return id
}

// Back up, lose everything but the file and the key ring, restore: every document is there byte for
// byte, the audit trail is intact, people are found and read, and nothing of them stands in the file
// that is not encrypted.
func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	secrets := seeded(t, dir, 300)
	file := filepath.Join(dir, "muster.backup")
	out, err := muster(t, dir, "backup", "-o", file)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"NOT ENCRYPTED", "is NOT in it", "data.keyring.json"} {
		if !strings.Contains(out, part) {
			t.Errorf("backup does not say %q: %s", part, out)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the file: %v, %v; want 0600", info.Mode(), err)
	}
	if _, err := muster(t, dir, "backup", "-o", file); err == nil {
		t.Error("a backup was written over another")
	}
	d := driver(t, dir)
	want := contents(t, d)
	if n := actions(t, d, "database.backup"); n != 1 {
		t.Errorf("%d audit entries about backups, want 1", n)
	}
	plain := unpacked(t, file)
	for _, s := range secrets {
		if bytes.Contains(plain, []byte(s)) {
			t.Fatalf("the backup holds %q in clear", s)
		}
	}
	ring, err := os.ReadFile(filepath.Join(dir, "data.keyring.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range bytes.Split(ring, []byte("\n")) { // the keys are long base64 lines
		if line = bytes.TrimSpace(line); len(line) > 60 && bytes.Contains(plain, line) {
			t.Error("the backup holds a key of the ring")
		}
	}
	d.Close()
	if out, err = muster(t, dir, "restore", file, "--verify-only"); err != nil || !strings.Contains(out, "is whole") {
		t.Errorf("verify only: %v, %s", err, out)
	}

	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	if out, err = muster(t, dir, "restore", file, "--into-empty"); err != nil || !strings.Contains(out, "Restored") {
		t.Fatalf("restore: %v, %s", err, out)
	}
	intact(t, dir)
	d = driver(t, dir)
	sameContents(t, want, contents(t, d))
	if n := actions(t, d, "database.restore"); n != 1 {
		t.Errorf("%d audit entries about the restore, want 1", n)
	}
	if out, err = muster(t, dir, "match", "STEADY", "--as-of", "2026-03-02"); err != nil {
		t.Errorf("match after the restore: %v, %s", err, out)
	}
	for id := range want {
		if person, ok := strings.CutPrefix(id, "people/"); ok {
			if out, err = muster(t, dir, "person", "show", person); err != nil || !strings.Contains(out, "Firstname") {
				t.Errorf("a person after the restore: %v, %s", err, out)
			}
			break
		}
	}
	if _, err := muster(t, dir, "restore", file, "--into-empty"); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("into a database that holds something: %v, want a refusal", err)
	}
}

// unpacked is what an unencrypted backup holds, decompressed.
func unpacked(t *testing.T, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := backup.Unpack(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A backup for two recipients opens with the identity of either, and with no other.
func TestEncryptedBackup(t *testing.T) {
	dir := t.TempDir()
	seeded(t, dir, 5)
	one, two := identity(t, filepath.Join(dir, "one")), identity(t, filepath.Join(dir, "two"))
	identity(t, filepath.Join(dir, "three"))
	write(t, filepath.Join(dir, "recipients"), "# the office\n"+two.Recipient().String()+"\n")
	file := filepath.Join(dir, "muster.backup")
	out, err := muster(t, dir, "backup", "-o", file, "--recipient", one.Recipient().String(), "--recipients-file", filepath.Join(dir, "recipients"))
	if err != nil || !strings.Contains(out, "Encrypted for 2 recipients") || strings.Contains(out, "NOT ENCRYPTED") {
		t.Fatalf("backup: %v, %s", err, out)
	}
	for _, name := range []string{"one", "two"} {
		if out, err := muster(t, dir, "restore", file, "--verify-only", "--identity", filepath.Join(dir, name)); err != nil {
			t.Errorf("identity %s: %v, %s", name, err, out)
		}
	}
	refusals := map[string][]string{
		"three":  {"restore", file, "--verify-only", "--identity", filepath.Join(dir, "three")},
		"none":   {"restore", file, "--verify-only"},
		"broken": {"restore", file, "--verify-only", "--identity", filepath.Join(dir, "study.yaml")},
	}
	for name, args := range refusals {
		if _, err := muster(t, dir, args...); err == nil || !strings.Contains(err.Error(), "identity") {
			t.Errorf("%s: %v, want a refusal that names the identity", name, err)
		}
	}
	if _, err := muster(t, dir, "backup", "-o", filepath.Join(dir, "other"), "--recipient", "age1nonsense"); err == nil || !strings.Contains(err.Error(), "--recipient") {
		t.Errorf("a recipient that is none: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "other")); err == nil {
		t.Error("a refused backup left a file")
	}
}

// A wrong folder gives no empty backup that looks like one, and makes no database there.
func TestNothingIsBackedUpFromNowhere(t *testing.T) {
	dir := t.TempDir()
	seeded(t, dir, 1)
	_, err := muster(t, dir, "backup", "-o", filepath.Join(dir, "b"), "--store", "sqlite:"+filepath.Join(dir, "typo", "muster.db"))
	if err == nil || !strings.Contains(err.Error(), "--data-dir") {
		t.Errorf("got %v, want a refusal with the mend", err)
	}
	for _, name := range []string{"b", "typo"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was made", name)
		}
	}
}

// Whatever is wrong with a file or a target is said with its mend, and the target stays without a
// document.
func TestRefusedRestores(t *testing.T) {
	dir := t.TempDir()
	seeded(t, dir, 20)
	file := filepath.Join(dir, "muster.backup")
	if out, err := muster(t, dir, "backup", "-o", file); err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if _, err := muster(t, other, "staff", "add", "lee", "--name", "Lee"); err != nil { // another ring
		t.Fatal(err)
	}
	ring, otherRing := filepath.Join(dir, "data.keyring.json"), filepath.Join(other, "data.keyring.json")
	flipped := func(at int) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 0x10
		return b
	}
	cases := []struct {
		name, says, ring string
		data             []byte
	}{
		{"cut in half", "another copy", ring, whole[:len(whole)/2]},
		{"without its last byte", "another copy", ring, whole[:len(whole)-1]},
		{"with a byte behind", "another copy", ring, append(bytes.Clone(whole), 0)},
		{"flipped at the beginning", "", ring, flipped(1)},
		{"flipped early", "another copy", ring, flipped(200)},
		{"flipped in the middle", "another copy", ring, flipped(len(whole) / 2)},
		{"flipped at the end", "another copy", ring, flipped(len(whole) - 3)},
		{"something else", "muster backup", ring, []byte("hello, this is a letter")},
		{"empty", "muster backup", ring, nil},
		{"another key ring", "--keyring-file", otherRing, whole},
		{"no key ring", "--keyring-file", filepath.Join(dir, "nowhere.json"), whole},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			target := t.TempDir()
			bad := filepath.Join(target, "bad")
			write(t, bad, string(c.data))
			_, err := muster(t, target, "restore", bad, "--into-empty", "--keyring-file", c.ring)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%v, want a refusal that says %q", err, c.says)
			}
			if _, err := os.Stat(filepath.Join(target, "data", "muster.db")); err == nil {
				t.Error("a refused file made a database")
			}
		})
	}
}

// A backup of a newer program is refused with the names of collection and versions.
func TestABackupOfANewerProgramIsRefused(t *testing.T) {
	dir := t.TempDir()
	seeded(t, dir, 1)
	d := driver(t, dir)
	raw, err := bson.Marshal(docstore.SchemaVersion{Meta: docstore.Meta{ID: "visits", Rev: 9}, Version: 99})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Load(t.Context(), []docstore.Change{{Collection: docstore.SchemaCollection, ID: "visits", Body: raw}}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "muster.backup")
	if out, err := muster(t, dir, "backup", "-o", file); err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	_, err = muster(t, dir, "restore", file, "--verify-only")
	for _, part := range []string{"visits", "99", "knows 1", "later"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not say %q", err, part)
		}
	}
}

// A database into which a restore did not end is refused by every command until it is removed.
func TestAnUnfinishedRestoreIsRefused(t *testing.T) {
	dir := t.TempDir()
	seeded(t, dir, 3)
	file := filepath.Join(dir, "muster.backup")
	if out, err := muster(t, dir, "backup", "-o", file); err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	c := config.Config{DataDir: filepath.Join(dir, "data"), LogLevel: "error", KeyringFile: filepath.Join(dir, "data.keyring.json")}
	c.Store = "sqlite:" + filepath.Join(c.DataDir, "muster.db")
	d, err := openDriver(t.Context(), c, logger("error"))
	if err != nil {
		t.Fatal(err)
	}
	f := opened(t, file, c.KeyringFile)
	r, err := backup.Verify(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if err := backup.Restore(t.Context(), f, r, &failing{Driver: d, left: 3}, time.Now); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Fatalf("a database that fails half way: %v, want an error with the mend", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"audit", "verify"}, {"match", "STEADY"}, {"backup", "-o", file + "2"}, {"migrate"}, {"restore", file, "--into-empty"}} {
		if _, err := muster(t, dir, args...); err == nil || !strings.Contains(err.Error(), "run muster restore again") {
			t.Errorf("%v on half a restore: %v, want a refusal with the mend", args, err)
		}
	}
	if err := os.RemoveAll(c.DataDir); err != nil {
		t.Fatal(err)
	}
	if out, err := muster(t, dir, "restore", file, "--into-empty"); err != nil {
		t.Errorf("after it was removed: %v, %s", err, out)
	}
	intact(t, dir)
}

// opened is a backup to read.
func opened(t *testing.T, file, ringFile string) backup.File {
	t.Helper()
	ring, err := seal.Open(ringFile, false)
	if err != nil {
		t.Fatal(err)
	}
	known, err := knownSchema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return backup.File{Open: func() (io.ReadCloser, error) { return os.Open(file) }, Ring: ring, Known: known}
}

// failing takes a few loads and then no more.
type failing struct {
	docstore.Driver
	left int
}

func (f *failing) Load(ctx context.Context, docs []docstore.Change) error {
	if f.left--; f.left < 0 {
		return fmt.Errorf("the disk is full")
	}
	return f.Driver.Load(ctx, docs)
}

// A backup of the version before is brought up when it is restored.
func TestAnOlderBackupIsBroughtUp(t *testing.T) {
	dir := t.TempDir()
	older(t, dir)
	file := filepath.Join(dir, "muster.backup")
	if out, err := muster(t, dir, "backup", "-o", file); err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	if got := onCallHours(t, driver(t, dir), "0"); got != "" {
		t.Errorf("the backup changed what it was to copy: %q", got)
	}
	into := "sqlite:" + filepath.Join(dir, "new", "muster.db")
	if out, err := muster(t, dir, "restore", file, "--into-empty", "--store", into); err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	intact(t, dir, "--store", into)
	if out, err := muster(t, dir, "migrate", "--dry-run", "--store", into); err != nil || !strings.Contains(out, "All documents have the version") {
		t.Errorf("%v, %s", err, out)
	}
}

// From SQLite to a server that speaks MongoDB's protocol and back: moving to production is a backup
// and a restore. FerretDB keeps no snapshots, so its backup is a copy with what changed meanwhile.
func TestMovingBetweenDatabases(t *testing.T) {
	uri := docstoretest.Database(docstoretest.StartFerretDB(t), "moving")
	dir := t.TempDir()
	seeded(t, dir, 12)
	there, back := filepath.Join(dir, "there"), filepath.Join(dir, "back")
	if out, err := muster(t, dir, "backup", "-o", there); err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	want := contents(t, driver(t, dir))
	if out, err := muster(t, dir, "restore", there, "--into-empty", "--store", uri); err != nil {
		t.Fatalf("into FerretDB: %v, %s", err, out)
	}
	intact(t, dir, "--store", uri)
	if _, err := muster(t, dir, "restore", there, "--into-empty", "--store", uri); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a second time: %v, want a refusal", err)
	}
	if out, err := muster(t, dir, "backup", "-o", back, "--store", uri); err != nil || !strings.Contains(out, "keeps no snapshots") {
		t.Fatalf("from FerretDB: %v, %s", err, out)
	}
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	if out, err := muster(t, dir, "restore", back, "--into-empty"); err != nil {
		t.Fatalf("back into SQLite: %v, %s", err, out)
	}
	intact(t, dir)
	sameContents(t, want, contents(t, driver(t, dir)))
}

// Whoever was erased after a backup was made is erased again when it is restored, before the database
// may be used; a ring that was rotated meanwhile opens what was sealed before.
func TestARestoreErasesAgain(t *testing.T) {
	dir, ids := registry(t)
	file := filepath.Join(dir, "muster.backup")
	must(t, dir, "backup", "-o", file)
	must(t, dir, "person", "erase", ids[0], "--reason", "asked by letter")
	must(t, dir, "keys", "rotate")
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	if out := must(t, dir, "restore", file, "--into-empty"); !strings.Contains(out, "People erased again: 1") {
		t.Errorf("the restore says %q", out)
	}
	d := driver(t, dir)
	if _, err := d.Get(t.Context(), "erasures", ids[0]); err != nil {
		t.Errorf("the erasure is not in the database: %v", err)
	}
	d.Close()
	var p contacts.Shown
	if err := json.Unmarshal([]byte(must(t, dir, "person", "show", ids[0], "--format", "json")), &p); err != nil || p.Erased == nil || p.Given != "" || len(p.Points) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	if out := must(t, dir, "person", "show", ids[1]); strings.Contains(out, "[erased]") {
		t.Errorf("somebody else was erased with them: %s", out)
	}
	intact(t, dir)
}
