package phonesim

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMessageRefusals(t *testing.T) {
	r := newRig(t)
	good := url.Values{"To": {dana}, "From": {ours}, "Body": {"hello"}}
	tests := []struct {
		name   string
		change url.Values // an empty value takes the parameter away
		code   float64
	}{
		{"no To", url.Values{"To": {""}}, 21604},
		{"no From", url.Values{"From": {""}}, 21603},
		{"no Body", url.Values{"Body": {""}}, 21602},
		{"too long", url.Values{"Body": {strings.Repeat("a", 1601)}}, 21617},
		{"To is no number", url.Values{"To": {"12"}}, 21211},
		{"To has an impossible area code", url.Values{"To": {"+11125550123"}}, 21211},
		{"From is no number", url.Values{"From": {"hello"}}, 21212},
		{"From is not ours", url.Values{"From": {dana}}, 21606},
		{"to ourselves", url.Values{"To": {ours}}, 21266},
		{"bad callback", url.Values{"StatusCallback": {"/relative"}}, 21609},
		{"validity too long", url.Values{"ValidityPeriod": {"36001"}}, 21624},
		{"validity zero", url.Values{"ValidityPeriod": {"0"}}, 21624},
		{"unknown service", url.Values{"From": {""}, "MessagingServiceSid": {"MGx"}}, 21701},
		{"schedule without service", url.Values{"SendAt": {"2026-03-03T00:00:00Z"}, "ScheduleType": {"fixed"}}, 35118},
		{"magic 21211", url.Values{"To": {"+15005550001"}}, 21211},
		{"magic 21612", url.Values{"To": {"+15005550002"}}, 21612},
		{"magic 21408", url.Values{"To": {"+15005550003"}}, 21408},
		{"magic 21610", url.Values{"To": {"+15005550004"}}, 21610},
		{"magic 21614", url.Values{"To": {"+15005550009"}}, 21614},
		{"magic From 21212", url.Values{"From": {"+15005550001"}}, 21212},
		{"magic From 21606", url.Values{"From": {"+15005550007"}}, 21606},
		{"magic From 21611", url.Values{"From": {"+15005550008"}}, 21611},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, v, _ := r.rest("POST", "/Messages.json", changed(good, tt.change))
			if status != 400 || v["code"] != tt.code || v["status"] != 400.0 || v["message"] == "" ||
				!strings.HasSuffix(v["more_info"].(string), "/errors/"+itoa(uint64(tt.code))) {
				t.Errorf("%d %v, want 400 with code %v", status, v, tt.code)
			}
		})
	}
	if n := len(r.phone(dana).Thread); n != 0 {
		t.Errorf("%d texts on the phone, want none", n)
	}
	if status, _, _ := r.rest("POST", "/Messages.json", changed(good, url.Values{"From": {"+15005550006"}})); status != 201 {
		t.Errorf("the good magic sender answered %d, want 201", status)
	}
}

func TestCallRefusals(t *testing.T) {
	r := newRig(t)
	good := url.Values{"To": {dana}, "From": {ours}, "Url": {"http://127.0.0.1/voice"}}
	tests := []struct {
		name   string
		change url.Values
		code   float64
	}{
		{"no To", url.Values{"To": {""}}, 21201},
		{"no From", url.Values{"From": {""}}, 21213},
		{"no Url", url.Values{"Url": {""}}, 21205},
		{"relative Url", url.Values{"Url": {"/voice"}}, 21205},
		{"Twiml too long", url.Values{"Url": {""}, "Twiml": {strings.Repeat("x", 4001)}}, 21205},
		{"To is no number", url.Values{"To": {"abc"}}, 21211},
		{"From is not ours", url.Values{"From": {"+14125550177"}}, 21210},
		{"bad method", url.Values{"Method": {"PATCH"}}, 21209},
		{"bad event", url.Values{"StatusCallbackEvent": {"ended"}}, 21626},
		{"bad timeout", url.Values{"Timeout": {"601"}}, 21208},
		{"bad detection", url.Values{"MachineDetection": {"yes"}}, 21234},
		{"async without callback", url.Values{"MachineDetection": {"Enable"}, "AsyncAmd": {"true"}}, 21262},
		{"application", url.Values{"ApplicationSid": {"AP1"}}, 21218},
		{"magic 21217", url.Values{"To": {"+15005550001"}}, 21217},
		{"magic 21214", url.Values{"To": {"+15005550002"}}, 21214},
		{"magic 21215", url.Values{"To": {"+15005550003"}}, 21215},
		{"magic 21216", url.Values{"To": {"+15005550004"}}, 21216},
		{"magic From 21212", url.Values{"From": {"+15005550001"}}, 21212},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, v, _ := r.rest("POST", "/Calls.json", changed(good, tt.change))
			if status != 400 || v["code"] != tt.code {
				t.Errorf("%d %v, want 400 with code %v", status, v, tt.code)
			}
		})
	}
}

