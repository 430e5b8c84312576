package trial

import (
	"context"
	"errors"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
)

// States of a recording.
const (
	RecordingMade     = "made"     // at the carrier, and not here yet
	RecordingKept     = "kept"     // sealed here, and read back; still at the carrier too
	RecordingDone     = "done"     // here alone
	RecordingUnwanted = "unwanted" // to be deleted at the carrier, and not kept here
	RecordingGone     = "gone"     // nowhere any more
	RecordingLost     = "lost"     // the carrier did not give it for days; staff were told
)

// ShortestRecording is what holds no words: a breath, or the receiver being put down.
const ShortestRecording = 2 * time.Second

// mostSound is the largest recording that is kept, in bytes. Two minutes, the longest that is asked
// for, are under 2 MB as a WAV of 8 kHz.
const mostSound = 10 << 20

// Recording is what somebody said after the tone of a call: a message to the office, or the answer to
// a question in their own words. Its id is "rec_" and the carrier's id of it. The sound is in pieces of
// its own (soundPart), sealed with the person's key: it goes when they are erased.
type Recording struct {
	docstore.Meta `bson:",inline"`
	SID           string            `bson:"sid"`              // the carrier's
	Person        contacts.PersonID `bson:"person,omitempty"` // "" nobody knows who it was
	Proved        bool              `bson:"proved,omitempty"` // they had proved to be that; else the number is theirs alone
	Study         StudyID           `bson:"study,omitempty"`
	Site          string            `bson:"site,omitempty"`
	Call          string            `bson:"call"`               // the carrier's id
	Response      string            `bson:"response,omitempty"` // which it is an answer in; "" for a message
	Item          string            `bson:"item,omitempty"`     // the question
	Practice      bool              `bson:"practice,omitempty"` // nobody has to listen to it
	Made          time.Time         `bson:"made"`
	Seconds       int               `bson:"seconds"`
	Until         time.Time         `bson:"until,omitempty"`  // a message is kept so long; an answer stays with its study
	State         string            `bson:"state"`            // "made", "kept", "done", "unwanted", "gone", "lost"
	Type          string            `bson:"type,omitempty"`   // "audio/x-wav"
	Bytes         int               `bson:"bytes,omitempty"`  // of the sound
	Digest        string            `bson:"digest,omitempty"` // hexadecimal SHA-256 of the sound
	Tries         int               `bson:"tries,omitempty"`  // to fetch or delete it, that failed
	Next          time.Time         `bson:"next,omitempty"`   // real time of the next try
}

// soundPart is a piece of a recording's sound, in order by id: "rec_RE…/00".
type soundPart struct {
	docstore.Meta `bson:",inline"`
	Recording     string            `bson:"recording"`
	Person        contacts.PersonID `bson:"person,omitempty"`
	Data          []byte            `bson:"data"` // sealed
}

// RecordingID is the id of what the carrier calls sid.
func RecordingID(sid string) string { return "rec_" + sid }

// Unaudited names the collections of this package that need no audit entry: the pieces of a sound,
// whose digest stands in its recording or narration, which is audited.
func Unaudited() []string { return []string{"sounds", "narrationSounds"} }

// AddRecording puts a recording that was just made into b, once however often it is told. One that is
// too short to hold words is not kept, and deleted at the carrier.
func (c *Coordinator) AddRecording(b *docstore.Batch, r Recording) {
	r.ID, r.State, r.Next = RecordingID(r.SID), RecordingMade, c.Clock.Wall()
	if time.Duration(r.Seconds)*time.Second < ShortestRecording {
		r.State, r.Until = RecordingUnwanted, time.Time{}
	}
	c.recordings.Ensure(b, &r)
}

// Recording returns one, or docstore.ErrNotFound.
func (c *Coordinator) Recording(ctx context.Context, id string) (Recording, error) {
	return c.recordings.Get(ctx, id)
}

// Recordings returns those in a state, the oldest first.
func (c *Coordinator) Recordings(ctx context.Context, state string) ([]Recording, error) {
	return c.recordings.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("state", state)}, Order: "made"})
}

// RecordingsOf returns a person's, by id.
func (c *Coordinator) RecordingsOf(ctx context.Context, p contacts.PersonID) ([]Recording, error) {
	return c.recordings.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("person", string(p))}})
}

// There says whether there is something to listen to.
func (r *Recording) There() bool { return r.State == RecordingKept || r.State == RecordingDone }

// Tapes is where a carrier keeps what was recorded on its calls.
type Tapes interface {
	// Recording returns the sound and its media type. ErrNoRecording: there is none, or not yet.
	Recording(ctx context.Context, sid string) (sound []byte, mediaType string, err error)
	// DeleteRecording deletes it; one that is not there is deleted.
	DeleteRecording(ctx context.Context, sid string) error
}

// Errors of recordings.
var (
	ErrNoRecording     = errors.New("there is no such recording")
	ErrRecordingBroken = errors.New("the sound that was stored is not the one that was recorded")
)
