package matching_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/matching"
)

// A start goes on from the snapshot of the last, with what changed meanwhile; another program, a
// damaged file and an erased person do not.
func TestStartsGoOnFromTheSnapshot(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	study, err := matching.NewStudy("TEST", 1, "- {id: I1, kind: age, min: 40}\n- {id: I2, kind: condition, code: snomed|195967001}")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "matching.snapshot")
	read := 0
	start := func(version string) *matching.Live {
		t.Helper()
		x := matching.NewLive(r.People, r.Store.Driver(), r.Clock.Now, matching.Options{
			Snapshot: &matching.Snapshot{Path: path, Sealer: r.Ring, Version: version, Every: time.Hour},
			Progress: func(done, total int) { read = done }})
		read = 0
		if err := x.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		return x
	}
	look := func(x *matching.Live, want matching.Counts) {
		t.Helper()
		got, err := x.Counts(ctx, study, monday)
		if diff := cmp.Diff(want, got.Counts); err != nil || diff != "" {
			t.Errorf("%v, counts (-want +got):\n%s", err, diff)
		}
	}
	asthma := contacts.Fact{Kind: contacts.Condition, Code: "snomed|195967001", Date: "2019"} // kept as a row: no whole date
	ana := join(t, r, contacts.Person{Given: "Anacleta", BirthDate: "1980-01-01"}, asthma)
	join(t, r, contacts.Person{BirthDate: "2001-01-01"})

	first := start("1")
	if read != 2 {
		t.Errorf("the first start read %d people, want 2", read)
	}
	look(first, matching.Counts{Eligible: 1, Excluded: 1})
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, clear := range []string{string(ana), "195967001", "1980"} {
		if bytes.Contains(file, []byte(clear)) {
			t.Errorf("the snapshot shows %q", clear)
		}
	}

	join(t, r, contacts.Person{BirthDate: "1970-01-01"}, asthma)
	second := start("1")
	if read != 0 {
		t.Errorf("the second start read %d people, want none but who came", read)
	}
	look(second, matching.Counts{Eligible: 2, Excluded: 1})
	if err := second.Save(); err != nil {
		t.Fatal(err)
	}
	look(start("2"), matching.Counts{Eligible: 2, Excluded: 1})
	if read != 3 {
		t.Errorf("another program read %d people, want 3", read)
	}

	damaged := append([]byte{}, file...)
	damaged[len(damaged)/2] ^= 1
	for name, bad := range map[string][]byte{"damaged": damaged, "cut": file[:len(file)-9], "empty": {}} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		look(start("1"), matching.Counts{Eligible: 2, Excluded: 1})
		if read != 3 {
			t.Errorf("with a %s snapshot %d people were read, want 3", name, read)
		}
	}

	x := start("1")
	if err := r.People.Erase(ctx, rig.Staff, ana, "she asked", false); err != nil {
		t.Fatal(err)
	}
	if err := x.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("after somebody was erased there is still the snapshot they are in: %v", err)
	}
	look(x, matching.Counts{Eligible: 1, Excluded: 1})
}

// Questions are answered while everybody is read anew, from what was known.
func TestServesWhileItRebuilds(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	study, err := matching.NewStudy("TEST", 1, "- {id: I1, kind: age, min: 40}")
	if err != nil {
		t.Fatal(err)
	}
	var last contacts.PersonID
	for range 3 {
		last = join(t, r, contacts.Person{BirthDate: "1980-01-01"})
	}
	x := matching.NewLive(r.People, r.Store.Driver(), r.Clock.Now, matching.Options{})
	if err := x.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	called := r.Clock.Now().Truncate(time.Second)
	x.Touched(string(last), called)
	asked := 0
	err = x.Rebuild(ctx, func(done, total int) {
		asked++
		got, err := x.Counts(ctx, study, monday)
		if err != nil || got.Counts.Eligible != 3 || total != 3 {
			t.Errorf("with %d of %d read: %+v, %v", done, total, got.Counts, err)
		}
	})
	if err != nil || asked == 0 {
		t.Errorf("%v, asked %d times meanwhile", err, asked)
	}
	if c, err := x.Explain(ctx, study, last, monday); err != nil || !c.LastContact.Equal(called) {
		t.Errorf("%v, last contact %v, want %v as before", err, c.LastContact, called)
	}
}
