package matching_test

import (
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/eval"
)

func TestStranger(t *testing.T) {
	study, err := matching.NewStudy("S", 1, `
- {id: I1, kind: age, range: [18, 65]}
- {id: I2, name: asthma, kind: condition, code: snomed|195967001}
- {id: I3, kind: distance, site: any, max: 40, unit: km}
- {id: I4, kind: device, value: mobile}
`)
	if err != nil {
		t.Fatal(err)
	}
	yes, no := true, false
	asthma := func(b *bool, scope string) contacts.Fact {
		return contacts.Fact{Kind: contacts.Answered, Code: "snomed|195967001", Bool: b, Date: "2026-03-02", Source: "web", Scope: scope}
	}
	for _, tc := range []struct {
		name  string
		birth string
		facts []contacts.Fact
		want  eval.Class
	}{
		{"nothing asked yet", "1990-05-03", nil, eval.Possible},
		{"fits so far", "1990-05-03", []contacts.Fact{asthma(&yes, "S")}, eval.Possible},
		{"said no", "1990-05-03", []contacts.Fact{asthma(&no, "S")}, eval.Excluded},
		{"said no to another study", "1990-05-03", []contacts.Fact{asthma(&no, "T")}, eval.Possible},
		{"too old", "1950-05-03", nil, eval.Excluded},
		{"no mobile phone", "1990-05-03", []contacts.Fact{{Kind: contacts.Answered, Code: matching.CodeOwnMobile, Bool: &no, Date: "2026-03-02", Source: "web", Scope: "S"}}, eval.Excluded},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := matching.Stranger(study, contacts.Person{BirthDate: tc.birth, Language: "en"}, tc.facts, "2026-03-02").Class; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
