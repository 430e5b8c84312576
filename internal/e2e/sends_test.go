package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/docstoretest"
	"github.com/muster-health/muster/internal/docstore/mongodoc"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/mongotest/txproxy"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/ivr/phonesim"
)

// shared is a database that several processes serve, and how many sends it is given to share.
type shared struct {
	open  func(t *testing.T) string // its URL; "" the embedded one
	sends int
}

// stores are both databases: MongoDB's protocol with transactions, as FerretDB behind the proxy has
// them, where a send takes longer.
func stores() map[string]shared {
	return map[string]shared{
		"SQLite": {func(*testing.T) string { return "" }, 300},
		"MongoDB": {func(t *testing.T) string {
			uri, _ := docstoretest.WithTransactions(t, docstoretest.StartFerretDB(t), txproxy.Options{})
			return uri
		}, 60},
	}
}

// exchange is a house whose sends are counted: its phone network keeps everything in a file, and
// its outbox is open to the test, as it would be to one more process.
type exchange struct {
	*house
	state  string // file of the network
	phones *process
	driver docstore.Driver
	store  *docstore.Store
	box    *outbox.Box
	sent   []outbox.Message // what was queued
}

func newExchange(t *testing.T, store string, binary func() (string, error)) *exchange {
	t.Helper()
	x := &exchange{house: newHouse(t)}
	x.binary, x.house.store, x.level = binary, store, "error"
	x.state = filepath.Join(filepath.Dir(x.dir), "network.json")
	x.args = []string{"--twilio-base-url", "http://" + x.sim, "--twilio-account-sid", phonesim.DemoAccountSID, "--twilio-auth-token", phonesim.DemoAuthToken, "--twilio-from", office}
	x.must("staff", "add", "maria", "--name", "Maria Santos", "--role", "coordinator") // makes the store and its key ring
	x.openBox()
	x.phones = x.start("phonesim", "--state", x.state)
	t.Cleanup(func() { x.phones.stop() })
	within(t, "the phones answer", func() bool {
		_, err := os.Stat(x.state)
		return err == nil
	})
	return x
}

// openBox opens the outbox of the house's store. It puts and reads; it never delivers.
func (x *exchange) openBox() {
	x.t.Helper()
	ctx := context.Background()
	var err error
	if x.house.store == "" {
		x.driver, err = sqlitedoc.Open(ctx, filepath.Join(x.dir, "muster.db"), sqlitedoc.Options{})
	} else {
		x.driver, err = mongodoc.Open(ctx, x.house.store, mongodoc.Options{})
	}
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { x.driver.Close() })
	real := clock.Real()
	x.store = docstore.New(x.driver, real.Wall)
	ring, err := seal.Open(x.dir+".keyring.json", false)
	if err != nil {
		x.t.Fatal(err)
	}
	keys, err := seal.OpenKeys(ctx, x.store, ring)
	if err != nil {
		x.t.Fatal(err)
	}
	if x.box, err = outbox.Open(ctx, x.store, real, keys, nil, outbox.Options{}); err != nil {
		x.t.Fatal(err)
	}
}

// numbered is a fictional number of its own for each i below 21,000, in an area code there is; none is
// the office's, which nobody can text.
func numbered(i int) string { return fmt.Sprintf("+1%03d55501%02d", areaCodes()[i/99], 1+i%99) }

// areaCodes are those of North America in which people have numbers.
var areaCodes = sync.OnceValue(func() (all []int) {
	for area := 201; area < 990; area++ {
		if _, err := phone.Parse(fmt.Sprintf("+1%03d5550100", area), "US"); err == nil {
			all = append(all, area)
		}
	}
	return all
})

// texts are n texts, each to a number of its own, but that every twentieth is the twin of the one
// before: same number, same words.
func texts(n int) (out []outbox.Message) {
	for i := range n {
		which := i
		if i%20 == 19 {
			which--
		}
		out = append(out, outbox.Message{Meta: docstore.Meta{ID: outbox.ID("e2e", fmt.Sprint(i))}, Kind: outbox.SMS, To: numbered(which),
			Purpose: string(contacts.Requested), Body: fmt.Sprintf("Text number %d.", which)})
	}
	return out
}

// queue puts messages into the outbox.
func (x *exchange) queue(ms []outbox.Message) {
	x.t.Helper()
	x.sent = append(x.sent, ms...)
	for len(ms) > 0 {
		b := x.store.Batch()
		n := min(len(ms), 50)
		for _, m := range ms[:n] {
			x.box.Put(b, m)
		}
		if err := x.store.Commit(context.Background(), b); err != nil {
			x.t.Fatal(err)
		}
		ms = ms[n:]
	}
}

