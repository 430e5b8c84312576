package staff_test

import (
	"strings"
	"testing"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/trial"
)

const ownFile = `{"resourceType":"Questionnaire","url":"urn:example:own","version":"1","title":"How it went","item":[{"linkId":"went","type":"boolean","text":"Did it go well?"}]}`

// A questionnaire is seen before it is stored, kept as a draft, published, followed by a version, and
// retired; what is wrong with a file is said on the page and nothing is stored.
func TestWriteQuestionnaire(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	b := d.as("maria")
	const at, own = "/staff/questionnaires/new", "/staff/questionnaires/own"
	stored := func() []trial.QuestionnaireVersion {
		t.Helper()
		all, err := d.Trial.QuestionnaireVersions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	has(t, b.page("/staff/questionnaires"), "Write a questionnaire")
	has(t, b.page(at), "Nothing is stored until you say so")
	b.refused(b.send(at, "name", "own", "file", " "), "Paste the questionnaire here")
	b.refused(b.send(at, "name", "", "file", ownFile), "Give it a name")
	bad := strings.Replace(ownFile, `"boolean"`, `"attachment"`, 1)
	a := b.send(at, "name", "own", "file", bad, "do", "publish")
	b.refused(a, "1 fault, listed above")
	has(t, a.body, "went: type \"attachment\" cannot be asked: files are handed over to staff", "To mend first")
	a = b.send(at, "name", "own", "file", ownFile, "do", "look")
	has(t, a.body, "Did it go well?", "Press 1 for yes. Press 2 for no.", "1 segment", "Keep as a draft", "Publish")
	b.refused(b.send(at, "name", "phq-9", "file", ownFile, "do", "publish"), "is the name of one of Muster's own")
	if len(stored()) != 0 {
		t.Fatalf("stored by looking: %+v", stored())
	}

	has(t, b.went(b.send(at, "name", "own", "file", ownFile, "do", "draft"), own), "urn:example:own|1 is stored", "draft", "by maria", "Publish")
	has(t, b.page("/staff/questionnaires"), "How it went", "1 draft")
	has(t, b.went(b.send(own+"/edition", "edition", "urn:example:own|1", "do", "publish"), own), "It is published", "Retire")
	second := strings.NewReplacer(`"version":"1"`, `"version":"2"`, "Did it go well?", "Did it go very well?").Replace(ownFile)
	has(t, b.went(b.send(at, "name", "own", "file", second, "do", "publish"), own), "Did it go very well?", "urn:example:own|1", "retired")
	has(t, b.page(own+"?edition=urn%3Aexample%3Aown%7C1"), "Did it go well?")
	has(t, b.went(b.send(own+"/edition", "edition", "urn:example:own|2", "do", "retire"), own), "It is retired")
	for _, v := range stored() {
		if v.State != trial.QuestionnaireRetired || v.By != "maria" {
			t.Errorf("%s is %s by %s", v.ID, v.State, v.By)
		}
	}

	// Who may read it only sees no button; an edition of another name is not touched.
	d.hire("joan", "Joan Pell", members.Director)
	lacks(t, d.as("joan").page(own), "Publish")
	b.send("/staff/questionnaires/other/edition", "edition", "urn:example:own|2", "do", "publish")
	if all := stored(); len(all) != 2 || all[1].State != trial.QuestionnaireRetired {
		t.Errorf("changed under another name: %+v", all)
	}
}
