package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// handler is told of what is read, in order, before the end is known to be sound.
type handler struct {
	header    func(Header) error
	documents func([]docstore.Change) error // of one member
}

// most is the largest member that is read: a full one and the largest document.
const most = chunkSize + docstore.MaxBody + 4096

// read walks through a backup and compares it with its manifest. ErrDamaged, ErrNotBackup,
// ErrNewer, ErrIdentity, and what the handler returns.
func read(r io.Reader, ids []age.Identity, ring Ring, h handler) (Manifest, error) {
	plain, err := Unpack(r, ids)
	if err != nil {
		return Manifest{}, err
	}
	defer plain.Close()
	x := &reader{tar: tar.NewReader(plain), h: h, parts: map[string]*tally{}, changes: newTally(), lanes: heads{}}
	if err := x.all(ring); err != nil {
		return x.manifest, err
	}
	// The check sums of zstd and age stand at the very end.
	if _, err := io.Copy(io.Discard, plain); err != nil {
		return x.manifest, damaged("its end is missing", err)
	}
	return x.manifest, nil
}

func damaged(what string, cause error) error {
	if cause != nil {
		return fmt.Errorf("%w: %s (%w); use another copy of it", ErrDamaged, what, cause)
	}
	return fmt.Errorf("%w: %s; use another copy of it", ErrDamaged, what)
}

const ageMagic = "age-encryption.org/v1\n"

var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// Unpack undoes encryption and compression: what comes out is the tar.
func Unpack(r io.Reader, ids []age.Identity) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	begin, _ := in.Peek(len(ageMagic))
	if string(begin) == ageMagic {
		if len(ids) == 0 {
			return nil, fmt.Errorf("%w: name the file that holds your age identity with --identity", ErrIdentity)
		}
		opened, err := age.Decrypt(in, ids...)
		var none *age.NoIdentityMatchError
		switch {
		case errors.As(err, &none):
			return nil, fmt.Errorf("%w: none of the given identities opens it; name the one whose recipient it was made for with --identity", ErrIdentity)
		case err != nil:
			return nil, damaged("its encryption cannot be read", err)
		}
		in = bufio.NewReaderSize(opened, 64<<10)
		if begin, err = in.Peek(len(zstdMagic)); err != nil {
			return nil, damaged("it is cut off", err)
		}
	}
	if !bytes.HasPrefix(begin, zstdMagic) {
		return nil, fmt.Errorf("%w: it does not begin like one; name a file that muster backup wrote", ErrNotBackup)
	}
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return nil, err
	}
	return z.IOReadCloser(), nil
}

type reader struct {
	tar      *tar.Reader
	h        handler
	header   []byte
	manifest Manifest
	parts    map[string]*tally
	changes  *tally
	lanes    heads
}

func (x *reader) all(ring Ring) error {
	name, data, err := x.next()
	if err != nil {
		return err
	}
	if name != headerName {
		return fmt.Errorf("%w: it does not begin with %s", ErrNotBackup, headerName)
	}
	x.header = data
	var header Header
	if err := json.Unmarshal(data, &header); err != nil || header.Kind != kind {
		return fmt.Errorf("%w: its %s is not ours", ErrNotBackup, headerName)
	}
	if header.Format > format {
		return fmt.Errorf("%w: its format is %d and this program knows %d; use the program that made it, %s, or a later one", ErrNewer, header.Format, format, header.Program)
	}
	if header.Ring != ring.ID() {
		return fmt.Errorf("it was made of a database sealed with %s, and the key ring given is %s; point --keyring-file at the right one", header.Ring, ring.ID())
	}
	if err := x.h.header(header); err != nil {
		return err
	}
	for {
		if name, data, err = x.next(); err != nil {
			return err
		}
		if name == manifestName {
			break
		}
		if err := x.member(name, data); err != nil {
			return err
		}
	}
	return x.end(data, ring)
}