// open counts the messages of which it is not certain yet what became of them.
func (x *exchange) open() (n int) {
	x.t.Helper()
	for _, s := range []outbox.State{outbox.Due, outbox.Sending, outbox.Unknown} {
		c, err := x.driver.Count(context.Background(), "outbox", docstore.Query{Eq: []docstore.Field{docstore.E("state", string(s)), docstore.E("priority", int64(outbox.Normal)), docstore.E("kind", string(outbox.SMS))}, Order: "due"})
		if err != nil {
			x.t.Fatal(err)
		}
		n += c
	}
	return n
}

// settles waits until nothing is open but what staff were asked about.
func (x *exchange) settles(patience time.Duration) {
	x.t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
		if x.open() == 0 {
			return
		}
	}
	x.t.Logf("%d messages are still open after %v", x.open(), patience)
}

// given is what the network was given by us.
type given struct {
	SID, To, Body, Direction, StatusCallback string
}

// id is ours, from the callback.
func (g given) id() string {
	u, err := url.Parse(g.StatusCallback)
	if err != nil {
		return ""
	}
	return u.Query().Get("m")
}

// network stops the phones and reads what they keep.
func (x *exchange) network() (out []given) {
	x.t.Helper()
	if err := x.phones.stop(); err != nil {
		x.t.Fatal(err)
	}
	data, err := os.ReadFile(x.state)
	if err != nil {
		x.t.Fatal(err)
	}
	var kept struct{ Messages []given }
	if err := json.Unmarshal(data, &kept); err != nil {
		x.t.Fatal(err)
	}
	for _, g := range kept.Messages {
		if strings.HasPrefix(g.Direction, "outbound") {
			out = append(out, g)
		}
	}
	return out
}

// account compares the outbox with what the network was given: nothing lost, nothing doubled, no
// message of the network's counted twice, and a task for everything nobody can know. It returns how
// the attempts ended, and how many were begun by each process.
func (x *exchange) account() (outcomes, processes map[string]int) {
	x.t.Helper()
	type words struct{ to, body string }
	has, bySID := map[words]int{}, map[string]given{}
	known := map[string]bool{}
	for _, m := range x.sent {
		known[m.ID] = true
	}
	for _, g := range x.network() {
		has[words{g.To, g.Body}]++
		bySID[g.SID] = g
		if !known[g.id()] {
			x.t.Errorf("the network was given %s, which is none of ours: %q", g.SID, g.id())
		}
	}
	outcomes, processes = map[string]int{}, map[string]int{}
	wanted, owner := map[words]int{}, map[string]string{}
	for _, m := range x.sent {
		row, err := x.box.Get(context.Background(), m.ID)
		if err != nil {
			x.t.Fatal(err)
		}
		for _, a := range row.Attempts {
			outcomes[a.Outcome]++
			processes[a.Process]++
		}
		switch row.State {
		case outbox.Accepted, outbox.Sent, outbox.Delivered:
			w := words{m.To, m.Body}
			wanted[w]++
			if g, ok := bySID[row.SID]; !ok || (words{g.To, g.Body}) != w {
				x.t.Errorf("%s is %s as %q, which the network does not have under its number and words", m.ID, row.State, row.SID)
			}
			if other := owner[row.SID]; other != "" {
				x.t.Errorf("%s and %s both count %s as theirs", m.ID, other, row.SID)
			}
			owner[row.SID] = m.ID
		case outbox.Unknown:
			_, err := x.driver.Get(context.Background(), "tasks", "tsk_stuck_"+m.ID)
			if !row.Stuck || err != nil {
				x.t.Errorf("%s is unknown and staff have no task: stuck %v, %v, attempts %+v", m.ID, row.Stuck, err, row.Attempts)
			}
			outcomes["with staff"]++
		default:
			x.t.Errorf("%s is %s in the end: %s; attempts %+v", m.ID, row.State, row.Reason, row.Attempts)
		}
	}
	lost, doubled := 0, 0
	for w, n := range wanted {
		lost += max(n-has[w], 0)
		doubled += max(has[w]-n, 0)
	}
	for w, n := range has {
		if wanted[w] == 0 && outcomes["with staff"] == 0 {
			doubled += n
		}
	}
	if lost > 0 || doubled > 0 {
		x.t.Errorf("%d lost, %d doubled of %d", lost, doubled, len(x.sent))
	}
	return outcomes, processes
}
