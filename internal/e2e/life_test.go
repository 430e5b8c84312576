package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muster-health/muster/ivr/phonesim"
)

// withPhones is a house with a study and a phone network beside it.
func withPhones(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	token := h.file("token", phonesim.DemoAuthToken+"\n")
	h.args = []string{"--drain-delay", "2s", "--twilio-base-url", "http://" + h.sim, "--twilio-account-sid", phonesim.DemoAccountSID, "--twilio-auth-token-file", token, "--twilio-from", office}
	h.must("study", "put", "testdata/EVENING.yaml")
	phones := h.start("phonesim")
	t.Cleanup(func() {
		if err := phones.stop(); err != nil {
			t.Errorf("the phones stopped badly: %v", err)
		}
	})
	return h
}

// fault puts one thing out of order in the phone network.
func (h *house) fault(f phonesim.Fault) {
	h.t.Helper()
	body, err := json.Marshal(map[string]any{"faults": []phonesim.Fault{f}})
	if err != nil {
		h.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPut, "http://"+h.sim+"/sim/faults", bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode >= 300 {
		h.t.Fatalf("the simulator takes no fault: %d", resp.StatusCode)
	}
}

// readiness is the status of /readyz and which parts fail.
func (h *house) readiness() (int, map[string]string) {
	h.t.Helper()
	resp, err := http.Get("http://" + h.site + "/readyz")
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct{ Failing map[string]string }
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, body.Failing
}

// logs are the lines of the log that say msg, with what they say besides.
func (h *house) logs(msg string) (out []map[string]any) {
	for line := range strings.Lines(h.log.String()) {
		var m map[string]any
		if json.Unmarshal([]byte(line), &m) == nil && m["msg"] == msg {
			out = append(out, m)
		}
	}
	return out
}

func (p *process) tell(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func (p *process) ends(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

// Told to stop, a site is not ready at once and still answers; a text that is being handed over is
// booked, and the next start does not send it a second time.
func TestStopsInOrder(t *testing.T) {
	t.Parallel()
	unixOnly(t)
	h := withPhones(t)
	h.serve("serve")
	h.fault(phonesim.Fault{Kind: phonesim.FaultRESTDelay, Match: "POST /Messages.json", Seconds: 4, Times: 1})
	fillsIn(t, byPaper(t, h, narrow), "EVENING", veraLind, func(string) {}) // a code goes out
	within(t, "the provider is being called", func() bool {                 // the fault is used up
		return !strings.Contains(h.get("http://"+h.sim+"/sim/faults"), string(phonesim.FaultRESTDelay))
	})

	h.running.tell(t, syscall.SIGTERM)
	within(t, "not ready", func() bool { code, failing := h.readiness(); return code == 503 && failing["server"] != "" })
	if body := h.get("http://" + h.site + "/healthz"); body != "ok\n" {
		t.Errorf("while it drains /healthz says %q", body)
	}
	if code := h.running.ends(t); code != 0 {
		t.Errorf("exit code %d\n%s", code, h.log.tail(8))
	}
	h.running = nil
	within(t, "the text that was under way arrives", func() bool { return len(h.phone(t, vera).received()) == 1 })
	if n := len(h.logs("audit checkpoint")); n == 0 {
		t.Error("no last checkpoint")
	}
	if got := h.logs("stopped"); len(got) != 1 {
		t.Errorf("the log says %d times that it stopped", len(got))
	}
	h.intact()

	h.serve("serve")
	within(t, "the jobs have run", func() bool {
		return strings.Contains(h.get("http://"+h.scrapes+"/metrics"), `muster_job_seconds_count{name="deliver",outcome="done"}`)
	})
	m := h.get("http://" + h.scrapes + "/metrics")
	has(t, "the metrics after the restart", m, `muster_outbox_messages{kind="sms",state="sending"} 0`, `muster_outbox_messages{kind="sms",state="unknown"} 0`, `muster_outbox_messages{kind="sms",state="due"} 0`)
	if n := len(h.phone(t, vera).received()); n != 1 {
		t.Errorf("%d texts after the restart, want 1", n)
	}
}

// Told a second time it ends at once, and says so by its exit code.
func TestEndsAtOnceWhenToldTwice(t *testing.T) {
	t.Parallel()
	unixOnly(t)
	h := newHouse(t)
	h.args = []string{"--drain-delay", "1m"}
	h.serve("serve")
	h.running.tell(t, syscall.SIGTERM)
	within(t, "not ready", func() bool { code, _ := h.readiness(); return code == 503 })
	h.running.tell(t, syscall.SIGTERM)
	if code := h.running.ends(t); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	h.running = nil
}

// /readyz names what fails.
func TestReadyNamesThePart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.serve("serve")
	ring := h.dir + ".keyring.json"
	if err := os.Rename(ring, ring+".away"); err != nil {
		t.Fatal(err)
	}
	if code, failing := h.readiness(); code != 503 || failing["keys"] == "" || len(failing) != 1 {
		t.Errorf("without the key ring's file: %d %v", code, failing)
	}
	other := newHouse(t)
	other.must("staff", "add", "maria", "--name", "Maria Santos")
	data, err := os.ReadFile(other.dir + ".keyring.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ring, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, failing := h.readiness(); code != 503 || failing["keys"] == "" {
		t.Errorf("with another's key ring: %d %v", code, failing)
	}
	if err := os.Rename(ring+".away", ring); err != nil {
		t.Fatal(err)
	}
	if code, failing := h.readiness(); code != 200 || len(failing) != 0 {
		t.Errorf("with its own again: %d %v", code, failing)
	}
}

// SIGHUP: level, token and certificate are taken over, what cannot be is named, and a mistake
// changes nothing.
func TestReadsSettingsAgain(t *testing.T) {
	t.Parallel()
	unixOnly(t)
	h := newHouse(t)
	h.level = ""
	token := h.file("token", phonesim.DemoAuthToken+"\n")
	cert, key := filepath.Join(filepath.Dir(h.dir), "cert.pem"), filepath.Join(filepath.Dir(h.dir), "key.pem")
	first := writeCertificate(t, cert, key)
	settings := func(level, codes string) string {
		return fmt.Sprintf("log-level: %s\ntwilio-base-url: http://%s\ntwilio-account-sid: %s\ntwilio-auth-token-file: %s\ntwilio-from: %q\ncodes-a-day: %s\ntls-cert-file: %s\ntls-key-file: %s\n",
			level, h.sim, phonesim.DemoAccountSID, token, office, codes, cert, key)
	}
	h.args = []string{"--config", h.file("muster.yaml", settings("info", "500"))}
	h.running = h.start("serve")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	shown := func() *big.Int {
		resp, err := client.Get("https://" + h.site + "/readyz")
		if err != nil {
			return nil
		}
		defer resp.Body.Close()
		io.Copy(io.Discard, resp.Body)
		if resp.StatusCode != 200 {
			return nil
		}
		return resp.TLS.PeerCertificates[0].SerialNumber
	}
	within(t, "the site speaks HTTPS", func() bool { return shown() != nil })
	if got := shown(); got.Cmp(first) != 0 {
		t.Errorf("certificate %v, want %v", got, first)
	}
	if _, err := tls.Dial("tcp", h.site, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	again := func() {
		t.Helper()
		before := len(h.logs("settings read again")) + len(h.logs("settings not taken over"))
		h.running.tell(t, syscall.SIGHUP)
		within(t, "the settings are read", func() bool {
			return len(h.logs("settings read again"))+len(h.logs("settings not taken over")) > before
		})
	}
	signed := func(token string) int { return h.callsBack(t, client, token) }
	if code := signed("a-new-token-of-the-account"); code != 403 {
		t.Errorf("a webhook signed with the new token before SIGHUP: %d", code)
	}

	second := writeCertificate(t, cert, key)
	h.file("token", "a-new-token-of-the-account\n")
	h.file("muster.yaml", settings("debug", "400"))
	again()
	if got := shown(); got.Cmp(second) != 0 {
		t.Errorf("certificate %v after SIGHUP, want %v", got, second)
	}
	if code := signed("a-new-token-of-the-account"); code != 200 {
		t.Errorf("a webhook signed with the new token: %d", code)
	}
	if code := signed(phonesim.DemoAuthToken); code != 403 {
		t.Errorf("a webhook signed with the old token: %d", code)
	}
	need := h.logs("this setting has changed and needs a restart")
	if len(need) != 1 || need[0]["setting"] != "codes-a-day" {
		t.Errorf("needs a restart: %v", need)
	}
	within(t, "debug lines are written", func() bool {
		resp, err := client.Get("https://" + h.site + "/static/nothing")
		if err == nil {
			resp.Body.Close()
		}
		return strings.Contains(h.log.String(), `"level":"DEBUG"`)
	})

	h.file("muster.yaml", settings("loud", "400"))
	if err := os.WriteFile(cert, []byte("not a certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	again()
	if got := h.logs("settings not taken over"); len(got) != 1 || !strings.Contains(fmt.Sprint(got[0]["where"]), "muster.yaml:1") {
		t.Errorf("the mistake: %v", got)
	}
	h.file("muster.yaml", settings("info", "400"))
	again()
	if got := h.logs("not read again"); len(got) != 1 || got[0]["part"] != "certificate" {
		t.Errorf("the broken certificate: %v", got)
	}
	if got := shown(); got.Cmp(second) != 0 {
		t.Error("a broken certificate took the place of the good one")
	}
	if out, code := h.run("healthcheck"); code != 0 {
		t.Errorf("healthcheck: %d %s", code, out)
	}
	lacks(t, "the log", h.log.String(), "a-new-token-of-the-account", phonesim.DemoAuthToken)
}

// writeCertificate makes a key and a certificate for this machine and returns its serial number.
func writeCertificate(t *testing.T, cert, key string) *big.Int {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial := big.NewInt(time.Now().UnixNano())
	about := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return serial
}

// systemd is told when the site is up, that it lives, and when it goes.
func TestTellsSystemd(t *testing.T) {
	t.Parallel()
	unixOnly(t)
	h := newHouse(t)
	socket := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenPacket("unixgram", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	said := &output{}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, _, err := l.ReadFrom(buf)
			if err != nil {
				return
			}
			said.Write(append(buf[:n:n], '\n'))
		}
	}()
	h.env = []string{"NOTIFY_SOCKET=" + socket, "WATCHDOG_USEC=2000000"}
	h.serve("serve")
	within(t, "READY=1 and a sign of life", func() bool {
		return strings.HasPrefix(said.String(), "READY=1\n") && strings.Contains(said.String(), "WATCHDOG=1\n")
	})
	h.stop()
	within(t, "STOPPING=1", func() bool { return strings.Contains(said.String(), "STOPPING=1\n") })
}

func unixOnly(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("NOT RUN: there are no such signals on Windows")
	}
}
