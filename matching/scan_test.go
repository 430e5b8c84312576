package matching_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

const monday eval.Date = "2026-03-02" // where a rig's clock stands

// openStudies are the studies of a test.
type openStudies []matching.Study

func (s openStudies) Open(context.Context) ([]matching.Study, error) { return s, nil }

func ticked(t *testing.T, r *rig.Rig, o matching.Options) *both {
	t.Helper()
	scan := newBoth(t, r, o)
	if err := scan.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	return scan
}

func join(t *testing.T, r *rig.Rig, p contacts.Person, facts ...contacts.Fact) contacts.PersonID {
	t.Helper()
	if p.Given == "" {
		p.Given = "Somebody"
	}
	s, err := r.People.SignUp(t.Context(), rig.Staff, contacts.SignUp{Person: p, Facts: facts, Reason: "test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.Person.PersonID()
}

// preScreened answers the asthma study's own questionnaire, by the codes of options.
func preScreened(t *testing.T, r *rig.Rig, answers map[string]string) []contacts.Fact {
	t.Helper()
	return asked(t, r, "clearway-prescreen", "CLEARWAY", answers)
}

// asked answers a questionnaire for a study, by the codes of options or as somebody would type it.
func asked(t *testing.T, r *rig.Rig, questionnaire, study string, answers map[string]string) []contacts.Fact {
	t.Helper()
	q, err := survey.Library(questionnaire)
	if err != nil {
		t.Fatal(err)
	}
	at := r.Clock.Now()
	in := survey.Input{Kind: survey.Show, Channel: survey.Web, At: at}
	session := survey.NewSession(q, "en", at)
	for range 40 {
		next, prompt, _, err := q.Next(session, in)
		if err != nil {
			t.Fatal(err)
		}
		session = next
		if prompt.Done {
			return trial.Facts(q, session, study, "web", time.UTC)
		}
		in = survey.Input{Kind: survey.Skip, LinkID: prompt.LinkID, Channel: survey.Web, At: at}
		if prompt.Problem != nil {
			t.Fatalf("%s: %q: %v", prompt.LinkID, answers[prompt.LinkID], prompt.Problem)
		}
		if raw := answers[prompt.LinkID]; raw != "" && questionnaire == "general-prescreen" {
			in.Kind, in.Raw = survey.Reply, raw
		}
		for _, o := range prompt.Options {
			if o.Code == answers[prompt.LinkID] {
				in.Kind, in.Raw = survey.Reply, o.Key
			}
		}
	}
	t.Fatal("the questionnaire does not end")
	return nil
}

// Dana signs up on the bus, not sure whether she counts as a smoker: she is possible at once, with
// that as the one unknown, and eligible when she has said no.
func TestFromSignUpToCandidate(t *testing.T) {
	r := rig.New(t, rig.Options{})
	study := demo(t, "CLEARWAY")
	scan := ticked(t, r, matching.Options{Studies: openStudies{study}})
	dana := contacts.Person{Given: "Dana", Family: "Okafor", BirthDate: "2005-06-01", Sex: "female", Source: "web",
		Address: contacts.Address{ZIP: "15213"}, Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550123"}}}
	facts := preScreened(t, r, map[string]string{"own-mobile": "Y", "other-study": "N", "asthma": "Y", "inhalers": "19831", "copd": "N",
		"smoking": "asked-unknown", "can-be-pregnant": "Y", "pregnant": "N"})
	id := join(t, r, dana, facts...)

	var got []matching.Candidate
	look := func(verdict eval.Class, unknown ...string) {
		t.Helper()
		if err := scan.Refresh(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		all, err := scan.Candidates(t.Context(), study, monday, 10, "")
		if err != nil || len(all) != 1 {
			t.Fatalf("%d candidates, %v", len(all), err)
		}
		if diff := cmp.Diff(append([]string{}, unknown...), all[0].Unknown); diff != "" || all[0].Verdict != verdict {
			t.Errorf("%s, unknown (-want +got):\n%s", all[0].Verdict, diff)
		}
		got = all
	}
	look(eval.Possible, "E1")
	for i, words := range []string{"20", "sthma", "Budesonide", "km", "mobile", "never asked", "COPD", "Not pregnant", "2 Mar 2026"} {
		x := got[0].Reasons[i]
		if !strings.Contains(x.Text, words) {
			t.Errorf("%s: %q does not say %q", x.ID, x.Text, words)
		}
		if x.Fact != nil && !strings.Contains(x.Text, "(web)") {
			t.Errorf("%s: %q does not say where that is from", x.ID, x.Text)
		}
	}
	if diff := cmp.Diff("smoking", got[0].Reasons[5].Name); diff != "" {
		t.Errorf("name of what is unknown (-want +got):\n%s", diff)
	}
	never := contacts.Fact{Kind: contacts.Answered, Code: "loinc|72166-2", ValueCode: "snomed|266919005", Date: string(monday), Source: "sms", Scope: "CLEARWAY"}
	if err := r.People.RecordFacts(t.Context(), rig.Staff, id, "asked", []contacts.Fact{never}, nil); err != nil {
		t.Fatal(err)
	}
	look(eval.Eligible)
}

// The index follows the database: every change of a person, their facts and our contacts with
// them shows after the next tick.
func TestScanFollowsTheFeed(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	study, err := matching.NewStudy("TEST", 1, "- {id: I1, kind: age, min: 18}\n- {id: I2, kind: condition, code: snomed|195967001}", matching.Site{ID: "main", ZIP: "15213"})
	if err != nil {
		t.Fatal(err)
	}
	scan := ticked(t, r, matching.Options{})
	asthma := contacts.Fact{Kind: contacts.Condition, Code: "snomed|195967001", Scope: contacts.Registry, Source: "import:fhir"}
	ana := join(t, r, contacts.Person{BirthDate: "1980-01-01", Address: contacts.Address{ZIP: "15213"}}, asthma)
	bob := join(t, r, contacts.Person{BirthDate: "1981-01-01", Address: contacts.Address{ZIP: "15213"}}, asthma)
	cid := join(t, r, contacts.Person{BirthDate: "1982-01-01", Address: contacts.Address{ZIP: "16001"}}, asthma)
	dot := join(t, r, contacts.Person{BirthDate: "1983-01-01", Address: contacts.Address{ZIP: "15213"}})

	order := func(step string, want ...contacts.PersonID) {
		t.Helper()
		if err := scan.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		all, err := scan.Candidates(ctx, study, monday, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		var got []contacts.PersonID
		for _, c := range all {
			got = append(got, c.Person)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
	order("joined: nearest first, unknown last", ana, bob, cid, dot)

	if err := r.Trial.LogCall(ctx, rig.Staff, ana, "", "no answer", "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	order("ana was called: bob has waited longer", bob, ana, cid, dot)

	if err := r.People.RecordFacts(ctx, rig.Staff, dot, "asked", []contacts.Fact{asthma}, nil); err != nil {
		t.Fatal(err)
	}
	order("dot has asthma too", bob, dot, ana, cid)

	edit := func(id contacts.PersonID, f func(*contacts.Person)) {
		t.Helper()
		if _, err := r.People.Edit(ctx, rig.Staff, id, "test", func(p *contacts.Person) error { f(p); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	edit(bob, func(p *contacts.Person) { p.Address.ZIP = "85201" })
	order("bob moved away", dot, ana, cid, bob)
	edit(dot, func(p *contacts.Person) { p.Deceased = "2026-03-01" })
	order("dot died", ana, cid, bob)
	edit(cid, func(p *contacts.Person) { p.Erased = r.Clock.Now() })
	order("cid was erased", ana, bob)
	if scan.Len() != 3 {
		t.Errorf("%d people, want 3", scan.Len())
	}
	if _, err := scan.Candidates(ctx, study, monday, 0, cid); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("continue behind somebody erased: %v", err)
	}
	if _, err := scan.Explain(ctx, study, cid, monday); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("explain somebody erased: %v", err)
	}

	// The whole feed once more, then in a new process: the same.
	for item, err := range r.Store.Driver().Changes(ctx, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if err := scan.Apply(ctx, item.Change); err != nil {
			t.Fatal(err)
		}
	}
	order("applied twice", ana, bob)
	scan = ticked(t, r, matching.Options{})
	order("a new process", ana, bob)
}

// A change that was read before a newer one, and comes after it, does not undo it.
func TestAnOlderChangeIsIgnored(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	id := join(t, r, contacts.Person{BirthDate: "1980-01-01"}, contacts.Fact{Kind: contacts.Condition, Code: "snomed|195967001"})
	study, err := matching.NewStudy("TEST", 1, "- {id: I1, kind: age, min: 40}\n- {id: I2, kind: condition, code: snomed|195967001}")
	if err != nil {
		t.Fatal(err)
	}
	var older []docstore.Change
	for item, err := range r.Store.Driver().Changes(ctx, nil) {
		if err != nil {
			t.Fatal(err)
		}
		older = append(older, item.Change)
	}
	_, err = r.People.Edit(ctx, rig.Staff, id, "test", func(p *contacts.Person) error { p.BirthDate = "2000-01-01"; return nil })
	if err != nil {
		t.Fatal(err)
	}
	scan := matching.NewScan(r.People, r.Store.Driver(), matching.Options{})
	if err := scan.Refresh(ctx, id); err != nil {
		t.Fatal(err)
	}
	for _, c := range older {
		if err := scan.Apply(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	got, err := scan.Counts(ctx, study, monday)
	if diff := cmp.Diff(matching.Counts{Excluded: 1}, got.Counts); err != nil || diff != "" {
		t.Errorf("%v, counts (-want +got):\n%s", err, diff)
	}
}

func TestForAndMayFit(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	study := func(id, yaml string) matching.Study {
		s, err := matching.NewStudy(id, 1, yaml)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	fits, maybe, not := study("FITS", "- {id: I1, kind: age, min: 18}"), study("MAYBE", "- {id: I1, kind: smoking, value: never}"), study("NOT", "- {id: I1, kind: age, max: 17}")
	scan := matching.NewScan(r.People, r.Store.Driver(), matching.Options{Studies: openStudies{fits, maybe, not}}) // never ticked: asks the database
	ana := join(t, r, contacts.Person{BirthDate: "1980-01-01"})
	all, err := scan.For(ctx, ana, monday)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range all {
		got = append(got, c.Study+" "+string(c.Verdict))
		if c.Reasons[0].Only != (c.Study == "NOT") {
			t.Errorf("%s: excluded by this alone: %v", c.Study, c.Reasons[0].Only)
		}
	}
	if diff := cmp.Diff([]string{"FITS eligible", "MAYBE possible", "NOT excluded"}, got); diff != "" {
		t.Errorf("for staff (-want +got):\n%s", diff)
	}
	told, err := matching.MayFit(ctx, scan, ana, monday)
	if diff := cmp.Diff([]string{"FITS", "MAYBE"}, told); err != nil || diff != "" {
		t.Errorf("%v, for the volunteer (-want +got):\n%s", err, diff)
	}
	waived := join(t, r, contacts.Person{BirthDate: "1980-01-01", Basis: contacts.Basis{Kind: contacts.ByWaiver, Study: "MAYBE", Board: "Board", Reference: "W-1", Expires: "2026-12-31"}})
	told, err = matching.MayFit(ctx, scan, waived, monday)
	if diff := cmp.Diff([]string{"MAYBE"}, told); err != nil || diff != "" {
		t.Errorf("%v, under a waiver (-want +got):\n%s", err, diff)
	}
	if _, err := scan.Explain(ctx, fits, waived, monday); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("another study than the waiver's: %v", err)
	}
	if _, err := scan.For(ctx, "per_nobody", monday); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	for _, day := range []eval.Date{"", "2026", "2026-02-30"} {
		if _, err := scan.Counts(ctx, fits, day); !errors.Is(err, matching.ErrDay) {
			t.Errorf("counts on %q: %v", day, err)
		}
		if _, err := scan.For(ctx, ana, day); !errors.Is(err, matching.ErrDay) {
			t.Errorf("for on %q: %v", day, err)
		}
	}
}

// Who is in a study of ours is asked once, and again after a change there or a failure.
func TestOurOwnStudiesCount(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	ana := join(t, r, contacts.Person{BirthDate: "1980-01-01"})
	var fail error
	asked, in := 0, map[contacts.PersonID][]eval.Participation{}
	scan := ticked(t, r, matching.Options{TrialsIn: "subjects", Trials: func(context.Context) (map[contacts.PersonID][]eval.Participation, error) {
		asked++
		return in, fail
	}})
	study, err := matching.NewStudy("TEST", 1, "- {id: E1, kind: otherTrial, exclude: true}")
	if err != nil {
		t.Fatal(err)
	}
	look := func(want matching.Counts) {
		t.Helper()
		for range 2 {
			got, err := scan.Counts(ctx, study, monday)
			if diff := cmp.Diff(want, got.Counts); err != nil || diff != "" {
				t.Errorf("%v, counts (-want +got):\n%s", err, diff)
			}
		}
	}
	fail = errors.New("database away")
	if _, err := scan.Counts(ctx, study, monday); !errors.Is(err, fail) {
		t.Errorf("error %v", err)
	}
	fail = nil
	look(matching.Counts{Possible: 1})
	in = map[contacts.PersonID][]eval.Participation{ana: {{Study: "OTHER", From: "2026-01-01"}, {Study: "TEST", From: "2026-01-01"}}}
	look(matching.Counts{Possible: 1})
	if err := scan.Apply(ctx, docstore.Change{Collection: "subjects", ID: "sub_1", Rev: 1}); err != nil {
		t.Fatal(err)
	}
	look(matching.Counts{Excluded: 1})
	if asked != 2*3 { // by the scan and by the columns
		t.Errorf("asked %d times, want 3 each", asked)
	}
	c, err := scan.Explain(ctx, study, ana, monday)
	if err != nil || !strings.Contains(c.Reasons[0].Text, "OTHER") {
		t.Errorf("%v: %+v", err, c.Reasons)
	}
}

// A visit with us counts as one from the day it was kept, and on past days those before it.
func TestOurOwnVisitsCount(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	said := contacts.Fact{Kind: contacts.Answered, Code: matching.CodeLastVisit, Text: "2020-01-01", Date: "2026-01-01", Source: "web"}
	ana := join(t, r, contacts.Person{BirthDate: "1980-01-01"}, said)
	var fail error
	days := map[contacts.PersonID][]eval.Date{}
	scan := ticked(t, r, matching.Options{VisitsIn: "visits", Visits: func(context.Context) (map[contacts.PersonID][]eval.Date, error) { return days, fail }})
	study, err := matching.NewStudy("TEST", 1, "- {id: I1, kind: lastVisit, within: P60D}")
	if err != nil {
		t.Fatal(err)
	}
	look := func(day eval.Date, want eval.Class, words string) {
		t.Helper()
		c, err := scan.Explain(ctx, study, ana, day)
		if err != nil || c.Verdict != want || !strings.Contains(c.Reasons[0].Text, words) {
			t.Errorf("on %s %v, %s: %+v", day, err, c.Verdict, c.Reasons)
		}
	}
	fail = errors.New("database away")
	if _, err := scan.Counts(ctx, study, monday); !errors.Is(err, fail) {
		t.Errorf("error %v", err)
	}
	fail = nil
	look(monday, eval.Excluded, "Last here on 1 Jan 2020: not within 60 days")
	days = map[contacts.PersonID][]eval.Date{ana: {"2026-02-20", "2025-11-20", "2026-05-05"}}
	if err := scan.Apply(ctx, docstore.Change{Collection: "visits", ID: "vis_1", Rev: 1}); err != nil {
		t.Fatal(err)
	}
	look(monday, eval.Eligible, "Last here on 20 Feb 2026: within 60 days")
	look("2026-02-20", eval.Eligible, "20 Feb 2026")
	look("2026-02-19", eval.Excluded, "20 Nov 2025")
	look("2025-11-19", eval.Excluded, "1 Jan 2020")
}

// What the general pre-screen asks is what the criteria about times and the last visit look at.
func TestGeneralPreScreen(t *testing.T) {
	r := rig.New(t, rig.Options{})
	study, err := matching.NewStudy("TEST", 1, "[{id: I1, kind: availability, in: [weekday-evening, weekend]}, {id: I2, kind: lastVisit, within: P2Y}]")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		times, last string
		want        string
	}{
		{"3,4", "2025-06-30", "Can come: weekday evenings · Last here on 30 Jun 2025: within 2 years"},
		{"1", "", "Can come at none of these times: weekday evenings, weekends · Unknown: last visit here (none on record)"},
		{"5", "", "Can come at none of these times: weekday evenings, weekends · Unknown: last visit here (none on record)"},
		{"6", "", "Unknown: times to come (never asked) · Unknown: last visit here (none on record)"},
		{"", "2020-06-30", "Unknown: times to come (never asked) · Last here on 30 Jun 2020: not within 2 years"},
	} {
		facts := asked(t, r, "general-prescreen", "TEST", map[string]string{"times": x.times, "last-visit": x.last})
		v := matching.Stranger(study, contacts.Person{}, facts, monday)
		var said []string
		for i, reason := range v.Reasons {
			said = append(said, eval.Sentence(study.Criteria.Items[i], reason, eval.English()))
		}
		if diff := cmp.Diff(x.want, strings.Join(said, " · ")); diff != "" {
			t.Errorf("%q, %q (-want +got):\n%s", x.times, x.last, diff)
		}
	}
}

// Who is in the study, or out of it, is neither counted nor listed, and costs no criterion anything.
func TestSettledPeopleAreLeftOut(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	ana, ben := join(t, r, contacts.Person{BirthDate: "1980-01-01"}), join(t, r, contacts.Person{BirthDate: "1950-01-01"})
	scan := ticked(t, r, matching.Options{})
	study, err := matching.NewStudy("TEST", 1, "- {id: I1, kind: age, range: [18, 60]}")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name    string
		settled map[contacts.PersonID]bool
		want    matching.Counts
		cost    int
		listed  []contacts.PersonID
	}{
		{"nobody", nil, matching.Counts{Eligible: 1, Excluded: 1}, 1, []contacts.PersonID{ana}},
		{"one who fits", map[contacts.PersonID]bool{ana: true}, matching.Counts{Excluded: 1}, 1, nil},
		{"one who does not", map[contacts.PersonID]bool{ben: true}, matching.Counts{Eligible: 1}, 0, []contacts.PersonID{ana}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			study.Settled = tc.settled
			got, err := scan.Counts(ctx, study, monday)
			if err != nil {
				t.Fatal(err)
			}
			people, err := scan.Candidates(ctx, study, monday, 0, "")
			if err != nil {
				t.Fatal(err)
			}
			var listed []contacts.PersonID
			for _, c := range people {
				listed = append(listed, c.Person)
			}
			if got.Counts != tc.want || got.Criteria[0].Excluded != tc.cost || !slices.Equal(listed, tc.listed) {
				t.Errorf("counts %+v, cost %d, list %v; want %+v, %d, %v", got.Counts, got.Criteria[0].Excluded, listed, tc.want, tc.cost, tc.listed)
			}
		})
	}
}

// Questions, changes and ticks at once; the race detector looks on. Who asks while it is being found
// out who is in our studies waits for that.
func TestQuestionsWhileThingsChange(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	ana := join(t, r, contacts.Person{BirthDate: "1980-01-01"})
	scan := ticked(t, r, matching.Options{TrialsIn: "subjects", Trials: func(context.Context) (map[contacts.PersonID][]eval.Participation, error) {
		time.Sleep(time.Millisecond)
		return map[contacts.PersonID][]eval.Participation{ana: {{Study: "OTHER", From: "2026-01-01"}}}, nil
	}})
	study, err := matching.NewStudy("TEST", 1, "- {id: E1, kind: otherTrial, exclude: true}")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 10 {
				got, err := scan.Counts(ctx, study, monday)
				if err != nil || got.Counts.Excluded != 1 {
					t.Errorf("%+v, %v", got.Counts, err)
				}
				if err := errors.Join(scan.Refresh(ctx, ana), scan.Tick(ctx)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

func TestACancelledCountEnds(t *testing.T) {
	r := rig.New(t, rig.Options{})
	join(t, r, contacts.Person{BirthDate: "1980-01-01"})
	scan := ticked(t, r, matching.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	study, err := matching.NewStudy("TEST", 1, "- {id: I1, kind: age, min: 18}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scan.Counts(ctx, study, monday); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
