package trial_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// inSetup is a study that is not open yet.
func inSetup(t *testing.T) trial.Study {
	t.Helper()
	s, err := trial.ParseStudy([]byte(strings.Replace(studyYAML, "state: open", "state: setup", 1)))
	if err != nil {
		t.Fatal(err)
	}
	s.RecruitmentOpen, s.EnrolmentOpen = false, false
	return s
}

// kept are the versions of a study as "1 text used".
func kept(t *testing.T, r *rig.Rig) (out []string) {
	t.Helper()
	all, err := r.Trial.CriteriaVersions(t.Context(), "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		s := strings.Join([]string{string(rune('0' + v.Version)), v.Criteria}, " ")
		if v.Used {
			s += " used"
		}
		out = append(out, s)
	}
	return out
}

// Criteria nobody was judged by may be written again; once the study is open a change is a new version,
// and what was used stays readable.
func TestCriteriaInUseStay(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	s := inSetup(t)
	put := func(version int, criteria string, state trial.StudyState) error {
		t.Helper()
		s.Version, s.Criteria, s.State = version, criteria, state
		_, err := r.Trial.PutStudy(ctx, rig.Staff, s)
		return err
	}
	ok := func(err error, want ...string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, kept(t, r)); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	}
	refused := func(err error, words string) {
		t.Helper()
		before := kept(t, r)
		if !errors.Is(err, trial.ErrStudy) || !strings.Contains(err.Error(), words) {
			t.Errorf("got %v, want a refusal that says %q", err, words)
		}
		if d := cmp.Diff(before, kept(t, r)); d != "" {
			t.Error(d)
		}
	}
	ok(put(1, "a", trial.StudySetup), "1 a")
	ok(put(1, "b", trial.StudySetup), "1 b") // nobody was judged
	ok(put(0, "c", trial.StudySetup), "1 b", "2 c")
	ok(put(2, "d", trial.StudySetup), "1 b", "2 d")
	ok(put(2, "d", trial.StudyOpen), "1 b", "2 d used")
	err := put(2, "e", trial.StudyOpen)
	refused(err, "`version` 2 of STEADY stays as it is, since people were judged by it: write version: 3, or leave version out")
	if !errors.Is(err, trial.ErrInUse) {
		t.Errorf("%v is not ErrInUse", err)
	}
	refused(put(1, "e", trial.StudyOpen), "a change is version 3")
	refused(put(3, "d", trial.StudyOpen), "word for word: write 2")
	refused(put(-1, "d", trial.StudyOpen), "`version` -1")
	refused(put(2, "e", trial.StudySetup), "stays as it is") // closing it does not make it unused
	ok(put(0, "d", trial.StudySetup), "1 b", "2 d used")
	refused(put(2, "e", trial.StudySetup), "stays as it is")
	ok(put(3, "e", trial.StudySetup), "1 b", "2 d used", "3 e")
	ok(put(3, "f", trial.StudySetup), "1 b", "2 d used", "3 f") // the new one is not used yet
	ok(put(7, "g", trial.StudyOpen), "1 b", "2 d used", "3 f", "7 g used")

	for version, want := range map[int]string{1: "b", 2: "d", 3: "f", 7: "g"} {
		st, err := r.Trial.StudyAt(ctx, "STEADY", version)
		if err != nil || st.Criteria != want || st.Version != version || st.Keyword != "PINE" {
			t.Errorf("version %d: %v, %q, %d", version, err, st.Criteria, st.Version)
		}
	}
	if _, err := r.Trial.StudyAt(ctx, "STEADY", 5); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("version 5: %v", err)
	}
}

// Somebody on the list of a study in set-up was judged, too.
func TestCriteriaAreUsedBySomebodyOnTheList(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	s := inSetup(t)
	s.Criteria = "a"
	if _, err := r.Trial.PutStudy(ctx, rig.Staff, s); err != nil {
		t.Fatal(err)
	}
	out, err := r.Trial.Apply(ctx, rig.Staff, trial.Application{Source: "web", NoCode: true, SignUp: contacts.SignUp{
		Person: contacts.Person{Given: "Ana", Family: "Vega", BirthDate: "1980-05-03", Language: "en", Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550160"}}}}})
	if err == nil {
		_, err = r.Trial.Load(ctx, rig.Staff, "from the old system", []trial.Loaded{{Subject: trial.Subject{Person: out.Person, Study: "STEADY", Site: "main",
			Moves: []trial.Move{{To: trial.New, Event: "2026-03-01", Entered: r.Clock.Now().Add(-time.Hour)}}}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Trial.Judged(ctx, out.Person, "STEADY", "possible", 1); err != nil {
		t.Fatal(err)
	}
	sub, err := r.Trial.Subject(ctx, trial.SubjectID(out.Person, "STEADY"))
	if err != nil || sub.Verdict != "possible" || sub.Version != 1 || sub.Judged != "2026-03-02" {
		t.Errorf("%v: %+v", err, sub)
	}
	s.Version, s.Criteria = 1, "b"
	if _, err := r.Trial.PutStudy(ctx, rig.Staff, s); !errors.Is(err, trial.ErrInUse) {
		t.Errorf("changed in place: %v", err)
	}
	s.Version = 0
	if _, err := r.Trial.PutStudy(ctx, rig.Staff, s); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"1 a used", "2 b"}, kept(t, r)); d != "" {
		t.Error(d)
	}
}