func changed(good, change url.Values) url.Values {
	f := url.Values{}
	for k, v := range good {
		f[k] = v
	}
	for k, v := range change {
		if v[0] == "" {
			f.Del(k)
		} else {
			f[k] = v
		}
	}
	return f
}

func TestAuthentication(t *testing.T) {
	r := newRig(t)
	tests := []struct {
		name, user, pass, account string
		status                    int
		code                      float64
	}{
		{"wrong token", DemoAccountSID, "nope", DemoAccountSID, 401, 20003},
		{"wrong account", "ACx", DemoAuthToken, DemoAccountSID, 401, 20003},
		{"somebody else's account", DemoAccountSID, DemoAuthToken, "AC11111111111111111111111111111111", 404, 20404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequest("GET", r.http.URL+"/2010-04-01/Accounts/"+tt.account+"/Messages.json", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.SetBasicAuth(tt.user, tt.pass)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != tt.status {
				t.Errorf("status %d, want %d", res.StatusCode, tt.status)
			}
		})
	}
}

func TestPagingIsStableWhileTextsArrive(t *testing.T) {
	r := newRig(t)
	send := func() {
		if status, v, _ := r.rest("POST", "/Messages.json", url.Values{"To": {dana}, "From": {ours}, "Body": {"x"}}); status != 201 {
			t.Fatalf("%d %v", status, v)
		}
	}
	for range 5 {
		send()
	}
	seen := map[string]bool{}
	path := "/Messages.json?PageSize=2"
	for pages := 0; path != ""; pages++ {
		if pages > 5 {
			t.Fatal("the pages do not end")
		}
		status, v, _ := r.rest("GET", path, nil)
		if status != 200 {
			t.Fatalf("%d %v", status, v)
		}
		for _, m := range v["messages"].([]any) {
			sid := m.(map[string]any)["sid"].(string)
			if seen[sid] {
				t.Errorf("%s is listed twice", sid)
			}
			seen[sid] = true
		}
		send() // a newer one arrives between two pages
		path = ""
		if next, ok := v["next_page_uri"].(string); ok {
			_, path, _ = strings.Cut(next, DemoAccountSID)
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d texts seen, want the 5 there were", len(seen))
	}
}

func TestUndelivered(t *testing.T) {
	tests := []struct {
		name, to string
		code     string
	}{
		{"outside the fictional numbers", "+14125552368", "30003"},
		{"landline", rosa, "30006"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.rest("POST", "/Messages.json", url.Values{"To": {tt.to}, "From": {ours}, "Body": {"x"}, "StatusCallback": {r.app.server.URL + "/s"}})
			r.advance(time.Second)
			forms := r.app.forms("/s")
			if len(forms) != 2 || forms[1].Get("MessageStatus") != "undelivered" || forms[1].Get("ErrorCode") != tt.code {
				t.Errorf("callbacks %v, want undelivered %s", forms, tt.code)
			}
		})
	}
}

