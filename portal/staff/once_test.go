package staff_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal"
	"github.com/muster-health/muster/portal/staff"
)

// another is a second process over the same store: a desk of its own, with nothing in common but
// what is stored.
func (d *desk) another() *httptest.Server {
	d.t.Helper()
	h, err := staff.New(d.t.Context(), d.deps)
	if err != nil {
		d.t.Fatal(err)
	}
	s := httptest.NewServer(d.site.Wrap(portal.Router(h, h.Routes())))
	d.t.Cleanup(s.Close)
	return s
}

// changes counts what the audit trail says was done, refusals apart.
func (d *desk) changes() (n int) {
	d.t.Helper()
	for e, err := range d.Audit.Find(d.t.Context(), docstore.Query{Scan: true}) {
		if err != nil {
			d.t.Fatal(err)
		}
		if !strings.HasSuffix(e.Action, ".refused") {
			n++
		}
	}
	return n
}

// One form posted by many at once, to two processes, changes once; everybody gets the first result,
// also long after.
func TestAFormCountsOnceForAllProcesses(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.volunteer("Dana", "Okafor", "+14125550123", "main")
	b := d.as("maria")
	path := "/staff/people/" + string(p)
	here, there := d.server.URL, d.another().URL
	before := d.actions(p)
	want := func(more ...string) { // the clock stands still, so the order of entries says nothing
		t.Helper()
		got, all := d.actions(p), append(slices.Clone(before), more...)
		slices.Sort(got)
		slices.Sort(all)
		if !slices.Equal(got, all) {
			t.Errorf("done %v, want %v", got, all)
		}
	}
	form := url.Values{"once": {"frm_race0001"}, "note": {"Prefers afternoons"}}
	var wait sync.WaitGroup
	for i := range 12 {
		server := here
		if i%2 == 1 {
			server = there
		}
		wait.Go(func() {
			if a := b.postTo(server, path+"/note", form); a.code != http.StatusSeeOther || a.to != path {
				t.Errorf("sender %d: %d to %q", i, a.code, a.to)
			}
		})
	}
	wait.Wait()
	want("note.add")

	// A form that was refused changed nothing, and may be sent again under its id.
	form = url.Values{"once": {"frm_again001"}, "note": {""}}
	b.refused(b.postTo(there, path+"/note", form), "Write the note.")
	form.Set("note", "Called twice")
	for _, server := range []string{here, there} {
		if a := b.postTo(server, path+"/note", form); a.code != http.StatusSeeOther || a.to != path {
			t.Errorf("%d to %q", a.code, a.to)
		}
	}
	want("note.add", "note.add")

	// A step that is legal once is not refused to whoever sent the same form a moment later.
	sub := "/staff/subjects/sub_" + string(p) + "_STEADY/move"
	form = url.Values{"once": {"frm_move0001"}, "to": {"contacting"}, "event-day": {"2"}, "event-month": {"3"}, "event-year": {"2026"}}
	for i := range 8 {
		server := []string{here, there}[i%2]
		wait.Go(func() {
			if a := b.postTo(server, sub, form); a.code != http.StatusSeeOther || a.to != path {
				t.Errorf("mover %d: %d to %q\n%s", i, a.code, a.to, text(a.body))
			}
		})
	}
	wait.Wait()
	want("note.add", "note.add", "subject.move")
	// Another member's form of that id is another form.
	d.hire("ben", "Ben Ito", "recruiter")
	if a := d.as("ben").postTo(there, path+"/note", url.Values{"once": {"frm_race0001"}, "note": {"Hello"}}); a.code != http.StatusSeeOther {
		t.Errorf("%d", a.code)
	}
	want("note.add", "note.add", "note.add", "subject.move")
}
