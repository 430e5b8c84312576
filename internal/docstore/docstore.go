// Package docstore is the one contract between Muster and its database.
//
// Two drivers keep it: sqlitedoc (embedded, the default) and mongodoc (production).
// Documents are BSON in both. Callers work with Collection[T] and Batch; only drivers
// and the conformance suite touch Driver directly.
package docstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Errors a caller decides on. Drivers wrap them; test with errors.Is.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("already exists")
	ErrConflict = errors.New("changed by someone else meanwhile")
	ErrInvalid  = errors.New("document cannot be stored")
	ErrQuery    = errors.New("query refused")
	ErrBusy     = errors.New("the database is never quiet")
)

// MaxBody is the largest document either driver accepts, in bytes.
const MaxBody = 4 << 20

// OpKind says what an Op does to its document.
type OpKind uint8

// The five operations a batch may hold.
const (
	Insert  OpKind = iota + 1 // the id must be free: ErrExists
	Ensure                    // insert unless the id exists; never an error
	Replace                   // Rev must be the stored revision: ErrConflict
	Delete                    // likewise
	Check                     // changes nothing; Rev must match (0: the id must not exist)
)

// String names the operation, for errors.
func (k OpKind) String() string {
	switch k {
	case Insert:
		return "insert"
	case Ensure:
		return "ensure"
	case Replace:
		return "replace"
	case Delete:
		return "delete"
	case Check:
		return "check"
	default:
		return fmt.Sprintf("operation %d", uint8(k))
	}
}

// Op is one step of a Write. Body holds the whole document with _id and rev already set.
// Rev is the revision the document must have now (Replace, Delete, Check).
type Op struct {
	Kind       OpKind
	Collection string
	ID         string
	Rev        int64
	Body       bson.Raw
}

// Index declares which fields a Query may use, in order. Paths are dotted; "points[].hash"
// indexes every element of an array. At most one field of an index may go through an array.
// An absent field gives no entry: queries on the index do not see such documents.
type Index struct {
	Name   string
	Fields []string
}

// Change is one entry of the change feed: the document as it is now, or Deleted.
type Change struct {
	Collection string
	ID         string
	Rev        int64
	Deleted    bool
	Body       bson.Raw // nil when deleted
}

// Driver is what a database must do. All methods are safe for concurrent use.
type Driver interface {
	// Get returns the stored document, or ErrNotFound.
	Get(ctx context.Context, collection, id string) (bson.Raw, error)
	// Find yields the documents that match, in order. The query has passed Validate.
	// It holds no connection between pages.
	Find(ctx context.Context, collection string, q Query) iter.Seq2[bson.Raw, error]
	// Cursor returns the After that continues q behind last, a document Find has yielded.
	Cursor(collection string, q Query, last bson.Raw) (string, error)
	// Count returns how many documents match; Limit and After are ignored.
	Count(ctx context.Context, collection string, q Query) (int, error)
	// Write applies all ops or none: ErrConflict, ErrExists. It returns only after the
	// change is durable.
	Write(ctx context.Context, ops []Op) error
	// Index makes the declared indexes of a collection exist. Calling it again is harmless.
	Index(ctx context.Context, collection string, ix []Index) error
	// Changes yields what changed after token (nil: from the beginning of what is kept),
	// each with the token to go on from. It ends when there is nothing more for now.
	// A change may be seen twice.
	Changes(ctx context.Context, token []byte) iter.Seq2[FeedItem, error]
	// End is a token from which Changes yields whatever is committed from now on.
	End(ctx context.Context) (token []byte, err error)
	// Ping answers whether the store can serve.
	Ping(ctx context.Context) error
	Whole
	Close() error
}

// FeedItem is a change and the token that resumes after it.
type FeedItem struct {
	Change
	Token []byte
}

// Meta is embedded (bson inline) in every stored document.
type Meta struct {
	ID      string    `bson:"_id" json:"id"`
	Rev     int64     `bson:"rev" json:"rev"`
	Changed time.Time `bson:"changed,omitempty" json:"changed,omitzero"` // wall clock of the last write
}

// DocMeta makes *T of a struct that embeds Meta a Document.
func (m *Meta) DocMeta() *Meta { return m }

// Document is a pointer to a struct that embeds Meta.
type Document interface{ DocMeta() *Meta }
