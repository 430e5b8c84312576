package trial

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

const (
	soundPiece = 1 << 20 // bytes of a document

	// How often a recording is asked for that the carrier does not give: from half a minute up to
	// once an hour, for about three days.
	firstTry  = 30 * time.Second
	mostTries = 80
)

// NoteRecording is AddRecording by itself.
func (c *Coordinator) NoteRecording(ctx context.Context, by audit.Actor, r Recording) error {
	return c.commit(ctx, audit.Entry{Actor: by, Action: "recording.made", Person: string(r.Person), Study: string(r.Study)}, func(b *docstore.Batch, _ *audit.Entry) error {
		if _, err := c.recordings.Get(ctx, RecordingID(r.SID)); !errors.Is(err, docstore.ErrNotFound) {
			if err == nil {
				err = docstore.Unchanged
			}
			return err
		}
		if r.Response != "" {
			about, err := c.responses.Get(ctx, r.Response)
			if err != nil {
				return err
			}
			r.Practice = about.Practice
		} else {
			days, err := c.keptFor(ctx, r.Study)
			if err != nil {
				return err
			}
			r.Until = r.Made.AddDate(0, 0, days)
		}
		c.AddRecording(b, r)
		return nil
	})
}

// FetchRecordings goes on with every recording whose next try has come, at most a hundred: fetches what
// was made, seals and stores it, reads it back, and only then deletes it at the carrier; and deletes what
// is not wanted. Each step may be done twice, by several processes too. What fails is tried again later
// and keeps nobody else waiting.
func (c *Coordinator) FetchRecordings(ctx context.Context, from Tapes) error {
	now := c.Clock.Wall()
	var errs []error
	for _, state := range []string{RecordingUnwanted, RecordingKept, RecordingMade} {
		due, err := c.recordings.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("state", state)}, Range: &docstore.Range{Path: "next", From: time.Unix(0, 0), To: now.Add(time.Millisecond)}, Limit: 100})
		if err != nil {
			return err
		}
		for _, r := range due {
			if err := c.advance(ctx, from, r); err != nil {
				errs = append(errs, fmt.Errorf("recording %s, %s: %w", r.ID, r.State, err), c.putOff(ctx, r))
			}
		}
	}
	return errors.Join(errs...)
}

// advance takes a recording as far as it goes now.
func (c *Coordinator) advance(ctx context.Context, from Tapes, r Recording) error {
	if r.State == RecordingMade {
		sound, kind, err := from.Recording(ctx, r.SID)
		if err != nil {
			return err
		}
		r, err = c.keepSound(ctx, r, sound, kind)
		if errors.Is(err, seal.ErrErased) { // they were erased while it was on its way
			return c.became(ctx, r, "recording.discarded", func(v *Recording, _ *docstore.Batch) error {
				v.State, v.Until = RecordingUnwanted, time.Time{}
				return nil
			})
		}
		if err != nil {
			return err
		}
	}
	after := map[string]string{RecordingKept: RecordingDone, RecordingUnwanted: RecordingGone}[r.State]
	if after == "" { // somebody else was faster
		return nil
	}
	if err := from.DeleteRecording(ctx, r.SID); err != nil {
		return err
	}
	return c.became(ctx, r, "recording.deleted", func(v *Recording, _ *docstore.Batch) error {
		v.State, v.Tries, v.Next = after, 0, time.Time{}
		return nil
	})
}

