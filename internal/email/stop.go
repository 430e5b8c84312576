package email

import (
	"encoding/base64"
	"errors"
	"fmt"
)

// Sealer keeps words for ourselves; *seal.Ring is one.
type Sealer interface {
	SealBytes(plain []byte, context string) ([]byte, error)
	OpenBytes(sealed []byte, context string) ([]byte, error)
}

// Stops makes and reads the last part of /u/{token}: the address a mail went to, by its look-up hash,
// sealed. It tells nothing to whoever finds it, works as long as the key ring knows its keys, and can
// do one thing.
type Stops struct{ ring Sealer }

// NewStops returns the tokens of a key ring.
func NewStops(ring Sealer) Stops { return Stops{ring} }

// ErrToken says that a token is none of ours.
var ErrToken = errors.New("this is no link of ours")

const stopContext = "stop e-mails"

// Token is the one for a point's look-up hash.
func (s Stops) Token(point string) (string, error) {
	sealed, err := s.ring.SealBytes([]byte(point), stopContext)
	if err != nil {
		return "", fmt.Errorf("seal a link: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Point is the look-up hash a token is about, or ErrToken.
func (s Stops) Point(token string) (string, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(token) > 1000 {
		return "", ErrToken
	}
	point, err := s.ring.OpenBytes(sealed, stopContext)
	if err != nil || len(point) == 0 {
		return "", ErrToken
	}
	return string(point), nil
}
