package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/signature"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Errors a caller decides on.
var (
	// ErrNoRing: the file is not there and was not to be made.
	ErrNoRing = errors.New("no key ring")
	// ErrRing: the file is not a usable key ring, or others can read it.
	ErrRing = errors.New("key ring cannot be used")
	// ErrWrongRing: the database belongs to another ring.
	ErrWrongRing = errors.New("wrong key ring")
	// ErrErased: the person's key was destroyed; nothing new can be sealed for them.
	ErrErased = errors.New("erased")
	// ErrBroken: sealed bytes do not open: another key, another place, or changed.
	ErrBroken = errors.New("sealed value does not open")
)

// Ring holds the keys that are not a person's. Its file may be replaced by one with more keys while
// it is in use; see Reload. Safe for concurrent use.
type Ring struct {
	path    string
	wrap    tink.AEAD // the wrapping keys as they are at each call
	now     atomic.Pointer[ringKeys]
	reading sync.Mutex // one Reload at a time
}

// ringKeys is what the file holds at one time.
type ringKeys struct {
	data   []byte // the file
	id     string
	wrap   tink.AEAD
	wraps  []Key // the wrapping keys, the one in use first
	lookup *prf.Set
	chain  tink.MAC
	sign   tink.Signer
	verify tink.Verifier
	others []Key
	fields sync.Map // field name -> [][]byte, the field's keys, the primary one first
}

// ringFile is the JSON form. The four keysets are Tink's own JSON, in clear: the file itself is
// the secret.
type ringFile struct {
	Kind       string          `json:"kind"` // always ringKind
	Version    int             `json:"version"`
	ID         string          `json:"id"`
	Wrap       json.RawMessage `json:"wrap"`       // AES256-GCM
	Lookup     json.RawMessage `json:"lookup"`     // HMAC-SHA-256 as a PRF
	Chain      json.RawMessage `json:"chain"`      // HMAC-SHA-256, 256-bit tag
	Checkpoint json.RawMessage `json:"checkpoint"` // Ed25519

	Made map[string]time.Time `json:"made,omitempty"` // by key id: when the key was made
}

const (
	ringKind    = "muster key ring"
	ringVersion = 1
)

// Open reads the key ring at path. With create, a ring that is not there is made first, readable
// by its owner only. Errors: ErrNoRing, ErrRing; each says how to mend it.
func Open(path string, create bool) (*Ring, error) {
	data, err := readRing(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !create {
			return nil, fmt.Errorf("%w at %s: it holds the keys to all personal data in the database; put your copy of it there, or name its place with --keyring-file", ErrNoRing, path)
		}
		if err = makeRing(path); err == nil {
			data, err = readRing(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open key ring: %w", err)
	}
	keys, err := parseRing(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w; put your copy of it back", ErrRing, path, err)
	}
	r := &Ring{path: path}
	r.now.Store(keys)
	r.wrap = wrapping{r}
	return r, nil
}

// Passing makes a ring that is in no file, for what goes with the process: a store in memory. It has
// no ledger and cannot be rotated.
func Passing() (*Ring, error) {
	data, err := newRing()
	if err != nil {
		return nil, fmt.Errorf("make a passing key ring: %w", err)
	}
	keys, err := parseRing(data)
	if err != nil {
		return nil, fmt.Errorf("make a passing key ring: %w", err)
	}
	r := &Ring{}
	r.now.Store(keys)
	r.wrap = wrapping{r}
	return r, nil
}

func readRing(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	// Group read is allowed: container platforms mount secrets that way.
	if perm := info.Mode().Perm(); perm&0o037 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o, so others can read or change it; run: chmod 600 %s", ErrRing, path, perm, path)
	}
	return os.ReadFile(path)
}

// makeRing writes a new ring beside path and links it into place, so that of two processes that
// start together one wins and no one ever sees half a file.
func makeRing(path string) error {
	data, err := newRing()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return writeBeside(path, data, func(tmp string) error {
		if err := os.Link(tmp, path); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	})
}

// newRing makes the keys of a ring, as its file holds them.
func newRing() ([]byte, error) {
	file := ringFile{Kind: ringKind, Version: ringVersion, ID: "ring_" + strings.ToLower(rand.Text()), Made: map[string]time.Time{}}
	for _, k := range []struct {
		into     *json.RawMessage
		template *tinkpb.KeyTemplate
	}{
		{&file.Wrap, aead.AES256GCMKeyTemplate()},
		{&file.Lookup, prf.HMACSHA256PRFKeyTemplate()},
		{&file.Chain, mac.HMACSHA256Tag256KeyTemplate()},
		{&file.Checkpoint, signature.ED25519KeyTemplate()},
	} {
		h, err := keyset.NewHandle(k.template)
		if err != nil {
			return nil, fmt.Errorf("make keys: %w", err)
		}
		if *k.into, err = keysetJSON(h); err != nil {
			return nil, err
		}
		file.Made[keyName(h.KeysetInfo().GetPrimaryKeyId())] = time.Now().UTC().Truncate(time.Second)
	}
	return file.encode()
}

func (f *ringFile) encode() ([]byte, error) {
	data, err := json.MarshalIndent(f, "", "  ")
	return append(data, '\n'), err
}

func keysetJSON(h *keyset.Handle) (json.RawMessage, error) {
	var buf bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&buf)); err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	return buf.Bytes(), nil
}

