package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/seed"
	"github.com/muster-health/muster/ivr/phonesim"
)

// Whoever presses "next event" as fast as they can never misses the call that is due: time stands
// until somebody answers the phone or it has rung out.
func TestTimeWaitsForThePhone(t *testing.T) {
	app := httptest.NewUnstartedServer(nil)
	public := "http://" + app.Listener.Addr().String()
	sim, err := phonesim.New(phonesim.Options{WebhookBase: public, Numbers: []phonesim.Number{{Number: demoNumber}}})
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	desk := httptest.NewServer(sim.Handler())
	defer desk.Close()
	go sim.Run(t.Context())

	c := config.Config{Listen: app.Listener.Addr().String(), PublicURL: public, DataDir: t.TempDir(), LogLevel: "error", Demo: true, Now: "2026-03-02T18:25:00-05:00"}
	c.Store, c.KeyringFile = "sqlite:"+filepath.Join(c.DataDir, "muster.db"), filepath.Join(c.DataDir, "ring.json")
	c.PhonesimListen = strings.TrimPrefix(desk.URL, "http://")
	c.Twilio = config.Twilio{AccountSID: phonesim.DemoAccountSID, AuthToken: phonesim.DemoAuthToken, BaseURL: desk.URL}
	if c.Twilio.From, err = phone.Parse(demoNumber, "US"); err != nil {
		t.Fatal(err)
	}
	k, err := openCore(t.Context(), c, logger("error"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer k.close(t.Context())
	m, err := k.members(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seed.Fill(t.Context(), seed.Deps{Trial: k.trial, People: k.people, Store: k.store, Audit: k.audit, Clock: k.clock, Members: m}, seed.Options{People: 300}); err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(t.Context(), k, &demo{config: c, zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	app.Config.Handler = s.handler
	app.Start()
	defer app.Close()

	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	press := func(by string) (int, string) {
		t.Helper()
		resp, err := browser.PostForm(public+"/demo/clock", url.Values{"by": {by}, "return": {"/studies"}})
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(page)
	}
	due := time.Date(2026, 3, 2, 18, 30, 0, 0, zone)
	for range 60 {
		code, page := press("next")
		if code == http.StatusSeeOther && k.clock.Now().Before(due.Add(time.Minute)) {
			continue
		}
		if code != http.StatusConflict || !strings.Contains(page, "A phone is ringing: answer it first, or let it ring out.") {
			t.Fatalf("%d at %v, want a refusal while the phone rings:\n%s", code, k.clock.Now().In(zone), page)
		}
		if !strings.Contains(page, `name="return" value="/studies"`) {
			t.Error("the bar on the refusal does not lead back to where the visitor was")
		}
		break
	}
	if now := k.clock.Now(); now.Before(due) || now.After(due.Add(time.Minute)) {
		t.Fatalf("it is %v while the phone rings, want %v", now.In(zone), due)
	}
	for _, by := range []string{"1h", "1d"} {
		if code, _ := press(by); code != http.StatusConflict {
			t.Errorf("%s while the phone rings: %d, want 409", by, code)
		}
	}

	if _, err := sim.AdvanceClock(t.Context(), time.Minute); err != nil { // it rings out
		t.Fatal(err)
	}
	if code, page := press("next"); code != http.StatusSeeOther {
		t.Fatalf("after the phone rang out: %d\n%s", code, page)
	}
	if got, want := k.clock.Now(), due.Add(16*time.Minute); got.After(want) {
		t.Errorf("it is %v, want the second call at about %v", got.In(zone), due.Add(15*time.Minute))
	}
}
