package phonesim

import (
	"bufio"
	"io"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/nodetest"
)

// judge starts an application whose webhooks are checked by Twilio's own library for node.
func judge(t *testing.T, token string) string {
	t.Helper()
	nodetest.Install(t, "testdata/judge", "webhooks before Twilio's library for node")
	cmd := exec.Command("node", "judge.mjs", token)
	cmd.Dir = "testdata/judge"
	var noise strings.Builder
	cmd.Stderr = &noise
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("the judge did not start:\n%s", noise.String())
	}
	go io.Copy(io.Discard, out)
	return "http://127.0.0.1:" + lines.Text()
}

// Texts, status callbacks and calls are signed as Twilio's library for node wants it, words in any
// script included; with another token in the application they are refused.
func TestWebhooksBeforeTwiliosLibraryForNode(t *testing.T) {
	for token, want := range map[string]int{DemoAuthToken: 200, "anothertokenanothertokenanother": 403} {
		base := judge(t, token)
		r := newRig(t, func(o *Options) {
			o.WebhookBase, o.Numbers = base, []Number{{Number: ours, VoiceURL: base + "/hooks/voice?a=b%20c&d=%C3%A9"}}
		})
		for _, body := range []string{"1", "Sí, mañana 😀", "a=b&c=d+e %41"} {
			r.must("POST", "/sim/phones/"+dana+"/sms", map[string]string{"body": body, "to": ours}, nil)
		}
		r.must("POST", "/sim/phones/"+dana+"/calls", map[string]string{"to": ours}, nil)
		r.rest("POST", "/Messages.json", url.Values{"To": {dana}, "From": {ours}, "Body": {"x"}, "StatusCallback": {base + "/status?m=1"}})
		r.advance(time.Second)
		var log struct{ Entries []entry }
		r.must("GET", "/sim/log", nil, &log)
		judged := 0
		for _, e := range log.Entries {
			if e.Kind != logWebhook {
				continue
			}
			if judged++; e.Status != want {
				t.Errorf("%s answered %d, want %d", e.URL, e.Status, want)
			}
		}
		if judged < 6 {
			t.Errorf("%d webhooks were judged, want at least 6", judged)
		}
	}
}
