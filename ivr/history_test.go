package ivr_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/trial"
)

// volunteer is what the judge knows of somebody: only what was done to them, in the test's own words.
type volunteer struct {
	id      contacts.PersonID
	number  string
	zones   []string // where the number may ring
	may     map[string]bool
	before  map[string]bool   // what stood before they stopped texts, which START may bring back
	gone    bool              // died, or was erased
	texts   map[string]string // texts for the study that went, each on which date in New York or elsewhere
	visit   string
	begins  time.Time // zero: not booked
	replied bool

	from, to string // their own hours
	away     []contacts.Away
}

// judge looks at everything that is handed to the phone company. It asks nobody.
type judge struct {
	mu     sync.Mutex
	people []*volunteer
	now    func() time.Time
	took   map[string]int
	fault  string // what the phone company says to the next message
	wrong  []string
	sent   int
	stops  []string // numbers it said 21610 of
}

func (j *judge) see(m outbox.Message) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	no := func(why string) {
		j.wrong = append(j.wrong, fmt.Sprintf("%s: %s %s (%s) at %s", why, m.Kind, m.Template, m.Purpose, j.now().Format(time.RFC3339)))
	}
	i := slices.IndexFunc(j.people, func(v *volunteer) bool { return string(v.id) == m.Person })
	if i < 0 {
		no("to nobody we know")
		return nil
	}
	v := j.people[i]
	if m.To != v.number {
		no("to another number")
	}
	if v.gone {
		no("to somebody who has died or was erased")
	}
	if m.Purpose == "requested" {
		if stopped, said := v.may["stopped"]; said && stopped {
			no("a code to somebody who stopped texts")
		}
	} else {
		if !v.may[m.Purpose+" "+string(m.Kind)] {
			no("without a permission that stands")
		}
		for _, z := range v.zones {
			place, err := time.LoadLocation(z)
			if err != nil {
				panic(err)
			}
			if h := j.now().In(place).Hour(); h < 8 || h >= 21 {
				no(fmt.Sprintf("at %d o'clock in %s", h, z))
			}
			if why := v.unwished(j.now().In(place)); why != "" {
				no(why)
			}
		}
	}
	day := ""
	if m.Purpose == "study" && m.Kind == outbox.SMS && m.ReplyTo == "" {
		place := mustZone(v.zones[0])
		day = j.now().In(place).Format(time.DateOnly)
		n := 0
		for id, on := range v.texts {
			if on == day && id != m.ID {
				n++
			}
		}
		if n >= textsADay {
			no(fmt.Sprintf("the text after %d for studies on %s", n, day))
		}
	}
	if m.Template == trial.TemplateCodeWord && !v.may["study call"] {
		no("of a call that may not be made")
	}
	if m.Visit != "" {
		switch {
		case v.begins.IsZero():
			no("about a visit that is not booked")
		case !j.now().Before(v.begins):
			no("after the visit began")
		case v.replied:
			no("after the visit was answered")
		}
	}
	fault := j.fault
	j.fault = ""
	switch fault {
	case "21610":
		v.stopTexts()
		j.stops = append(j.stops, v.number)
		return outbox.Refuse("21610", errors.New("stopped"))
	case "30003":
		return outbox.Refuse("30003", errors.New("out of reach"))
	case "429":
		return outbox.Retry(time.Second, "20429", errors.New("too many"))
	case "lost":
		v.went(m.ID, day)
		return outbox.Ambiguous(errors.New("no answer"))
	}
	v.went(m.ID, day)
	j.sent++
	if j.took[m.ID]++; j.took[m.ID] > 1 {
		no("a second time")
	}
	return nil
}

// unwished says which wish of theirs a moment is against.
func (v *volunteer) unwished(local time.Time) string {
	if clock := local.Format("15:04"); v.from != "" && (clock < v.from || clock >= v.to) {
		return "outside their own hours"
	}
	for _, a := range v.away {
		if day := local.Format(time.DateOnly); a.From <= day && day <= a.To {
			return "while they are away"
		}
	}
	return ""
}

// textsADay is what the site of these lives allows.
const textsADay = 3

// went notes a text for the study, by when it was first handed over.
func (v *volunteer) went(id, day string) {
	if v.texts[id] == "" && day != "" {
		v.texts[id] = day
	}
}

func (v *volunteer) stopTexts() {
	if !v.may["stopped"] {
		v.before = map[string]bool{}
		for k, on := range v.may {
			v.before[k] = on
		}
	}
	v.may["study sms"], v.may["recruitment sms"], v.may["stopped"] = false, false, true
}

