package ivr

import (
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/trial"
)

// waitingFor is a question that waits on a number for a text, as the router sees it: about a visit,
// answered by its own digits, or out of a questionnaire, answered by whatever fits.
type waitingFor struct {
	id     string // of the prompt
	person contacts.PersonID
	asked  time.Time
	digits []string               // about a visit: for yes, change and call me
	takes  func(body string) bool // of a questionnaire: whether a text can be an answer to it
	ended  bool                   // of a questionnaire: its time is over
	paused bool                   // of a questionnaire: nothing is said of what does not fit
}

// way is where a text goes.
type way int

const (
	nowhere    way = iota // it answers nothing that waits
	toVisit               // it answers a reminder
	toQuestion            // it is for a questionnaire, whether it fits or not
	lateFor               // it fits a questionnaire whose time is over
	whichDigit            // a yes or no to several: ask for a digit, which needs no name
	whichOne              // it may be for a visit or for a question: ask
)

// routed is what the router made of a text. At most one question gets it.
type routed struct {
	way    way
	id     string // of the prompt, for the first three
	answer string // to a visit: trial.Confirmed, trial.ChangeAsked, callBack
	body   string // without a letter that said what it is for
	fits   bool   // to a question
}

// callBack is the third answer to a reminder.
const callBack = "call me"

// Words that say yes and no to a question, in place of its digit.
var (
	yesWords = []string{"YES", "Y", "OK", "OKAY", "SI", "S", "CONFIRM", "CONFIRMO", "VALE"}
	noWords  = []string{"NO", "N", "CHANGE", "CAMBIAR", "CAMBIO"}
)

// affirms says whether a text is a yes and nothing more.
func affirms(body string) bool { return slices.Contains(yesWords, fold(body)) }

// route finds the one question that a text answers. A digit names its visit (F15), and a letter says
// visit or question; then what fits counts, then what was asked last. What could be for two people is
// asked about, and what fits nothing goes to the question asked last, which is asked again. Nothing
// that is over is answered. It is pure.
func route(waits []waitingFor, body string) routed {
	var visits, live, over []waitingFor
	for _, w := range waits {
		switch {
		case w.takes == nil:
			visits = append(visits, w)
		case w.ended:
			over = append(over, w)
		default:
			live = append(live, w)
		}
	}
	rest, letter := body, nowhere
	if len(visits) > 0 && len(live) > 0 {
		rest, letter = lettered(body)
	}
	var visit routed
	if letter != toQuestion {
		visit = toOneVisit(visits, rest)
	}
	if letter == toVisit {
		return visit
	}
	takes := func(w waitingFor) bool { return w.takes(rest) }
	fitting := filter(live, takes)
	switch {
	case visit.way != nowhere && len(fitting) > 0:
		return routed{way: whichOne}
	case visit.way != nowhere:
		return visit
	case len(fitting) > 0:
		return toLast(fitting, toQuestion, rest, true)
	}
	if awake := filter(live, func(w waitingFor) bool { return !w.paused || letter == toQuestion }); len(awake) > 0 {
		return toLast(awake, toQuestion, rest, false)
	}
	return toLast(filter(over, takes), lateFor, rest, true)
}

// lettered reads "V1" as 1 for the visit and "Q1" (Spanish: "P1") as 1 for the question.
func lettered(body string) (rest string, to way) {
	t := fold(body)
	if t == "" {
		return body, nowhere
	}
	rest = strings.TrimSpace(t[1:])
	if !digits(rest) && rest != "YES" && rest != "NO" && rest != "SI" {
		return body, nowhere
	}
	switch t[0] {
	case 'V':
		return rest, toVisit
	case 'Q', 'P':
		return rest, toQuestion
	}
	return body, nowhere
}

// toOneVisit finds the visit a text answers. A digit belongs to one; yes and no do where only one
// waits.
func toOneVisit(visits []waitingFor, body string) routed {
	t := fold(body)
	answers := []string{trial.Confirmed, trial.ChangeAsked, callBack}
	for _, w := range visits {
		if n := slices.Index(w.digits, t); n >= 0 {
			return routed{way: toVisit, id: w.id, answer: answers[n]}
		}
	}
	var answer string
	switch {
	case slices.Contains(yesWords, t):
		answer = trial.Confirmed
	case slices.Contains(noWords, t):
		answer = trial.ChangeAsked
	}
	switch {
	case answer == "" || len(visits) == 0:
		return routed{}
	case len(visits) > 1:
		return routed{way: whichDigit}
	}
	return routed{way: toVisit, id: visits[0].id, answer: answer}
}

// toLast is the question asked last, where all are one person's. Of several people none gets it.
func toLast(all []waitingFor, to way, body string, fits bool) routed {
	if len(all) == 0 {
		return routed{}
	}
	last := all[0]
	for _, w := range all[1:] {
		if w.person != last.person {
			return routed{}
		}
		if w.asked.After(last.asked) {
			last = w
		}
	}
	return routed{way: to, id: last.id, body: body, fits: fits}
}

func filter(all []waitingFor, keep func(waitingFor) bool) (out []waitingFor) {
	for _, w := range all {
		if keep(w) {
			out = append(out, w)
		}
	}
	return out
}
