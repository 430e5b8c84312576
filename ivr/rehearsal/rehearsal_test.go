package rehearsal_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/internal/seed"
	"github.com/muster-health/muster/ivr/rehearsal"
	"github.com/muster-health/muster/trial"
	"github.com/muster-health/muster/trial/rehearsed"
)

func inMemory(ctx context.Context) (docstore.Driver, error) {
	return sqlitedoc.Open(ctx, sqlitedoc.Memory, sqlitedoc.Options{})
}

// stage is a rehearsal beside a real core, on Monday 2 March 2026.
func stage(t *testing.T, change func(*rehearsal.Deps)) (*rig.Rig, *rehearsal.Rehearsal) {
	t.Helper()
	r := rig.New(t, rig.Options{})
	office, err := phone.Parse(rig.Office, "US")
	if err != nil {
		t.Fatal(err)
	}
	d := rehearsal.Deps{Audit: r.Audit, Scratch: inMemory, Now: r.Clock.Now, Office: office, PublicURL: "https://muster.example.test", Speaks: func(l i18n.Lang, _ trial.StudyID) i18n.Lang { return l }}
	if change != nil {
		change(&d)
	}
	return r, rehearsal.New(d)
}

// demoStudy is one of the demo's.
func demoStudy(t *testing.T, id string, now time.Time) trial.Study {
	t.Helper()
	all, err := seed.Studies(now)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("there is no study %s", id)
	return trial.Study{}
}

func persona(t *testing.T, short, lang, zone string, weeks int) rehearsed.Ask {
	t.Helper()
	p, err := rehearsed.ParsePersona(short)
	if err != nil {
		t.Fatal(err)
	}
	p.Language, p.Zone = i18n.Lang(lang), zone
	return rehearsed.Ask{Persona: p, Weeks: weeks}
}

const eastern = "America/New_York"

// Everything that happens in a study's weeks, as it stands in testdata; MUSTER_GOLDEN=write writes it.
func TestRehearse(t *testing.T) {
	for _, x := range []struct {
		name, study, persona, lang, zone string
		weeks, word                      int
	}{
		{"steady-mobile-all", "STEADY", "mobile:all", "en", eastern, 3, 0},
		{"steady-landline-spanish", "STEADY", "landline:sometimes", "es", eastern, 3, 0},
		{"steady-stop-week-2", "STEADY", "mobile:stop-2", "en", eastern, 3, 0},
		{"steady-red-flag-day-5", "STEADY", "mobile:red-flag-5", "en", eastern, 2, 0},
		{"steady-voicemail", "STEADY", "landline:voicemail", "en", eastern, 2, 0},
		{"steady-word-spanish", "STEADY", "mobile:sometimes", "es", eastern, 2, 10},
		{"orchard-honolulu", "ORCHARD", "mobile:hangs-up", "en", "Pacific/Honolulu", 5, 0},
		{"clearway-text", "CLEARWAY", "text:all", "en", "America/Phoenix", 1, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			r, s := stage(t, nil)
			st := demoStudy(t, x.study, r.Clock.Now())
			st.CodeWordMinutes = x.word
			got, err := s.Rehearse(t.Context(), rig.Staff, st, persona(t, x.persona, x.lang, x.zone, x.weeks))
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := got.Write(&b); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", x.name+".txt")
			if os.Getenv("MUSTER_GOLDEN") == "write" {
				if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
				t.Errorf("the rehearsal went otherwise (-want +got):\n%s", diff)
			}
		})
	}
}

// All fourteen weeks of STEADY: four windows of seven evenings, four visits after the first day.
func TestFourteenWeeks(t *testing.T) {
	t.Parallel()
	r, s := stage(t, nil)
	got, err := s.Rehearse(t.Context(), rig.Staff, demoStudy(t, "STEADY", r.Clock.Now()), persona(t, "mobile:all", "en", eastern, 15))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Finished() || len(got.DeadEnds) > 0 {
		t.Errorf("it came to %v of %v; dead ends: %v", got.Reached, got.Until, got.DeadEnds)
	}
	want := rehearsed.Totals{TextsOut: 8, TextsIn: 4, Segments: 12, Calls: 28, PickedUp: 28, Minutes: got.Totals.Minutes, Entries: 28, Completed: 28, Visits: 4, Confirmed: 4, Cents: got.Totals.Cents}
	if diff := cmp.Diff(want, got.Totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if cents := 12*0.83 + 1.4*float64(got.Totals.Minutes); got.Totals.Minutes < 28 || math.Abs(got.Totals.Cents-cents) > 0.01 {
		t.Errorf("%d minutes and %.2f cents, want %.2f", got.Totals.Minutes, got.Totals.Cents, cents)
	}
	for _, l := range got.Lines {
		if at := l.At.In(time.FixedZone("", -5*3600)); l.Out && (at.Hour() < 8 || at.Hour() > 21) {
			t.Errorf("at night: %v", l)
		}
	}
}

// The real store learns of a rehearsal by one audit entry, and nothing is sent.
func TestTheRealStoreStays(t *testing.T) {
	t.Parallel()
	r, s := stage(t, nil)
	st := demoStudy(t, "STEADY", r.Clock.Now())
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	everything := func() map[string]int {
		n := map[string]int{}
		for c := range r.Store.Specs() {
			for d, err := range r.Store.Driver().Find(t.Context(), c, docstore.Query{Scan: true}) {
				if err != nil {
					t.Fatal(err)
				}
				n[c+" "+string(d)]++
			}
		}
		return n
	}
	before := everything()
	if _, err := s.Rehearse(t.Context(), rig.Staff, st, persona(t, "mobile:red-flag-1", "en", eastern, 2)); err != nil {
		t.Fatal(err)
	}
	var added []string
	for d := range everything() {
		if before[d] == 0 {
			added = append(added, d)
		}
	}
	for d := range before {
		if everything()[d] == 0 {
			t.Errorf("gone: %.60q", d)
		}
	}
	if len(added) != 1 || !strings.HasPrefix(added[0], "audit ") || !strings.Contains(added[0], "study.rehearsed") || !strings.Contains(added[0], "mobile:red-flag-1, 2 weeks") {
		t.Errorf("%d documents came: %.200q", len(added), added)
	}
	if got := r.Sent.All(); len(got) > 0 {
		t.Errorf("sent: %v", got)
	}
}

// A second one is refused while the first runs; after it, it is not.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan struct{}), make(chan struct{})
	var first sync.Once
	r, s := stage(t, func(d *rehearsal.Deps) {
		d.Scratch = func(ctx context.Context) (docstore.Driver, error) {
			first.Do(func() { close(inside); <-leave })
			return inMemory(ctx)
		}
	})
	st := demoStudy(t, "STEADY", r.Clock.Now())
	done := make(chan error)
	go func() {
		_, err := s.Rehearse(context.WithoutCancel(t.Context()), rig.Staff, st, persona(t, "mobile:all", "en", eastern, 1))
		done <- err
	}()
	<-inside
	if _, err := s.Rehearse(t.Context(), rig.Staff, st, persona(t, "mobile:all", "en", eastern, 1)); !errors.Is(err, rehearsed.ErrBusy) {
		t.Errorf("the second: %v", err)
	}
	close(leave)
	if err := <-done; err != nil {
		t.Errorf("the first: %v", err)
	}
	if _, err := s.Rehearse(t.Context(), rig.Staff, st, persona(t, "mobile:all", "en", eastern, 1)); err != nil {
		t.Errorf("the third: %v", err)
	}
}

