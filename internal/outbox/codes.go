package outbox

import "time"

// Mark is what a code says of the number a message went to.
type Mark string

// The marks. Suspect counts when it was said twice.
const (
	Stopped  Mark = "stopped"   // its owner stopped texts with the carrier
	NoTexts  Mark = "no texts"  // a landline, or a phone that takes none
	NoNumber Mark = "no number" // nobody can be reached there at all
	Suspect  Mark = "suspect"   // nobody seems to have it
)

// Scope is how much a code stops: everything, or one kind of message.
type Scope string

// The scopes.
const (
	Account Scope = "account"
	Channel Scope = "channel"
)

// Word is what an error code of the carrier's asks of us. It asks the same in the answer to a send
// and in a later report; only how a further try is made differs: what was not taken stays the same
// message, what was taken and did not arrive becomes another one.
type Word struct {
	Code     string
	PutOff   time.Duration   // later, at least after so long; what is of its kind waits too
	Midnight bool            // not before the carrier's next day; other messages go on
	Again    []time.Duration // waits before further tries of what did not arrive, in business time
	Halt     Scope           // nothing of this scope goes out until one message has come through
	Number   Mark
	Setup    bool   // the account or Muster itself is at fault: who looks after them must hear
	Filtered bool   // taken for unwanted: the wording must change
	Says     string // in words, for staff; "" for a code that is not in the table
}

// Meaning looks a code up. Source: the error dictionary of Twilio, and telephony carriers' codes in it.
func Meaning(code string) Word {
	w := meaning(code)
	w.Code = code
	if w.PutOff > 0 {
		w.Again = []time.Duration{w.PutOff, 10 * time.Minute}
	}
	return w
}

func meaning(code string) Word {
	switch code {
	case "21610":
		return Word{Number: Stopped, Says: "texts were stopped with the phone company"}
	case "21211", "21214", "21217", "21604", "13224":
		return Word{Number: NoNumber, Says: "the number is not valid"}
	case "21614", "30006":
		return Word{Number: NoTexts, Says: "the number takes no texts"}
	case "30005":
		return Word{Number: Suspect, Says: "nobody seems to have this number"}
	case "30004", "13225", "21216":
		return Word{Says: "the number is blocked"}
	case "30003":
		return Word{Again: []time.Duration{4 * time.Hour}, Says: "the phone could not be reached"}
	case "30008", "30017":
		return Word{Again: []time.Duration{10 * time.Minute, time.Hour}, Says: "the network had trouble"}
	case "30610":
		return Word{Again: []time.Duration{12 * time.Hour}, Says: "the phone company keeps quiet hours there"}
	case "30007":
		return Word{Filtered: true, Says: "the phone company took the text for spam"}
	case "30450", "30640":
		return Word{Says: "the phone company holds texts to this number back"}
	case "20429", "14107", "30022", "63018", "429":
		return Word{PutOff: time.Second, Says: "too many messages at once"}
	case "21611", "30001":
		return Word{PutOff: time.Minute, Says: "the phone company's queue is full"}
	case "30023", "30027":
		return Word{Midnight: true, Again: []time.Duration{0}, Says: "the most messages of a day were sent"}
	case "20003", "20404", "30002", "401":
		return Word{Halt: Account, Again: []time.Duration{5 * time.Minute}, Says: "the phone company does not accept the account: see its state and the auth token"}
	case "30032", "30034":
		return Word{Halt: Channel, Again: []time.Duration{15 * time.Minute}, Says: "our number is not registered or verified for texts"}
	case "21408", "21215", "13227":
		return Word{Setup: true, Says: "the account may not reach that country: see its geographic permissions"}
	case "21219", "21608":
		return Word{Setup: true, Says: "a trial account reaches verified numbers only: upgrade it"}
	case "21212", "21606", "21602", "21617":
		return Word{Setup: true, Says: "our number or the text itself was refused: see the settings"}
	case "35114", "35115", "35118":
		return Word{Setup: true, Says: "the messaging service refused a time of sending: see its settings"}
	case "11200", "11205", "11210", "11220":
		return Word{Setup: true, Says: "the phone company could not reach this site: see its address and certificate"}
	case "12100", "12200", "12300", "13520", "13521":
		return Word{Setup: true, Says: "the phone company could not read what this site answered"}
	}
	return Word{}
}

// Midnight is when the carriers' next day begins, at which daily limits start anew. Source: the 10DLC
// limits of T-Mobile, counted in Pacific time.
func Midnight(wall time.Time) time.Time {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil { // not so: the zones are in the binary
		return wall.Add(24 * time.Hour)
	}
	y, m, d := wall.In(zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, zone)
}