func (x *reader) next() (name string, data []byte, err error) {
	h, err := x.tar.Next()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", nil, damaged("it is cut off or changed", err)
	}
	// The manifest names each lane of the audit trail.
	if h.Size > most && h.Name != manifestName || h.Size > 64<<20 {
		return "", nil, damaged("a part of it has an impossible size", nil)
	}
	data = make([]byte, h.Size)
	if _, err := io.ReadFull(x.tar, data); err != nil {
		return "", nil, damaged("it is cut off or changed", err)
	}
	return h.Name, data, nil
}

// member takes one of documents or changes.
func (x *reader) member(name string, data []byte) error {
	collection, t := "", x.changes
	if rest, ok := strings.CutPrefix(name, documentsDir); ok {
		collection, _, _ = strings.Cut(rest, "/")
		if t = x.parts[collection]; t == nil {
			t = newTally()
			x.parts[collection] = t
		}
	} else if !strings.HasPrefix(name, changesDir) {
		return damaged("it has a part that does not belong there", nil)
	}
	var out []docstore.Change
	for len(data) > 0 {
		raw, rest, err := cut(data)
		if err != nil {
			return damaged("a document of it cannot be read", err)
		}
		data = rest
		t.add(raw)
		c := docstore.Change{Collection: collection, Body: raw}
		if collection == "" {
			if c, err = decodeChange(raw); err != nil {
				return damaged("a document of it cannot be read", err)
			}
		} else {
			c.ID, _ = raw.Lookup("_id").StringValueOK()
		}
		x.lanes.see(c.Collection, c.Body)
		out = append(out, c)
	}
	if err := docstore.CheckLoad(out); err != nil {
		return damaged("a document of it cannot be stored", err)
	}
	return x.h.documents(out)
}

// cut takes the first BSON document off data.
func cut(data []byte) (raw bson.Raw, rest []byte, err error) {
	if len(data) < 5 {
		return nil, nil, io.ErrUnexpectedEOF
	}
	n := int(uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24)
	if n < 5 || n > len(data) {
		return nil, nil, fmt.Errorf("a document of %d bytes", n)
	}
	raw = bson.Raw(data[:n:n])
	return raw, data[n:], raw.Validate()
}

func decodeChange(raw bson.Raw) (docstore.Change, error) {
	var c change
	if err := bson.Unmarshal(raw, &c); err != nil {
		return docstore.Change{}, err
	}
	return docstore.Change{Collection: c.Collection, ID: c.ID, Deleted: len(c.Document) == 0, Body: c.Document}, nil
}

// end compares what came with what the manifest says.
func (x *reader) end(data []byte, ring Ring) error {
	name, tag, err := x.next()
	if err != nil {
		return err
	}
	mac, err := hex.DecodeString(strings.TrimSpace(string(tag)))
	if name != macName || err != nil || !ring.CheckMAC(mac, data) {
		return damaged("its manifest is not the one this key ring vouched for", nil)
	}
	m := &x.manifest
	if err := json.Unmarshal(data, m); err != nil {
		return damaged("its manifest cannot be read", err)
	}
	if m.Header != hashOf(x.header) {
		return damaged("its header was changed", nil)
	}
	for _, name := range slices.Sorted(maps.Keys(x.parts)) {
		if m.Collections[name] != x.parts[name].part() {
			return damaged("collection "+name+" is not what the manifest says", nil)
		}
	}
	for name, p := range m.Collections {
		if x.parts[name] == nil && p.Documents > 0 {
			return damaged("collection "+name+" is missing", nil)
		}
	}
	if m.Changes != x.changes.part() {
		return damaged("its changes are not what the manifest says", nil)
	}
	for _, l := range m.Lanes {
		if x.lanes[l.Lane] != l {
			return damaged("the audit trail in it does not end where the manifest says", nil)
		}
	}
	if _, _, err := x.next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged("something follows its manifest", nil)
	}
	return nil
}
