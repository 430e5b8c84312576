package survey

import (
	"errors"
	"strings"
	"testing"
)

func withMode(t *testing.T, mode string) *Questionnaire {
	t.Helper()
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","url":"urn:x","extension":[{"url":"urn:muster:mode-policy","valueCode":"` + mode + `"}],"item":[
		{"linkId":"a","type":"boolean","text":"A?"},{"linkId":"b","type":"boolean","text":"B?"},{"linkId":"c","type":"boolean","text":"C?"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestLockedSessionStaysWithItsChannel(t *testing.T) {
	q := withMode(t, "locked")
	k := begin(t, q, Web, "en")
	k.do(Input{Kind: Show, Channel: SMS}) // nothing is answered yet: any channel may begin
	k.channel = SMS
	k.say("1")
	for _, in := range []Input{{Kind: Show, Channel: Web}, {Kind: Reply, Raw: "1", Channel: Voice}, {Kind: Skip, Channel: Staff}, {Kind: Back, Channel: Web}} {
		if _, _, stored, err := q.Next(k.s, in); !errors.Is(err, ErrMode) || stored != nil {
			t.Errorf("%s by %s: %v", in.Kind, in.Channel, err)
		}
	}
	k.say("1").say("2")
	if !k.p.Done || k.s.Mixed {
		t.Fatalf("%+v", k.s)
	}
	if _, p, _, err := q.Next(k.s, Input{Kind: Show, Channel: Web}); err != nil || !p.Done {
		t.Errorf("what is over may be looked at: %v", err)
	}
	if _, _, _, err := q.Next(k.s, Input{Kind: Reply, LinkID: "a", Raw: "2", Channel: Web}); !errors.Is(err, ErrMode) {
		t.Errorf("a later change by another channel: %v", err)
	}
}

// Whether channels were mixed is part of the record where the policy asks for it.
func TestMixedSessionSaysSo(t *testing.T) {
	for _, tc := range []struct {
		mode      string
		second    Channel
		mixed     bool
		extension string
	}{
		{"flagged", Voice, true, `"valueBoolean": true`},
		{"flagged", Web, false, `"valueBoolean": false`},
		{"allowed", Voice, false, `"valueCode": "allowed"`},
	} {
		q := withMode(t, tc.mode)
		k := begin(t, q, Web, "en").say("1")
		k.channel = tc.second
		k.say("1").say("2")
		if k.s.Mixed != tc.mixed {
			t.Errorf("%s, then %s: mixed is %v", tc.mode, tc.second, k.s.Mixed)
		}
		data, err := q.Response(k.s, "", "")
		if err != nil {
			t.Fatal(err)
		}
		valid(t, data)
		if !strings.Contains(string(data), tc.extension) {
			t.Errorf("%s: the response does not say %s:\n%s", tc.mode, tc.extension, data)
		}
	}
	if _, err := Parse([]byte(`{"resourceType":"Questionnaire","extension":[{"url":"urn:muster:mode-policy","valueCode":"strict"}],"item":[{"linkId":"a","type":"boolean","text":"A?"}]}`)); err == nil || !strings.Contains(err.Error(), "use allowed, flagged or locked") {
		t.Error(err)
	}
}

func TestTheStricterPolicyCounts(t *testing.T) {
	for _, tc := range [][3]Mode{{"", "", ""}, {"", ModeFlagged, ModeFlagged}, {ModeLocked, ModeAllowed, ModeLocked}, {ModeFlagged, ModeLocked, ModeLocked}, {ModeAllowed, "", ModeAllowed}} {
		if got := Stricter(tc[0], tc[1]); got != tc[2] {
			t.Errorf("of %q and %q: %q, want %q", tc[0], tc[1], got, tc[2])
		}
	}
}
