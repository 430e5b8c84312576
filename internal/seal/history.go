package seal

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// Formerly makes c, which Fields or FieldsApart gave, also open values that were sealed while the
// documents had another owner. New ones are sealed for the owner of today.
func Formerly(c docstore.Codec, owner func(bson.Raw) string) docstore.Codec {
	f := *c.(*fields)
	f.former = owner
	return &f
}

// WithHistory makes c, which Fields or FieldsApart gave, seal what the audit trail writes down of a
// change, also where the document itself has it in clear: the trail is never rewritten, and what
// must be gone when its owner is erased would stand there for good. See History.
func WithHistory(c docstore.Codec) docstore.Codec { return &history{c.(*fields)} }

type history struct{ *fields }

// History seals v, which stood or stands at path of doc, with the key of the document's owner. What
// is sealed already stays as it is; of somebody erased nothing but the path is written down.
// Keys.Reveal opens it.
func (h *history) History(ctx context.Context, b *docstore.Batch, doc bson.Raw, path string, v bson.RawValue) (bson.RawValue, error) {
	owner := h.owner(doc)
	if subtype, _, ok := v.BinaryOK(); v.IsZero() || owner == "" || ok && (subtype == sealedSubtype || subtype == apartSubtype) {
		return v, nil
	}
	key, err := h.keys.forSealing(ctx, b, owner)
	if errors.Is(err, ErrErased) {
		return erasedValue(), nil
	}
	if err != nil {
		return v, err
	}
	return sealValue(key, h.place(doc)+withoutIndexes(path), v)
}
