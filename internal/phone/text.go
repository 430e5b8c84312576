package phone

import (
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// extMark separates an extension in the stored form, as in RFC 3966.
const extMark = ";ext="

// MarshalText writes "+14125550123" or "+14125550123;ext=12", and nothing for no number.
// JSON uses it too.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.stored()), nil }

// UnmarshalText reads what MarshalText wrote. It checks the form only, not whether the number
// is assigned: numbering plans change, and a stored number must stay readable.
func (n *Number) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*n = Number{}
		return nil
	}
	e164, ext, hasExt := strings.Cut(string(text), extMark)
	rest, plus := strings.CutPrefix(e164, "+")
	// ITU-T E.164 allows 15 digits; the shortest national plans have 4 behind the code.
	if !plus || len(rest) < 5 || len(rest) > 15 || !digits(rest) || rest[0] == '0' || hasExt && !digits(ext) {
		return errors.New("stored phone number is not E.164")
	}
	*n = of(e164, ext)
	return nil
}

// MarshalBSONValue writes the same text as a BSON string.
func (n Number) MarshalBSONValue() (byte, []byte, error) {
	t, data, err := bson.MarshalValue(n.stored())
	return byte(t), data, err
}

// UnmarshalBSONValue reads what MarshalBSONValue wrote.
func (n *Number) UnmarshalBSONValue(t byte, data []byte) error {
	text, ok := bson.RawValue{Type: bson.Type(t), Value: data}.StringValueOK()
	if !ok {
		return fmt.Errorf("stored phone number is a BSON %s, not a string", bson.Type(t))
	}
	return n.UnmarshalText([]byte(text))
}

func (n Number) stored() string {
	if n.Ext() == "" {
		return n.E164()
	}
	return n.E164() + extMark + n.Ext()
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
