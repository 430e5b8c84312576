package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/ivr/phonesim"
	"github.com/muster-health/muster/trial"
)

// soak is a day at the phone: reminders that fall due all at once, people who call in for their
// questions at a steady rate whatever the program does, people who write STOP meanwhile, a network
// in which two of a hundred requests go wrong, and the program killed in the middle of it.
type soak struct {
	reminders, callers, stops, kills int
	callsASecond                     float64
	think                            time.Duration // before each key
	binary                           func() (string, error)
	settle                           time.Duration // the longest that what is open may take to be found out
}

// TestSoaked is the short form.
func TestSoaked(t *testing.T) {
	t.Parallel()
	if os.Getenv("MUSTER_E2E_BINARY") != "" {
		t.Skip("skipped: needs a build with short leases, and MUSTER_E2E_BINARY names another (make soak runs on any)")
	}
	soak{reminders: 150, callers: 10, stops: 15, kills: 1, callsASecond: 3, think: 200 * time.Millisecond, binary: builtQuick, settle: 2 * time.Minute}.run(t)
}

// TestSoak is the long form, on the program as it ships. MUSTER_SOAK_REMINDERS, MUSTER_SOAK_CALLS
// and MUSTER_SOAK_KILLS change its size.
func TestSoak(t *testing.T) {
	if os.Getenv("MUSTER_E2E_SOAK") == "" {
		t.Skip("skipped: set MUSTER_E2E_SOAK=1, or make soak")
	}
	size := func(name string, usual int) int {
		n, err := strconv.Atoi(os.Getenv(name))
		if err != nil {
			return usual
		}
		return n
	}
	s := soak{reminders: size("MUSTER_SOAK_REMINDERS", 20000), callers: size("MUSTER_SOAK_CALLS", 1000), kills: size("MUSTER_SOAK_KILLS", 5),
		callsASecond: 5, think: 3 * time.Second, binary: built, settle: 10 * time.Minute}
	s.stops = s.reminders / 50
	s.run(t)
}

// noon is when it is in the soak: the clock of the site stands still, so that what is due is due at
// once and stays so.
var noon = time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)

func (s soak) run(t *testing.T) {
	r := rand.New(rand.NewPCG(drawn(t), 0))
	x := newExchange(t, "", s.binary)
	x.args = append(x.args, "--now", "fixed:"+noon.Format(time.RFC3339))
	x.must("study", "put", "testdata/SOAK.yaml")
	began := time.Now()
	crowd := x.fill(s.reminders, s.callers)
	t.Logf("%d people for reminders and %d callers made in %v", s.reminders, s.callers, time.Since(began).Round(time.Second))
	for _, c := range crowd.callers {
		x.phone(t, c.number).ask("PUT", "/sim/phones/"+c.number, phonesim.Handset{AutoKeys: c.keys(s.think)}, nil)
	}
	bare := x.bare(min(s.reminders, 3000))
	x.misbehave(soakFaults())

	leave := r.Perm(s.reminders)[:s.stops]
	for _, i := range leave {
		crowd.wrote[crowd.visits[i]] = true
	}
	began = time.Now()
	x.serve("serve")
	var wg sync.WaitGroup
	wg.Go(func() { s.stopSome(x, leave, crowd) })
	var open []caller
	wg.Go(func() { open = s.callIn(x, crowd, crowd.callers) })
	for n := range s.kills {
		time.Sleep(s.length() / time.Duration(s.kills+1))
		x.running.kill()
		x.running = nil
		x.serve("serve")
		t.Logf("kill %d: %d of %d messages open", n+1, x.open(), s.reminders)
	}
	wg.Wait()
	x.quiet(s.settle)
	sent := time.Since(began)
	memory := x.running.peak()
	again := len(open)
	for range 6 { // whose call was cut
		open = s.callIn(x, crowd, open)
	}
	var paces map[string]struct {
		Answered, Failed int
		P50, P99, Most   float64
	}
	x.phone(t, office).ask("GET", "/sim/webhooks", nil, &paces)
	for _, who := range crowd.callers {
		if h := x.phone(t, who.number).screen().History; len(h) > 0 {
			crowd.calls[who.number] = h[0]
		}
	}
	x.stop()

	first, heard := x.judgeReminders(crowd)
	x.judgeAnswers(crowd)
	part := func(percent int) (n int, took time.Duration, aSecond float64) {
		n = len(heard) * percent / 100
		took = heard[n-1].Sub(first)
		return n, took.Round(time.Second), float64(n) / took.Seconds()
	}
	_, _, pace := part(90)
	for _, percent := range []int{50, 90, 99, 100} {
		n, took, aSecond := part(percent)
		t.Logf("figure: %d %% of reminders, %d, from the first try to the last report of them in %v: %.0f a second", percent, n, took, aSecond)
	}
	t.Logf("figure: everything settled after %v; %d callers called again after a call was cut", sent.Round(time.Second), again)
	for _, kind := range slices.Sorted(maps.Keys(paces)) {
		p := paces[kind]
		t.Logf("figure: %s webhooks: %d answered, %d not; p50 %.1f ms, p99 %.1f ms, most %.0f ms", kind, p.Answered, p.Failed, p.P50, p.P99, p.Most)
	}
	t.Logf("figure: an application that only asks the network to send, and takes its callbacks: %.0f a second without faults; nine in ten of ours go at %.2f of it",
		bare, pace/bare)
	t.Logf("figure: peak memory of the last process %s", memory)
}

