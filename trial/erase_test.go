package trial_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/auth/participant"
	"github.com/muster-health/muster/internal/auth/session"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/trial"
)

// xanthippe is somebody whose every word can be searched for.
var xanthippe = struct{ number, email, words []string }{
	number: []string{"+14125550177", "4125550177", "555-0177"},
	email:  []string{"xanthippe@quintanilla.example.test", "quintanilla.example"},
	words: []string{"Xanthippe", "Quintanilla", "Oezdemir", "1961-12-29", "genderqueer-ish", "Zebra Crossing", "Wolfenstein", "Pennsyltucky", "MRN-8675309",
		"stepdaughter-in-law", "ticked at the kiosk", "hates needles", "welcome aboard", "carrier grumbled", "my knee hurts", "sisters, both rang up", "rang me at dinner"},
}

// sister is the id of who shared a number with her once, and has her birthday.
const sister = "per_000002"

func allOfThem() []string { return slices.Concat(xanthippe.number, xanthippe.email, xanthippe.words) }

// joins signs her up, and leaves traces of her everywhere the program writes.
func joins(t *testing.T, r *rig.Rig) contacts.Person {
	t.Helper()
	ctx := t.Context()
	out, err := r.Trial.Apply(ctx, rig.Staff, trial.Application{Study: "STEADY", Source: "web", SignUp: contacts.SignUp{
		Person: contacts.Person{Given: "Xanthippe", Family: "Quintanilla", BirthDate: "1961-12-29", Gender: "genderqueer-ish", Language: "en", Zone: "America/New_York",
			Address: contacts.Address{Line: "77 Zebra Crossing", City: "Wolfenstein", State: "Pennsyltucky", ZIP: "16001"}, SourceID: "MRN-8675309",
			Points: []contacts.Point{{Kind: contacts.Mobile, Value: xanthippe.number[0]}, {Value: xanthippe.email[0]}}, Proxy: &contacts.Proxy{Role: "stepdaughter-in-law"}},
		Consents: []contacts.Consent{{Purpose: contacts.StudyCare, Channel: contacts.SMS, Granted: true, Source: "web", Evidence: "ticked at the kiosk"},
			{Purpose: contacts.Recruitment, Channel: contacts.SMS, Granted: true, Source: "web"}, {Purpose: contacts.StudyCare, Channel: contacts.Voice, Granted: true, Source: "web"}},
		Facts: []contacts.Fact{{Kind: contacts.Answered, Code: "muster|note", Text: "hates needles", Source: "web"}}}})
	if err != nil {
		t.Fatal(err)
	}
	id := out.Person
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r.Deliver(t) // the code
	_, err = r.People.Edit(ctx, rig.Staff, id, "corrected", func(p *contacts.Person) error { p.Family = "Oezdemir"; return nil })
	must(err)
	must(r.People.SetPIN(ctx, rig.Staff, id, "8264", "by phone"))
	must(r.People.RecordFacts(ctx, rig.Staff, id, "told", []contacts.Fact{{Kind: contacts.Condition, Code: "snomed|709044004", Date: "2020-05-05", Source: "staff:ben"}}, nil))
	must(r.Trial.Note(ctx, rig.Staff, id, "rang me at dinner"))
	_, _, err = r.Trial.Reach(ctx, rig.Staff, trial.Reach{Person: id, Study: "STEADY", Purpose: contacts.Recruitment, Kind: "sms", Template: "sms.own", Body: "Xanthippe, welcome aboard", Staff: "ben"})
	must(err)
	r.Deliver(t)
	must(r.Trial.OpenTask(ctx, rig.Staff, trial.Task{Kind: "call", Person: id, Text: "Call Xanthippe about the carrier grumbled"}))
	for i, body := range []string{"my knee hurts", "HELP"} {
		from, err := phone.Parse(xanthippe.number[0], "US")
		must(err)
		office, err := phone.Parse(rig.Office, "US")
		must(err)
		_, err = r.Operator.Text(ctx, ivr.Inbound{SID: "SMin" + string(rune('a'+i)), From: from, To: office, Body: body})
		must(err)
		_, err = r.Operator.Answer(ctx, ivr.CallEvent{SID: "CAin" + string(rune('a'+i)), From: from, To: office})
		must(err)
	}
	twin, err := r.People.SignUp(ctx, rig.Staff, contacts.SignUp{Person: contacts.Person{Given: "Xenia", Family: "Other", BirthDate: "1961-12-29", Language: "en", Points: []contacts.Point{{Value: xanthippe.number[0]}}}}, nil)
	must(err)
	if len(twin.Reviews) != 1 || twin.Person.ID != sister {
		t.Fatalf("%d reviews of %s, want 1 of %s", len(twin.Reviews), twin.Person.ID, sister)
	}
	_, err = r.People.DecideReview(ctx, rig.Staff, twin.Reviews[0], contacts.ReviewDifferent, "sisters, both rang up")
	must(err)
	_, err = r.People.Edit(ctx, rig.Staff, twin.Person.PersonID(), "another number", func(p *contacts.Person) error { p.Points[0].Value = "+14125550178"; return nil })
	must(err)
	p, err := r.People.Get(ctx, id)
	must(err)
	return p
}

