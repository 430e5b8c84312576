package bench

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/ivr/engine"
	"github.com/muster-health/muster/ivr/phonesim"
	"github.com/muster-health/muster/ivr/twilio"
	"github.com/muster-health/muster/trial"
)

// BenchmarkReminders is a morning: everybody has a visit tomorrow. Reminders are planned, handed to
// the simulated network over HTTP and reported back by it, sent and delivered, in signed webhooks,
// all in this process and on these processors. How many a second are planned, and how many handed
// over and reported to the end, is told. MUSTER_BENCH_N says how many people.
func BenchmarkReminders(b *testing.B) {
	people, err := strconv.Atoi(os.Getenv("MUSTER_BENCH_N"))
	if err != nil {
		people = 1000
	}
	for b.Loop() {
		b.StopTimer()
		m := newMorning(b, people)
		b.StartTimer()
		began := time.Now()
		if err := m.Operator.Tick(b.Context(), m.Clock.Now()); err != nil {
			b.Fatal(err)
		}
		planned := time.Since(began)
		began = time.Now()
		m.send(b)
		handed := time.Since(began)
		m.delivered(b, people)
		took := time.Since(began)
		b.ReportMetric(float64(people)/planned.Seconds(), "planned/s")
		b.ReportMetric(float64(people)/handed.Seconds(), "handed-over/s")
		b.ReportMetric(float64(people)/took.Seconds(), "delivered/s")
		again := time.Now()
		if err := m.Operator.Tick(b.Context(), m.Clock.Now()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(again).Milliseconds()), "idle-tick-ms")
		m.close()
	}
	b.ReportMetric(0, "ns/op")
}

// morning is a core with everybody's visit booked for tomorrow, and the network beside it.
type morning struct {
	*rig.Rig
	sim     *phonesim.Simulator
	servers []*httptest.Server
}

func (m *morning) close() {
	m.sim.Close()
	for _, s := range m.servers {
		s.Close()
	}
}

// lateCarrier is the carrier of a core that must be open before the carrier's address is known.
type lateCarrier struct{ *twilio.Carrier }

func newMorning(b *testing.B, people int) *morning {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	m := &morning{}
	var hooks, network http.Handler
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { hooks.ServeHTTP(w, q) }))
	sim := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { network.ServeHTTP(w, q) }))
	m.servers = []*httptest.Server{app, sim}
	var err error
	m.sim, err = phonesim.New(phonesim.Options{WebhookBase: app.URL, BaseURL: sim.URL, Numbers: []phonesim.Number{{Number: rig.Office}}})
	must(err)
	network = m.sim.Handler()
	go m.sim.Run(b.Context())
	from, err := phone.Parse(rig.Office, "US")
	must(err)
	base, err := url.Parse(sim.URL)
	must(err)
	carrier := &lateCarrier{}
	m.Rig = rig.New(b, rig.Options{Beside: ivr.Beside, Carrier: engine.Carrier(carrier), PublicURL: app.URL})
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	carrier.Carrier = twilio.New(twilio.Options{AccountSID: phonesim.DemoAccountSID, AuthToken: phonesim.DemoAuthToken, From: from, PublicURL: app.URL, BaseURL: base, Now: m.Clock.Now, Wall: m.Clock.Wall, Transport: transport})
	hooks = twilio.NewWebhooks(m.Operator, app.URL, phonesim.DemoAccountSID, phonesim.DemoAuthToken, slog.New(slog.DiscardHandler))

	st, err := trial.ParseStudy([]byte(study))
	must(err)
	_, err = m.Trial.PutStudy(b.Context(), rig.Staff, st)
	must(err)
	tomorrow := m.Clock.Now().Add(23 * time.Hour).In(time.UTC)
	var wg sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i := range people {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			must(m.book(b, i, tomorrow))
		})
	}
	wg.Wait()
	return m
}

// book brings one person into the study with a visit tomorrow.
func (m *morning) book(b *testing.B, i int, at time.Time) error {
	ctx := b.Context()
	out, err := m.Trial.Apply(ctx, rig.Staff, trial.Application{Study: "BENCH", Source: "web", NoCode: true, SignUp: contacts.SignUp{
		Consents: []contacts.Consent{{Purpose: contacts.StudyCare, Channel: contacts.SMS, Granted: true, Source: "web"}},
		Person:   contacts.Person{Given: fmt.Sprintf("P%d", i), Family: "X", BirthDate: "1960-01-02", Language: "en", Zone: "America/New_York", Points: []contacts.Point{{Kind: contacts.Mobile, Value: manyNumbers(i)}}}}})
	if err != nil {
		return err
	}
	for _, to := range []trial.Status{trial.Contacting, trial.Considering, trial.Prescreened} {
		if _, err := m.Trial.Move(ctx, rig.Staff, out.Subject, to, "", "", ""); err != nil {
			return err
		}
	}
	if _, err := m.Trial.RecordConsent(ctx, rig.Staff, out.Subject, trial.InformedConsent{FormVersion: "1", Signed: m.Clock.Now().Add(-time.Hour), ObtainedBy: "m"}, ""); err != nil {
		return err
	}
	visits, err := m.Trial.VisitsOf(ctx, out.Person)
	if err != nil || len(visits) == 0 {
		return fmt.Errorf("no visit is planned: %w", err)
	}
	local := at.In(time.FixedZone("EST", -5*3600))
	_, err = m.Trial.Book(ctx, rig.Staff, visits[0].ID, local.Format(time.DateOnly), local.Format("15:04"), "to measure")
	return err
}

func (m *morning) send(b *testing.B) {
	b.Helper()
	for {
		n, err := m.Box.Deliver(b.Context(), m.Clock.Now())
		if err != nil {
			b.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// delivered waits until the network reported n texts to have arrived.
func (m *morning) delivered(b *testing.B, n int) {
	b.Helper()
	until := time.Now().Add(5 * time.Minute)
	for time.Now().Before(until) {
		tally, err := m.Box.Tally(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		left := 0
		for _, c := range tally {
			left += c.N
		}
		if left == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	b.Fatalf("not all of %d texts were delivered", n)
}

var _ engine.Carrier = (*lateCarrier)(nil)
var _ outbox.Sender = (*lateCarrier)(nil)

// manyNumbers is a fictional number: 555-0100 to 555-0199 in as many area codes as it takes.
func manyNumbers(i int) string {
	areas := []string{"201", "202", "203", "205", "206", "207", "208", "209", "210", "212", "213", "214", "215", "216", "217", "218", "219", "224", "225", "228", "229", "231", "234", "239", "240", "248", "251", "252", "253", "254"}
	return fmt.Sprintf("+1%s55501%02d", areas[i/100%len(areas)], i%100)
}