// at is everybody with a number.
func (j *judge) at(number string, do func(*volunteer)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, v := range j.people {
		if v.number == number {
			do(v)
		}
	}
}

// history is one life of the system: a store, up to two processes, people.
type history struct {
	*rapid.T
	t     *testing.T
	opts  rig.Options
	a, b  *rig.Rig
	judge *judge
	texts int
	keys  int
}

func newHistory(t *testing.T, rt *rapid.T) *history {
	dir := t.TempDir()
	driver, err := sqlitedoc.Open(t.Context(), filepath.Join(dir, "muster.db"), sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { driver.Close() })
	// Two days before the clocks go on, or go back, or in the middle of summer.
	start := rapid.SampledFrom([]string{"2026-03-06T15:00:00Z", "2026-10-30T15:00:00Z", "2026-07-01T15:00:00Z"}).Draw(rt, "start")
	now, err := time.Parse(time.RFC3339, start)
	if err != nil {
		t.Fatal(err)
	}
	h := &history{T: rt, t: t, judge: &judge{took: map[string]int{}}, opts: rig.Options{Driver: driver, Dir: dir, Now: now, TextsADay: textsADay}}
	h.a = rig.New(t, h.opts)
	h.a.Sent.Fail = h.judge.see
	h.opts.Clock, h.opts.NewID, h.opts.Carrier = h.a.Clock, h.a.NewID, h.a.Sent
	h.judge.now = h.a.Clock.Now
	h.b = rig.New(t, h.opts)
	transcript.Study(t, h.a)
	if rapid.Bool().Draw(rt, "word") {
		st, err := h.a.Trial.Study(t.Context(), "STEADY")
		h.ok(err)
		st.CodeWordMinutes = 10
		_, err = h.a.Trial.PutStudy(t.Context(), rig.Staff, st)
		h.ok(err)
	}
	for _, x := range []struct {
		number, zone string
		zones        []string
	}{
		{"+14125550141", "America/New_York", []string{"America/New_York"}},
		{"+14125550141", "America/New_York", []string{"America/New_York"}}, // shares it
		{"+18085550142", "", []string{"Pacific/Honolulu"}},
		{"+19285550143", "", []string{"America/Phoenix", "America/Denver"}},
		{"+18125550144", "", []string{"America/New_York", "America/Chicago"}},
	} {
		h.join(x.number, x.zone, x.zones)
	}
	return h
}

func (h *history) ok(err error) {
	h.Helper()
	if err != nil && !errors.Is(err, trial.ErrRefused) && !errors.Is(err, trial.ErrWindow) && !errors.Is(err, trial.ErrClosed) && !errors.Is(err, trial.ErrMove) {
		h.Fatal(err)
	}
}

func (h *history) join(number, zone string, zones []string) {
	ctx, n := h.t.Context(), len(h.judge.people)+1
	v := &volunteer{number: number, zones: zones, may: map[string]bool{}, texts: map[string]string{}}
	var granted []contacts.Consent
	for _, p := range []contacts.Purpose{contacts.StudyCare, contacts.Recruitment} {
		for ch, kind := range map[contacts.Channel]outbox.Kind{contacts.SMS: outbox.SMS, contacts.Voice: outbox.Call} {
			if n == 2 && ch == contacts.Voice {
				continue
			}
			granted = append(granted, contacts.Consent{Purpose: p, Channel: ch, Granted: true, Source: "web"})
			v.may[string(p)+" "+string(kind)] = true
		}
	}
	out, err := h.a.Trial.Apply(ctx, rig.Staff, trial.Application{Study: "STEADY", Source: "web", NoCode: true, SignUp: contacts.SignUp{Consents: granted,
		Person: contacts.Person{Given: fmt.Sprint("Pat ", n), Family: "Newman", BirthDate: fmt.Sprintf("1960-01-%02d", n), Zone: zone,
			Points: []contacts.Point{{Kind: contacts.Mobile, Value: number}, {Kind: contacts.Email, Value: fmt.Sprintf("pat%d@example.test", n)}}}}})
	h.ok(err)
	for _, to := range []trial.Status{trial.Contacting, trial.Considering, trial.Prescreened} {
		_, err := h.a.Trial.Move(ctx, rig.Staff, out.Subject, to, "", "", "")
		h.ok(err)
	}
	_, err = h.a.Trial.RecordConsent(ctx, rig.Staff, out.Subject, trial.InformedConsent{FormVersion: "2", Signed: h.a.Clock.Now().Add(-time.Hour), ObtainedBy: "maria"}, "")
	h.ok(err)
	v.id, v.visit = out.Person, trial.VisitID(out.Subject, "V2")
	h.judge.people = append(h.judge.people, v)
}

