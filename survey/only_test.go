package survey

import (
	"testing"
	"time"
)

func TestOnlyOneQuestion(t *testing.T) {
	q, err := Library("clearway-prescreen")
	if err != nil {
		t.Fatal(err)
	}
	one, err := q.Only("smoking")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, p, _, err := one.Next(NewSession(one, "en", at), Input{Kind: Show, Channel: SMS, At: at})
	if err != nil || p.LinkID != "smoking" {
		t.Fatalf("asks %q: %v", p.LinkID, err)
	}
	body, ok := p.SMS("en")
	if !ok || body == "" {
		t.Fatalf("not by text: %q", body)
	}
	s, p, a, err := one.Next(s, Input{Kind: Reply, LinkID: "smoking", Raw: "4", Channel: SMS, At: at})
	if err != nil || a == nil || !p.Done || s.Status != Completed {
		t.Fatalf("answered: %+v, %+v, %v", a, p, err)
	}
	facts := one.Facts(s)
	if len(facts) != 1 || facts[0].Code != "loinc|72166-2" || facts[0].Value.Code != "266919005" {
		t.Errorf("facts %+v", facts)
	}
	if whole := q.Facts(s); len(whole) != 1 || whole[0].LinkID != facts[0].LinkID {
		t.Errorf("the whole questionnaire reads %+v from it", whole)
	}
	if r := one.Check(SMS); r != nil {
		t.Error(r)
	}
	if sensitive, err := q.Only("pregnant"); err != nil || sensitive.Check(SMS) == nil {
		t.Errorf("a sensitive question may be asked by text: %v", err)
	}
	for _, no := range []string{"", "habits", "no-such"} {
		if _, err := q.Only(no); err == nil {
			t.Errorf("there is a question %q", no)
		}
	}
}
