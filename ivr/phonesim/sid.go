package phonesim

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
)

// newSeed is the seed of a state's SIDs: the one asked for, or a random one.
func newSeed(asked uint64) string {
	if asked != 0 {
		return strconv.FormatUint(asked, 10)
	}
	return rand.Text()
}

// sid makes the next identifier: prefix and 32 hex digits, a function of the
// seed and a counter that survives restarts and resets, so none ever repeats.
func (s *Simulator) sid(prefix string) string {
	s.st.Seq++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", s.st.Seed, prefix, s.st.Seq))
	return prefix + hex.EncodeToString(sum[:16])
}

// numberSID is the PN identifier of an own number: always the same for one number.
func numberSID(number string) string {
	sum := sha256.Sum256([]byte("number/" + number))
	return "PN" + hex.EncodeToString(sum[:16])
}

// token makes an idempotency token in the form of a UUID.
func (s *Simulator) token() string {
	h := s.sid("")
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
