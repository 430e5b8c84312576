package trial_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// swollen is a diary of three numbers with a sum.
const swollen = `{"resourceType":"Questionnaire","url":"urn:example:swollen","version":"1","extension":[{"url":"urn:muster:score","extension":[
	{"url":"id","valueCode":"sum"},{"url":"label","valueString":"Sum"},{"url":"item","valueString":"legs"},{"url":"item","valueString":"breath"}]}],
	"item":[{"linkId":"legs","type":"integer","text":"Legs?"},{"linkId":"breath","type":"integer","text":"Breath?"},
	{"linkId":"more","type":"boolean","text":"More?"},
	{"linkId":"weight","type":"integer","text":"Weight?","enableWhen":[{"question":"more","operator":"=","answerBoolean":true}]}]}`

// flagging is a rig whose diary has these red flags, as a study file says them.
func flagging(t *testing.T, flags string) (*rig.Rig, contacts.Person) {
	t.Helper()
	r := rig.New(t, rig.Options{})
	brings(t, r, []byte(swollen))
	file := strings.NewReplacer("questionnaire: steady-evening", "questionnaire: own", "[voice, web]", "[web]",
		`  redFlags: [{item: upper, op: ">=", value: "180", level: urgent}]`, "  redFlags:\n"+flags).Replace(studyYAML)
	s, err := trial.ParseStudy([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil {
		t.Fatal(err)
	}
	p, _ := rosa(t, r)
	return r, p
}

// said answers the entry of today and returns the ids of the rules the answers raised, in order.
func said(t *testing.T, r *rig.Rig, p contacts.Person, answers ...string) (raised []string) {
	t.Helper()
	due, err := r.Trial.Due(t.Context(), p.PersonID(), r.Clock.Now())
	if err != nil || len(due) != 1 {
		t.Fatalf("%d due, %v", len(due), err)
	}
	resp, err := r.Trial.Begin(t.Context(), rig.Staff, due[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range answers {
		item, raw, _ := strings.Cut(a, " ")
		rec, err := r.Trial.Record(t.Context(), rig.Staff, resp.ID, survey.Input{Kind: survey.Reply, LinkID: item, Raw: raw, Channel: survey.Web})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range rec.Flags {
			raised = append(raised, item+":"+f.Rule.ID)
		}
	}
	return raised
}

func alerts(t *testing.T, r *rig.Rig, p contacts.Person) []trial.Alert {
	t.Helper()
	all, err := r.Trial.AlertsOf(t.Context(), p.PersonID())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b trial.Alert) int { return a.Raised.Compare(b.Raised) })
	return all
}

// Twice in seven days raises one alert, on the second day, with the days and the answers; a third day is
// noted on it; after a week without, a new episode is a new alert.
func TestAnAlertForEachEpisode(t *testing.T) {
	r, p := flagging(t, `    - {id: legs-twice, item: legs, op: ">=", value: "5", times: 2, days: 7, level: urgent, text: {en: Swollen legs twice in a week.}}`)
	r.Clock.Advance(9*time.Hour + 30*time.Minute) // Monday 2 March, 18:35
	days := []struct {
		ahead int
		legs  string
		want  string
		count int
	}{{0, "5", "", 0}, {1, "1", "", 0}, {1, "7", "legs:legs-twice", 1}, {1, "9", "", 1}, {7, "6", "", 1}, {1, "5", "legs:legs-twice", 2}}
	for i, d := range days {
		r.Clock.Advance(time.Duration(d.ahead) * 24 * time.Hour)
		if got := strings.Join(said(t, r, p, "legs "+d.legs), " "); got != d.want {
			t.Errorf("entry %d raised %q, want %q", i, got, d.want)
		}
		if all := alerts(t, r, p); len(all) != d.count {
			t.Fatalf("after entry %d there are %d alerts, want %d", i, len(all), d.count)
		}
	}
	first := alerts(t, r, p)[0]
	if first.Rule != "legs-twice" || first.Item != "legs" || !slices.Equal(first.Days, []string{"2026-03-02", "2026-03-04", "2026-03-05"}) {
		t.Errorf("the first alert is of %q by %q on %v", first.Rule, first.Item, first.Days)
	}
	if want := "Swollen legs twice in a week (2026-03-02, 2026-03-04): Legs? 7"; first.What != want {
		t.Errorf("it says %q, want %q", first.What, want)
	}
	if last := first.Log[len(first.Log)-1]; last.What != "met again" || last.Note != "2026-03-05" {
		t.Errorf("its last step is %+v", last)
	}
	r.Deliver(t)
	if n := len(r.Sent.To("+14125550102")); n != 2 {
		t.Errorf("%d texts to whoever is on call, want one for each episode", n)
	}
}

// A rule on several answers is raised by the answer that completes it, also half way; changing one of
// them is noted, and the alert stays.
func TestAnAlertOverSeveralAnswers(t *testing.T) {
	r, p := flagging(t, `    - {id: both, all: [{item: legs, op: ">=", value: "5"}, {item: breath, op: ">=", value: "5"}], level: urgent}
    - {id: two-of, any: [{item: legs, op: ">=", value: "8"}, {item: breath, op: ">=", value: "8"}, {item: weight, op: ">=", value: "8"}], atLeast: 2, level: critical}
    - {id: sum, score: sum, op: ">=", value: "12", level: routine}`)
	r.Clock.Advance(9*time.Hour + 30*time.Minute)
	got := strings.Join(said(t, r, p, "legs 8", "breath 5", "more yes", "weight 9", "legs 8"), " ")
	if want := "breath:both breath:sum weight:two-of"; got != want {
		t.Errorf("raised %q, want %q", got, want)
	}
	all := alerts(t, r, p)
	if len(all) != 3 {
		t.Fatalf("%d alerts, want 3", len(all))
	}
	of := func(rule string) trial.Alert {
		for _, a := range alerts(t, r, p) {
			if a.Rule == rule {
				return a
			}
		}
		t.Fatalf("no alert of %s", rule)
		return trial.Alert{}
	}
	if a := of("both"); a.What != "all of legs >= 5, breath >= 5: Legs? 8; Breath? 5" {
		t.Errorf("it says %q", a.What)
	}
	if got := said(t, r, p, "more no"); len(got) != 0 { // takes weight out
		t.Errorf("taking an answer out raised %v", got)
	}
	last := func(rule string) trial.AlertStep { a := of(rule); return a.Log[len(a.Log)-1] }
	if s := last("two-of"); s.What != "answer changed" || !strings.Contains(s.Note, "no longer asked") || !strings.Contains(s.Note, "not met any more") {
		t.Errorf("after an answer of it was taken out its last step is %+v", s)
	}
	said(t, r, p, "legs 2")
	if s := last("both"); s.What != "answer changed" || s.Note != "2; the rule is not met any more" {
		t.Errorf("after an answer of it was changed its last step is %+v", s)
	}
	for _, rule := range []string{"both", "two-of", "sum"} {
		if a := of(rule); a.State != trial.AlertOpen {
			t.Errorf("%s is %s; an alert is never withdrawn", rule, a.State)
		}
	}
	if _, err := r.Trial.Acknowledge(t.Context(), rig.Staff, of("both").ID, "web"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Trial.CloseAlert(t.Context(), rig.Staff, of("both").ID, "called"); err != nil {
		t.Fatal(err)
	}
	said(t, r, p, "legs 6")
	if a := of("both"); a.State != trial.AlertOpen {
		t.Errorf("met again after it was closed it is %s, want open", a.State)
	}
}

// A red flag of a study file that could never be raised is refused with its place and the mend.
func TestRedFlagsOfAStudyFile(t *testing.T) {
	for flag, want := range map[string]string{
		`{item: legs, op: ">=", value: "5", times: 2, days: 7, level: urgent}`:                       "red flag 1: it needs an id",
		`{id: x, any: [{item: arms, op: ">=", value: "5"}], level: urgent}`:                          `red flag 1 (x): any[0]: there is no question "arms"`,
		`{id: x, score: sum, op: "=", value: severe, level: urgent}`:                                 `red flag 1 (x): score "sum" has no band "severe"`,
		`{id: x, all: [{item: legs, op: "like", value: "5"}], level: urgent}`:                        `red flag 1 (x): all[0]: operator "like"`,
		`{id: x, item: legs, op: ">=", value: "5", times: 2, days: 7, level: urgent, during: march}`: "unknown key `during`",
	} {
		r := rig.New(t, rig.Options{})
		brings(t, r, []byte(swollen))
		file := strings.NewReplacer("questionnaire: steady-evening", "questionnaire: own", "[voice, web]", "[web]",
			`[{item: upper, op: ">=", value: "180", level: urgent}]`, "["+flag+"]").Replace(studyYAML)
		s, err := trial.ParseStudy([]byte(file))
		if err == nil {
			_, err = r.Trial.PutStudy(t.Context(), rig.Staff, s)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", flag, err, want)
		}
	}
}
