package twilio

import (
	"errors"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/ivr"
)

// F13: nobody is recorded who was not told and had no key to go on without it. Each script and each
// document here breaks the rule in another way, or keeps it.
func TestNothingIsRecordedUnannounced(t *testing.T) {
	record := ivr.Record{Step: 1, Max: time.Minute, Finish: "#"}
	ask := func(prompts ...ivr.Say) ivr.Gather {
		return ivr.Gather{Prompts: prompts, Step: 1, NumDigits: 1, Timeout: 5 * time.Second}
	}
	words := say(i18n.En, "voice.recorded")
	for name, x := range map[string]struct {
		script ivr.Script
		ok     bool
	}{
		"announced, with a key":        {ivr.Script{ask(words), record}, true},
		"announced after other words":  {ivr.Script{ask(say(i18n.En, "voice.bye"), words), record}, true},
		"not announced":                {ivr.Script{record}, false},
		"announced without a key":      {ivr.Script{words, record}, false},
		"another question before":      {ivr.Script{ask(say(i18n.En, "voice.bye")), record}, false},
		"other words after it":         {ivr.Script{ask(words, say(i18n.En, "voice.bye")), record}, false},
		"a pause between":              {ivr.Script{ask(words), ivr.Pause{For: time.Second}, record}, false},
		"announced once for two parts": {ivr.Script{ask(words), record, record}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Voice(x.script, action); errors.Is(err, errUnannounced) == x.ok || x.ok && err != nil {
				t.Errorf("error %v, want the script taken: %v", err, x.ok)
			}
		})
	}
	told := `<Gather input="dtmf speech"><Say>This part is recorded. To go on without it, press 2.</Say></Gather>`
	for doc, ok := range map[string]bool{
		`<Dial>+14125550101</Dial>`:                                                                                true,
		`<Dial record="do-not-record">+14125550101</Dial>`:                                                         true,
		`<Dial record="record-from-answer">+14125550101</Dial>`:                                                    false,
		told + `<Dial record="record-from-answer-dual">+14125550101</Dial>`:                                        true,
		`<Gather input="speech"><Say>This part is recorded. To go on without it, press 2.</Say></Gather><Record/>`: false,
	} {
		if err := announced([]byte("<Response>" + doc + "</Response>")); (err == nil) != ok {
			t.Errorf("%s: %v, want it taken: %v", doc, err, ok)
		}
	}
}
