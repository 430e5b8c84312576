package docstore

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Cursors makes and reads After cursors. A cursor is encrypted with a key the database keeps,
// so it shows nothing of the document it stands on, cannot be altered, and still serves after
// a restart and in another process.
type Cursors struct{ aead cipher.AEAD }

// CursorKeySize is the length of the key NewCursors wants, in bytes.
const CursorKeySize = 32

// NewCursors returns the cursors under key.
func NewCursors(key []byte) (Cursors, error) {
	if len(key) != CursorKeySize {
		return Cursors{}, fmt.Errorf("cursor key of %d bytes", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return Cursors{}, fmt.Errorf("cursor key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return Cursors{}, fmt.Errorf("cursor key: %w", err)
	}
	return Cursors{aead}, nil
}

// Position is where a page ended: the document's id and, when the plan sorts by a field, that
// field's value.
type Position struct {
	Value bson.RawValue `bson:"v,omitempty"`
	ID    string        `bson:"i"`
}

// Seal returns the cursor that goes on after the document last.
func (c Cursors) Seal(collection string, q Query, p Plan, last bson.Raw) (string, error) {
	id, ok := last.Lookup("_id").StringValueOK()
	if !ok {
		return "", fmt.Errorf("cursor in %s: document without an id", collection)
	}
	at := bson.D{{Key: "i", Value: id}}
	if p.Sort != "" {
		values := Lookup(last, p.Sort)
		if len(values) != 1 {
			return "", fmt.Errorf("cursor in %s: document without %q", collection, p.Sort)
		}
		at = append(at, bson.E{Key: "v", Value: values[0]})
	}
	plain, err := bson.Marshal(at)
	if err != nil {
		return "", fmt.Errorf("cursor in %s: %w", collection, err)
	}
	return base64.RawURLEncoding.EncodeToString(c.aead.Seal(nil, nil, plain, cursorScope(collection, q, p))), nil
}

// Open reads q.After; ErrQuery when it is not a cursor of such a query.
func (c Cursors) Open(collection string, q Query, p Plan) (Position, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil {
		return Position{}, fmt.Errorf("%w: %s: not a cursor", ErrQuery, collection)
	}
	plain, err := c.aead.Open(nil, nil, sealed, cursorScope(collection, q, p))
	if err != nil {
		return Position{}, fmt.Errorf("%w: %s: cursor of another query", ErrQuery, collection)
	}
	var at Position
	if err := bson.Unmarshal(plain, &at); err != nil {
		return Position{}, fmt.Errorf("%w: %s: not a cursor", ErrQuery, collection)
	}
	return at, nil
}

// cursorScope binds a cursor to the order it was made in.
func cursorScope(collection string, q Query, p Plan) []byte {
	return fmt.Appendf(nil, "%s|%s|%t", collection, p.Sort, q.Desc)
}