// slow is a store that stands still from some write on until the time is over.
type slow struct {
	docstore.Driver
	writes int
}

func (d *slow) Write(ctx context.Context, ops []docstore.Op) error {
	if d.writes++; d.writes > 120 {
		<-ctx.Done()
		return ctx.Err()
	}
	return d.Driver.Write(ctx, ops)
}

// When the time for it is over, the report says how far it came.
func TestTheTimeIsOver(t *testing.T) {
	t.Parallel()
	r, s := stage(t, func(d *rehearsal.Deps) {
		d.Limit = 4 * time.Second
		d.Scratch = func(ctx context.Context) (docstore.Driver, error) {
			in, err := inMemory(ctx)
			return &slow{Driver: in}, err
		}
	})
	got, err := s.Rehearse(t.Context(), rig.Staff, demoStudy(t, "STEADY", r.Clock.Now()), persona(t, "mobile:all", "en", eastern, 14))
	if err != nil {
		t.Fatal(err)
	}
	if got.Finished() || !got.Reached.After(got.Began) || len(got.Lines) == 0 {
		t.Errorf("it came from %v to %v of %v with %d lines", got.Began, got.Reached, got.Until, len(got.Lines))
	}
	var b bytes.Buffer
	if err := got.Write(&b); err != nil || !strings.Contains(b.String(), "Not finished") {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestAskSaysWhatIsWrong(t *testing.T) {
	for _, x := range []struct {
		name, short, lang, zone string
		weeks                   int
		field                   string
	}{
		{"phone", "pager:all", "en", eastern, 2, "phone"},
		{"manner", "mobile:rarely", "en", eastern, 2, "answers"},
		{"no number", "mobile:stop", "en", eastern, 2, "n"},
		{"a week too late", "mobile:stop-3", "en", eastern, 2, "n"},
		{"STOP from a landline", "landline:stop-1", "en", eastern, 2, "answers"},
		{"language", "mobile:all", "fr", eastern, 2, "language"},
		{"zone", "mobile:all", "en", "Pittsburgh", 2, "zone"},
		{"this machine's zone", "mobile:all", "en", "Local", 2, "zone"},
		{"no weeks", "mobile:all", "en", eastern, 0, "weeks"},
		{"too many weeks", "mobile:all", "en", eastern, 27, "weeks"},
	} {
		t.Run(x.name, func(t *testing.T) {
			err := persona(t, x.short, x.lang, x.zone, x.weeks).Check()
			var p *rehearsed.Problem
			if !errors.As(err, &p) || p.Field != x.field {
				t.Errorf("got %v, want a problem of %s", err, x.field)
			}
		})
	}
}

// What a recorded voice will read is marked, and nothing else is.
func TestRehearsalMarksRecordings(t *testing.T) {
	words := trial.Spoken{Lang: "en", Words: "What is the lower number?"}
	r, s := stage(t, func(d *rehearsal.Deps) {
		d.Narrations = func(_ context.Context, study trial.StudyID) (map[trial.Spoken]trial.Narration, error) {
			return map[trial.Spoken]trial.Narration{words: {Study: study}}, nil
		}
	})
	got, err := s.Rehearse(t.Context(), rig.Staff, demoStudy(t, "STEADY", r.Clock.Now()), persona(t, "landline:all", "en", eastern, 3))
	if err != nil {
		t.Fatal(err)
	}
	marked := 0
	for _, week := range got.Weeks() {
		for _, l := range week.Lines {
			for _, said := range l.Said {
				if said.Recorded != (said.Words == words.Words) {
					t.Errorf("%q is recorded: %t", said.Words, said.Recorded)
				}
				if said.Recorded {
					marked++
				}
			}
		}
	}
	var b bytes.Buffer
	if err := got.Write(&b); err != nil {
		t.Fatal(err)
	}
	if marked == 0 || strings.Count(b.String(), "♪ “What is the lower number?”") != marked {
		t.Errorf("%d are marked, and the table has %d", marked, strings.Count(b.String(), "♪"))
	}
}
