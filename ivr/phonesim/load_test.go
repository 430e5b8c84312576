package phonesim

import (
	"fmt"
	"net/url"
	"testing"
	"time"
)

// TestAThousandTexts sends to many phones at once: every one arrives once, every
// callback is posted once and in order.
func TestAThousandTexts(t *testing.T) {
	r := newRig(t)
	sids := map[string]bool{}
	for i := range 1000 {
		to := fmt.Sprintf("+1%03d55501%02d", 412+i/100, i%100)
		if to == ours || to == second || to == rosa {
			continue
		}
		_, v, _ := r.rest("POST", "/Messages.json", url.Values{"To": {to}, "From": {ours}, "Body": {"x"}, "StatusCallback": {r.app.server.URL + "/s"}})
		sids[v["sid"].(string)] = true
	}
	if len(sids) != 997 {
		t.Fatalf("%d SIDs, want 997 different ones", len(sids))
	}
	r.advance(time.Second)
	states := map[string]string{}
	for _, f := range r.app.forms("/s") {
		states[f.Get("MessageSid")] += f.Get("MessageStatus") + " "
	}
	for sid := range sids {
		if states[sid] != "sent delivered " {
			t.Fatalf("callbacks of %s: %q, want sent, then delivered", sid, states[sid])
		}
	}
	var list struct{ Phones []phoneRow }
	r.must("GET", "/sim/phones", nil, &list)
	if len(list.Phones) != 3+showPhones {
		t.Errorf("%d phones listed, want the 3 set up and %d others", len(list.Phones), showPhones)
	}
}
