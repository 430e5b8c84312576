package matching

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/matching/eval"
)

// registry puts n people of every sort into a rig's database, the same for a seed.
func registry(t testing.TB, r *rig.Rig, n int, seed uint64) []contacts.PersonID {
	t.Helper()
	ctx, x := t.Context(), rand.New(rand.NewPCG(seed, 2))
	pick := func(of ...string) string { return of[x.IntN(len(of))] }
	day := func(from, years int) string {
		return time.Date(from, 1, 1+x.IntN(365*years), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	var ids []contacts.PersonID
	for len(ids) < n {
		var in []contacts.Incoming
		for range min(100, n-len(ids)) {
			p := contacts.Person{
				Given: "Somebody", Family: fmt.Sprint("Number", len(ids)+len(in)), Source: "import:test", SourceID: fmt.Sprint(len(ids) + len(in)),
				Sex: pick("", "female", "female", "male", "male", "other"), Language: i18n.Lang(pick("en", "en", "es")),
				Address: contacts.Address{ZIP: pick(append(zips(), "15213", "15222", "15001")...)},
				Basis:   contacts.Basis{Kind: contacts.ByRecords},
			}
			switch x.IntN(12) {
			case 0:
			case 1:
				p.BirthDate = day(2024, 2)
			default:
				p.BirthDate = day(1905, 105)
			}
			p.BirthDate = p.BirthDate[:min(len(p.BirthDate), []int{10, 10, 10, 7, 4}[x.IntN(5)])]
			if x.IntN(3) == 0 {
				p.Basis.Kind = contacts.ByConsent
				p.Points = []contacts.Point{{Kind: contacts.Mobile, Value: fmt.Sprintf("+1412555%04d", 100+x.IntN(100)), Shared: x.IntN(2) == 0}}
			}
			if x.IntN(20) == 0 {
				p.Basis = contacts.Basis{Kind: contacts.ByWaiver, Study: pick("TEST", "OTHER"), Board: "Board", Reference: "1", Expires: "2030-01-01"}
			}
			if x.IntN(15) == 0 {
				p.ReachMe.Interpreter = "vi"
			}
			if x.IntN(15) == 0 {
				p.Deceased = pick("2010", "2024-05-03", contacts.DiedUnknown)
			}
			p.Test = x.IntN(40) == 0
			in = append(in, contacts.Incoming{Person: p})
		}
		got, err := r.People.Import(ctx, rig.Staff, "test", in, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range got {
			if g.Err != nil {
				t.Fatal(g.Err)
			}
			ids = append(ids, g.ID)
		}
	}
	var facts []contacts.PersonFacts
	for i, id := range ids {
		if i%7 == 0 {
			continue // nothing is known
		}
		pf := contacts.PersonFacts{ID: id}
		for _, code := range []string{"snomed|195967001", "snomed|44054006", CodeOwnMobile, CodeOtherStudy} {
			if x.IntN(3) == 0 {
				yes := x.IntN(2) == 0
				pf.Facts = append(pf.Facts, contacts.Fact{Kind: contacts.Answered, Code: code, Bool: &yes, Date: day(2019, 3), Source: "web", Scope: pick(contacts.Registry, contacts.Registry, "TEST", "OTHER")})
			}
		}
		if x.IntN(2) == 0 {
			pf.Complete = map[string]string{"condition": day(2019, 3)}
		}
		facts = append(facts, pf)
	}
	for chunk := range slices.Chunk(facts, 100) {
		if _, err := r.People.ImportFacts(ctx, rig.Staff, "test", chunk, false); err != nil {
			t.Fatal(err)
		}
	}
	for i := range ids[:n/4] {
		err := r.Store.Do(ctx, func(b *docstore.Batch) error {
			touch := contacts.Touch{Person: ids[i], Out: x.IntN(2) == 0, Channel: contacts.SMS, Kind: "message", Body: "Hello", At: r.Clock.Now().Add(-time.Duration(x.IntN(3)) * time.Hour)}
			r.People.AddTouch(b, &touch)
			r.Audit.Record(b, audit.Entry{Actor: rig.Staff, Action: "touch.add", Person: string(ids[i])})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range ids[n-3:] {
		if err := r.People.Erase(ctx, rig.Staff, id, "test", false); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// The stream gives what the scan in memory gives: everything without the filter, and through it the
// same people in the same order, in pages of any size.
func TestStreamAnswersAsScanDoes(t *testing.T) {
	both := newBoth(t, rig.Options{}, 150)
	rapid.Check(t, func(t *rapid.T) {
		study := someStudy(t)
		if rapid.Bool().Draw(t, "some are settled") {
			study.Settled = map[contacts.PersonID]bool{both.ids[5]: true, both.ids[17]: true, both.ids[30]: true}
		}
		both.compare(t, study, someDay(t, "as of", 2015, 2026), rapid.IntRange(1, 30).Draw(t, "limit"))
	})
	both.proves(t)
}

// both are a scan and a stream over one registry.
type both struct {
	ids                []contacts.PersonID
	scan               *Scan
	stream             *Stream
	studies, fit, read int
}

func newBoth(t *testing.T, o rig.Options, people int) *both {
	t.Helper()
	r := rig.New(t, o)
	ids := registry(t, r, people, 7)
	return over(t, r, ids, func(context.Context) (map[contacts.PersonID][]eval.Participation, error) {
		return map[contacts.PersonID][]eval.Participation{ids[1]: {{Study: "OTHER", From: "2020-01-01"}}, ids[2]: {{Study: "TEST", From: "2020-01-01"}}}, nil
	})
}

func over(t *testing.T, r *rig.Rig, ids []contacts.PersonID, trials Trials) *both {
	t.Helper()
	x := &both{ids: ids, scan: NewScan(r.People, r.Store.Driver(), Options{Trials: trials}), stream: NewStream(r.People, r.Clock.Now, Options{Trials: trials})}
	if err := x.scan.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	return x
}

// compare holds everything the stream says of a study against the scan.
func (x *both) compare(t rapid.TB, study Study, asOf eval.Date, limit int) {
	t.Helper()
	ctx := context.Background()
	want, err := Report(ctx, x.scan, study, asOf)
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.stream.Match(ctx, study, asOf, 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("everybody (-scan +stream):\n%s", diff)
	}
	first, err := x.stream.Fitting(ctx, study, asOf, limit)
	if err != nil {
		t.Fatal(err)
	}
	if first.Counts.Eligible != want.Counts.Eligible || first.Counts.Possible != want.Counts.Possible {
		t.Fatalf("through the filter %+v, want %+v\n%s", first.Counts, want.Counts, first.Effort.Filter)
	}
	if diff := cmp.Diff(want.Candidates[:min(limit, len(want.Candidates))], first.Candidates); diff != "" {
		t.Fatalf("the first %d through the filter %q (-scan +stream):\n%s", limit, first.Effort.Filter, diff)
	}
	if e := first.Effort; e.People != len(x.ids) || e.Judged > e.Read || e.Read > e.People || e.Judged < len(want.Candidates) {
		t.Fatalf("effort %+v for %d candidates among %d", e, len(want.Candidates), len(x.ids))
	}
	x.studies, x.fit, x.read = x.studies+1, x.fit+len(want.Candidates), x.read+first.Effort.Read
	if len(first.Candidates) == 0 {
		return
	}
	after := first.Candidates[len(first.Candidates)-1].Person
	next, err := x.stream.Candidates(ctx, study, asOf, 0, after)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Candidates[len(first.Candidates):], next); diff != "" {
		t.Fatalf("all who follow %s (-scan +stream):\n%s", after, diff)
	}
}

// proves says how much was compared, and fails when that proves nothing.
func (x *both) proves(t *testing.T) {
	t.Helper()
	all := x.studies * len(x.ids)
	t.Logf("%d studies, %d candidates; through filters %d people read of %d", x.studies, x.fit, x.read, all)
	if x.fit == 0 || x.read >= all {
		t.Error("nobody fits, or no filter leaves anybody out: this proves nothing")
	}
}

func TestStreamRefuses(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ids := registry(t, r, 5, 7)
	stream := NewStream(r.People, r.Clock.Now, Options{})
	study := crowdStudy(t)
	ctx := t.Context()
	if _, err := stream.Match(ctx, study, "2026-03", 0); !errors.Is(err, ErrDay) {
		t.Errorf("a month: %v, want ErrDay", err)
	}
	if _, err := stream.Candidates(ctx, study, "2026", 0, ids[0]); !errors.Is(err, ErrDay) {
		t.Errorf("a year, behind somebody: %v, want ErrDay", err)
	}
	for _, id := range []contacts.PersonID{"per_nobody", ids[4]} { // the last are erased
		if _, err := stream.Candidates(ctx, study, monday, 0, id); !errors.Is(err, docstore.ErrNotFound) {
			t.Errorf("behind %s: %v, want ErrNotFound", id, err)
		}
	}
	failing := NewStream(r.People, r.Clock.Now, Options{Trials: func(context.Context) (map[contacts.PersonID][]eval.Participation, error) {
		return nil, errors.New("no answer")
	}})
	if _, err := failing.Counts(ctx, study, monday); err == nil || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("without the studies people are in: %v", err)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if _, err := stream.Counts(stopped, study, monday); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}
