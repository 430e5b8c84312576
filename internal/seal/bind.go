package seal

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// binding is the document of collection "meta" that ties a database to its ring: one proof for
// each kind of key, so that a ring patched together from two is refused as well.
type binding struct {
	docstore.Meta `bson:",inline"`
	Ring          string `bson:"ring"`
	Wrap          []byte `bson:"wrap"`
	Lookup        string `bson:"lookup"`
	Chain         []byte `bson:"chain"`
	Signature     []byte `bson:"signature"`
}

// BindingID is the id of the document in collection "meta".
const BindingID = "keyring"

// Bound says whether a database is tied to a ring already: then a missing ring must be found, not
// made anew.
func Bound(ctx context.Context, store *docstore.Store) (bool, error) {
	meta, err := docstore.Open[binding](ctx, store, docstore.Spec{Name: "meta", Version: 1})
	if err != nil {
		return false, err
	}
	_, err = meta.Get(ctx, BindingID)
	if errors.Is(err, docstore.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Bind ties store to this ring the first time, and afterwards refuses any other: ErrWrongRing.
// Call it at start, before anything is read.
func (r *Ring) Bind(ctx context.Context, store *docstore.Store) error {
	meta, err := docstore.Open[binding](ctx, store, docstore.Spec{Name: "meta", Version: 1})
	if err != nil {
		return err
	}
	got, err := meta.Get(ctx, BindingID)
	if errors.Is(err, docstore.ErrNotFound) {
		fresh, err := r.binding()
		if err != nil {
			return fmt.Errorf("bind key ring: %w", err)
		}
		b := store.Batch()
		meta.Ensure(b, fresh) // of two processes that start together, one binds
		if err := store.Commit(ctx, b); err != nil {
			return fmt.Errorf("bind key ring: %w", err)
		}
		got, err = meta.Get(ctx, BindingID)
		if err != nil {
			return fmt.Errorf("bind key ring: %w", err)
		}
	} else if err != nil {
		return fmt.Errorf("bind key ring: %w", err)
	}
	return r.bound(got)
}

// CheckBinding says whether this ring is the one a stored binding, the document BindingID of
// collection "meta", was made with: ErrWrongRing. It is for copies of databases.
func (r *Ring) CheckBinding(stored bson.Raw) error {
	var got binding
	if err := bson.Unmarshal(stored, &got); err != nil {
		return fmt.Errorf("binding of the key ring: %w", err)
	}
	return r.bound(got)
}

// CheckKey tries whether this ring opens a stored data key of a person, a document of collection
// "keys": ErrBroken. It does not try what an erased person left, and keys of parts.
func (r *Ring) CheckKey(stored bson.Raw) (tried bool, err error) {
	var key dataKey
	if err := bson.Unmarshal(stored, &key); err != nil {
		return false, fmt.Errorf("data key: %w", err)
	}
	if key.Erased || parentOf(key.ID) != "" {
		return false, nil
	}
	_, err = r.OpenBytes(key.Wrapped, keysCollection+"/"+key.ID)
	return true, err
}

func (r *Ring) bound(got binding) error {
	if got.Ring != r.ID() {
		return fmt.Errorf("%w: this database is sealed with %s and the file holds %s; point --keyring-file at the right one, or at a new database", ErrWrongRing, got.Ring, r.ID())
	}
	proof := []byte(r.ID())
	if _, err := r.OpenBytes(got.Wrap, bindingContext); err != nil {
		return fmt.Errorf("%w: its wrapping keys are not the ones of this database; put your copy of %s back, the one made after the last rotation", ErrWrongRing, r.ID())
	}
	known := false
	for _, h := range r.Hashes(bindingContext, r.ID()) {
		known = known || h == got.Lookup
	}
	if !known || !r.CheckMAC(got.Chain, proof) || !r.CheckSignature(got.Signature, proof) {
		return fmt.Errorf("%w: some of its keys are not the ones of this database; put your copy of %s back", ErrWrongRing, r.ID())
	}
	return nil
}

const bindingContext = "meta/" + BindingID

func (r *Ring) binding() (*binding, error) {
	proof := []byte(r.ID())
	v := &binding{Meta: docstore.Meta{ID: BindingID}, Ring: r.ID(), Lookup: r.Hash(bindingContext, r.ID())}
	var errs [3]error
	v.Wrap, errs[0] = r.SealBytes(proof, bindingContext)
	v.Chain, errs[1] = r.MAC(proof)
	v.Signature, errs[2] = r.Sign(proof)
	return v, errors.Join(errs[:]...)
}
