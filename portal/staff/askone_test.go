package staff_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/portal/staff"
	"github.com/muster-health/muster/trial"
)

// asker notes what it is told to ask; who is asked and who is not, its own tests say.
type asker struct {
	asked []contacts.PersonID
	tried int
}

func (a *asker) AskPeople(_ context.Context, _ audit.Actor, _ trial.StudyID, question string, people []contacts.PersonID, try bool) (trial.Asking, error) {
	if question != "q-stroke" {
		return trial.Asking{}, trial.ErrRefused
	}
	out := trial.Asking{Text: "One question.\n1 Yes", Out: []trial.PutOff{{Person: people[0], Why: "Rosa Delgado stopped texts on 3 May."}},
		Later: []trial.PutOff{{Person: people[0], At: time.Now(), Why: "it is 07:05 there"}}}
	if a.tried++; !try {
		a.tried--
		a.asked = append(a.asked, people...)
	}
	return out, nil
}

func TestAskByText(t *testing.T) {
	m, a := &fixed{}, &asker{}
	d := newDesk(t, func(x *staff.Deps) { x.Matcher, x.Asker = m, a })
	d.study()
	p, _ := d.rosa()
	st, err := d.Trial.Study(t.Context(), "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	st.PreScreen, st.AnswersByText = "steady-prescreen", "yes"
	if _, err := d.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	m.unknown = []contacts.PersonID{p}
	m.match = staff.Match{Version: 1, Possible: 2, Ask: []staff.Ask{{Question: "q-stroke", Name: "stroke", People: 2, Settles: 1.4}, {Question: "q-none", Name: "nothing", People: 2, Settles: 1}}}
	b := d.as("maria")
	page := b.page("/staff/studies/STEADY/candidates")
	has(t, page, "Ask about stroke by text")
	lacks(t, page, "Ask about nothing by text")
	const at = "/staff/studies/STEADY/ask"
	page = b.page(at + "?question=q-stroke")
	d.look("ask", page)
	has(t, page, "it is not known: 1", "One question. 1 Yes", "Asked now: 0", "Asked later (1)", "It is 07:05 there.", "Not asked (1)", "Stopped texts on 3 May.", "R. D.", "Send the question (1)")
	if len(a.asked) != 0 || a.tried != 1 {
		t.Errorf("looking asked %v", a.asked)
	}
	has(t, b.went(b.send(at, "question", "q-stroke"), "/staff/studies/STEADY/candidates"), "Asked now: 0. Later: 1.")
	if len(a.asked) == 0 || a.asked[0] != p {
		t.Errorf("asked %v", a.asked)
	}
	for _, question := range []string{"", "q-none"} {
		if x := b.send(at, "question", question); x.code != http.StatusNotFound {
			t.Errorf("asking %q: %d", question, x.code)
		}
	}
	d.hire("joan", "Joan Pell", members.Director)
	if x := d.as("joan").send(at, "question", "q-stroke"); x.code != http.StatusForbidden && x.code != http.StatusNotFound {
		t.Errorf("who may contact nobody: %d", x.code)
	}
}
