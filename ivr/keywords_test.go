package ivr

import "testing"

func TestUnderstand(t *testing.T) {
	for body, want := range map[string]Keyword{
		"STOP": Stop, "stop.": Stop, " Stop ": Stop, "Stop!!! 🛑": Stop, "STOPALL": Stop, "UNSUBSCRIBE": Stop, "END": Stop, "QUIT": Stop,
		"CANCEL": Stop, "REVOKE": Stop, "OPTOUT": Stop, "OPT OUT": Stop, "opt-out": Stop, "STOP 12345": Stop, "ＳＴＯＰ": Stop,
		"ALTO": Stop, "No más": Stop, "no mas": Stop, "Parar": Stop,
		"please stop texting me": Stop, "Don't text me": Stop, "Dont contact this number": Stop, "take me off your list": Stop, "no me escriba más": Stop,
		"I'd stop by at 5": Unsure, "should I stop the tablets?": Unsure, "I quit smoking": Unsure,
		"START": Start, "unstop": Start, "HELP": Help, "info?": Help, "Ayuda": Help,
		"wrong number": Wrong, "WRONG": Wrong, "call": CallMe, "Llámeme": CallMe,
		"1": None, "yes": None, "bus stops here": None, "the end of the week": None, "": None, "😀": None, "nonstop": None, "186": None,
	} {
		if got := Understand(body); got != want {
			t.Errorf("Understand(%q): got %q, want %q", body, got, want)
		}
	}
}

func FuzzUnderstand(f *testing.F) {
	f.Add("stop")
	f.Add("ＳＴＯＰ 12")
	f.Fuzz(func(t *testing.T, s string) {
		if Understand(s) != Understand(" "+s+"! ") {
			t.Errorf("punctuation around %q changes its meaning", s)
		}
	})
}
