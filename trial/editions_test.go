package trial_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// form is the file of one questionnaire, "urn:example:form", with yes-or-no questions by linkId.
func form(version string, ids ...string) []byte {
	var items []string
	for _, id := range ids {
		items = append(items, fmt.Sprintf(`{"linkId":%q,"type":"boolean","text":"Is it %s (%s)?"}`, id, id, version))
	}
	return fmt.Appendf(nil, `{"resourceType":"Questionnaire","status":"active","url":"urn:example:form","version":%q,"item":[%s]}`, version, strings.Join(items, ","))
}

// brings makes the program bring a file by the name "own", or nothing by it.
func brings(t *testing.T, r *rig.Rig, file []byte) {
	t.Helper()
	r.Trial.Questionnaire = func(name string) (*survey.Questionnaire, error) {
		if name != "own" || file == nil {
			return survey.Library(name)
		}
		return survey.Parse(file)
	}
}

// asks makes the study's diary ask a questionnaire on the web.
func asks(t *testing.T, r *rig.Rig, name string) {
	t.Helper()
	s, err := trial.ParseStudy([]byte(studyYAML))
	if err != nil {
		t.Fatal(err)
	}
	s.Diary.Questionnaire, s.Diary.RedFlags, s.Diary.Channels = name, nil, []survey.Channel{survey.Web}
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil {
		t.Fatal(err)
	}
}

// The file of a questionnaire changes while somebody is half way: they go on with the edition they
// began, also in a process that never saw its file, and who begins gets the new one.
func TestASessionGoesOnWithTheEditionItBegan(t *testing.T) {
	r := rig.New(t, rig.Options{})
	brings(t, r, form("1", "a", "b"))
	asks(t, r, "own")
	p, _ := rosa(t, r)
	resp, item := evening(t, r, p)
	answer(t, r, resp, item, "yes")

	later := rig.New(t, rig.Options{Dir: r.Dir, Now: r.Clock.Now(), NewID: r.NewID}) // the program starts again
	brings(t, later, form("2", "c", "a", "b"))
	rec, err := later.Trial.Record(t.Context(), rig.Staff, resp, survey.Input{Kind: survey.Show, Channel: survey.Web})
	if err != nil {
		t.Fatal(err)
	}
	if rec.Prompt.Text != "Is it b (1)?" {
		t.Errorf("asked %q half way, want the next question of the first edition", rec.Prompt.Text)
	}
	answer(t, later, resp, "b", "no")
	done, err := later.Trial.Response(t.Context(), resp)
	if err != nil || done.State != trial.ResponseCompleted || done.Session.Ref != "urn:example:form|1" {
		t.Errorf("it ended %s as %s, %v; want completed as the first edition", done.State, done.Session.Ref, err)
	}
	q, err := later.Trial.QuestionnaireNamed(t.Context(), "own")
	if err != nil || q.Ref() != "urn:example:form|2" {
		t.Errorf("who begins is asked %v, %v; want the second edition", q, err)
	}
}

// A file that changed under the version that people answered is not asked: everybody gets what was kept,
// and the start says so. Before the first answer it may change.
func TestAnAnsweredEditionStaysAsItIs(t *testing.T) {
	r := rig.New(t, rig.Options{})
	brings(t, r, form("1", "a", "b"))
	asks(t, r, "own")
	p, _ := rosa(t, r)
	resp, _ := evening(t, r, p)

	named := func() string {
		t.Helper()
		q, err := r.Trial.QuestionnaireNamed(t.Context(), "own")
		if err != nil {
			t.Fatal(err)
		}
		_, prompt, _, err := q.Next(survey.NewSession(q, "en", r.Clock.Now()), survey.Input{Kind: survey.Show, Channel: survey.Web})
		if err != nil {
			t.Fatal(err)
		}
		return prompt.LinkID
	}
	brings(t, r, form("1", "first", "a", "b"))
	if got := named(); got != "first" {
		t.Errorf("nobody had answered, and the changed file is not asked: it begins with %q", got)
	}
	brings(t, r, form("1", "a", "b"))
	answer(t, r, resp, "a", "yes")
	if err := r.Trial.StrayQuestionnaires(t.Context()); err != nil {
		t.Errorf("the same file: %v", err)
	}
	brings(t, r, form("1", "first", "a", "b"))
	if got := named(); got != "a" {
		t.Errorf("the file changed under an answered version, and it is asked: it begins with %q", got)
	}
	err := r.Trial.StrayQuestionnaires(t.Context())
	if err == nil || !strings.Contains(err.Error(), `questionnaire "own" differs`) || !strings.Contains(err.Error(), "new version") {
		t.Errorf("a changed file under an answered version: %v", err)
	}
}

