// Package audit keeps who changed what, when and why, so that it can be shown and cannot be
// altered unseen.
//
// An entry is written in the batch of its change, or alone when something was only read. Entries
// are chained in lanes: each holds the MAC of the one before, under a key that is not in the
// database. A process opens as many lanes as it has writes side by side, so the chain is no
// bottleneck. Signed checkpoints name the heads of the lanes, in the database and in the log.
// Verify walks all of it and compares every audited document with the last entry that names it.
package audit

import (
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// Errors a caller decides on.
var (
	// ErrActor: an entry does not say who acts or what is done.
	ErrActor = errors.New("audit entry without actor or action")
	// ErrTwice: a batch was given a second entry.
	ErrTwice = errors.New("batch has an audit entry already")
	// ErrUnrecorded: a change of audited documents has no entry.
	ErrUnrecorded = errors.New("change without an audit entry")
)

// Collections of this package.
const (
	Collection  = "audit"
	checkpoints = "checkpoints"
)

// ActorKind says what sort of actor did something.
type ActorKind string

// The kinds of actor.
const (
	Staff    ActorKind = "staff"
	Person   ActorKind = "person"   // the volunteer or participant
	System   ActorKind = "system"   // a job of ours
	Provider ActorKind = "provider" // a webhook of the telephone or mail provider
	CLI      ActorKind = "cli"      // whoever runs the muster command
)

// Actor is who acts. The zero Actor is refused.
type Actor struct {
	Kind ActorKind `bson:"kind" json:"kind"`
	ID   string    `bson:"id" json:"id"`
	Role string    `bson:"role,omitempty" json:"role,omitempty"`
}

func (a Actor) check() error {
	switch a.Kind {
	case Staff, Person, System, Provider, CLI:
		if a.ID != "" {
			return nil
		}
	}
	return fmt.Errorf("%w: actor %q of kind %q", ErrActor, a.ID, a.Kind)
}

// Entry is one line of the audit trail, of collection "audit", id "lane/000000123". Callers fill
// Actor to Study, and Objects only for Read; the rest is the log's.
type Entry struct {
	docstore.Meta `bson:",inline"`
	Lane          string    `bson:"lane" json:"lane"`
	Seq           int64     `bson:"seq" json:"seq"` // from 1, without gaps
	At            time.Time `bson:"at" json:"at"`   // business time
	Wall          time.Time `bson:"wall" json:"wall"`
	ClockBack     bool      `bson:"clockBack,omitempty" json:"clockBack,omitempty"` // real time ran backwards since the entry before
	Actor         Actor     `bson:"actor" json:"actor"`
	OnBehalf      string    `bson:"onBehalf,omitempty" json:"onBehalf,omitempty"` // person or staff id the actor acts for
	Action        string    `bson:"action" json:"action"`                         // "person.signup"
	Reason        string    `bson:"reason,omitempty" json:"reason,omitempty"`     // no personal data: it is stored in clear
	Request       string    `bson:"request,omitempty" json:"request,omitempty"`
	Person        string    `bson:"person,omitempty" json:"person,omitempty"` // whom it concerns
	Study         string    `bson:"study,omitempty" json:"study,omitempty"`
	Objects       []Object  `bson:"objects,omitempty" json:"objects,omitempty"`
	Prev          []byte    `bson:"prev,omitempty" json:"prev,omitempty"` // MAC of the entry before; none for the first
	MAC           []byte    `bson:"mac,omitempty" json:"mac"`             // last, over all that stands before it
}

// Object is one document an entry names: its revision after the change (for Read: as it was seen).
type Object struct {
	Collection string   `bson:"collection" json:"collection"`
	ID         string   `bson:"id" json:"id"`
	Rev        int64    `bson:"rev" json:"rev"`
	Op         string   `bson:"op,omitempty" json:"op,omitempty"`     // "insert", "ensure", "replace", "delete"; "" for a read
	Hash       []byte   `bson:"hash,omitempty" json:"hash,omitempty"` // SHA-256 of the stored body
	Changes    []Change `bson:"changes,omitempty" json:"changes,omitempty"`
}

// Change is one field of a replaced document, old and new as stored: what is sealed stays sealed
// (seal.Keys.Reveal opens it). A zero Old or New means absent.
type Change struct {
	Path string        `bson:"path" json:"path"` // "status", "points[0].value"
	Old  bson.RawValue `bson:"old,omitempty" json:"-"`
	New  bson.RawValue `bson:"new,omitempty" json:"-"`
}

// unaudited are the collections whose changes need no entry: the trail itself, keys, what is
// machinery, and what keeps its own history in the document.
func unaudited(more []string) map[string]bool {
	out := map[string]bool{
		Collection: true, checkpoints: true,
		"meta": true, "keys": true, docstore.SchemaCollection: true,
		"outbox": true, "outbox_sids": true, "outbox_halts": true,
		"sessions": true, "replays": true, "markers": true, "leases": true,
	}
	for _, c := range more {
		out[c] = true
	}
	return out
}

func entryID(lane string, seq int64) string { return fmt.Sprintf("%s/%09d", lane, seq) }