// writeBeside writes data, on disk and readable by its owner only, to a new file in the folder of
// path; place then brings it to where it belongs in one step.
func writeBeside(path string, data []byte, place func(tmp string) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keyring-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return place(tmp.Name())
}

func parseRing(data []byte) (*ringKeys, error) {
	var file ringFile
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, errors.New("it is not JSON") // the cause might quote a key
	}
	if file.Kind != ringKind || file.ID == "" {
		return nil, errors.New("it is not a muster key ring")
	}
	if file.Version > ringVersion {
		return nil, fmt.Errorf("it has version %d and this program knows %d: use the newer program", file.Version, ringVersion)
	}
	var failed error
	handle := func(name string, raw json.RawMessage) *keyset.Handle {
		h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
		if err != nil && failed == nil {
			failed = fmt.Errorf("its keyset %q is damaged", name)
		}
		return h
	}
	wrap, lookup := handle("wrap", file.Wrap), handle("lookup", file.Lookup)
	chain, checkpoint := handle("chain", file.Chain), handle("checkpoint", file.Checkpoint)
	if failed != nil {
		return nil, failed
	}
	r := &ringKeys{data: data, id: file.ID, wraps: file.describe("wrap", wrap)}
	r.others = slices.Concat(file.describe("lookup", lookup), file.describe("chain", chain), file.describe("checkpoint", checkpoint))
	var errs [5]error
	r.wrap, errs[0] = aead.New(wrap)
	r.lookup, errs[1] = prf.NewPRFSet(lookup)
	r.chain, errs[2] = mac.New(chain)
	r.sign, errs[3] = signature.NewSigner(checkpoint)
	public, err := checkpoint.Public()
	if err == nil {
		r.verify, err = signature.NewVerifier(public)
	}
	errs[4] = err
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("its keysets have the wrong kind: %w", err)
	}
	return r, nil
}

// ID names the ring without giving anything away.
func (r *Ring) ID() string { return r.now.Load().id }

// Hash is the keyed look-up hash of a normalised value: HMAC-SHA-256 under a key of the field's
// own, base64url, 43 characters. Equal values of one field have equal hashes; across fields they
// do not. The hash of "" is "".
func (r *Ring) Hash(field, normalised string) string {
	if normalised == "" {
		return ""
	}
	return hashWith(r.fieldKeys(field)[0], field, normalised)
}

// Hashes are the hashes of a value under every key of the ring, the one Hash uses first: what to
// look up while stored hashes move to a new key.
func (r *Ring) Hashes(field, normalised string) []string {
	if normalised == "" {
		return nil
	}
	var out []string
	for _, key := range r.fieldKeys(field) {
		out = append(out, hashWith(key, field, normalised))
	}
	return out
}

func hashWith(key []byte, field, value string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(field + "\x00" + value))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func (r *Ring) fieldKeys(field string) [][]byte { return r.now.Load().fieldKeys(field) }

func (r *ringKeys) fieldKeys(field string) [][]byte {
	if keys, ok := r.fields.Load(field); ok {
		return keys.([][]byte)
	}
	var ids []uint32
	for id := range r.lookup.PRFs {
		if id != r.lookup.PrimaryID {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var keys [][]byte
	for _, id := range append([]uint32{r.lookup.PrimaryID}, ids...) {
		key, err := r.lookup.PRFs[id].ComputePRF([]byte("muster look-up field\x00"+field), sha256.Size)
		if err != nil {
			panic("seal: derive a field key: " + err.Error()) // only for an output longer than the hash
		}
		keys = append(keys, key)
	}
	r.fields.Store(field, keys)
	return keys
}

// SealBytes encrypts plain for the place context names; OpenBytes needs the same context.
func (r *Ring) SealBytes(plain []byte, context string) ([]byte, error) {
	sealed, err := r.wrap.Encrypt(plain, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("seal for %s: %w", context, err)
	}
	return sealed, nil
}

// OpenBytes gives back what SealBytes took, or ErrBroken.
func (r *Ring) OpenBytes(sealed []byte, context string) ([]byte, error) {
	plain, err := r.wrap.Decrypt(sealed, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", context, ErrBroken)
	}
	return plain, nil
}

// MAC vouches for data in the audit chain.
func (r *Ring) MAC(data []byte) ([]byte, error) { return r.now.Load().chain.ComputeMAC(data) }

// CheckMAC says whether mac is MAC's answer for data, under any key of the ring.
func (r *Ring) CheckMAC(tag, data []byte) bool { return r.now.Load().chain.VerifyMAC(tag, data) == nil }

// Sign signs a checkpoint.
func (r *Ring) Sign(data []byte) ([]byte, error) { return r.now.Load().sign.Sign(data) }

// CheckSignature says whether sig is this ring's signature of data.
func (r *Ring) CheckSignature(sig, data []byte) bool {
	return r.now.Load().verify.Verify(sig, data) == nil
}
