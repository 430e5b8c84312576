package survey

import (
	"strings"
	"testing"
	"time"
)

// Own words by phone, in a study that records: asked where they may be skipped, answered by a recording that
// no machine makes words of, and not asked at all where somebody would have to be recorded.
func TestRecordedAnswer(t *testing.T) {
	file := func(required string) *Questionnaire {
		q, err := Parse([]byte(`{"resourceType":"Questionnaire","url":"urn:x","version":"1","item":[
			{"linkId":"more","type":"text","text":"What else?"` + required + `},
			{"linkId":"again","type":"boolean","text":"Again?","enableWhen":[{"question":"more","operator":"exists","answerBoolean":true}]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	q := file("")
	if err := q.Check(Voice); err == nil {
		t.Error("own words are asked by phone where nothing is recorded")
	}
	if err := q.Recorded().Check(Voice); err != nil {
		t.Errorf("own words are not asked where they are recorded: %v", err)
	}
	if err := q.Check(Voice); err == nil {
		t.Error("a study that records changed the questionnaire of the others")
	}
	if err := file(`,"required":true`).Recorded().Check(Voice); err == nil || !strings.Contains(err.Error(), "let the question be skipped") {
		t.Errorf("somebody has to be recorded: %v", err)
	}
	now := time.Date(2026, 3, 9, 18, 30, 0, 0, time.UTC)
	said := q.Recorded().Script("en").Asked[0].Said
	if last := said[len(said)-1]; last != "This part is recorded. To go on without it, press 2." {
		t.Errorf("the last words before the tone are %q", last)
	}
	s, _, _, err := q.Next(NewSession(q, "en", now), Input{Kind: Show, Channel: Voice, At: now})
	if err != nil {
		t.Fatal(err)
	}
	if _, p, a, err := q.Next(s, Input{Kind: Reply, LinkID: "more", Recording: "rec_RE1", Channel: Web, At: now}); err != nil || a != nil || p.Problem == nil {
		t.Errorf("a recording on a page: %v, %+v, %v", a, p.Problem, err)
	}
	s, p, a, err := q.Next(s, Input{Kind: Reply, LinkID: "more", Recording: "rec_RE1", Channel: Voice, At: now})
	if err != nil || a == nil || a.Recording != "rec_RE1" || len(a.Values) != 0 || a.Raw != "" || a.Declined || p.LinkID != "again" {
		t.Fatalf("%+v, %+v, %v", a, p, err)
	}
	out, err := q.Response(s, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"valueCode": "unsupported"`, `"valueString": "rec_RE1"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the response has no %s:\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "asked-declined") {
		t.Error("a recorded answer is taken for a refusal")
	}
	if flags := q.Flags([]FlagRule{{Item: "more", Op: "=", Value: "x", Level: "urgent"}, {Item: "more", Op: "exists", Level: "urgent"}}, *a); len(flags) != 1 || flags[0].Rule.Op != "exists" {
		t.Errorf("that something was said is all that is known: %+v", flags)
	}
}
