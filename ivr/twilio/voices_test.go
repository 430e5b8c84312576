package twilio

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// The voices are pinned, and are voices Twilio has.
func TestVoicesAreTwilios(t *testing.T) {
	data, err := os.ReadFile("../phonesim/testdata/twiml.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Voice struct {
			Say struct {
				Attributes struct{ Voice, Language []string }
			}
		}
	}
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	say := table.Voice.Say.Attributes
	for lang, v := range voices {
		if !slices.Contains(say.Voice, v.voice) || !slices.Contains(say.Language, v.language) {
			t.Errorf("%s is spoken by %s in %s, which Twilio does not know", lang, v.voice, v.language)
		}
	}
}
