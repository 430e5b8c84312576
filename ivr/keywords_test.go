package ivr

import "testing"

func TestUnderstand(t *testing.T) {
	for body, want := range map[string]Keyword{
		"STOP": Stop, "stop.": Stop, " Stop ": Stop, "Stop!!! 🛑": Stop, "STOPALL": Stop, "UNSUBSCRIBE": Stop, "END": Stop, "QUIT": Stop,
		"CANCEL": Stop, "REVOKE": Stop, "OPTOUT": Stop, "OPT OUT": Stop, "opt-out": Stop, "STOP 12345": Stop, "ＳＴＯＰ": Stop,
		"ALTO": Stop, "No más": Stop, "no mas": Stop, "Parar": Stop,
		"please stop texting me": Stop, "Don't text me": Stop, "Dont contact this number": Stop, "take me off your list": Stop, "no me escriba más": Stop,
		"ya no": Stop, "¡Ya basta!": Stop, "No más mensajes, gracias": Stop, "borre mi número": Stop, "Por favor borren mi numero de su lista": Stop, "dejen de llamarme": Stop,
		"Ya no quiero recibir sus textos": Stop, "no me llamen": Stop, "no me llamen nunca más": Stop, "No me escriban por favor": Stop, "quiero darme de baja": Stop, "sáquenme de la lista": Stop,
		"no me llame antes de las 5": Unsure, "No me llamen hoy, estoy en el trabajo": Unsure, "borre mi número viejo, este es el nuevo": Unsure,
		"ya no me duele": None, "Ya no tomo esa pastilla": None, "no más dolor desde ayer": None, "dejé de fumar": None, "la presión está baja": None, "no me llamó nadie": None, "mi número es nuevo": None, "no quiero agua": None,
		"I'd stop by at 5": Unsure, "should I stop the tablets?": Unsure, "I quit smoking": Unsure,
		"START": Start, "unstop": Start, "HELP": Help, "info?": Help, "Ayuda": Help,
		"wrong number": Wrong, "WRONG": Wrong, "call": CallMe, "Llámeme": CallMe, "CALL 07": CallMe, "llamar 7": CallMe, "call 186": None, "Text": TextMe, "texto 3": TextMe, "I got your text": None, "Pause": Later, "pausa.": Later, "MENÚ": Menu, "menu?": Menu, "the menu was good": None, "I need a pause": None,
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
