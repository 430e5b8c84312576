package survey

import (
	"strings"

	"github.com/muster-health/muster/internal/i18n"
)

// Spoken words a question for the phone, a sentence each, in the order they are heard: what stands
// before it, the question, its help, then which key is what. Order and wording of options stay as
// they are on paper: "For never, press 1".
func (p Prompt) Spoken(lang i18n.Lang) []string {
	var out []string
	say := func(key string, pairs ...any) { out = append(out, i18n.T(lang, key, pairs...)) }
	for _, s := range append(append(append([]string{}, p.Intro...), p.Text), p.Help...) {
		if s != "" {
			out = append(out, s)
		}
	}
	switch p.Hint {
	case HintYesNo:
		say("voice.yesNo")
	case HintOne, HintOpen, HintMany:
		for _, o := range p.Options {
			say("voice.option", "option", o.Text, "key", spelled(o.Key, len(p.Options[len(p.Options)-1].Key)))
		}
		if p.Hint == HintMany {
			say("voice.many")
		}
	case HintWhole:
		say("voice.number")
	case HintDecimal:
		say("voice.decimal")
	case HintDate, HintMoment:
		if p.DayFirst {
			say("voice.dateDayFirst")
		} else {
			say("voice.date")
		}
	case HintTime:
		say("voice.time")
	case HintText: // these are the last words: the tone follows
		say("voice.ownWords")
		say("voice.recorded")
		return out
	}
	if !p.Required {
		say("voice.skip")
	}
	return out
}

// spelled keeps several digits apart, so that 12 is not heard as twelve: "1 2". Where the longest key
// has two digits all are said with two, "0 1", so that no other key has to end them.
func spelled(key string, digits int) string {
	if len(key) < digits {
		key = strings.Repeat("0", digits-len(key)) + key
	}
	return strings.Join(strings.Split(key, ""), " ")
}