// readable lists which of the words can still be read: in clear in the files, through the
// collections, and by opening every sealed value of documents and trail with any key there is.
func readable(t *testing.T, r *rig.Rig, words []string) (found []string) {
	t.Helper()
	ctx := t.Context()
	look := func(where string, data []byte) {
		if strings.HasPrefix(where, "people "+sister+",") || strings.HasSuffix(where, "opened for "+sister) {
			return // what is hers of it
		}
		for _, w := range words {
			if bytes.Contains(bytes.ToLower(data), []byte(strings.ToLower(w))) {
				found = append(found, w+" in "+where)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(r.Dir, "muster.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no database files", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		look(filepath.Base(f), data)
	}
	owners := []string{""}
	for raw, err := range r.Store.Driver().Find(ctx, "keys", docstore.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		owners = append(owners, raw.Lookup("_id").StringValue())
	}
	opened := 0
	for name, spec := range r.Store.Specs() {
		for raw, err := range r.Store.Driver().Find(ctx, name, docstore.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			id := raw.Lookup("_id").StringValue()
			look(name+" "+id, raw)
			if spec.Codec != nil {
				plain, err := spec.Codec.Decode(ctx, raw)
				if err != nil {
					t.Fatalf("%s %s does not open: %v", name, id, err)
				}
				look(name+" "+id+", opened", plain)
				opened++
			}
			if name == "sessions" {
				_, data := raw.Lookup("data").Binary()
				if plain, err := r.Ring.OpenBytes(data, "sessions/"+raw.Lookup("audience").StringValue()+"/"+id); err == nil {
					look("session, opened", plain)
				}
			}
			if name != audit.Collection {
				continue
			}
			var e audit.Entry
			if err := bson.Unmarshal(raw, &e); err != nil {
				t.Fatal(err)
			}
			for _, o := range e.Objects {
				for _, c := range o.Changes {
					for _, v := range []bson.RawValue{c.Old, c.New} {
						for _, owner := range owners {
							if plain, err := r.Keys.Reveal(ctx, owner, o.Collection, o.ID, c.Path, v); err == nil {
								look("trail "+id+" "+c.Path+", opened for "+owner, plain.Value)
								opened++
							}
						}
					}
				}
			}
		}
	}
	if opened == 0 {
		t.Fatal("nothing sealed was looked at")
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func intact(t *testing.T, r *rig.Rig) {
	t.Helper()
	rep, err := audit.Verify(t.Context(), r.Store, r.Ring, audit.VerifyOptions{Unaudited: append(contacts.Unaudited(), ivr.Unaudited()...)})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range rep.Problems {
		t.Errorf("audit verify: %s", p)
	}
}

// GDPR Art. 17, F14: a volunteer who never consented to a study is gone from documents, messages,
// the trail and the files; the trail still verifies.
func TestEraseLeavesNothingReadable(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	ctx := t.Context()
	p := joins(t, r)
	var hashes []string
	for _, pt := range p.Points {
		hashes = append(hashes, pt.Hash)
	}
	hashes = append(hashes, p.NameDigest, p.PIN)
	wrapped := wrappedKey(t, r, p.ID)
	if missing := missingFrom(readable(t, r, allOfThem()), []string{"Xanthippe", "Oezdemir", "my knee hurts", "4125550177", "sisters, both rang up", "hates needles"}); len(missing) > 0 {
		t.Fatalf("before: %v cannot be read, so the search proves nothing", missing)
	}
	if files := inFiles(t, r, append(hashes, wrapped)); len(files) != len(hashes)+1 {
		t.Fatalf("before: of hashes and key %d stand in the files, want %d", len(files), len(hashes)+1)
	}
	mine := signedIn(t, r, p.ID)

	r.Clock.Advance(time.Minute)
	if err := r.People.Erase(ctx, rig.Staff, p.PersonID(), "asked by phone", false); err != nil {
		t.Fatal(err)
	}
	for _, f := range readable(t, r, allOfThem()) {
		t.Errorf("still readable: %s", f)
	}
	// A look-up hash is as good as the number to whoever holds the ring and can try all numbers.
	for _, f := range inFiles(t, r, append(hashes, wrapped)) {
		t.Errorf("still in the files: a look-up hash or the wrapped key, %.12q…", f)
	}
	got, err := r.People.Get(ctx, p.PersonID())
	if err != nil || got.Erased.IsZero() || got.Given != "" || len(got.Points) != 0 || got.BirthYear != 0 || got.Address != (contacts.Address{}) || len(got.Consents) != 0 {
		t.Errorf("the person is %+v, %v", got, err)
	}
	if c, err := r.People.Chart(ctx, p.PersonID()); err != nil || len(c.Facts) != 0 {
		t.Errorf("facts left: %+v, %v", c.Facts, err)
	}
	if who, err := r.People.ByPoint(ctx, xanthippe.number[0]); err != nil || len(who) != 0 {
		t.Errorf("found by number: %v, %v", who, err)
	}
	for m, err := range r.Box.For(ctx, p.ID) {
		t.Errorf("a message is left: %s, %v", m.ID, err)
	}
	if mine() {
		t.Error("a session of theirs is still open")
	}
	s := contacts.NewSearch(r.People)
	if err := s.Tick(ctx); err != nil || len(s.Find("Xanthippe", 5)) != 0 {
		t.Errorf("found by name, %v", err)
	}
	intact(t, r)
	if err := r.People.Erase(ctx, rig.Staff, p.PersonID(), "asked again", false); err != nil {
		t.Errorf("erased twice: %v", err)
	}
	if n, err := r.People.ApplyErasures(ctx, rig.Staff); n != 0 || err != nil {
		t.Errorf("the ledger finds %d to erase, %v; want nothing to do", n, err)
	}
	if err := r.Operator.Tick(ctx, r.Clock.Now().Add(48*time.Hour)); err != nil {
		t.Errorf("jobs afterwards: %v", err)
	}
	intact(t, r)
}

func missingFrom(found, want []string) (missing []string) {
	for _, w := range want {
		if !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, w+" in ") }) {
			missing = append(missing, w)
		}
	}
	return missing
}

// inFiles lists which of the values stand in the database files, byte for byte.
func inFiles(t *testing.T, r *rig.Rig, values []string) (found []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(r.Dir, "muster.db*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	for _, v := range values {
		if v != "" && bytes.Contains(all, []byte(v)) {
			found = append(found, v)
		}
	}
	return found
}

func wrappedKey(t *testing.T, r *rig.Rig, id string) string {
	t.Helper()
	raw, err := r.Store.Driver().Get(t.Context(), "keys", id)
	if err != nil {
		t.Fatal(err)
	}
	_, data := raw.Lookup("wrapped").Binary()
	return string(data)
}

// signedIn opens a session for a participant and returns whether it is still there.
func signedIn(t *testing.T, r *rig.Rig, person string) func() bool {
	t.Helper()
	m, err := session.New(t.Context(), r.Store, r.Ring, r.Clock.Wall, session.Options{Name: participant.Audience})
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := m.Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SignIn(ctx, person, false); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	open := func() bool {
		list, err := m.Sessions(t.Context(), person)
		if err != nil {
			t.Fatal(err)
		}
		return len(list) > 0
	}
	if !open() {
		t.Fatal("the session is not kept")
	}
	return open
}

// enrols takes a diary with an answer in own words and a red flag, and books a visit.
func enrols(t *testing.T, r *rig.Rig) (contacts.Person, trial.Subject, trial.Response) {
	t.Helper()
	ctx := t.Context()
	p, sub := rosa(t, r)
	visits, err := r.Trial.VisitsOf(ctx, p.PersonID())
	if err != nil || len(visits) == 0 {
		t.Fatal(visits, err)
	}
	if _, err := r.Trial.Book(ctx, rig.Staff, visits[1].ID, visits[1].Target, "09:30", "asked for the morning"); err != nil {
		t.Fatal(err)
	}
	response, item := evening(t, r, p)
	answer(t, r, response, item, "186")
	resp, err := r.Trial.Response(ctx, response)
	if err != nil || len(resp.Session.Answers) == 0 {
		t.Fatalf("no answer was stored: %+v, %v", resp.Session, err)
	}
	return p, sub, resp
}

// F20, GDPR Art. 17(3): who took part in a study is refused with what must stay; told so, the study's
// data stay readable under a random id, and who it was does not.
func TestEraseKeepsStudyData(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	ctx := t.Context()
	p, sub, resp := enrols(t, r)
	alerts, err := r.Trial.AlertsOf(ctx, p.PersonID())
	if err != nil || len(alerts) == 0 || alerts[0].What == "" {
		t.Fatal(alerts, err)
	}

	var keep contacts.MustKeep
	err = r.People.Erase(ctx, rig.Staff, p.PersonID(), "asked", false)
	if !errors.As(err, &keep) || len(keep) != 1 || keep[0].Study != "STEADY" || !strings.Contains(keep[0].Why, "536/2014") {
		t.Fatalf("got %v, want what must be kept and why", err)
	}
	if again, err := r.People.Get(ctx, p.PersonID()); err != nil || again.Given != "Rosa" {
		t.Fatalf("a refused erasure changed %+v, %v", again, err)
	}
	if list, err := r.Ring.Ledger().Read(); err != nil || len(list) != 0 {
		t.Fatalf("a refused erasure is in the ledger: %v, %v", list, err)
	}

	if err := r.People.Erase(ctx, rig.Staff, p.PersonID(), "asked", true); err != nil {
		t.Fatal(err)
	}
	for _, f := range readable(t, r, []string{"Rosa", "Delgado", "1952-05-03", "+14125550110", "4125550110"}) {
		t.Errorf("still readable: %s", f)
	}
	after, err := r.Trial.Response(ctx, resp.ID)
	if err != nil || len(after.Session.Answers) != len(resp.Session.Answers) || after.Session.Answers[0].Raw != resp.Session.Answers[0].Raw || after.Session.Answers[0].Raw == "" {
		t.Errorf("the answers are %+v, %v; want %+v", after.Session.Answers, err, resp.Session.Answers)
	}
	kept, err := r.Trial.AlertsOf(ctx, p.PersonID())
	if err != nil || len(kept) != len(alerts) || kept[0].What != alerts[0].What {
		t.Errorf("the alert says %+v, %v", kept, err)
	}
	now, err := r.Trial.Subject(ctx, sub.ID)
	if err != nil || now.Status != sub.Status || now.Number != sub.Number {
		t.Errorf("the subject is %+v, %v", now, err)
	}
	visits, err := r.Trial.VisitsOf(ctx, p.PersonID())
	if err != nil || len(visits) < 2 || visits[1].Why != "asked for the morning" {
		t.Errorf("visits %+v, %v", visits, err)
	}
	// Staff know, by number; and no job stumbles or sends, until long after the visit.
	tasks, err := r.Trial.Tasks(ctx, "")
	if err != nil || !slices.ContainsFunc(tasks, func(x trial.Task) bool { return x.ID == "tsk_erased_"+sub.ID && strings.Contains(x.Text, sub.Number) }) {
		t.Errorf("tasks %+v, %v", tasks, err)
	}
	sent := len(r.Sent.To("+14125550110"))
	for range 20 {
		r.Clock.Advance(24 * time.Hour)
		if err := r.Operator.Tick(ctx, r.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Trial.CloseDue(ctx, r.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		r.Deliver(t)
	}
	if n := len(r.Sent.To("+14125550110")); n != sent {
		t.Errorf("%d messages went out after the erasure", n-sent)
	}
	intact(t, r)
}

// F14: who had said STOP stays on the do-not-contact list, as a hash, which sign-ups and imports ask.
func TestEraseKeepsAStop(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	in := contacts.SignUp{Person: contacts.Person{Given: "Keisha", Family: "Morton", BirthDate: "1990-01-02", Points: []contacts.Point{{Value: "412-555-0133"}, {Value: "412-555-0134"}}},
		Consents: []contacts.Consent{{Purpose: contacts.Recruitment, Channel: contacts.SMS, Granted: true, Source: "web"}}}
	out, err := r.People.SignUp(ctx, rig.Staff, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.People.Revoke(ctx, rig.Staff, "412-555-0133", contacts.Consent{Channel: contacts.SMS, Source: "sms", Evidence: "STOP"}, nil); err != nil {
		t.Fatal(err)
	}
	hash := out.Person.Points[0].Hash
	if err := r.People.Erase(ctx, rig.Staff, out.Person.PersonID(), "asked", false); err != nil {
		t.Fatal(err)
	}
	if yes, err := r.People.Suppressed(ctx, hash); err != nil || !yes {
		t.Errorf("suppressed %v, %v; want the stopped number on the list", yes, err)
	}
	for e, err := range r.Audit.Find(ctx, docstore.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range e.Objects {
			if o.ID == hash && e.Person != "" {
				t.Errorf("the trail says whose number that was: %s %s", e.Action, e.Person)
			}
		}
	}
	again, err := r.People.SignUp(ctx, rig.Staff, in, nil)
	if err != nil || again.Repeat || again.Person.ID == out.Person.ID || !slices.Contains(again.Suppressed, hash) {
		t.Errorf("a sign-up afterwards: %+v, %v; want a new person whose number is known as stopped", again, err)
	}
	got, err := r.People.Import(ctx, rig.Staff, "import", []contacts.Incoming{{Person: contacts.Person{Given: "Keisha", Family: "Morton", Source: "import:csv:x", SourceID: "1",
		Basis: contacts.Basis{Kind: contacts.ByConsent}, Points: []contacts.Point{{Value: "412-555-0133"}}}}}, false)
	if err != nil || got[0].Result != contacts.Rejected {
		t.Errorf("an import afterwards: %+v, %v; want it rejected", got, err)
	}
}

// An erasure survives a backup: the old file put back is erased again before it is used.
func TestErasureLedgerOutlivesARestore(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "muster.db")
	open := func() *rig.Rig {
		d, err := sqlitedoc.Open(t.Context(), path, sqlitedoc.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return rig.New(t, rig.Options{Driver: d, Dir: dir})
	}
	ctx := t.Context()
	r := open()
	putStudy(t, r)
	p := joins(t, r)
	r.Store.Driver().Close()
	backup := map[string][]byte{}
	for _, f := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(f)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		backup[f] = data
	}
	r = open()
	r.Clock.Advance(time.Hour)
	if err := r.People.Erase(ctx, rig.Staff, p.PersonID(), "asked", false); err != nil {
		t.Fatal(err)
	}
	r.Store.Driver().Close()
	for _, f := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	for f, data := range backup {
		if err := os.WriteFile(f, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r = open()
	t.Cleanup(func() { r.Store.Driver().Close() })
	r.Clock.Advance(2 * time.Hour)
	if before, err := r.People.Get(ctx, p.PersonID()); err != nil || before.Given != "Xanthippe" {
		t.Fatalf("the backup does not hold her: %v, %+v", err, before)
	}
	if n, err := r.People.ApplyErasures(ctx, rig.Staff); n != 1 || err != nil {
		t.Fatalf("%d erased again, %v; want 1", n, err)
	}
	for _, f := range readable(t, r, allOfThem()) {
		t.Errorf("readable after the restore: %s", f)
	}
	intact(t, r)
	if n, err := r.People.ApplyErasures(ctx, rig.Staff); n != 0 || err != nil {
		t.Errorf("again: %d, %v; want nothing to do", n, err)
	}
}

// Wherever an erasure is stopped, the ledger carries it on.
func TestErasureStoppedHalfWay(t *testing.T) {
	for _, at := range []int{1, 2, 3, 4} {
		r := rig.New(t, rig.Options{})
		putStudy(t, r)
		p := joins(t, r)
		r.Clock.Advance(time.Minute)
		ctx, stop := context.WithCancel(t.Context())
		n := 0
		r.People.AlsoHolds(stopper(func() {
			if n++; n == at {
				stop()
			}
		}))
		if err := r.People.Erase(ctx, rig.Staff, p.PersonID(), "asked", false); err == nil && at < 3 {
			t.Fatalf("stopped at %d, and yet it ended well", at)
		}
		if _, err := r.People.ApplyErasures(t.Context(), rig.Staff); err != nil {
			t.Fatal(err)
		}
		for _, f := range readable(t, r, allOfThem()) {
			t.Errorf("stopped at %d, still readable: %s", at, f)
		}
		intact(t, r)
		if left, err := r.People.ApplyErasures(t.Context(), rig.Staff); left != 0 || err != nil {
			t.Errorf("stopped at %d: %d left, %v", at, left, err)
		}
	}
}

type stopper func()

func (s stopper) Keeps(context.Context, contacts.PersonID) ([]contacts.Kept, error) { return nil, nil }
func (s stopper) Forget(context.Context, *docstore.Batch, *contacts.Person, []contacts.Kept) error {
	s()
	return nil
}
func (s stopper) Clear(context.Context, *docstore.Batch, contacts.PersonID) (bool, error) {
	s()
	return false, nil
}

// Someone else's line, or a changed one, erases nobody.
func TestErasureLedgerIsVouchedFor(t *testing.T) {
	r := rig.New(t, rig.Options{})
	l := r.Ring.Ledger()
	for _, id := range []string{"per_1", "per_2"} {
		if err := l.Add(seal.Erasure{Person: id, At: r.Clock.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(l.Path())
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(l.Path()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	put := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(l.Path(), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(data[:len(data)-20]) // the machine died while the second was written
	if list, err := l.Read(); err != nil || len(list) != 1 || list[0].Person != "per_1" {
		t.Errorf("cut short: %v, %v; want the first alone", list, err)
	}
	if err := l.Add(seal.Erasure{Person: "per_3", At: r.Clock.Now(), KeepStudy: true}); err != nil {
		t.Fatal(err)
	}
	if list, err := l.Read(); err != nil || len(list) != 2 || list[1].Person != "per_3" || !list[1].KeepStudy {
		t.Errorf("after one cut short: %v, %v", list, err)
	}
	put(bytes.Replace(data, []byte("per_2"), []byte("per_9"), 1))
	if _, err := l.Read(); !errors.Is(err, seal.ErrLedger) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a changed line: %v, want ErrLedger with its number", err)
	}
	if _, err := r.People.ApplyErasures(t.Context(), rig.Staff); !errors.Is(err, seal.ErrLedger) {
		t.Errorf("apply: %v, want ErrLedger", err)
	}
}
