package trial_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// lower is a sentence of the diary of STEADY.
var lower = trial.Spoken{Lang: "en", Words: "What is the lower number?"}

func narrate(t *testing.T, r *rig.Rig, s trial.Spoken, seed string) trial.Narration {
	t.Helper()
	n, err := r.Trial.PutNarration(t.Context(), rig.Staff, "STEADY", s.Key(), "lower.wav", rig.Tone(seed))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func report(t *testing.T, r *rig.Rig) trial.NarrationReport {
	t.Helper()
	st, err := r.Trial.Study(t.Context(), "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	rep, err := r.Trial.NarrationReport(t.Context(), &st)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func count(t *testing.T, r *rig.Rig, lang string) trial.NarrationCount {
	t.Helper()
	for _, n := range report(t, r).Counts() {
		if n.Lang == lang {
			return n
		}
	}
	t.Fatalf("nothing is counted in %s", lang)
	return trial.NarrationCount{}
}

// Every sentence that the engine says on a call, whatever is answered, is among those that can be
// recorded, but for what reads back an answer and the words that announce a recording.
func TestSentencesAreWhatIsSaid(t *testing.T) {
	r := rig.New(t, rig.Options{})
	st := putStudy(t, r)
	all, err := r.Trial.Sentences(t.Context(), &st)
	if err != nil {
		t.Fatal(err)
	}
	q, err := r.Trial.QuestionnaireNamed(t.Context(), st.Diary.Questionnaire)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, lang := range q.Languages() {
		s, in := survey.NewSession(q, lang, r.Clock.Now()), survey.Input{Kind: survey.Show, Channel: survey.Voice, At: r.Clock.Now()}
		for {
			next, p, _, err := q.Next(s, in)
			if err != nil {
				t.Fatal(err)
			}
			if s = next; p.Done {
				break
			}
			for _, words := range p.Spoken(i18n.Lang(lang)) {
				asked++
				if !slices.ContainsFunc(all, func(x trial.Sentence) bool { return x.Lang == lang && x.Words == words }) {
					t.Errorf("%s: %q is said and cannot be recorded", lang, words)
				}
			}
			in = survey.Input{Kind: survey.Skip, LinkID: p.LinkID, Channel: survey.Voice, At: r.Clock.Now()}
		}
	}
	if asked < 20 {
		t.Errorf("only %d sentences were said", asked)
	}
	seen := map[trial.Spoken]bool{}
	for _, s := range all {
		if seen[s.Spoken()] {
			t.Errorf("%q (%s) is listed twice", s.Words, s.Lang)
		}
		seen[s.Spoken()] = true
	}
	if !seen[trial.Spoken{Lang: "en", Words: st.Diary.SafetyText["en"]}] {
		t.Error("the safety words cannot be recorded")
	}
}

// What is recorded counts for its very words: another file takes its place, and when the words change it
// is stale and they are missing, until it is taken away.
func TestNarrationsFollowTheWords(t *testing.T) {
	r := rig.New(t, rig.Options{})
	st := putStudy(t, r)
	before := count(t, r, "en")
	if before.Recorded != 0 || before.Missing != before.All || before.All < 10 {
		t.Fatalf("at first: %s", before)
	}
	first := narrate(t, r, lower, "first")
	again := narrate(t, r, lower, "first")
	if again.ID != first.ID || again.Rev != first.Rev {
		t.Errorf("the same file once more is another recording: %+v, then %+v", first, again)
	}
	second := narrate(t, r, lower, "second")
	if got := count(t, r, "en"); got.Recorded != 1 || got.Missing != before.All-1 || got.Stale != 0 {
		t.Errorf("after one sentence: %s", got)
	}
	there, err := r.Trial.Narrations(t.Context(), "STEADY")
	if err != nil || len(there) != 1 || there[lower].ID != second.ID {
		t.Fatalf("recorded is %v, %v; want the second", there, err)
	}
	// A call may have been told of the first a moment ago.
	if _, _, err := r.Trial.NarrationSound(t.Context(), first.ID); err != nil {
		t.Errorf("the first cannot be fetched any more: %v", err)
	}
	r.Clock.Advance(61 * time.Minute)
	if n, err := r.Trial.SweepNarrations(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d, %v; want the first", n, err)
	}
	if _, _, err := r.Trial.NarrationSound(t.Context(), first.ID); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("the first is still there: %v", err)
	}

	source := strings.Replace(library(t, st.Diary.Questionnaire), lower.Words, "What is the number below?", 1)
	r.Trial.Questionnaire = func(name string) (*survey.Questionnaire, error) {
		if name == st.Diary.Questionnaire {
			return survey.Parse([]byte(source))
		}
		return survey.Library(name)
	}
	rep := report(t, r)
	if got := count(t, r, "en"); got.Recorded != 0 || got.Missing != before.All || got.Stale != 1 || len(rep.Stale) != 1 || rep.Stale[0].ID != second.ID {
		t.Errorf("after the words changed: %s, stale %+v", got, rep.Stale)
	}
	if _, err := r.Trial.PutNarration(t.Context(), rig.Staff, "STEADY", lower.Key(), "", rig.Tone("third")); !errors.Is(err, trial.ErrNarration) || !strings.Contains(err.Error(), "words: ") {
		t.Errorf("old words were recorded: %v", err)
	}
	for range 2 {
		if err := r.Trial.RemoveNarration(t.Context(), rig.Staff, "STEADY", second.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got := count(t, r, "en"); got.Stale != 0 {
		t.Errorf("after it was taken away: %s", got)
	}
	if err := r.Trial.RemoveNarration(t.Context(), rig.Staff, "OTHER", second.ID); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("another study took it away: %v", err)
	}
}

func library(t *testing.T, name string) string {
	t.Helper()
	q, err := survey.Library(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(q.Source())
}

// A sound that is not what was put there is not played: the page says so, and the same file mends it.
func TestBrokenNarration(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	n := narrate(t, r, lower, "a")
	type raw struct {
		docstore.Meta `bson:",inline"`
		Data          []byte `bson:"data"`
	}
	other := rig.New(t, rig.Options{Dir: r.Dir, Clock: r.Clock, NewID: r.NewID}) // one that has not read it yet
	sounds, err := docstore.Open[raw](t.Context(), other.Store, docstore.Spec{Name: "narrationSounds", Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sounds.Update(t.Context(), n.ID, func(v *raw, _ *docstore.Batch) error { v.Data = v.Data[:100]; return nil }); err != nil {
		t.Fatal(err)
	}
	if other.Trial.Playable(t.Context(), n) {
		t.Error("a sound that was cut would be played")
	}
	if _, _, err := other.Trial.NarrationSound(t.Context(), n.ID); !errors.Is(err, trial.ErrNarrationBroken) {
		t.Errorf("a sound that was cut is given away: %v", err)
	}
	i := slices.IndexFunc(report(t, other).Sentences, func(x trial.Narrated) bool { return x.Spoken() == lower })
	if x := report(t, other).Sentences[i]; x.State != trial.NarrationUnreadable || count(t, other, "en").Recorded != 0 {
		t.Errorf("it is reported %q", x.State)
	}
	narrate(t, other, lower, "a")
	if !other.Trial.Playable(t.Context(), n) || count(t, other, "en").Recorded != 1 {
		t.Error("the same file did not mend it")
	}
}

// Who is erased takes no recorded prompt along: it is about nobody who takes part.
func TestErasingLeavesNarrations(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p := anyone(t, r, "Ana")
	n := narrate(t, r, lower, "a")
	if err := r.People.Erase(t.Context(), rig.Staff, p, "asked by phone", false); err != nil {
		t.Fatal(err)
	}
	if _, data, err := r.Trial.NarrationSound(t.Context(), n.ID); err != nil || len(data) != n.Bytes || count(t, r, "en").Recorded != 1 {
		t.Errorf("after an erasure: %d bytes, %v, %s", len(data), err, count(t, r, "en"))
	}
}

// A file that is refused leaves everything as it was, and the error names the field.
func TestRefusedNarration(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	for name, file := range map[string][]byte{"a.wav": []byte("words"), "a.mp3": rig.Tone("a"), "long.wav": append(rig.Tone("a"), make([]byte, 2<<20)...), "empty.wav": nil} {
		if _, err := r.Trial.PutNarration(t.Context(), rig.Staff, "STEADY", lower.Key(), name, file); !errors.Is(err, trial.ErrNarration) || !strings.Contains(err.Error(), "file: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := count(t, r, "en"); got.Recorded != 0 {
		t.Errorf("something was kept: %s", got)
	}
	if _, err := r.Trial.PutNarration(t.Context(), rig.Staff, "NONE", lower.Key(), "", rig.Tone("a")); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("no study: %v", err)
	}
}