// length is how long people go on calling.
func (s soak) length() time.Duration {
	return time.Duration(float64(s.callers)/s.callsASecond*float64(time.Second)) + 2*time.Second
}

// soakFaults make two of a hundred sends, of a hundred status reports and of a hundred requests of a
// call go wrong, in every way there is.
func soakFaults() []phonesim.Fault {
	const send, call = "POST /Messages.json", "/hooks/twilio/voice"
	f := func(k phonesim.FaultKind, match string, percent float64, performed bool, seconds phonesim.Seconds) phonesim.Fault {
		return phonesim.Fault{Kind: k, Match: match, Percent: percent, Performed: performed, Seconds: seconds}
	}
	return []phonesim.Fault{
		f(phonesim.FaultREST500, send, 0.4, true, 0), f(phonesim.FaultREST503, send, 0.4, false, 0), f(phonesim.FaultRESTDropped, send, 0.4, true, 0),
		f(phonesim.FaultRESTEmpty, send, 0.4, true, 0), f(phonesim.FaultREST429, send, 0.4, false, 1),
		f(phonesim.FaultStatusDrop, "", 0.5, false, 0), f(phonesim.FaultStatusReorder, "", 0.5, false, 1),
		f(phonesim.FaultWebhookTwice, "", 0.5, false, 0), f(phonesim.FaultWebhookDelay, "", 0.5, false, 1), f(phonesim.FaultWebhookDrop, call, 1, false, 0),
	}
}

// stopSome has people write STOP, evenly over the time. Where the site is down the word is lost until
// the site is up again and reads it in the carrier's log; the carrier blocks the number meanwhile. Only
// what was known at once is counted as known.
func (s soak) stopSome(x *exchange, who []int, c *crowd) {
	ctx := context.Background()
	for _, i := range who {
		time.Sleep(s.length() / time.Duration(len(who)))
		number := c.visits[i]
		x.post("/sim/phones/"+number+"/sms", map[string]string{"body": "STOP", "to": office})
		people, err := c.engine.People.ByPoint(ctx, number)
		if err != nil || len(people) != 1 {
			x.t.Errorf("%d people have the number of somebody who wrote STOP: %v", len(people), err)
			return
		}
		gate, err := c.engine.Trial.May(ctx, people[0].PersonID(), contacts.StudyCare, contacts.SMS, "SOAK")
		if err != nil {
			x.t.Error(err)
			return
		}
		if !gate.OK {
			c.stopped[number] = time.Now()
		}
	}
}

// callIn has everybody call once, each at their time, whether or not the calls before are over, and
// waits until nobody's questions are open or no call can still go on. It returns who has to call again.
func (s soak) callIn(x *exchange, c *crowd, who []caller) (open []caller) {
	for _, one := range who {
		time.Sleep(time.Duration(float64(time.Second) / s.callsASecond))
		go x.post("/sim/phones/"+one.number+"/calls", map[string]string{"to": office})
	}
	long := time.Duration(len(questions)*2+4)*s.think + 20*time.Second
	open = slices.Clone(who)
	for until := time.Now().Add(long); ; time.Sleep(3 * time.Second) { // looking is work too
		open = slices.DeleteFunc(open, func(one caller) bool {
			r := x.answered(c, one)
			return r != nil && r.State == "completed"
		})
		if len(open) == 0 || time.Now().After(until) {
			return open
		}
	}
}