// keepSound stores a sound and reads it back. Only what is there as it was recorded is kept, and then
// staff have it to listen to.
func (c *Coordinator) keepSound(ctx context.Context, r Recording, sound []byte, kind string) (Recording, error) {
	kind, _, _ = strings.Cut(kind, ";")
	switch {
	case len(sound) == 0:
		return r, ErrNoRecording
	case len(sound) > mostSound:
		return r, fmt.Errorf("%d bytes, and at most %d are kept", len(sound), mostSound)
	case !strings.HasPrefix(kind, "audio/"):
		return r, fmt.Errorf("it is %q and no sound", kind)
	}
	sum := sha256.Sum256(sound)
	digest := hex.EncodeToString(sum[:])
	err := c.Store.Do(ctx, func(b *docstore.Batch) error {
		n := 0
		for piece := range slices.Chunk(sound, soundPiece) {
			c.sounds.Ensure(b, &soundPart{Meta: docstore.Meta{ID: fmt.Sprintf("%s/%02d", r.ID, n)}, Recording: r.ID, Person: r.Person, Data: piece})
			n++
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	if _, err := c.sound(ctx, r.ID, digest); err != nil { // pieces of another try: the next one begins anew
		return r, errors.Join(err, c.dropSound(ctx, r.ID))
	}
	err = c.became(ctx, r, "recording.kept", func(v *Recording, b *docstore.Batch) error {
		v.State, v.Type, v.Bytes, v.Digest, v.Tries, v.Next = RecordingKept, kind, len(sound), digest, 0, c.Clock.Wall()
		if !v.Practice {
			c.AddTask(b, v.task(fmt.Sprintf("Listen to it: %d seconds, and nobody has yet.", v.Seconds)))
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	return c.recordings.Get(ctx, r.ID)
}

// task is what staff do with a recording.
func (r *Recording) task(do string) Task {
	t := Task{Meta: docstore.Meta{ID: "tsk_" + r.ID}, Kind: "voicemail", Person: r.Person, Study: r.Study, Site: r.Site, Recording: r.ID}
	switch {
	case r.Response != "":
		t.Text = "A question was answered by voice. "
	case r.Person == "":
		t.Text = "A message on a call from an unknown number. "
	case r.Proved:
		t.Text = "Left a message on a call. "
	default:
		t.Text = "A message on a call from their number; who called is not proved. "
	}
	t.Text += do
	return t
}

// became changes a recording that is still in the state it was read in; another is left as it is.
func (c *Coordinator) became(ctx context.Context, r Recording, action string, change func(*Recording, *docstore.Batch) error) error {
	return c.commit(ctx, audit.Entry{Actor: Carrier, Action: action, Person: string(r.Person), Study: string(r.Study)}, func(b *docstore.Batch, _ *audit.Entry) error {
		_, err := c.recordings.Edit(ctx, b, r.ID, func(v *Recording) error {
			if v.State != r.State {
				return docstore.Unchanged
			}
			return change(v, b)
		})
		return err
	})
}

// putOff makes the next try later, the more have failed; after the last, what could not be fetched is
// lost, and staff are told that something was said.
func (c *Coordinator) putOff(ctx context.Context, was Recording) error {
	r, err := c.recordings.Get(ctx, was.ID)
	if err != nil {
		return err
	}
	return c.became(ctx, r, "recording.later", func(v *Recording, b *docstore.Batch) error {
		v.Tries++
		v.Next = c.Clock.Wall().Add(min(time.Hour, firstTry<<min(v.Tries-1, 10)))
		if v.Tries >= mostTries && v.State == RecordingMade {
			v.State, v.Next = RecordingLost, time.Time{}
			if !v.Practice {
				c.AddTask(b, v.task("It could not be fetched from the phone company. Call, and ask."))
			}
		}
		return nil
	})
}

// Listen returns the sound of a recording for somebody to hear, after writing down that they do.
// ErrNoRecording: there is none any more, or not yet.
func (c *Coordinator) Listen(ctx context.Context, by audit.Actor, id string) (Recording, []byte, error) {
	r, err := c.recordings.Get(ctx, id)
	if err != nil {
		return r, nil, err
	}
	if !r.There() {
		return r, nil, ErrNoRecording
	}
	sound, err := c.sound(ctx, id, r.Digest)
	if err != nil {
		return r, nil, err
	}
	err = c.Audit.Read(ctx, audit.Entry{Actor: by, Action: "recording.listen", Person: string(r.Person), Study: string(r.Study), Objects: []audit.Object{{Collection: c.recordings.Name(), ID: id}}})
	return r, sound, err
}

// sound puts the pieces together. ErrRecordingBroken where they are not what was recorded,
// ErrNoRecording where there are none.
func (c *Coordinator) sound(ctx context.Context, id, digest string) ([]byte, error) {
	parts, err := c.sounds.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("recording", id)}})
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, ErrNoRecording
	}
	var all bytes.Buffer
	for _, p := range parts {
		all.Write(p.Data)
	}
	if sum := sha256.Sum256(all.Bytes()); hex.EncodeToString(sum[:]) != digest {
		return nil, ErrRecordingBroken
	}
	return all.Bytes(), nil
}

// dropSound takes the pieces of a sound away.
func (c *Coordinator) dropSound(ctx context.Context, id string) error {
	return c.Store.Do(ctx, func(b *docstore.Batch) error {
		parts, err := c.sounds.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("recording", id)}})
		for i := range parts {
			c.sounds.Delete(b, &parts[i])
		}
		return err
	})
}

