package ivr_test

import (
	"testing"

	"github.com/muster-health/muster/internal/e2e/transcript"
)

// Every conversation of testdata, straight into the operator; package twilio plays them again
// through the simulated network.
func TestTranscripts(t *testing.T) {
	transcript.PlayAll(t, "testdata/*.txt", transcript.Direct)
}
