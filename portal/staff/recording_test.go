package staff_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/trial"
)

// What somebody left on a call is a task with a player; each time it is played stands in the audit trail
// with who played it, before the first byte. Whoever may not listen sees that there is something.
func TestListening(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	rosa, _ := d.rosa()
	const words = "I cannot come on Monday."
	d.Sent.Taped("RE7", words)
	if err := d.Trial.NoteRecording(t.Context(), trial.Carrier, trial.Recording{SID: "RE7", Person: rosa, Study: "STEADY", Site: "main", Call: "CA1", Made: d.Clock.Now(), Seconds: 4}); err != nil {
		t.Fatal(err)
	}
	if err := d.Trial.FetchRecordings(t.Context(), d.Tapes); err != nil {
		t.Fatal(err)
	}
	const task, sound = "/staff/tasks/tsk_rec_RE7", "/staff/recordings/rec_RE7"
	b := d.as("maria")
	page := b.page(task)
	has(t, page, "who called is not proved")
	if !strings.Contains(page, `<audio class="sound" controls preload="none" src="`+sound+`">`) {
		t.Error("there is no player")
	}
	if n := d.listened(t); n != 0 {
		t.Fatalf("%d listened before anybody did", n)
	}
	a := b.ask(http.MethodGet, sound)
	if a.code != http.StatusOK || a.body != words || a.header.Get("Content-Type") != "audio/x-wav" {
		t.Errorf("%d %q as %q", a.code, a.body, a.header.Get("Content-Type"))
	}
	if part := b.ask(http.MethodGet, sound, "Range", "bytes=2-7"); part.code != http.StatusPartialContent || part.body != words[2:8] {
		t.Errorf("a part of it: %d %q", part.code, part.body)
	}
	if n := d.listened(t); n != 2 {
		t.Errorf("the trail has %d who listened", n)
	}
	d.hire("dm", "Dee Manager", "data-manager")
	dm := d.as("dm")
	if page := dm.page(task); strings.Contains(page, "<audio") || !strings.Contains(page, "nothing to listen to") {
		t.Error("a data manager is offered to listen")
	}
	if a := dm.ask(http.MethodGet, sound); a.code != http.StatusForbidden || strings.Contains(a.body, words) {
		t.Errorf("a data manager who listens gets %d", a.code)
	}
	if a := b.ask(http.MethodGet, "/staff/recordings/rec_RE8"); a.code != http.StatusNotFound {
		t.Errorf("one that is not there: %d", a.code)
	}
	if n := d.listened(t); n != 2 {
		t.Errorf("the trail has %d who listened, and two did", n)
	}
}

// listened counts entries of the trail of maria's listening.
func (d *desk) listened(t *testing.T) (n int) {
	t.Helper()
	for e, err := range d.Audit.Find(t.Context(), docstore.Query{Scan: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Action == "recording.listen" && e.Actor.ID == "maria" {
			n++
		}
	}
	return n
}
