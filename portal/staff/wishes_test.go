package staff_test

import (
	"testing"

	"github.com/muster-health/muster/contacts"
)

// Staff take down what a person wants, with how they said it; it stands on the person's page.
func TestWishes(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	b := d.as("maria")
	path := "/staff/people/" + string(p)
	has(t, b.page(path+"/wishes"), "When and how to reach", "Texts and calls from", "How they said it")
	b.refused(b.send(path+"/wishes", "from", "10 am", "to", "6 pm"), "Choose how they said it.")
	b.refused(b.send(path+"/wishes", "from", "10 pm", "to", "6 am", "how", "phone"), "Texts and calls may go out from 8 am to 9 pm.")
	has(t, b.went(b.send(path+"/wishes", "from", "10 am", "to", "6 pm", "how", "phone"), path), "Saved. It counts from now on.", "Texts and calls from 10 am to 6 pm")
	got, err := d.People.Get(t.Context(), p)
	if err != nil || got.ReachMe.From != "10:00" || got.ReachMe.To != "18:00" {
		t.Errorf("stored: %+v, %v", got.ReachMe, err)
	}
	if g, err := d.Trial.May(t.Context(), p, contacts.StudyCare, contacts.SMS, "STEADY"); err != nil || g.NotBefore.IsZero() != g.OK {
		t.Errorf("the gate says %s, %v", g.Sentence(), err)
	}
}
