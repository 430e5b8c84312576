package trial_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// cassette is a carrier's store of recordings that can be told to fail.
type cassette struct {
	sound   []byte
	kind    string
	fetch   error
	del     error
	deleted int
}

func (c *cassette) Recording(context.Context, string) ([]byte, string, error) {
	return c.sound, c.kind, c.fetch
}

func (c *cassette) DeleteRecording(context.Context, string) error {
	if c.del == nil {
		c.deleted++
	}
	return c.del
}

// recorded is a rig with one recording of eight seconds just made, of somebody or of nobody.
func recorded(t *testing.T, known bool) (*rig.Rig, contacts.PersonID, string) {
	t.Helper()
	r := rig.New(t, rig.Options{})
	var id contacts.PersonID
	if known {
		added, err := r.People.Add(t.Context(), rig.Staff, contacts.SignUp{Reason: "walked in", Person: contacts.Person{Given: "Rosa", Family: "Delgado", BirthDate: "1952-05-03", Points: []contacts.Point{{Value: "+14125550110"}}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		id = added.Person.PersonID()
	}
	said := trial.Recording{SID: "RE1", Person: id, Call: "CA1", Made: r.Clock.Now(), Seconds: 8}
	for range 2 { // told twice
		if err := r.Trial.NoteRecording(t.Context(), trial.Carrier, said); err != nil {
			t.Fatal(err)
		}
	}
	return r, id, trial.RecordingID("RE1")
}

func is(t *testing.T, r *rig.Rig, id, state string) trial.Recording {
	t.Helper()
	x, err := r.Trial.Recording(t.Context(), id)
	if err != nil || x.State != state {
		t.Errorf("the recording is %q, %v; want %q", x.State, err, state)
	}
	return x
}

// pieces are what the database holds of sounds, as it stands there.
func pieces(t *testing.T, r *rig.Rig) (n int, all []byte) {
	t.Helper()
	for raw, err := range r.Store.Driver().Find(t.Context(), "sounds", docstore.Query{Scan: true}) {
		if err != nil {
			t.Fatal(err)
		}
		n, all = n+1, append(all, raw...)
	}
	return n, all
}

// Behaviour 46, step by step: nothing is deleted at the carrier before what is stored here was read back;
// and what fails is tried again later, not at once.
func TestRecordingIsKeptBeforeItIsDeleted(t *testing.T) {
	r, _, id := recorded(t, true)
	ctx := t.Context()
	sound := bytes.Repeat([]byte("I cannot come on Monday. "), 90_000) // three pieces
	c := &cassette{sound: sound, kind: "audio/x-wav", fetch: trial.ErrNoRecording}
	if err := r.Trial.FetchRecordings(ctx, c); !errors.Is(err, trial.ErrNoRecording) {
		t.Errorf("not there yet: %v", err)
	}
	if x := is(t, r, id, trial.RecordingMade); x.Tries != 1 || !x.Next.After(r.Clock.Wall()) {
		t.Errorf("after a failed try: %d tries, next %s", x.Tries, x.Next)
	}
	c.fetch = nil
	if err := r.Trial.FetchRecordings(ctx, c); err != nil {
		t.Fatal(err)
	}
	is(t, r, id, trial.RecordingMade) // its time has not come
	for what, bad := range map[string]cassette{"no sound": {sound: sound, kind: "text/html"}, "nothing": {kind: "audio/x-wav"}, "too large": {sound: make([]byte, 11<<20), kind: "audio/x-wav"}} {
		r.Clock.Advance(2 * time.Hour)
		if err := r.Trial.FetchRecordings(ctx, &bad); err == nil || bad.deleted > 0 {
			t.Errorf("%s: %v, deleted %d", what, err, bad.deleted)
		}
		is(t, r, id, trial.RecordingMade)
	}
	r.Clock.Advance(2 * time.Hour)
	c.del = errors.New("no answer")
	if err := r.Trial.FetchRecordings(ctx, c); err == nil {
		t.Error("a failed deletion is no error")
	}
	is(t, r, id, trial.RecordingKept)
	n, stored := pieces(t, r)
	if n != 3 || bytes.Contains(stored, []byte("Monday")) {
		t.Errorf("%d pieces are stored, sealed: %v", n, !bytes.Contains(stored, []byte("Monday")))
	}
	if _, heard, err := r.Trial.Listen(ctx, rig.Staff, id); err != nil || !bytes.Equal(heard, sound) {
		t.Errorf("listening: %d bytes, %v", len(heard), err)
	}
	c.del, c.fetch = nil, errors.New("fetched again")
	r.Clock.Advance(2 * time.Hour)
	for range 2 {
		if err := r.Trial.FetchRecordings(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	if x := is(t, r, id, trial.RecordingDone); c.deleted != 1 || x.Digest == "" || x.Bytes != len(sound) {
		t.Errorf("deleted %d times, %d bytes, digest %q", c.deleted, x.Bytes, x.Digest)
	}
	tasks, err := r.Trial.Tasks(ctx, "")
	if err != nil || len(tasks) != 1 || tasks[0].Kind != "voicemail" || tasks[0].Recording != id || !strings.Contains(tasks[0].Text, "who called is not proved") {
		t.Errorf("tasks %+v, %v", tasks, err)
	}
}

// Who is erased is not heard any more, here or at the carrier, whether the sound was here already or not.
func TestErasedAreNotHeard(t *testing.T) {
	for _, fetched := range []bool{false, true} {
		r, person, id := recorded(t, true)
		ctx := t.Context()
		c := &cassette{sound: []byte("Hello"), kind: "audio/x-wav", del: errors.New("no answer")}
		if fetched {
			if err := r.Trial.FetchRecordings(ctx, c); err == nil {
				t.Fatal("the deletion did not fail")
			}
			is(t, r, id, trial.RecordingKept)
		}
		if err := r.People.Erase(ctx, rig.Staff, person, "asked", false); err != nil {
			t.Fatal(err)
		}
		if n, _ := pieces(t, r); n != 0 {
			t.Errorf("%d pieces are left", n)
		}
		if _, _, err := r.Trial.Listen(ctx, rig.Staff, id); !errors.Is(err, trial.ErrNoRecording) {
			t.Errorf("listening to somebody erased: %v", err)
		}
		c.del = nil
		r.Clock.Advance(2 * time.Hour)
		if err := r.Trial.FetchRecordings(ctx, c); err != nil || c.deleted != 1 {
			t.Errorf("deleted at the carrier %d times, %v", c.deleted, err)
		}
		is(t, r, id, trial.RecordingGone)
	}
}

// A message goes after its days, here and at the carrier; one that was never given away is a task.
func TestRecordingsEnd(t *testing.T) {
	r, _, id := recorded(t, false)
	ctx := t.Context()
	c := &cassette{sound: []byte("Hello"), kind: "audio/x-wav"}
	if err := r.Trial.FetchRecordings(ctx, c); err != nil {
		t.Fatal(err)
	}
	tasks, err := r.Trial.Tasks(ctx, "")
	if err != nil || len(tasks) != 1 || !strings.Contains(tasks[0].Text, "from an unknown number") || tasks[0].Person != "" {
		t.Errorf("tasks %+v, %v", tasks, err)
	}
	for _, x := range []struct{ days, want int }{{89, 0}, {91, 1}, {91, 0}} {
		if n, err := r.Trial.RetainRecordings(ctx, r.Clock.Now().AddDate(0, 0, x.days)); err != nil || n != x.want {
			t.Errorf("after %d days %d went, %v; want %d", x.days, n, err, x.want)
		}
	}
	is(t, r, id, trial.RecordingGone)
	if n, _ := pieces(t, r); n != 0 {
		t.Errorf("%d pieces are left", n)
	}

	if err := r.Trial.NoteRecording(ctx, trial.Carrier, trial.Recording{SID: "RE2", Call: "CA2", Made: r.Clock.Now(), Seconds: 8}); err != nil {
		t.Fatal(err)
	}
	c.fetch = trial.ErrNoRecording
	for range 100 {
		r.Clock.Advance(2 * time.Hour)
		_ = r.Trial.FetchRecordings(ctx, c) // fails each time
	}
	is(t, r, trial.RecordingID("RE2"), trial.RecordingLost)
	if tasks, err := r.Trial.Tasks(ctx, ""); err != nil || len(tasks) != 2 || !strings.Contains(tasks[0].Text+tasks[1].Text, "could not be fetched") {
		t.Errorf("tasks %+v, %v", tasks, err)
	}
}