// What is put is refused with the mend, or asked from then on.
func TestPutQuestionnaire(t *testing.T) {
	r := rig.New(t, rig.Options{})
	brings(t, r, nil)
	put := func(name string, file []byte, state string) error {
		_, _, err := r.Trial.PutQuestionnaire(t.Context(), rig.Staff, name, file, state)
		return err
	}
	for _, x := range []struct {
		name, state, want string
		file              []byte
	}{
		{"own", "live", "use draft or published", form("1", "a")},
		{"my own", "draft", `name "my own"`, form("1", "a")},
		{"steady-evening", "draft", "one of Muster's own", form("1", "a")},
		{"own", "draft", "there are no items", form("1")},
	} {
		if err := put(x.name, x.file, x.state); !errors.Is(err, trial.ErrQuestionnaire) || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s as %s: %v, want a refusal that says %q", x.name, x.state, err, x.want)
		}
	}
	if err := put("own", form("1", "a"), trial.QuestionnaireDraft); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Trial.QuestionnaireNamed(t.Context(), "own"); err == nil {
		t.Error("a draft is asked")
	}
	if err := put("own", form("1", "a", "b"), trial.QuestionnairePublished); err != nil {
		t.Errorf("a draft nobody answered cannot change: %v", err)
	}
	if err := put("own", form("1", "a", "b"), trial.QuestionnaireDraft); err == nil || !strings.Contains(err.Error(), "is published already") {
		t.Errorf("a published edition becomes a draft: %v", err)
	}
	if err := put("other", form("1", "a", "b"), trial.QuestionnairePublished); err == nil || !strings.Contains(err.Error(), `kept as "own"`) {
		t.Errorf("one edition by two names: %v", err)
	}
	asks(t, r, "own")
	p, _ := rosa(t, r)
	resp, item := evening(t, r, p)
	answer(t, r, resp, item, "yes")
	if err := put("own", form("1", "a", "b", "c"), trial.QuestionnairePublished); !errors.Is(err, trial.ErrQuestionnaire) || !strings.Contains(err.Error(), "give the file a new version") {
		t.Errorf("a changed file under an answered version: %v", err)
	}
	if err := r.Trial.RetireQuestionnaire(t.Context(), rig.Staff, "urn:example:form|1"); err == nil || !strings.Contains(err.Error(), "study STEADY asks for") {
		t.Errorf("retired while it is asked for: %v", err)
	}
	if err := put("own", form("2", "c"), trial.QuestionnairePublished); err != nil {
		t.Fatal(err)
	}
	all, err := r.Trial.QuestionnaireVersions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, v := range all {
		if v.Name == "own" {
			states = append(states, v.ID+" "+v.State)
		}
	}
	if want := []string{"urn:example:form|1 retired", "urn:example:form|2 published"}; !slices.Equal(states, want) {
		t.Errorf("editions %q, want %q", states, want)
	}
	answer(t, r, resp, "b", "no") // half way through the retired one
	if done, err := r.Trial.Response(t.Context(), resp); err != nil || done.State != trial.ResponseCompleted {
		t.Errorf("half way through a retired edition it ended %s, %v", done.State, err)
	}
}

// A version that a study could not ask the way it asks is not published.
func TestPublishingLooksAtTheStudiesThatAsk(t *testing.T) {
	r := rig.New(t, rig.Options{})
	brings(t, r, nil)
	if _, _, err := r.Trial.PutQuestionnaire(t.Context(), rig.Staff, "own", form("1", "a"), trial.QuestionnairePublished); err != nil {
		t.Fatal(err)
	}
	s, err := trial.ParseStudy([]byte(studyYAML))
	if err != nil {
		t.Fatal(err)
	}
	s.Diary.Questionnaire, s.Diary.RedFlags = "own", nil // by voice and web
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(form("2", "a")), `"boolean"`, `"text"`, 1)
	_, _, err = r.Trial.PutQuestionnaire(t.Context(), rig.Staff, "own", []byte(text), trial.QuestionnairePublished)
	if !errors.Is(err, trial.ErrQuestionnaire) || !strings.Contains(err.Error(), "STEADY") || !strings.Contains(err.Error(), `item "a"`) {
		t.Errorf("own words for a study that asks by phone: %v", err)
	}
	if _, err := r.Trial.QuestionnaireVersion(t.Context(), "urn:example:form|2"); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("the refused version is kept: %v", err)
	}
}
