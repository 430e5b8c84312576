// Package backup writes a whole database into one file, checks such a file, and fills an empty
// database from it. It knows documents as they are stored, sealed fields included, and no keys: a
// backup never holds the key ring.
//
// A file is a tar, compressed with zstd and, where recipients are named, encrypted with age. Its
// members, in this order:
//
//	header.json                       Header
//	documents/<collection>/000001.bson …  BSON documents, one behind the other, about a megabyte each
//	changes/000001.bson …             what was written while a copy that is not exact was made
//	manifest.json                     Manifest
//	manifest.mac                      the key ring's MAC of manifest.json, in hex
//
// so that `age -d FILE | zstd -d | tar x` and bsondump read it without Muster.
package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Errors a caller decides on. Each is wrapped with the mend.
var (
	// ErrDamaged: the file is cut off or was changed.
	ErrDamaged = errors.New("the backup is damaged")
	// ErrNotBackup: the file is something else.
	ErrNotBackup = errors.New("not a backup of Muster")
	// ErrNewer: a newer program wrote it.
	ErrNewer = errors.New("the backup is newer than this program")
	// ErrIdentity: the file is encrypted and no given identity opens it.
	ErrIdentity = errors.New("the backup is encrypted for somebody else")
	// ErrNotEmpty: the target holds documents.
	ErrNotEmpty = errors.New("the database is not empty")
	// ErrUnfinished: a restore into the database did not end.
	ErrUnfinished = errors.New("a restore into this database was not finished")
)

// format is the version of the file.
const (
	kind   = "muster backup"
	format = 1
)

// Names of the members.
const (
	headerName   = "header.json"
	manifestName = "manifest.json"
	macName      = "manifest.mac"
	documentsDir = "documents/"
	changesDir   = "changes/"
)

// chunkSize is when a member of documents is full. The last document may go over it.
const chunkSize = 1 << 20

// Header says what a backup is of. Schema is the version of each collection; one that is not named
// has version 1.
type Header struct {
	Kind    string         `json:"kind"`
	Format  int            `json:"format"`
	Program string         `json:"program"`
	Created time.Time      `json:"created"`
	Store   string         `json:"store"` // "sqlite" or "mongodb"
	Exact   bool           `json:"exact"` // read as of one moment; otherwise copied, then brought up to a quiet moment
	Ring    string         `json:"ring"`  // the key ring that opens it
	Schema  map[string]int `json:"schema"`
}

// Manifest says what a backup holds, and comes last. Hashes are SHA-256 in hex.
type Manifest struct {
	Header      string          `json:"header"` // hash of header.json
	Collections map[string]Part `json:"collections"`
	Changes     Part            `json:"changes"`
	Lanes       []Lane          `json:"lanes"` // how far the audit trail had come
}

// Part is one collection, or the changes: how much of it stands in the file, and the hash of that.
type Part struct {
	Documents int    `json:"documents"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"`
}

// Lane is the last entry of one lane of the audit trail.
type Lane struct {
	Lane string `json:"lane"`
	Seq  int64  `json:"seq"`
	MAC  string `json:"mac"`
}

// Documents is how many there are in all, changes not counted.
func (m Manifest) Documents() (n int) {
	for _, p := range m.Collections {
		n += p.Documents
	}
	return n
}

// Bytes is how much BSON there is in all.
func (m Manifest) Bytes() (n int64) {
	for _, p := range m.Collections {
		n += p.Bytes
	}
	return n + m.Changes.Bytes
}

// Ring is the key ring of the database; *seal.Ring is one.
type Ring interface {
	ID() string
	MAC(data []byte) ([]byte, error)
	CheckMAC(mac, data []byte) bool
}

// tally counts and hashes one part as it passes.
type tally struct {
	n     int
	bytes int64
	sum   hash.Hash
}

func newTally() *tally { return &tally{sum: sha256.New()} }

func (t *tally) add(raw bson.Raw) {
	t.n++
	t.bytes += int64(len(raw))
	t.sum.Write(raw)
}

func (t *tally) part() Part {
	return Part{Documents: t.n, Bytes: t.bytes, SHA256: hex.EncodeToString(t.sum.Sum(nil))}
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// heads follows the audit trail as its entries pass.
type heads map[string]Lane

const auditCollection = "audit"

func (h heads) see(collection string, raw bson.Raw) {
	if collection != auditCollection {
		return
	}
	lane, _ := raw.Lookup("lane").StringValueOK()
	seq, _ := raw.Lookup("seq").AsInt64OK()
	if seq <= h[lane].Seq {
		return
	}
	_, mac, _ := raw.Lookup("mac").BinaryOK()
	h[lane] = Lane{lane, seq, hex.EncodeToString(mac)}
}