// answered is somebody's entry, nil when they have not begun.
func (x *exchange) answered(c *crowd, who caller) *trial.Response {
	all, err := c.engine.Trial.ResponsesOf(context.Background(), who.person)
	if err != nil || len(all) > 1 {
		x.t.Errorf("%d entries of one caller: %v", len(all), err)
	}
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

// post is a request of the management API whose failure is part of the run.
func (x *exchange) post(path string, in any) {
	body, _ := json.Marshal(in)
	resp, err := http.Post("http://"+x.sim+path, "application/json", strings.NewReader(string(body)))
	if err == nil {
		resp.Body.Close()
	}
}

// judgeReminders compares what was queued with what the network was given: one reminder for each
// visit, none twice, none begun for a number after its STOP was known. It returns when the first was
// begun, and in order when the last thing was heard about each that was sent, in real time.
func (x *exchange) judgeReminders(c *crowd) (first time.Time, heard []time.Time) {
	ctx := context.Background()
	texts := map[string]int{}
	ids := map[string]int{}
	for _, g := range x.network() {
		texts[g.To]++
		ids[g.id()]++
	}
	rows := map[string]outbox.Message{}
	for item, err := range x.driver.Find(ctx, "outbox", docstore.Query{Scan: true}) {
		if err != nil {
			x.t.Fatal(err)
		}
		var meta docstore.Meta
		if err := bson.Unmarshal(item, &meta); err != nil {
			x.t.Fatal(err)
		}
		m, err := x.box.Get(ctx, meta.ID)
		if err != nil {
			x.t.Fatal(err)
		}
		if m.Kind != outbox.SMS || m.Template != "sms.reminder" {
			continue
		}
		if other, ok := rows[m.To]; ok {
			x.t.Errorf("%s and %s remind one person of one visit", other.ID, m.ID)
		}
		rows[m.To] = m
		if ids[m.ID] > 1 {
			x.t.Errorf("the network was given %s %d times: %+v", m.ID, ids[m.ID], m.Attempts)
		}
		stopped, stop := c.stopped[m.To]
		for _, a := range m.Attempts {
			if stop && a.Started.After(stopped) {
				x.t.Errorf("%s was tried %v after STOP", m.ID, a.Started.Sub(stopped))
			}
			if first.IsZero() || a.Started.Before(first) {
				first = a.Started
			}
		}
		if len(m.Attempts) > 0 {
			heard = append(heard, m.Changed)
		}
	}
	states := map[string]int{}
	lost := 0
	for _, number := range c.visits {
		m, queued := rows[number]
		states[string(m.State)]++
		if texts[number] > 0 || c.wrote[number] {
			continue
		}
		lost++
		if lost <= 5 {
			x.t.Errorf("no reminder of a visit: queued %t, %s %s, attempts %+v", queued, m.State, m.Reason, m.Attempts)
		}
	}
	if lost > 0 {
		x.t.Errorf("%d of %d reminders were lost", lost, len(c.visits))
	}
	x.t.Logf("%d people wrote STOP, of %d it was known; reminders in the end: %v", len(c.wrote), len(c.stopped), states)
	slices.SortFunc(heard, time.Time.Compare)
	return first, heard
}

// judgeAnswers wants of every caller one finished entry with what they pressed.
func (x *exchange) judgeAnswers(c *crowd) {
	wrong := 0
	for _, who := range c.callers {
		r := x.answered(c, who)
		if r == nil || r.State != "completed" {
			if wrong++; wrong == 1 {
				x.t.Errorf("caller %d has %+v; their last call: %+v", who.seed, r, c.calls[who.number].Captions)
			}
			continue
		}
		got := map[string]string{}
		for _, a := range r.Session.Answers {
			got[a.LinkID] += a.Raw
		}
		for i, q := range questions {
			want := strconv.Itoa(who.answer(i))
			if !q.scale {
				want = strconv.Itoa(who.answer(i) + 1)
			}
			if got[q.item] != want {
				x.t.Errorf("caller %d: %s is %q, pressed %s", who.seed, q.item, got[q.item], want)
			}
		}
	}
	if wrong > 0 {
		x.t.Errorf("%d of %d check-ins were not finished", wrong, len(c.callers))
	}
}

// peak is the most memory a process has had, as the system tells it.
func (p *process) peak() string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return "unknown here"
	}
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(v)
		}
	}
	return "unknown here"
}

// quiet waits until nothing is open and nothing new is queued for a while.
func (x *exchange) quiet(patience time.Duration) {
	const still = 15 * time.Second // longer than between two looks at what is due
	rows, since := -1, time.Now()
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(time.Second) {
		n, err := x.driver.Count(context.Background(), "outbox", docstore.Query{Scan: true})
		if err != nil {
			x.t.Fatal(err)
		}
		if n != rows || x.open() > 0 {
			rows, since = n, time.Now()
		}
		if time.Since(since) > still {
			return
		}
	}
	x.t.Logf("%d messages are still open after %v", x.open(), patience)
}