// discard takes the sound of a recording away with b; what is still at the carrier is deleted there next.
// It says whether there was anything to do.
func (c *Coordinator) discard(ctx context.Context, b *docstore.Batch, r Recording) (bool, error) {
	parts, err := c.sounds.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("recording", r.ID)}})
	if err != nil {
		return false, err
	}
	for i := range parts {
		c.sounds.Delete(b, &parts[i])
	}
	after := map[string]string{RecordingMade: RecordingUnwanted, RecordingKept: RecordingUnwanted, RecordingLost: RecordingUnwanted, RecordingDone: RecordingGone}[r.State]
	if after == "" {
		return len(parts) > 0, nil
	}
	_, err = c.recordings.Edit(ctx, b, r.ID, func(v *Recording) error {
		v.State, v.Next, v.Until = after, c.Clock.Wall(), time.Time{}
		return nil
	})
	return true, err
}

// clearRecordings takes away what an erased person has said, three recordings at a time: each is some
// pieces.
func (c *Coordinator) clearRecordings(ctx context.Context, b *docstore.Batch, p contacts.PersonID) (more bool, err error) {
	all, err := c.RecordingsOf(ctx, p)
	if err != nil {
		return false, err
	}
	n := 0
	for _, r := range all {
		if n == 3 {
			return true, nil
		}
		did, err := c.discard(ctx, b, r)
		if err != nil {
			return false, err
		}
		if did {
			n++
		}
	}
	return false, nil
}

// RetainRecordings takes away messages whose days are over: the sound, here and at the carrier. Answers
// stay with the others of their study. It returns how many went, at most a hundred a call.
func (c *Coordinator) RetainRecordings(ctx context.Context, now time.Time) (n int, err error) {
	over, err := c.recordings.List(ctx, docstore.Query{Range: &docstore.Range{Path: "until", From: time.Unix(0, 0), To: now}, Limit: 100})
	if err != nil {
		return 0, err
	}
	for _, r := range over {
		err := c.commit(ctx, audit.Entry{Actor: System, Action: "recording.discarded", Person: string(r.Person), Study: string(r.Study), Reason: "retention"}, func(b *docstore.Batch, _ *audit.Entry) error {
			_, err := c.discard(ctx, b, r)
			return err
		})
		if err != nil {
			return n, fmt.Errorf("retention of %s: %w", r.ID, err)
		}
		n++
	}
	return n, nil
}

// keptFor is how many days a message is kept: as long as its study keeps pre-screen answers (retainDays),
// or 90 where it is about none.
func (c *Coordinator) keptFor(ctx context.Context, study StudyID) (int, error) {
	if study == "" {
		return 90, nil
	}
	st, err := c.studies.Get(ctx, string(study))
	return cmp.Or(st.RetainDays, 90), err
}