func TestScheduledAndExpiredTexts(t *testing.T) {
	r := newRig(t)
	service := "MG" + strings.Repeat("a", 32)
	at := monday.Add(time.Hour).Format(time.RFC3339)
	f := url.Values{"To": {dana}, "MessagingServiceSid": {service}, "Body": {"later"}, "ScheduleType": {"fixed"}, "SendAt": {at}}
	_, one, _ := r.rest("POST", "/Messages.json", f)
	_, two, _ := r.rest("POST", "/Messages.json", f)
	if one["status"] != "scheduled" || one["from"] != nil {
		t.Errorf("scheduled: %v", one)
	}
	if status, v, _ := r.rest("POST", "/Messages/"+two["sid"].(string)+".json", url.Values{"Status": {"canceled"}}); status != 200 || v["status"] != "canceled" {
		t.Errorf("cancel: %d %v", status, v)
	}
	r.advance(59 * time.Minute)
	if n := len(r.phone(dana).Thread); n != 0 {
		t.Fatalf("%d texts arrived early", n)
	}
	r.advance(2 * time.Minute)
	if n := len(r.phone(dana).Thread); n != 1 {
		t.Fatalf("%d texts arrived, want the one not canceled", n)
	}
	r.must("PUT", "/sim/faults", map[string]any{"faults": []Fault{{Kind: FaultMessageDelay, Seconds: 90, Times: 1}}}, nil)
	_, late, _ := r.rest("POST", "/Messages.json", url.Values{"To": {dana}, "From": {ours}, "Body": {"x"}, "ValidityPeriod": {"60"}})
	r.advance(2 * time.Minute)
	_, got, _ := r.rest("GET", "/Messages/"+late["sid"].(string)+".json", nil)
	if got["status"] != "failed" || got["error_code"] != 30036.0 {
		t.Errorf("a text later than its validity: %v %v, want failed 30036", got["status"], got["error_code"])
	}
}

func TestRESTFaults(t *testing.T) {
	good := url.Values{"To": {dana}, "From": {ours}, "Body": {"x"}}
	tests := []struct {
		name   string
		fault  Fault
		status int
		sent   int // texts that went out by the broken request
		header string
	}{
		{"429", Fault{Kind: FaultREST429, Seconds: 9}, 429, 0, "9"},
		{"500", Fault{Kind: FaultREST500}, 500, 0, ""},
		{"503 after the text was sent", Fault{Kind: FaultREST503, Performed: true}, 503, 1, ""},
		{"201 {}", Fault{Kind: FaultRESTEmpty}, 201, 0, ""},
		{"201 {} after the text was sent", Fault{Kind: FaultRESTEmpty, Performed: true}, 201, 1, ""},
		{"301", Fault{Kind: FaultRESTMoved}, 301, 0, ""},
		{"who sent STOP elsewhere", Fault{Kind: FaultRESTRefused}, 400, 0, ""},
		{"refused with another code", Fault{Kind: FaultRESTRefused, Code: 21211}, 400, 0, ""},
		{"only for another phone", Fault{Kind: FaultREST500, Number: noor}, 201, 1, ""},
		{"only for calls", Fault{Kind: FaultREST500, Match: "POST /Calls"}, 201, 1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			tt.fault.Times = 1
			r.must("PUT", "/sim/faults", map[string]any{"faults": []Fault{tt.fault}}, nil)
			status, v, h := r.rest("POST", "/Messages.json", good)
			if status != tt.status || h.Get("Retry-After") != tt.header {
				t.Errorf("%d %v, want %d", status, v, tt.status)
			}
			if want := cmp.Or(tt.fault.Code, 21610); tt.fault.Kind == FaultRESTRefused && v["code"] != float64(want) {
				t.Errorf("code %v, want %d", v["code"], want)
			}
			r.advance(time.Second)
			if n := len(r.phone(dana).Thread); n != tt.sent {
				t.Errorf("%d texts arrived, want %d", n, tt.sent)
			}
			r.do("PUT", "/sim/faults", map[string]any{"faults": []Fault{}}, nil)
			if status, _, _ := r.rest("POST", "/Messages.json", good); status != 201 {
				t.Errorf("afterwards %d, want 201", status)
			}
		})
	}
}

