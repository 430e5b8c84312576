package phonesim

import (
	"strings"
	"time"
)

// gatherRules are the attributes of a <Gather> as Twilio reads them. Source:
// twilio.com/docs/voice/twiml/gather.
type gatherRules struct {
	timeout   time.Duration // for the first key, and between keys; default 5 s
	finish    string        // the key that ends the input; "" = none; default #
	numDigits int           // 0 = any number
	onEmpty   bool          // ask the application even when nothing was entered
	keys      bool          // keys are an input
	speech    bool          // speech is an input
	bargeIn   bool          // a key stops the prompt
}

func gatherOf(v *node) gatherRules {
	g := gatherRules{
		timeout: time.Duration(number(v.attr("timeout"), 5)) * time.Second, finish: "#",
		numDigits: number(v.attr("numDigits"), 0), onEmpty: v.attr("actionOnEmptyResult") == "true",
		bargeIn: v.attr("bargeIn") != "false",
	}
	if f, set := v.Attrs["finishOnKey"]; set {
		g.finish = f
	}
	input := v.attr("input")
	g.keys = input == "" || strings.Contains(input, "dtmf")
	g.speech = strings.Contains(input, "speech")
	return g
}

// gather says the prompts inside and waits for keys. The time begins when the
// prompts are over.
func (s *Simulator) gather(c *call, v *node) {
	for _, k := range v.Kids {
		s.prompt(c, k)
	}
	s.listen(c, waitDigits, gatherOf(v).timeout+s.speech(c, c.spokenFrom()))
	s.thinkOfKeys(c)
}

// press is a key on the person's phone. It reports whether anything listened.
func (s *Simulator) press(c *call, key string) bool {
	if c.Wait == nil {
		return false
	}
	switch c.Wait.Kind {
	case waitDigits:
		g := gatherOf(c.Doc.verbs()[c.PC])
		if !g.keys {
			return false
		}
		c.Hops = 0
		s.cutPrompt(c, g)
		s.note(c, lineKey, key)
		if key == g.finish {
			s.gathered(c, key)
			return true
		}
		c.Wait.Digits += key
		if g.numDigits > 0 && len(c.Wait.Digits) >= g.numDigits {
			s.gathered(c, "")
			return true
		}
		s.listen(c, waitDigits, g.timeout)
		return true
	case waitRecord:
		return s.recordingKey(c, key)
	case waitDial:
		return s.dialKey(c, key)
	}
	return false
}

// cutPrompt marks the prompt that the first key interrupts.
func (s *Simulator) cutPrompt(c *call, g gatherRules) {
	if !g.bargeIn || c.Wait.Digits != "" {
		return
	}
	for i := c.spokenFrom(); i < len(c.Lines); i++ {
		c.Lines[i].Cut = true
	}
}

// gathered ends a <Gather>: by the finish key, by the number of digits, or by
// time. Nothing entered falls through to the next verb without a request.
func (s *Simulator) gathered(c *call, finishKey string) {
	v := c.Doc.verbs()[c.PC]
	digits := c.Wait.Digits
	if digits == "" && !gatherOf(v).onEmpty {
		s.next(c)
		return
	}
	params := []string{"msg", "Gather End", "FinishedOnKey", finishKey}
	if digits != "" {
		params = append(params, "Digits", digits)
	}
	s.answerGather(c, v, digits == "", params)
}

// heard is speech at a <Gather> that takes it.
func (s *Simulator) heard(c *call, text string) bool {
	v := c.Doc.verbs()[c.PC]
	if !gatherOf(v).speech {
		return false
	}
	c.Hops = 0
	s.note(c, lineSpeech, text)
	s.answerGather(c, v, false, []string{"SpeechResult", text, "Confidence", "0.92"})
	return true
}

func (s *Simulator) answerGather(c *call, v *node, empty bool, params []string) {
	target, err := resolve(c.Doc.URL, v.attr("action"))
	if err != nil {
		s.fail(c, err.Code, err.Message)
		return
	}
	p := withParams(nil, params...)
	if empty {
		p["Digits"] = ""
	}
	s.fetchWith(c, target, v.attr("method"), "", p)
}
