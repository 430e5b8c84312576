package phonesim

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// declaration is what Twilio's library for node says of one element: "number", "boolean" or "string"
// for each attribute, or the values it may have.
type declaration struct {
	Attributes map[string]any
	Holds      []string
}

// documented are what Twilio's documentation allows beyond its library.
var documented = map[string]bool{
	"voice Response Message": true, // the older name of Sms
	"voice Message":          true,
	"messaging Response Sms": true,
	"messaging Sms":          true,
	"voice Sms Body":         true,
	"voice Sms Media":        true,
	"voice Message Body":     true,
	"voice Message Media":    true,
}

// Every element, attribute and nesting that the simulator plays is one that Twilio's own library
// declares, and of attributes with a list of values or a type it takes what is declared and nothing
// else. So a document that was played here has only what Twilio knows.
func TestRulesAreThoseOfTwiliosLibrary(t *testing.T) {
	data, err := os.ReadFile("testdata/twiml.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct{ Voice, Messaging map[string]declaration }
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	attributes := 0
	check := func(kind string, rules map[string]rule, declared map[string]declaration) {
		for name, r := range rules {
			d, ok := declared[name]
			if !ok {
				if !documented[kind+" "+name] && !(kind == "voice" && (name == "Body" || name == "Media")) {
					t.Errorf("%s: <%s> is not declared", kind, name)
				}
				continue
			}
			for _, k := range r.kids {
				if !slices.Contains(d.Holds, k) && !documented[kind+" "+name+" "+k] {
					t.Errorf("%s: <%s> in <%s> is not declared", kind, k, name)
				}
			}
			for at, rule := range r.attrs {
				attributes++
				what, ok := d.Attributes[at]
				if !ok {
					t.Errorf("%s: <%s %s> is not declared", kind, name, at)
					continue
				}
				sample := map[string][2]string{"number": {"7", "seven"}, "boolean": {"true", "perhaps"}}
				switch v := what.(type) {
				case string:
					if s, ok := sample[v]; ok && (!rule.ok(s[0]) || rule.ok(s[1])) {
						t.Errorf("%s: <%s %s> is a %s: %q taken %t, %q taken %t", kind, name, at, v, s[0], rule.ok(s[0]), s[1], rule.ok(s[1]))
					}
				case []any:
					if rule.ok("nonsense words") {
						t.Errorf("%s: <%s %s> takes anything", kind, name, at)
					}
					for _, value := range v {
						if !rule.ok(value.(string)) {
							t.Errorf("%s: <%s %s=%q> is declared and refused", kind, name, at, value)
						}
					}
				}
			}
		}
	}
	check("voice", voiceRules, table.Voice)
	check("messaging", messagingRules, table.Messaging)
	if attributes < 50 {
		t.Errorf("%d attributes were compared, which is too few to be all", attributes)
	}
}