// step does one thing that can happen.
func (h *history) step() {
	ctx := h.t.Context()
	r := rapid.SampledFrom([]*rig.Rig{h.a, h.b}).Draw(h.T, "process")
	v := rapid.SampledFrom(h.judge.people).Draw(h.T, "who")
	purpose := rapid.SampledFrom([]contacts.Purpose{contacts.StudyCare, contacts.Recruitment}).Draw(h.T, "purpose")
	kind := rapid.SampledFrom([]outbox.Kind{outbox.SMS, outbox.Call}).Draw(h.T, "kind")
	channel := map[outbox.Kind]contacts.Channel{outbox.SMS: contacts.SMS, outbox.Call: contacts.Voice}[kind]
	set := func(v *volunteer, on bool) { v.may[string(purpose)+" "+string(kind)] = on }
	what := rapid.SampledFrom([]string{"move on", "move on", "move on", "tick", "tick", "tick", "reach", "reach", "reach", "reach", "reach", "reach", "book", "book", "book", "stop", "start", "key 9", "withdraw", "grant",
		"page", "code", "fault", "late stop", "answer", "cancel", "crash", "die", "erase", "wish", "wish"}).Draw(h.T, "what")
	if v.gone && what != "move on" && what != "tick" && what != "fault" && what != "crash" && what != "reach" && what != "stop" {
		return
	}
	switch what {
	case "move on":
		h.a.Clock.Advance(time.Duration(rapid.IntRange(1, 14*60).Draw(h.T, "minutes")) * time.Minute)
	case "tick":
		h.ok(r.Operator.Tick(ctx, r.Clock.Now()))
	case "reach":
		h.keys++
		x := trial.Reach{Key: fmt.Sprint("k", h.keys), Person: v.id, Study: "STEADY", Purpose: purpose, Kind: kind, Template: "sms.note", Body: fmt.Sprint("Hello ", h.keys)}
		if kind == outbox.Call {
			x.Template, x.Body = ivr.CallVisit, ""
		}
		for range 2 { // both processes, under one key
			_, _, err := r.Trial.Reach(ctx, rig.Staff, x)
			h.ok(err)
		}
	case "book":
		local := h.a.Clock.Now().In(mustZone("America/New_York"))
		day := local.AddDate(0, 0, rapid.IntRange(1, 3).Draw(h.T, "days")).Format(time.DateOnly)
		clock := rapid.SampledFrom([]string{"02:30", "09:30", "16:00"}).Draw(h.T, "at")
		got, err := r.Trial.Book(ctx, rig.Staff, v.visit, day, clock, "as agreed")
		h.ok(err)
		if err == nil {
			v.begins, v.replied = got.Start, false
		}
	case "cancel":
		_, err := r.Trial.CancelVisit(ctx, rig.Staff, v.visit, "asked")
		h.ok(err)
		v.begins = time.Time{}
	case "answer":
		reply := rapid.SampledFrom([]string{trial.Confirmed, trial.ChangeAsked}).Draw(h.T, "reply")
		_, err := r.Trial.ReplyToVisit(ctx, rig.Staff, v.visit, reply, "web")
		h.ok(err)
		v.replied = v.replied || err == nil
	case "stop", "start":
		word := "START"
		if what == "stop" {
			word = rapid.SampledFrom([]string{"STOP", "please stop texting me", "Alto"}).Draw(h.T, "word")
		}
		h.texts++
		_, err := r.Operator.Text(ctx, ivr.Inbound{SID: fmt.Sprint("SMin", h.texts), From: num(h.t, v.number), To: num(h.t, rig.Office), Body: word})
		h.ok(err)
		h.judge.at(v.number, func(v *volunteer) {
			if what == "stop" {
				v.stopTexts()
			} else if v.may["stopped"] {
				v.may["stopped"] = false
				for _, p := range []string{"study sms", "recruitment sms"} {
					v.may[p] = v.may[p] || v.before[p]
				}
			}
		})
	case "key 9":
		_, err := r.Trial.Withdraw(ctx, rig.Staff, v.id, "pressed 9", contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.Voice, Source: "voice"})
		h.ok(err)
		v.may["study call"], v.may["recruitment call"] = false, false
	case "withdraw":
		_, err := r.Trial.Withdraw(ctx, rig.Staff, v.id, "said so", contacts.Consent{Purpose: purpose, Channel: channel, Source: "staff"})
		h.ok(err)
		set(v, false)
		if kind == outbox.SMS && v.before != nil {
			v.before[string(purpose)+" sms"] = v.before[string(purpose)+" sms"] && !v.may["stopped"]
		}
	case "grant":
		_, err := r.People.AddConsent(ctx, rig.Staff, v.id, "said so", contacts.Consent{Purpose: purpose, Channel: channel, Granted: true, Source: "staff"})
		h.ok(err)
		set(v, true)
	case "page": // everything, by address
		p, err := r.People.Get(ctx, v.id)
		h.ok(err)
		if pt, found := p.EmailPoint(); found {
			_, err = r.Trial.StopPoint(ctx, trial.Carrier, pt.Value, contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.AnyChannel, Source: "web"})
			h.ok(err)
			v.stopTexts()
			v.may["study call"], v.may["recruitment call"] = false, false
		}
	case "code":
		_, err := r.Trial.SendCode(ctx, rig.Staff, v.number, "signin", false)
		var many *contacts.TooManyCodes
		if !errors.As(err, &many) {
			h.ok(err)
		}
	case "fault":
		h.judge.fault = rapid.SampledFrom([]string{"21610", "30003", "429", "lost"}).Draw(h.T, "fault")
	case "late stop": // in a callback, of a text that was taken before
		for _, m := range h.a.Sent.To(v.number) {
			if m.Kind == outbox.SMS && m.Person == string(v.id) {
				h.ok(r.Operator.MessageStatus(ctx, ivr.MessageEvent{SID: rig.SID(m), Message: m.ID, Status: "undelivered", Code: "21610"}))
				if now, err := r.Box.Get(ctx, m.ID); err == nil && now.Code == "21610" {
					delete(v.texts, m.ID)
					h.judge.at(v.number, (*volunteer).stopTexts)
				}
				break
			}
		}
	case "crash": // one process is gone and comes back
		h.b = rig.New(h.t, h.opts)
	case "die":
		_, err := r.Trial.Move(ctx, rig.Staff, trial.SubjectID(v.id, "STEADY"), trial.Died, "", "", "")
		h.ok(err)
		v.gone = v.gone || err == nil
	case "wish": // other hours, days away, another way
		w := trial.Wishes{Remind: rapid.SampledFrom([]contacts.Channel{"", contacts.SMS, contacts.Voice}).Draw(h.T, "first")}
		if rapid.Bool().Draw(h.T, "hours") {
			w.From, w.To = rapid.SampledFrom([]string{"07:00", "10:00"}).Draw(h.T, "from"), rapid.SampledFrom([]string{"12:00", "22:00"}).Draw(h.T, "to")
		}
		if rapid.Bool().Draw(h.T, "away") {
			here := h.a.Clock.Now().In(mustZone(v.zones[0]))
			w.Away = []contacts.Away{{From: here.Format(time.DateOnly), To: here.AddDate(0, 0, 1).Format(time.DateOnly)}}
		}
		err := r.Trial.SetWishes(ctx, rig.Staff, v.id, "said so", w)
		if no := (trial.Unfits{}); !errors.As(err, &no) {
			h.ok(err)
			v.from, v.to, v.away = w.From, w.To, w.Away
		}
	case "erase":
		h.ok(r.People.Erase(ctx, rig.Staff, v.id, "asked for it", true))
		v.gone = true
	}
	for _, p := range []*rig.Rig{h.a, h.b} {
		_, err := p.Box.Deliver(ctx, p.Clock.Now())
		h.ok(err)
	}
	for _, n := range h.judge.stops {
		h.judge.at(n, (*volunteer).stopTexts)
	}
	h.judge.stops = nil
	if len(h.judge.wrong) > 0 {
		h.Fatalf("after %q: %q", what, h.judge.wrong)
	}
}

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// TestNothingLeavesWithoutAStandingConsent plays lives of a system, with every way of saying no,
// carriers that fail, clocks that jump, two processes and crashes; everything that is handed to the
// phone company is judged by what was done so far. It plays for some seconds, or as long as
// MUSTER_HISTORIES says.
func TestNothingLeavesWithoutAStandingConsent(t *testing.T) {
	lasts := 10 * time.Second
	if s := os.Getenv("MUSTER_HISTORIES"); s != "" {
		var err error
		if lasts, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	began, played, sent, failing := time.Now(), 0, 0, false
	rapid.Check(t, func(rt *rapid.T) {
		if !failing && played > 0 && time.Since(began) > lasts {
			return
		}
		failing = true // and is made smaller until it ends well
		h := newHistory(t, rt)
		for range rapid.IntRange(20, 90).Draw(rt, "steps") {
			h.step()
		}
		failing = false
		played++
		sent += h.judge.sent
	})
	if !t.Failed() && sent == 0 {
		t.Errorf("%d lives, and nothing was sent in them", played)
	}
	t.Logf("%d lives, %d messages", played, sent)
}
