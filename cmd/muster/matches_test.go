package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/trial"
)

// From the sign-up to the desk and the command line: who fits is new, who is settled is not, and
// what the board or a change of the study does is no news.
func TestNewCandidates(t *testing.T) {
	r := rig.New(t, rig.Options{Unaudited: matching.Unaudited()})
	ctx := t.Context()
	put := func(change func(*trial.Study)) {
		t.Helper()
		st, err := trial.ParseStudy([]byte(ageOnly))
		if err != nil {
			t.Fatal(err)
		}
		change(&st)
		if _, err := r.Trial.PutStudy(ctx, rig.Staff, st); err != nil {
			t.Fatal(err)
		}
	}
	put(func(*trial.Study) {})
	k := &core{trial: r.Trial, people: r.People, driver: r.Store.Driver(), store: r.Store, newID: r.NewID, clock: r.Clock}
	k.openMatcher()
	if err := k.openMatches(ctx); err != nil {
		t.Fatal(err)
	}
	join := func(given, number string) contacts.PersonID {
		t.Helper()
		out, err := r.Trial.Apply(ctx, rig.Staff, trial.Application{Study: "STEADY", Site: "main", Source: "web", NoCode: true, SignUp: contacts.SignUp{
			Person: contacts.Person{Given: given, Family: "Vega", BirthDate: "1980-05-03", Language: "en", Points: []contacts.Point{{Kind: contacts.Mobile, Value: number}}}}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Person
	}
	ask := func(since string) (n newcomers) {
		t.Helper()
		s, err := studies{k.trial}.Study(ctx, "STEADY")
		if err != nil {
			t.Fatal(err)
		}
		out, err := newFor(ctx, k, s, k.today(), since)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(out.value)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	join("Ana", "+14125550160")
	want := newcomers{Study: "STEADY", Since: "2026-02-27", New: []newcomer{}, Lost: []newcomer{}}
	if diff := cmp.Diff(want, ask("")); diff != "" {
		t.Errorf("at the first start (-want +got):\n%s", diff)
	}
	luis, rosa := join("Luis", "+14125550161"), join("Rosa", "+14125550162")
	want.New = []newcomer{{luis, eval.Eligible, "2026-03-02", 1}, {rosa, eval.Eligible, "2026-03-02", 1}}
	if diff := cmp.Diff(want, ask("")); diff != "" {
		t.Errorf("two joined (-want +got):\n%s", diff)
	}
	if _, err := r.Trial.Move(ctx, rig.Staff, trial.SubjectID(rosa, "STEADY"), trial.NotInterested, "", "", ""); err != nil {
		t.Fatal(err)
	}
	desk := deskMatcher{k}
	if err := k.matcher.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	lately, err := desk.New(ctx, "STEADY", "2026-03-02")
	if err != nil || lately.Since != "2026-02-27" || len(lately.People) != 1 || lately.People[0] != luis {
		t.Errorf("the desk is told %+v, %v; want Luis alone", lately, err)
	}
	if fit, err := desk.Hold(ctx, "STEADY", luis, "2026-03-02"); err != nil || fit.Verdict != "eligible" {
		t.Errorf("Luis: %+v, %v", fit, err)
	}
	if lately, err = desk.New(ctx, "STEADY", "2026-03-04"); err != nil || len(lately.People) != 0 {
		t.Errorf("two days later the desk is told %+v, %v", lately, err)
	}

	put(func(st *trial.Study) { st.RecruitmentOpen = false })
	r.Clock.Advance(time.Minute)
	if _, err := r.People.SignUp(ctx, rig.Staff, contacts.SignUp{Reason: "test", Person: contacts.Person{Given: "Bea", BirthDate: "1980-05-03"}}, nil); err != nil {
		t.Fatal(err)
	}
	ask("")
	put(func(*trial.Study) {})
	got := ask("")
	if len(got.New) != 2 { // Luis and Rosa, as before; not Bea
		t.Errorf("after the study was closed and opened again: %+v", got)
	}
	put(func(st *trial.Study) { st.Criteria = "- {id: I1, kind: age, range: [60, 90]}\n" })
	if got = ask(""); len(got.New)+len(got.Lost) != 0 {
		t.Errorf("other criteria are news: %+v", got)
	}

	var table strings.Builder
	if err := (newcomers{Study: "STEADY", Since: "2026-02-27", New: []newcomer{{luis, eval.Possible, "2026-03-02", 3}}}).table(&table); err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{"STEADY, since 2026-02-27: 1 new, 0 fit no more", string(luis), "possible", "2026-03-02"} {
		if !strings.Contains(table.String(), w) {
			t.Errorf("the table does not say %q:\n%s", w, table.String())
		}
	}
	s, err := studies{k.trial}.Study(ctx, "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newFor(ctx, k, s, "2026-03-02", "2026-02"); err == nil || !strings.Contains(err.Error(), "--since") {
		t.Errorf("half a day: %v", err)
	}
}

func TestWhatGoesWithNew(t *testing.T) {
	for _, a := range []asked{{since: "2026-02-27"}, {fresh: true, next: true}, {fresh: true, day: "2026-02-27"}} {
		if a.check() == nil {
			t.Errorf("%+v is taken", a)
		}
	}
	for day, want := range map[eval.Date]eval.Date{"2026-03-02": "2026-02-27", "2026-03-03": "2026-03-02", "2026-03-01": "2026-02-27", "x": ""} {
		if got := matching.WorkdayBefore(day); got != want {
			t.Errorf("the working day before %s is %s, want %s", day, got, want)
		}
	}
}
