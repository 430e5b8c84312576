package e2e

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/muster-health/muster/ivr/phonesim"
)

// callsBack posts a text from Twilio, signed with a token, and returns the status.
func (h *house) callsBack(t *testing.T, client *http.Client, token string) int {
	t.Helper()
	at := "https://" + h.site + "/hooks/twilio/sms"
	form := url.Values{"AccountSid": {phonesim.DemoAccountSID}, "Body": {"hello"}, "From": {"+14125550167"}, "MessageSid": {"SM" + strings.Repeat("0", 31) + "1"}, "To": {office}}
	text := at
	for _, k := range slices.Sorted(maps.Keys(form)) {
		text += k + form.Get(k)
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(text))
	req, err := http.NewRequest(http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

type finding struct{ Part, Verdict, Says, Mend string }

// doctor runs the command and returns what it found, by part, the worst of each.
func (h *house) doctor(args ...string) (map[string]finding, int) {
	h.t.Helper()
	out, _, code := h.try(append([]string{"doctor", "--format", "json"}, args...)...)
	var all []finding
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		h.t.Fatalf("doctor: %v\n%s", err, out)
	}
	worst := []string{"skip", "ok", "warn", "fail"}
	parts := map[string]finding{}
	for _, f := range all {
		if f.Says == "" || (f.Verdict == "fail" || f.Verdict == "warn") && f.Mend == "" {
			h.t.Errorf("%s: %s without words or mend", f.Part, f.Verdict)
		}
		if old, ok := parts[f.Part]; !ok || slices.Index(worst, f.Verdict) > slices.Index(worst, old.Verdict) {
			parts[f.Part] = f
		}
	}
	return parts, code
}

func (h *house) finds(what string, got map[string]finding, part, verdict string) {
	h.t.Helper()
	if got[part].Verdict != verdict {
		h.t.Errorf("%s: %s is %+v, want %s", what, part, got[part], verdict)
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got, code := h.doctor()
	if code == 0 {
		t.Errorf("nothing is there, and doctor says so with exit code 0: %v", got)
	}
	h.finds("nothing is there", got, "store", "warn")
	h.finds("nothing is there", got, "public address", "fail")

	h = withPhones(t)
	h.serve("serve")
	within(t, "the carrier's log is read", func() bool {
		got, code = h.doctor()
		return got["carrier's log"].Verdict == "ok"
	})
	if code != 0 {
		t.Errorf("all is well, and the exit code is %d: %v", code, got)
	}
	for _, part := range []string{"store", "transactions", "key ring", "public address", "clock", "Twilio account", "Twilio number", "Twilio webhooks"} {
		h.finds("all is well", got, part, "ok")
	}
	h.finds("plain http", got, "certificate", "skip")
	if out, code := h.run("doctor"); code != 0 || !strings.Contains(out, "leads to this Muster") {
		t.Errorf("the table: %d\n%s", code, out)
	}

	wrong := h.file("wrong", "not-the-token\n")
	args := slices.Clone(h.args)
	h.args[slices.Index(h.args, "--twilio-auth-token-file")+1] = wrong
	got, code = h.doctor()
	h.finds("a wrong token", got, "Twilio account", "fail")
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	h.args = slices.Clone(args)
	h.args[slices.Index(h.args, "--twilio-from")+1] = "+14125550199"
	got, _ = h.doctor()
	h.finds("a number of somebody else", got, "Twilio number", "fail")
	h.args = args

	other := newHouse(t)
	other.serve("serve")
	got, _ = h.doctor("--public-url", "http://"+other.site)
	h.finds("another installation answers", got, "public address", "fail")
	h.finds("webhooks go elsewhere", got, "Twilio webhooks", "fail")
	got, _ = h.doctor("--keyring-file", other.dir+".keyring.json")
	h.finds("another's key ring", got, "key ring", "fail")
	got, _ = h.doctor("--now", "2026-03-02T09:05:00-05:00")
	h.finds("a business clock", got, "clock", "warn")

	if err := os.Chmod(args[slices.Index(args, "--twilio-auth-token-file")+1], 0o644); err != nil {
		t.Fatal(err)
	}
	got, _ = h.doctor()
	h.finds("a token everybody can read", got, "settings", "warn")
	h.intact()
}

func TestCheckSaysEverything(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	file := h.file("muster.yaml", "listen: x\nlog-levle: debug\n")
	h.env = []string{"MUSTER_PUBLIK_URL=x", "MUSTER_CODES_A_DAY=many", "MUSTER_TWILIO_AUTH_TOKEN=t", "MUSTER_TWILIO_AUTH_TOKEN_FILE=" + file}
	check := func(args ...string) (out string, code int) {
		cmd := h.command()
		cmd.Args = append([]string{cmd.Path, "check"}, args...)
		data, _ := cmd.CombinedOutput()
		return string(data), cmd.ProcessState.ExitCode()
	}
	out, code := check("--config", file, "--metrix-listen", "y", "--drain-delay", "soon", "--lgo-level=x")
	if code != 1 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	has(t, "all mistakes", out, "muster.yaml:1 (listen)", "muster.yaml:2 (log-levle)", `did you mean "log-level"`, "MUSTER_PUBLIK_URL", `did you mean "public-url"`, "MUSTER_CODES_A_DAY", "--drain-delay",
		"--metrix-listen: unknown flag", `did you mean "metrics-listen"`, "--lgo-level", "MUSTER_TWILIO_AUTH_TOKEN and MUSTER_TWILIO_AUTH_TOKEN_FILE are both set")
	jsonOut, _ := check("--config", file, "--format", "json")
	var got struct {
		OK       bool
		Problems []struct{ Where, Problem string }
		Settings []struct{ Name, Value, Source string }
	}
	if err := json.NewDecoder(strings.NewReader(jsonOut)).Decode(&got); err != nil || got.OK || len(got.Problems) < 5 {
		t.Errorf("as JSON: %v, %+v", err, got)
	}

	h.env = []string{"MUSTER_TWILIO_AUTH_TOKEN=s3cret-token", "MUSTER_STORE=mongodb://muster:s3cret-word@db.example.test/muster?authSource=admin"}
	good := h.file("muster.yaml", "log-level: debug\ntwilio-account-sid: AC1\n")
	out, code = check("--config", good, "--twilio-from", "+14125550100", "--twilio-baa", "confirmed")
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	lacks(t, "what check shows", out, "s3cret")
	got.Settings = nil
	jsonOut, _ = check("--config", good, "--twilio-from", "+14125550100", "--twilio-baa", "confirmed", "--format", "json")
	if err := json.Unmarshal([]byte(jsonOut), &got); err != nil || !got.OK {
		t.Fatalf("as JSON: %v %s", err, jsonOut)
	}
	lacks(t, "what check shows as JSON", jsonOut, "s3cret")
	want := map[string][2]string{"log-level": {"debug", good + ":1 (log-level)"}, "twilio-from": {"+14125550100", "--twilio-from"}, "listen": {"127.0.0.1:8080", "default"},
		"twilio-auth-token": {"(secret)", "MUSTER_TWILIO_AUTH_TOKEN"}, "store": {"mongodb://(secret)@db.example.test/muster?…", "MUSTER_STORE"}}
	for _, s := range got.Settings {
		if w, ok := want[s.Name]; ok && (s.Value != w[0] || s.Source != w[1]) {
			t.Errorf("%s is %q from %q, want %q", s.Name, s.Value, s.Source, w)
		}
		delete(want, s.Name)
	}
	if len(want) > 0 {
		t.Errorf("not shown: %v", want)
	}
	if out, code := h.run("serve", "--lisen", "x"); code == 0 || !strings.Contains(out, `did you mean "listen"`) {
		t.Errorf("an unknown flag of serve: %d %s", code, out)
	}
}