// A share of what could be hit is hit, the same share in the same order for the same seed.
func TestFaultsInAHundred(t *testing.T) {
	row := func() (out []bool) {
		r := newRig(t)
		r.must("PUT", "/sim/faults", map[string]any{"faults": []Fault{{Kind: FaultREST503, Percent: 20}}}, nil)
		for range 200 {
			status, _, _ := r.rest("GET", "/Messages.json", nil)
			out = append(out, status == 503)
		}
		return out
	}
	first := row()
	hit := 0
	for _, broken := range first {
		if broken {
			hit++
		}
	}
	if hit < 20 || hit > 60 {
		t.Errorf("%d of 200 requests broke, want about 40", hit)
	}
	if again := row(); !slices.Equal(first, again) {
		t.Error("the same seed broke other requests")
	}
	r := newRig(t)
	if status := r.do("PUT", "/sim/faults", map[string]any{"faults": []Fault{{Kind: FaultREST503, Percent: 101}}}, nil); status != 400 {
		t.Errorf("101 percent: %d, want 400", status)
	}
}

// An application that does not wait for a late answer has its text sent all the same: at once when
// only the answer is late, after the delay when the request is.
func TestLateAnswers(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fault   Fault
		already int // texts the network has when the application gives up
	}{
		{"the request is late", Fault{Kind: FaultRESTDelay, Seconds: 1}, 0},
		{"the answer is late", Fault{Kind: FaultRESTDelay, Seconds: 1, Performed: true}, 1},
		{"the answer is late and broken", Fault{Kind: FaultRESTDelay, Seconds: 1, Performed: true, Number: dana}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			tt.fault.Times = 1
			faults := []Fault{tt.fault, {Kind: FaultREST500, Performed: true, Times: 1, Match: "POST /Messages.json", Number: tt.fault.Number}}
			if tt.fault.Number == "" {
				faults = faults[:1]
			}
			r.must("PUT", "/sim/faults", map[string]any{"faults": faults}, nil)
			ctx, giveUp := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer giveUp()
			req, err := http.NewRequestWithContext(ctx, "POST", r.http.URL+"/2010-04-01/Accounts/"+DemoAccountSID+"/Messages.json",
				strings.NewReader(url.Values{"To": {dana}, "From": {ours}, "Body": {"x"}}.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			req.SetBasicAuth(DemoAccountSID, DemoAuthToken)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if res, err := http.DefaultClient.Do(req); err == nil {
				res.Body.Close()
				t.Fatalf("answered %d, want no answer yet", res.StatusCode)
			}
			listed := func() int {
				_, v, _ := r.rest("GET", "/Messages.json?To="+url.QueryEscape(dana), nil)
				return len(v["messages"].([]any))
			}
			if n := listed(); n != tt.already {
				t.Errorf("%d texts when the application gave up, want %d", n, tt.already)
			}
			for tries := 0; listed() != 1; tries++ {
				if tries == 100 {
					t.Fatalf("%d texts in the end, want 1", listed())
				}
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
}

func TestDroppedConnection(t *testing.T) {
	r := newRig(t)
	r.must("PUT", "/sim/faults", map[string]any{"faults": []Fault{{Kind: FaultRESTDropped, Performed: true, Times: 1}}}, nil)
	req, err := http.NewRequest("POST", r.http.URL+"/2010-04-01/Accounts/"+DemoAccountSID+"/Messages.json",
		strings.NewReader(url.Values{"To": {dana}, "From": {ours}, "Body": {"x"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(DemoAccountSID, DemoAuthToken)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Fatalf("answered %d, want a broken connection", res.StatusCode)
	}
	r.advance(time.Second)
	if n := len(r.phone(dana).Thread); n != 1 {
		t.Errorf("%d texts, want the one that was sent before the connection broke", n)
	}
	if status := r.do("PUT", "/sim/faults", map[string]any{"faults": []Fault{{Kind: "volcano"}}}, nil); status != 400 {
		t.Errorf("an unknown fault answered %d, want 400", status)
	}
}
