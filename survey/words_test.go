package survey

import "testing"

func TestWorryingWords(t *testing.T) {
	for text, want := range map[string]bool{
		"I have CHEST PAIN since this morning":     true,
		"my chest hurts, a lot":                    true,
		"I can’t breathe":                          true,
		"Sometimes I think I'd be better off dead": true,
		"I want to kill\nmyself":                   true,
		"feeling suicidal":                         true,
		"took an overdose":                         true,
		"Me duele el pecho":                        true,
		"tengo dolor en el pecho desde ayer":       true,
		"No puedo respirar bien":                   true,
		"pienso en hacerme daño":                   true,
		"pensé en el SUICIDIO":                     true,
		"estoy sangrando":                          true,
		"":                                         false,
		"Is the parking free?":                     false,
		"The chest of drawers gives me a pain":     false,
		"I killed the engine myself":               false,
		"I was in pain; my chest is fine":          false,
		"¿A qué hora es la visita?":                false,
		"Mi doctor me tomó la presión":             false,
		"180":                                      false,
	} {
		if got := Worrying(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
