package audit

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The MAC of an entry is over its stored form without the MAC, which is the last element. It is
// taken off and put on byte by byte, so that nothing depends on how a value is encoded again.

const macKey = "mac"

// withMAC appends the MAC to an entry's signed form.
func withMAC(signed bson.Raw, mac []byte) bson.Raw {
	out := make([]byte, 0, len(signed)+len(mac)+16)
	out = append(out, signed[:len(signed)-1]...)
	out = append(out, byte(bson.TypeBinary))
	out = append(out, macKey...)
	out = append(out, 0)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(mac)))
	out = append(out, bson.TypeBinaryGeneric)
	out = append(out, mac...)
	out = append(out, 0)
	binary.LittleEndian.PutUint32(out, uint32(len(out)))
	return out
}

// splitMAC undoes withMAC.
func splitMAC(body bson.Raw) (signed bson.Raw, mac []byte, err error) {
	elements, err := body.Elements()
	if err != nil {
		return nil, nil, fmt.Errorf("entry is not BSON: %w", err)
	}
	if len(elements) == 0 || elements[len(elements)-1].Key() != macKey {
		return nil, nil, errors.New("entry has no MAC")
	}
	last := elements[len(elements)-1]
	_, mac, ok := last.Value().BinaryOK()
	if !ok {
		return nil, nil, errors.New("entry has no MAC")
	}
	signed = append(signed, body[:len(body)-1-len(last)]...)
	signed = append(signed, 0)
	binary.LittleEndian.PutUint32(signed, uint32(len(signed)))
	return signed, mac, nil
}

func decodeEntry(body bson.Raw) (Entry, error) {
	var e Entry
	if err := bson.Unmarshal(body, &e); err != nil {
		return e, fmt.Errorf("decode audit entry: %w", err)
	}
	return e, nil
}
