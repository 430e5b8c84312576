package twilio_test

import (
	"testing"

	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/e2e/transcript/simulated"
)

// The conversations of package ivr once more: phones, signed webhooks, TwiML, REST.
func TestTranscriptsThroughTheNetwork(t *testing.T) {
	transcript.PlayAll(t, "../testdata/*.txt", simulated.Open)
}
